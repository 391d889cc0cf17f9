"""Whether posts survive: a process dies at every point of a post's way, at every target, and what an upload costs.

crashes   SIGKILL at every point × every target × several seeds; the simulated platforms count what became public
uploads   our upload against `curl` of the same bytes to the same server; memory of an upload of 600 MB

python benchmarks/publishing.py [--only crashes] [--seeds 3] [--megabytes 200] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from posting import crashes, uploads

#: What each figure ought to be.
GOALS = {
    "duplicates": "0",
    "lost": "0",
    "unverified": "0",
    "unknown_without_a_reason": "0",
    "control_duplicates": "more than 0",
    "upload_youtube_to_curl_ratio": "at most 1.3",
    "upload_tiktok_to_curl_ratio": "at most 1.3",
    "upload_youtube_memory_mb": "less than 100",
    "upload_tiktok_memory_mb": "less than 100",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="of each target and point; 0 is the death alone")
    parser.add_argument("--megabytes", type=int, default=200, help="of the video that is compared with curl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("crashes", "uploads"))
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("REELMILL_", "PREFECT_"))]:
        del os.environ[name]
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "uploads": lambda: uploads.measure(asked.megabytes, asked.rounds),
        "crashes": lambda: crashes.measure(asked.seeds),
    }
    figures: dict[str, float] = {}
    for name, measure in parts.items():
        if asked.only in {None, name}:
            figures |= measure()
    for name, value in figures.items():
        goal = f"  ({GOALS[name]})" if name in GOALS else ""
        print(f"{name:<44} {value:10.4f}{goal}")
    print(json.dumps({f"publishing.{name}": round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
