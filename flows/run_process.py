"""The process of a flow run: Prefect's engine, whose start no garbage collection interrupts.

It imports some two thousand modules, all of which stay, and looking through them again and again for garbage is a sixth
of the time until a run begins.
"""

from __future__ import annotations

import gc
import runpy

from reelmill.processes import RARELY

if __name__ == "__main__":
    gc.set_threshold(*RARELY)
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
