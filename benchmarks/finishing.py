"""Finishing one master for all platforms, against the floor: the same decoding, scaling and encoding, nothing drawn.

    python benchmarks/finishing.py [master.mp4]

Prints one line of JSON: medians of five rounds of each, taken in turns. Without a master, one is made: 121 frames of
704x1280 at 24 frames per second, a fractal over a moving gradient.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reelmill.content import Rendition
from reelmill.ffmpeg import SAFE_INPUT, probe, run
from tasks.finishing import encoding, mp4, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.graph import BT709
from tasks.finishing.job import FinishJob
from tasks.finishing.reframe import plan
from tasks.finishing.stage import finish
from tasks.finishing.verify import Check, verify
from tasks.finishing.words import Words

ROUNDS = 5
TO_BT709 = f"scale=in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p,{BT709}"


def make_master(path: Path) -> Path:
    run(
        [
            "-y", "-f", "lavfi", "-i", "gradients=s=704x1280:r=24:nb_colors=4:speed=0.006:seed=3",
            "-f", "lavfi", "-i", "mandelbrot=s=704x1280:r=24:start_scale=2.4:end_scale=0.6:end_pts=240:maxiter=60",
            "-filter_complex",
            f"[1:v]format=gbrp,gblur=sigma=2[b];[0:v]format=gbrp[a];[a][b]blend=all_mode=softlight,{TO_BT709}",
            "-frames:v", "121", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", path,
        ],
        timeout=300,
    )  # fmt: skip
    return path


def floor(master: Path, job: FinishJob, folder: Path) -> None:
    """The least that any finisher does: decode once, scale once, encode once for each platform."""
    found = [profiles.find(name) for name in job.profiles]
    reframe = plan((job.width, job.height), found[0].size)
    outputs = "".join(f"[o{index}]" for index in range(len(found)))
    arguments = [
        "-y", *SAFE_INPUT, "-i", str(master), "-f", "lavfi", "-t", f"{job.seconds:.6f}",
        "-i", f"anullsrc=r={encoding.SOUND_RATE}:cl=stereo",
        "-filter_complex", f"{reframe.filters('0:v', 'f')};[f]split={len(found)}{outputs}",
    ]  # fmt: skip
    threads = str(encoding.threads(len(found), os.cpu_count() or 1))
    for index, profile in enumerate(found):
        arguments += ["-map", f"[o{index}]", "-map", "1:a", *encoding.arguments(profile, *profile.rate(job.fps))]
        arguments += ["-threads:v", threads, "-f", "mp4", str(folder / f"floor-{profile.name}.mp4")]
    run(arguments, timeout=600)


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one round."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        master = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else make_master(folder / "master.mp4")
        seen = probe(master)
        job = FinishJob(
            words=Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦《小雪》"),
            brand=Brand("山野茶事", "#2f6f4f", ai_producer="00" + "A" * 25),
            profiles=profiles.names(),
            produce_id="benchmark",
            preview=True,
            width=seen.width,
            height=seen.height,
            frames=mp4.read(master).video.samples,
            fps=round(seen.fps),
        )
        finish(master, "0" * 64, replace(job, profiles=("tiktok",)), folder)  # fonts are read, modules are loaded
        taken: dict[str, list[tuple[float, float]]] = {"finish": [], "floor": [], "verify": []}
        made: list[Rendition] = []
        checks: list[Check] = []
        for _ in range(ROUNDS):
            taken["floor"].append(measure(lambda: floor(master, job, folder)))
            made.clear()
            taken["finish"].append(measure(lambda: made.extend(finish(master, "0" * 64, job, folder))))
            taken["verify"].append(measure(lambda: checks.extend(check for one in made for check in verify(one))))
        assert all(check.ok for check in checks), [check for check in checks if not check.ok]
        wall = {name: statistics.median(round_[0] for round_ in rounds) for name, rounds in taken.items()}
        cpu = {name: statistics.median(round_[1] for round_ in rounds) for name, rounds in taken.items()}
        figures = {
            "platforms": len(job.profiles),
            "frames": job.frames,
            **{f"{name}_seconds": round(value, 2) for name, value in wall.items()},
            **{f"{name}_cpu_seconds": round(value, 2) for name, value in cpu.items()},
            "cpu_over_floor": round(cpu["finish"] / cpu["floor"], 3),
            "megabytes": round(sum(rendition.size_bytes for rendition in made) / 1e6, 2),
        }
        print(json.dumps({f"finishing.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
