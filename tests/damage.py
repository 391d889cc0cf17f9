"""What may happen to a good file between finishing and publishing, and which checks must see it."""

from __future__ import annotations

import os
from collections.abc import Callable

from reelmill.content import Rendition
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing.encoding import CONTAINER
from tasks.finishing.labels import c2pa, credentials
from tasks.finishing.labels.source_type import ALGORITHMIC


def reencode(rendition: Rendition, filters: str) -> None:
    """Draw on the finished file, keeping its metadata: what an attacker or a bug of ours would do."""
    drawn = rendition.path.with_name("drawn.mp4")
    run(
        ["-y", *SAFE_INPUT, "-i", rendition.path, "-vf", filters, "-c:v", "libx264", "-preset", "ultrafast",
         "-crf", "20", "-c:a", "copy", *CONTAINER, drawn],
        timeout=60,
    )  # fmt: skip
    drawn.replace(rendition.path)


def cover_label(rendition: Rendition, when: str) -> None:
    label = rendition.labels["visible"]
    box = f"x={label['x']}:y={label['y']}:w={label['width']}:h={label['height']}"
    reencode(rendition, f"drawbox={box}:color=gray:t=fill:enable='{when}'")


def crop(rendition: Rendition) -> None:
    reencode(rendition, f"crop=iw*25/27:ih*89/96,scale={rendition.width}:{rendition.height},setsar=1")


def resign(rendition: Rendition) -> None:
    """Somebody else puts a manifest of their own into the file."""
    other = credentials.make_self_made(rendition.path.parent / "other")
    story = c2pa.Provenance("x", ALGORITHMIC, "", ("AI label",), True, rendition.labels["aigc"])
    signed = rendition.path.with_name("signed.mp4")
    c2pa.sign(rendition.path, signed, story, other)
    signed.replace(rendition.path)


def unlabelled(rendition: Rendition) -> None:
    """As many frames as it had, of a picture without anything, encoded as plainly as anybody would."""
    picture = f"gradients=s={rendition.width}x{rendition.height}:r={rendition.fps}:nb_colors=2:seed=5"
    plain = rendition.path.with_name("plain.mp4")
    run(
        ["-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
         "-frames:v", str(rendition.frames), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
         "-shortest", "-movflags", "+faststart", plain],
        timeout=60,
    )  # fmt: skip
    plain.replace(rendition.path)


def copy_stream(rendition: Rendition, flags: str = "") -> None:
    copied = rendition.path.with_name("copied.mp4")
    run(["-y", *SAFE_INPUT, "-i", rendition.path, "-c", "copy", "-movflags", f"+faststart{flags}", copied], timeout=60)
    copied.replace(rendition.path)


def cut(rendition: Rendition) -> None:
    os.truncate(rendition.path, rendition.size_bytes * 3 // 5)


def empty(rendition: Rendition) -> None:
    rendition.path.write_bytes(b"")


def alter(rendition: Rendition, place: float) -> None:
    """Change one bit, at this part of the file."""
    with rendition.path.open("r+b") as file:
        file.seek(int(rendition.size_bytes * place))
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


LOST = {"xmp", "c2pa"}  #: whatever ffmpeg writes anew has neither
GONE = {"media", "label", "aigc", "mark", *LOST}

MUTATIONS: dict[str, tuple[Callable[[Rendition], None], set[str]]] = {
    "nothing": (lambda _: None, set()),
    "the label is covered": (lambda r: cover_label(r, "1"), {"label", *LOST}),
    "the label goes after the first second": (lambda r: cover_label(r, "gt(t,1)"), {"label", *LOST}),
    "the label is missing in the first frame": (lambda r: cover_label(r, "eq(n,0)"), {"label", *LOST}),
    "the picture is moved": (lambda r: reencode(r, "scroll=hpos=0.02"), {"label", "mark", *LOST}),
    "the picture is cropped": (crop, {"label", "mark", *LOST}),
    "it is encoded again": (lambda r: reencode(r, "null"), LOST),
    "the streams are copied": (copy_stream, {"aigc", *LOST}),
    "the streams are copied with their metadata": (lambda r: copy_stream(r, "+use_metadata_tags"), LOST),
    "it was never labelled": (unlabelled, {"label", "aigc", "mark", *LOST}),
    "somebody else has signed it": (resign, {"c2pa"}),
    "the file is cut": (cut, {"sound", *GONE}),
    "the file is gone": (lambda r: r.path.unlink(), {"sound", *GONE}),
    "the file is empty": (empty, {"sound", *GONE}),
    "frames are missing": (lambda r: reencode(r, "trim=end_frame=20"), {"media", *LOST}),
    "it is smaller": (lambda r: reencode(r, "scale=540:960"), GONE - {"aigc"}),
    "it is slower": (lambda r: reencode(r, "setpts=1.5*PTS"), {"media", *LOST}),
}
