"""Draws the product photographs in assets/products with the studio beside this file.

python tools/draw_products.py                 all of them, as they ship
python tools/draw_products.py celadon-cup     one of them
python tools/draw_products.py --samples 4 --width 300 --folder /tmp/proof
"""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from pathlib import Path

import cv2
from studio.develop import develop, write_jpeg
from studio.render import render

FOLDER = Path(__file__).parents[1] / "assets" / "products"
NAMES = ("celadon-cup", "tea-tin", "gift-box", "clay-teapot", "chrysanthemum-jar", "puer-cake", "bamboo-whisk")
CUT_OUT = "celadon-cup"  #: also drawn on nothing, as a PNG with alpha


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw the product photographs.")
    parser.add_argument("names", nargs="*", default=NAMES, help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--samples", type=int, default=None, help="rays per pixel, for a proof")
    parser.add_argument("--width", type=int, default=None, help="pixels, for a proof")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--processes", type=int, default=None)
    choice = parser.parse_args()
    choice.folder.mkdir(parents=True, exist_ok=True)
    for name in choice.names:
        started = time.perf_counter()
        make = import_module(f"studio.products.{name.replace('-', '_')}").scene
        picture = develop(*render(make, samples=choice.samples, width=choice.width, processes=choice.processes))
        size = write_jpeg(picture.on_paper(), choice.folder / f"{name}.jpg")
        if name == CUT_OUT:
            cv2.imwrite(str(choice.folder / f"{name}.png"), cv2.cvtColor(picture.cut_out(), cv2.COLOR_RGBA2BGRA))
        print(f"{name}: {size / 1000:.0f} kB, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
