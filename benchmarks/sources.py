"""What it costs to read a large feed, against other readers of it.

feed      a Merchant XML of 200,000 items, made here: items a second of processor time and peak memory, each reader in a
          process of its own. `lxml` is plain `lxml.etree.iterparse` that takes the same texts out of each item.
          `feedparser` holds the whole feed, so it gets a tenth.
planning  10,000 products planned: read, prompts composed, texts screened, costs and posts reckoned; seconds, in
          this process and of `reelmill plan … --json` as a person types it.

python benchmarks/sources.py [--only feed,planning] [--items 200000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sourcing import feed, planning

#: What each figure ought to be.
GOALS = {
    "feed_rows_to_lxml_ratio": "at least 0.5",
    "feed_rows_memory_growth_mb": "less than 10",
    "planning_seconds": "less than 10",
    "planning_command_seconds": "less than 10",
    "feed_briefs_memory_growth_mb": "less than 60: the keys of 180,000 more products, which must be unique",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000, help="of the large feed; the small one has a tenth")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="parts, separated by commas")
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("REELMILL_", "PREFECT_"))]:
        del os.environ[name]
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "feed": lambda: feed.measure(asked.items, asked.rounds),
        "planning": lambda: planning.measure(asked.items // 20, asked.rounds),
    }
    wanted = asked.only.split(",") if asked.only else list(parts)
    if unknown := set(wanted) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; use {', '.join(parts)}")
    figures: dict[str, float] = {}
    for name in wanted:
        figures |= parts[name]()
    for name, value in figures.items():
        goal = f"  ({GOALS[name]})" if name in GOALS else ""
        print(f"{name:<44} {value:12.3f}{goal}")
    print(json.dumps({f"sources.{name}": round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
