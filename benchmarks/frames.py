"""What happens to a clip's frames between decoder and encoder: how long it takes, and what drawing along motion gains.

    python benchmarks/frames.py

At 704x1280 on one core: every frame is examined, 24 frames a second become 30, and frames are enlarged to 1080x1920.
What lies between frames is known of two clips: a ground that drifts, and one with a disc before it that moves the other
way. A third is of the storyboard engine; every other frame is left out and drawn again. Prints what it measured, and at
last ONE line of JSON.

`…_ms` are milliseconds of processor time for each frame that goes in (examining) or comes out (interpolating, which
counts those that are handed on as they are, and enlarging). `…_drawn_db` is the PSNR of the frames that were drawn
against what they should be, `…_blended_db` that of plain blending: larger is better.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from reelmill.content import Clip, Shot
from reelmill.frames import Frame, read_frames
from tests.pictures import Scenery, likeness
from wan_engine.examination import Examiner
from wan_engine.interpolation import resampled
from wan_engine.quality import Quality
from wan_engine.seams import Borders
from wan_engine.storyboard.engine import StoryboardEngine
from wan_engine.upscaling import enlarged

WIDTH, HEIGHT = 704, 1280
SLOW, FAST = 24, 30  #: frames per second
FRAMES, MADE = 25, 31  #: one second at either rate, and the frame at its end
DRIFT, DISC = (6.0, 3.0), (-24.0, 10.0)  #: pixels to the right and down in a frame
BORDERS = Borders.every(288, WIDTH, HEIGHT)  #: of tiles of 384 pixels
Made = TypeVar("Made")
PROMPT = "a pavilion by the lake at dusk, willow branches, wild geese flying slowly, cinematic"


def drawn_clip(folder: Path) -> list[Frame]:
    engine = StoryboardEngine()
    shot = Shot(
        engine=engine.name, model=engine.model, prompt=PROMPT, negative_prompt="", width=WIDTH, height=HEIGHT,
        frames=FRAMES, fps=SLOW, steps=1, guidance=1.0, seed=7,
    )  # fmt: skip
    clip = next(engine.generate([shot], folder, images={}))
    assert isinstance(clip, Clip), clip
    return list(read_frames(clip.path, WIDTH, HEIGHT))


def milliseconds(work: Callable[[], Made], frames: int) -> tuple[Made, float]:
    """What the work makes, and the processor time that it takes for each frame, the better of two turns."""
    taken = []
    for _ in range(2):
        started = time.process_time()
        made = work()
        taken.append((time.process_time() - started) * 1000 / frames)
    return made, round(min(taken), 1)


def faster(source: list[Frame]) -> list[Frame]:
    return list(resampled(source, SLOW, FAST, MADE))


def likenesses(made: list[Frame], truth: list[Frame], source: list[Frame], fps: tuple[int, int]) -> tuple[float, float]:
    """Of the frames that had to be drawn, and of blended ones: means in dB."""
    drawn, blended = [], []
    for number, frame in enumerate(made):
        index, rest = divmod(number * fps[0], fps[1])
        if rest == 0:
            assert frame is source[index]
            continue
        share = rest / fps[1]
        plain = np.asarray(cv2.addWeighted(source[index], 1 - share, source[index + 1], share, 0), np.uint8)
        drawn.append(likeness(frame, truth[number]))
        blended.append(likeness(plain, truth[number]))
    return round(statistics.fmean(drawn), 2), round(statistics.fmean(blended), 2)


def main() -> None:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        clip = drawn_clip(Path(folder))

    def examined() -> Quality:
        examiner = Examiner(BORDERS)
        for frame in clip:
            examiner.see(frame)
        return examiner.quality()

    figures: dict[str, float] = {}
    quality, figures["examining_ms"] = milliseconds(examined, FRAMES)
    assert quality.faults == (), quality.faults
    for name, disc in (("drift", None), ("disc", DISC)):
        scenery = Scenery(WIDTH, HEIGHT, drift=DRIFT, disc=disc)
        source = [scenery.at(number - FRAMES / 2) for number in range(FRAMES)]
        truth = [scenery.at(number * SLOW / FAST - FRAMES / 2) for number in range(MADE)]
        made, figures["interpolating_ms"] = milliseconds(partial(faster, source), MADE)
        figures[f"{name}_drawn_db"], figures[f"{name}_blended_db"] = likenesses(made, truth, source, (SLOW, FAST))
    again = list(resampled(clip[::2], SLOW // 2, SLOW, FRAMES))
    figures["lake_drawn_db"], figures["lake_blended_db"] = likenesses(again, clip, clip[::2], (SLOW // 2, SLOW))
    _, figures["enlarging_ms"] = milliseconds(lambda: [enlarged(frame, 1080, 1920) for frame in clip], FRAMES)
    figures["cores"] = os.cpu_count() or 0
    figures["load_1min"] = round(os.getloadavg()[0], 2)
    print(f"the lake is worth {json.dumps(quality.as_record())}")
    print(json.dumps({f"frames.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
