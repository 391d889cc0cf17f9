"""The memory of a process and everything that it has started, shared pages counted once."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path


def megabytes(process: int) -> Counter[str]:
    """What a process and its descendants take now (proportional set size), by the names of their programs."""
    taken: Counter[str] = Counter()
    for one in family(process):
        taken[_program(one)] += _kilobytes(one) // 1024
    return taken


def family(process: int) -> list[int]:
    """A process, those that it has started, and theirs."""
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Field 4 of proc(5); the second one may hold spaces, so count from its closing bracket.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        children[parent].append(int(path.parent.name))
    found = [process]
    for one in found:
        found += children[one]
    return found


def _program(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"


def _kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
