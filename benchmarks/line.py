"""The whole line: seconds a video by stage, and what is not stage work.

The shipped pipeline `solar-terms-daily` as it is: 20 videos of 5 s, each for four platforms, on a local Prefect server,
with a ledger and a store of its own. Overhead is everything between the opening of the run and its end that is neither
a stage's own work nor waiting for one: Prefect, the ledger, planning.

    python benchmarks/line.py [--videos 20]
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import io
import json
import os
import resource
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from flows.observer import Observer
from records.tables import Video

STAGES = ("generate", "screen", "finish", "publish")


class Stopwatch(Observer):
    """Notes for each stage what its work took, and what it took with all that carries it."""

    def __init__(self) -> None:
        super().__init__()
        self.work: dict[str, float] = defaultdict(float)
        self.carried: dict[str, float] = defaultdict(float)
        self.last: dict[str, float] = {}
        self._begun: dict[tuple[str, object], float] = {}
        self._lock = threading.Lock()

    def started(self, stage: str, video: Video) -> None:
        with self._lock:
            self._begun[stage, video.id] = time.monotonic()

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        with self._lock:
            self.last[stage] = time.monotonic()
            self.carried[stage] += self.last[stage] - self._begun[stage, video.id]
            self.work[stage] += seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=int, default=20)
    videos = parser.parse_args().videos
    home = tempfile.mkdtemp(prefix="reelmill-bench-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["REELMILL_HOME"] = f"{home}/home"
    from flows.cli.init import init

    with contextlib.redirect_stdout(io.StringIO()):
        init(Path(home) / "shop")  # a folder of its own, whose outbox goes with it
    measure(videos, Path(home) / "shop" / "pipelines.yaml")


def measure(videos: int, definition: Path) -> None:
    from flows import server
    from flows.cli.execution import execute_watched
    from flows.cli.run import open_run
    from records.ledger import Ledger
    from reelmill.settings import Settings

    settings, watch = Settings(), Stopwatch()
    began = time.monotonic()
    server.connect(settings)
    atexit.register(server.stop, settings)  # before Prefect is imported, so that its last logs still arrive
    print(f"Prefect server: {time.monotonic() - began:.1f} s")
    run = open_run(settings, definition, "solar-terms-daily", date="2026-11-22", limit=videos)
    began = time.monotonic()
    execute_watched(run, watch)
    wall = time.monotonic() - began
    with Ledger(settings) as ledger:
        (ended,) = ledger.runs.recent(limit=1)
        tally = ledger.runs.tallies([ended])[ended.id]
    assert tally.holds, tally
    # The main thread makes clips and then waits for the last video; what is left of its time is overhead, and so is
    # what a stage took beyond its own work.
    waited = max(watch.last.values()) - watch.last["generate"]
    overhead = wall - watch.carried["generate"] - waited
    overhead += sum(watch.carried[stage] - watch.work[stage] for stage in STAGES)
    figures: dict[str, float] = {
        "videos": videos,
        "videos_in_review": tally.states.get("in_review", 0),
        "wall_seconds": wall,
        "wall_seconds_per_video": wall / videos,
        **{f"{stage}_seconds_per_video": watch.work[stage] / videos for stage in STAGES},
        "overhead_seconds_per_video": overhead / videos,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    for name, value in figures.items():
        print(f"{name:<30} {value:8.3f}")
    print(json.dumps({f"line.{name}": round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
