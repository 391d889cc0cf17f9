"""What a person waits for at the terminal: `--help`, the demo from nothing, and a run that finds everything done.

Everything happens in a new folder with a home of its own, so the demo's time includes the first start of the Prefect
server, which builds its database. Installing is not part of it.

    python benchmarks/commands.py
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROUNDS = 5
REELMILL = [sys.executable, "-m", "flows.cli.app"]
#: What `make demo` types.
DEMO = (
    ("run", "solar-terms-daily", "--limit", "3"),
    ("run", "product-animation", "--limit", "2"),
    ("runs", "--limit", "2"),
    ("gallery", "solar-terms-daily", "product-animation"),
)


def seconds(*arguments: str, folder: Path, environment: Mapping[str, str]) -> float:
    """How long a command takes, from the shell's view. It must succeed."""
    began = time.monotonic()
    done = subprocess.run(
        [*REELMILL, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - began


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="reelmill-bench-"))
    folder = root / "shop"
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("REELMILL_", "PREFECT_"))}
    environment = {**ours, "PREFECT_HOME": str(root / "prefect"), "REELMILL_PREFECT_PORT": "4280"}
    try:
        seconds("init", str(folder), folder=root, environment=environment)
        demo = {" ".join(command): seconds(*command, folder=folder, environment=environment) for command in DEMO}
        again = [seconds(*DEMO[0], folder=folder, environment=environment) for _ in range(ROUNDS)]
        helped = [seconds("--help", folder=folder, environment=environment) for _ in range(2 * ROUNDS)]
        checked = [seconds("check", folder=folder, environment=environment) for _ in range(ROUNDS)]
        shown = [seconds("show", "solar-terms-daily", folder=folder, environment=environment) for _ in range(ROUNDS)]
        videos = len(list((folder / "outbox").rglob("*.mp4")))
    finally:
        subprocess.run([*REELMILL, "down"], cwd=folder, env=environment, capture_output=True, check=False)
        shutil.rmtree(root, ignore_errors=True)
    for command, took in demo.items():
        print(f"reelmill {command:<50} {took:7.2f} s")
    figures = {
        "demo_seconds": sum(demo.values()),
        "demo_renditions": videos,
        "second_run_seconds": statistics.median(again),
        "help_seconds": statistics.median(helped),
        "check_seconds": statistics.median(checked),
        "show_seconds": statistics.median(shown),
    }
    for name, value in figures.items():
        print(f"{name:<30} {value:8.3f}")
    print(json.dumps({f"commands.{name}": round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
