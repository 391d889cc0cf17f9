"""Finishing one clip for three platforms, against the floor: the same decoding, scaling and encoding, nothing drawn.

    python benchmarks/finishing.py [--only pass,memory,quality] [--master master.mp4]

`pass` takes five rounds of each in turns and prints medians: ours, the floor, and the same composite in MoviePy (`make
effects` installs it; without it there is no such figure). It is done for a wide clip, 1280x704, which all three crop,
and for a tall one, 704x1280; signing and verifying are timed apart as well. `memory` finishes 5 and 120 seconds, each
in a process of its own. `quality` compares each rendition with its own composite that lost nothing (VMAF), of a noisy
and of a smooth clip. The end is one line of JSON. Without a master two are made: 121 frames, a fractal on a gradient.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from renditions import memory, quality
from renditions.clips import make_master
from renditions.passes import one_pass

SHAPES = {"wide": "1280x704", "tall": "704x1280"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="pass,memory,quality")
    parser.add_argument("--master", type=Path)
    asked = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for part in asked.only.split(","):
            if part == "pass":
                for shape, size in SHAPES.items():
                    place = folder / shape
                    place.mkdir()
                    master = asked.master.resolve() if asked.master else make_master(place / "master.mp4", size)
                    figures |= {f"{shape}_{name}": value for name, value in one_pass(master, place).items()}
                    if asked.master:
                        break
            else:
                figures |= {"memory": memory, "quality": quality}[part].measure(folder)
    print(json.dumps({f"finishing.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
