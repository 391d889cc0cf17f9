"""The same composite in MoviePy 2, as MoneyPrinterTurbo makes its videos: clips and texts put over each other, and one
`write_videofile` for each platform.

Run by the Python that has MoviePy: `python benchmarks/peers/moviepy_composite.py ORDER`. The order is JSON; what is
drawn, the sizes and x264's quality are those of our own renditions; its preset is MoviePy's own, which
MoneyPrinterTurbo leaves as it is. It draws no invisible mark, breaks no lines and signs nothing. Prints the seconds
that the work took, without the start of Python.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from moviepy import CompositeVideoClip, ImageClip, TextClip, VideoFileClip


def main() -> None:
    order = json.loads(sys.argv[1])
    began = time.perf_counter()
    for platform in order["platforms"]:
        finish(order, platform)
    print(json.dumps(time.perf_counter() - began))


def finish(order: dict[str, Any], platform: dict[str, Any]) -> None:
    clip = VideoFileClip(order["master"], audio=False)
    wide, high = platform["size"]
    larger = max(wide / clip.w, high / clip.h)
    fitted = clip.resized(larger).cropped(
        x_center=clip.w * larger / 2, y_center=clip.h * larger / 2, width=wide, height=high
    )
    layers = [fitted]
    for text in platform["texts"]:
        drawn = TextClip(
            font=order["font"],
            text=text["text"],
            font_size=text["size"],
            color="white",
            stroke_color="black",
            stroke_width=2,
        )
        layers.append(drawn.with_position(tuple(text["at"])).with_duration(clip.duration))
    logo = ImageClip(order["logo"]).resized(height=platform["logo"]["height"])
    layers.append(logo.with_position(tuple(platform["logo"]["at"])).with_duration(clip.duration))
    made = CompositeVideoClip(layers, size=(wide, high))
    made.write_videofile(
        str(Path(order["folder"]) / f"peer-{platform['name']}.mp4"),
        fps=platform["fps"],
        codec="libx264",
        preset=order["preset"],
        threads=order["threads"],
        audio=False,
        logger=None,
        ffmpeg_params=["-crf", str(platform["crf"]), "-pix_fmt", "yuv420p"],
    )
    made.close()
    clip.close()


if __name__ == "__main__":
    main()
