"""Print how long clips take on known GPUs, as Markdown for the documentation: `python tools/engine_table.py`."""

from __future__ import annotations

from wan_engine.wan.pace import table

if __name__ == "__main__":
    print(table(), end="")
