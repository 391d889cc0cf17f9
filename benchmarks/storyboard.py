"""How fast the storyboard engine makes a clip of 5 s at 704x1280, the encoding included.

    python benchmarks/storyboard.py

Three scenes (a landscape with water, a snowy forest, a product) and one on film, whose grain is the hardest to encode;
each is made once to warm up and then five times. Prints what it measured, and at last ONE line of JSON.
`…_realtime` is seconds of clip per second of work (median of five; larger is better), `…_cpu_s` the processor time of a
clip.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from reelmill.content import Clip, Shot
from wan_engine.storyboard.engine import StoryboardEngine

ROUNDS = 5
WIDTH, HEIGHT, FRAMES, FPS = 704, 1280, 121, 24
SCENES = {
    "lake": "a pavilion by the lake at dusk, willow branches, wild geese flying slowly, cinematic",
    "snow": "first light snow on a dark pine ridge, flakes drifting slowly, a quiet mountain valley at dusk, ink wash",
    "product": "celadon cup, petals, morning light, slow push in",
    "rain": "soft rain on a dark bamboo garden at night with one warm lantern, willow, misty river, clay",
    "film": "white reed plumes beaded with dew under a pale moon, a misty riverbank before dawn, 35mm film",
}


def product_photo(path: Path) -> Path:
    """A vase on white, of the size that a shop sends."""
    ground = np.full((1200, 1200, 3), 248, np.uint8)
    cv2.ellipse(ground, (640, 1010), (330, 60), 0, 0, 360, (205, 205, 205), -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(ground, (0, 0), 25)
    cv2.ellipse(picture, (600, 700), (230, 320), 0, 0, 360, (150, 175, 120), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (530, 250), (670, 460), (150, 175, 120), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (520, 640), (40, 170), 0, 0, 360, (205, 222, 190), -1, cv2.LINE_AA)
    cv2.imwrite(str(path), cv2.GaussianBlur(picture, (0, 0), 1.2))
    return path


def processor_seconds() -> float:
    """What this process and its finished children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    figures: dict[str, float] = {}
    engine = StoryboardEngine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = {"0" * 64: product_photo(folder / "vase.png")}
        for scene, prompt in SCENES.items():
            shot = Shot(
                engine=engine.name, model=engine.model, prompt=prompt, negative_prompt="", width=WIDTH, height=HEIGHT,
                frames=FRAMES, fps=FPS, steps=1, guidance=1.0, seed=7, image="0" * 64 if scene == "product" else None,
            )  # fmt: skip
            walls, works, size = [], [], 0
            for turn in range(ROUNDS + 1):
                work, started = processor_seconds(), time.perf_counter()
                clip = next(engine.generate([shot], folder, images=images))
                wall, work = time.perf_counter() - started, processor_seconds() - work
                assert isinstance(clip, Clip), clip
                size = clip.path.stat().st_size
                if turn:
                    walls.append(wall)
                    works.append(work)
            figures[f"{scene}_realtime"] = round(shot.seconds / statistics.median(walls), 2)
            figures[f"{scene}_best_realtime"] = round(shot.seconds / min(walls), 2)
            figures[f"{scene}_cpu_s"] = round(statistics.median(works), 2)
            figures[f"{scene}_mb"] = round(size / 1e6, 2)
            print(f"{scene}: {[round(wall, 2) for wall in walls]} s of wall clock, {size / 1e6:.1f} MB")
    figures["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    figures["cores"] = os.cpu_count() or 0
    figures["load_1min"] = round(os.getloadavg()[0], 2)
    print(json.dumps({f"storyboard.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
