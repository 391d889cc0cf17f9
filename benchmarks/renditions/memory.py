"""The memory that finishing takes, of a short clip and of a long one, each in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from renditions.clips import ROOT, job_for
from tasks.finishing.stage import finish


def measure(folder: Path) -> dict[str, float]:
    """The highest memory of finishing, in megabytes: of our process, and of ffmpeg."""
    found: dict[str, float] = {}
    for seconds in (5, 120):
        told = subprocess.run(
            [sys.executable, __file__, str(seconds), str(folder)],
            capture_output=True, text=True, check=True, timeout=1200,
        ).stdout  # fmt: skip
        ours, theirs = json.loads(told.splitlines()[-1])
        found |= {f"memory_{seconds}s_ours": ours, f"memory_{seconds}s_ffmpeg": theirs}
    both = [found[f"memory_{seconds}s_ours"] + found[f"memory_{seconds}s_ffmpeg"] for seconds in (5, 120)]
    return {**found, "memory_120s_over_5s": round(both[1] / both[0], 3)}


def finish_once(seconds: int, folder: Path) -> None:
    """Finish a clip of this length for one platform, and print the memory that it took."""
    master = folder / f"{seconds}s.mp4"
    # Made by a process of its own: what drawing takes is not what finishing takes.
    code = f"from benchmarks.renditions.clips import *; draw(Path({str(master)!r}), SMOOTH, {seconds})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    drawn = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    place = folder / f"once-{seconds}"
    place.mkdir()
    finish(master, "0" * 64, replace(job_for(master, folder / "home"), profiles=("tiktok",)), place)
    ours, theirs = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert theirs > drawn, "drawing the clip took more than finishing it, so nothing is known"
    print(json.dumps([round(ours / 1024, 1), round(theirs / 1024, 1)]))


if __name__ == "__main__":
    finish_once(int(sys.argv[1]), Path(sys.argv[2]))
