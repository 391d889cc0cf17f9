"""Planning a run of many videos: the source read, prompts composed and looked at, texts screened, costs reckoned.

In this process, with all modules loaded; and as a person types it: `reelmill plan … --json`, from the start of Python
to the last byte of the plan.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flows.definition import load
from flows.foreseeing import foresee
from flows.occasion import on_date
from reelmill.processes import RARELY
from reelmill.settings import Settings

ROOT = Path(__file__).parents[2]

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  shop:
    timezone: UTC
    source: {type: product_feed, url: feed.csv, images: optional, changes_only: true}
    prompt:
      subject: "{{ brief.title }}, {{ brief.color }}"
      action: soft light glides slowly across it
      environment: a smooth stone table, morning light
      style: product photography, fine detail
    generate: {engine: storyboard, seconds: 5, size: 704x1280}
    caption: {title: "{{ brief.title }}", lines: ["{{ brief.color }}"], text: "{{ brief.description }}"}
    deliver: [douyin, tiktok, instagram_reels, youtube_shorts]
    publish: [outbox]
"""


def measure(videos: int, rounds: int) -> dict[str, float]:
    """Seconds of wall clock to plan so many videos; nothing was made before. Medians."""
    gc.set_threshold(*RARELY)  # as commands and flow runs do
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "pipelines.yaml").write_text(DEFINITION, encoding="utf-8")
        rows = (
            f'sku-{number},Tea cup number {number},"A cup for tea, glazed by hand, of kiln {number % 97}.",'
            f"{10 + number % 90}.00 EUR,in_stock,{('green', 'white', 'blue')[number % 3]}\n"
            for number in range(videos)
        )
        (folder / "feed.csv").write_text("id,title,description,price,availability,color\n" + "".join(rows), "utf-8")
        os.chdir(folder)
        taken: list[float] = []
        for turn in range(rounds + 1):
            settings = Settings(home=folder / f"home-{turn}")
            settings.folder.mkdir()
            begun = time.perf_counter()
            definition = load(folder / "pipelines.yaml")
            about = on_date(definition.pipeline("shop").zone, "2026-12-01")
            found = foresee(settings, definition, "shop", about, None)
            taken.append(time.perf_counter() - begun)
            assert len(found.ahead) == videos, found.plan.videos[0]
        typed = statistics.median(_as_typed(folder, folder / f"home-typed-{turn}", videos) for turn in range(rounds))
        os.chdir("/")
    return {
        "planning_videos": videos,
        "planning_seconds": statistics.median(taken[1:]),  # the first one loads modules
        "planning_command_seconds": typed,
    }


def _as_typed(folder: Path, home: Path, videos: int) -> float:
    """Seconds that the command takes, in a process of its own."""
    command = [sys.executable, "-m", "flows.cli.app", "plan", "shop", "--date", "2026-12-01", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REELMILL_HOME": str(home)}
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    taken = time.perf_counter() - begun
    assert len(json.loads(done.stdout)["videos"]) == videos
    return taken
