"""Which process is which: a process id is reused, a process id with its start time is not. And how ours run."""

from __future__ import annotations

import os
from pathlib import Path

#: How seldom Python looks for cycles of garbage: after so many new objects, and so on for each generation.
RARELY = (50_000, 20, 50)


def start_of(process: int) -> str:
    """When a process started, in clock ticks since boot; an empty word if there is no such process.

    Where there is no /proc, an existing process counts as the same one.
    """
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return ""
        except PermissionError:
            pass  # it is there and belongs to somebody else
        return "?"
    try:
        # Field 22 of proc(5); the second field may hold spaces, so count from its closing bracket.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]  # a zombie has ended, whoever forgot to reap it
