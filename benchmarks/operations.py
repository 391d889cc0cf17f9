"""What running the mill costs beside its stages, and how much of a machine a batch uses.

    overhead  a run whose stages do nothing, against bare Prefect tasks of the same number
    latency   from an event at the web door to the first stage of its run, with `reelmill up`
    batch     100 videos for four platforms: videos an hour, how busy the slowest stage is, peak memory
    ledger    what people ask of a ledger of 10,000 videos, on SQLite and on Postgres

    python benchmarks/operations.py [--only overhead] [--videos 100] [--events 20] [--rows 10000]

Each part works in a folder of its own, with ports, a Prefect server and a ledger of its own.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable

from mill import batch, latency, ledger, overhead

#: What each figure ought to be.
GOALS = {
    "overhead_ratio": "at most 1.5",
    "latency_first_stage_worst_seconds": "less than 4",
    "batch_slowest_stage_busy": "at least 0.9",
    **{
        f"ledger_{kind}_{question}_seconds": "less than 0.5"
        for kind in ("sqlite", "postgres")
        for question in ("runs", "show", "newest_posts", "review_queue")
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=100, help="videos of a run, for overhead and batch")
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--rows", type=int, default=10_000, help="videos in the ledger")
    parser.add_argument("--only", choices=("overhead", "latency", "batch", "ledger"))
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("REELMILL_", "PREFECT_"))]:
        del os.environ[name]
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "latency": lambda: latency.measure(asked.events),
        "batch": lambda: batch.measure(asked.videos),
        "ledger": lambda: ledger.measure(asked.rows),
        "overhead": lambda: overhead.measure(asked.videos),  # at last: its Prefect server lives as long as we do
    }
    figures: dict[str, float] = {}
    for name, measure in parts.items():
        if asked.only in {None, name}:
            figures |= {f"{name}_{figure}": value for figure, value in measure().items()}
    for name, value in figures.items():
        goal = f"  ({GOALS[name]})" if name in GOALS else ""
        print(f"{name:<44} {value:10.4f}{goal}")
    print(json.dumps({f"operations.{name}": round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
