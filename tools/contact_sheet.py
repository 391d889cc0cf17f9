"""Draw the README's contact sheet: one frame of each given video, side by side.

python tools/contact_sheet.py docs/contact-sheet.webp outbox/…/*.mp4
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from reelmill.ffmpeg import probe
from reelmill.frames import read_frames

#: Size of a frame and the space between two, in pixels.
WIDTH, HEIGHT, GAP = 270, 480, 10
COLUMNS = 6
#: Which moment is shown, as a share of the length: captions stand still by then.
MOMENT = 0.6


def main(sheet: Path, videos: list[Path]) -> None:
    rows = -(-len(videos) // COLUMNS)
    columns = min(COLUMNS, len(videos))
    size = (columns * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP)
    picture = Image.new("RGB", size, (247, 245, 240))
    for place, video in enumerate(videos):
        wanted = round(probe(video).frames * MOMENT)
        frames = read_frames(video, WIDTH, HEIGHT)
        frame = next(frame for number, frame in enumerate(frames) if number == wanted)
        frames.close()
        row, column = divmod(place, COLUMNS)
        picture.paste(Image.fromarray(frame), (GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP)))
    sheet.parent.mkdir(parents=True, exist_ok=True)
    picture.save(sheet, "WEBP", quality=82, method=6)
    print(f"{sheet}: {len(videos)} frames, {sheet.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
