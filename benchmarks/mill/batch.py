"""A batch for four platforms as `reelmill run` makes it: videos an hour, how busy its stages are, and peak memory.

A stage is busy while it works on at least one video. The slowest one is that with the most work; in a line without gaps
it is busy all the time – unless the stages share the processors, and then these are: see `processors_busy`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from mill import memory
from mill.place import Place, project
from records.ledger import Ledger
from records.tables import StageWork

#: Seconds between two looks at the memory.
EVERY = 0.5
PIPELINE = "batch"
#: The shipped calendar in five times as many variants: 100 videos.
DEFINITION = """\
version: 1
brand: {name: 山野茶事, logo: assets/logo.png, color: "#2f6f4f"}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  batch:
    source: {type: solar_terms, timezone: Asia/Shanghai}
    matrix:
      angle: [scenery, poem, customs, food, wellness]
      style: [ink wash, 35mm film, paper cut, clay]
      camera: [slow push in, slow pull back, slow pan left, slow pan right, steady camera]
    prompt:
      subject: "{{ brief.scene if variant.angle == 'scenery' else brief.angles[variant.angle].en }}"
      action: "{{ brief.motion }}"
      environment: "{{ brief.place }}"
      style: "{{ variant.style }}"
      camera: "{{ variant.camera }}"
    generate: {engine: storyboard, seconds: 5, size: 704x1280}
    caption: {title: "{{ brief.name }}", lines: ["{{ brief.verse }}"]}
    deliver: [douyin, tiktok, instagram_reels, youtube_shorts]
    publish: [outbox]
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a command."""

    wall: float  #: seconds
    processors: float  #: seconds of them, of all its processes but the Prefect server
    peak: Counter[str]  #: megabytes when all of them together took most, by program


def measure(videos: int) -> dict[str, float]:
    with project(DEFINITION) as place:
        seen = _watch(place, "run", PIPELINE, "--date", "2026-11-22", "--limit", str(videos))
        with Ledger(place.settings) as ledger, ledger.database.read() as session:
            rows = session.execute(select(StageWork.stage, StageWork.seconds, StageWork.ended_at)).all()
            (run,) = ledger.runs.recent(limit=2)
            tally = ledger.runs.tallies([run])[run.id]
    assert tally.holds, tally
    print(f"{run.occasion}: {tally}")
    work: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for stage, seconds, ended_at in rows:
        work[stage].append((ended_at.timestamp() - seconds, ended_at.timestamp()))
    every = [interval for intervals in work.values() for interval in intervals]
    span = max(end for _, end in every) - min(begin for begin, _ in every)
    busy = {stage: covered(intervals) / span for stage, intervals in work.items()}
    sums = {stage: sum(end - begin for begin, end in intervals) for stage, intervals in work.items()}
    slowest = max(sums, key=sums.__getitem__)
    print(f"the slowest stage is {slowest}; at the peak: {dict(seen.peak)} MB")
    return {
        "videos": tally.found,
        "videos_done": tally.states.get("done", 0),
        "videos_per_hour": tally.found / seen.wall * 3600,
        "slowest_stage_busy": busy[slowest],
        **{f"{stage}_busy": share for stage, share in busy.items()},
        **{f"{stage}_seconds_per_video": seconds / len(work[stage]) for stage, seconds in sums.items()},
        "processors_busy": seen.processors / seen.wall / (os.cpu_count() or 1),
        "peak_megabytes": seen.peak.total(),
    }


def _watch(place: Place, *arguments: str) -> Watched:
    """Run a command and look at the memory of all its processes, ffmpeg's and the Prefect server's too."""
    log, before = place.folder / "run.log", _processor_seconds()
    peak: Counter[str] = Counter()
    with log.open("wb") as stream:
        began = time.monotonic()
        child = subprocess.Popen(
            place.command(*arguments), cwd=place.folder, env=place.variables(), stdout=stream, stderr=stream
        )
        while child.poll() is None:
            peak = max(peak, memory.megabytes(child.pid), key=Counter.total)
            try:
                child.wait(EVERY)
            except subprocess.TimeoutExpired:
                continue
        wall = time.monotonic() - began
    assert child.returncode == 0, log.read_text(encoding="utf-8")
    return Watched(wall, _processor_seconds() - before, peak)


def covered(intervals: Iterable[tuple[float, float]]) -> float:
    """How long at least one of these intervals goes on.

    >>> covered([(0, 2), (1, 3), (5, 6)])
    4
    """
    total, until = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0, end - max(begin, until))
        until = max(until, end)
    return total


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
