"""Draws the brand mark: assets/logo.png for light pictures and assets/logo-light.png for dark ones.

python tools/draw_logo.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from studio.emblem import mark

FOLDER = Path(__file__).parents[1] / "assets"
SIZE = 512
#: File name and colour (red, green, blue): the brand's green, and a warm white.
COLOURS = {"logo.png": (0x2F, 0x6F, 0x4F), "logo-light.png": (0xFF, 0xFF, 0xFF)}


def main() -> None:
    """Read the command line and draw both."""
    parser = argparse.ArgumentParser(description="Draw the brand mark.")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    alpha = np.round(mark(SIZE) * 255).astype(np.uint8)
    for name, (red, green, blue) in COLOURS.items():
        picture = np.empty((SIZE, SIZE, 4), np.uint8)
        picture[:] = (blue, green, red, 0)  # transparent pixels have the colour too: no dark rim when it is scaled
        picture[..., 3] = alpha
        cv2.imwrite(str(folder / name), picture)
        print(f"{name}: {SIZE} × {SIZE}")


if __name__ == "__main__":
    main()
