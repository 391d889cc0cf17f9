"""Small pictures of a finished video: one that moves, and a sheet of its moments. Both show the AI label too."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import SAFE_INPUT, probe, run

Kind = Literal["webp", "gif"]

#: Of a moving preview: pixels across and frames per second. A GIF is some fifty times as large as a WebP.
SIZES: dict[Kind, tuple[int, int]] = {"webp": (360, 12), "gif": (240, 8)}
#: Seconds of it at most, and quality of WebP (100 is the best).
LONGEST, QUALITY = 6.0, 60
#: Of a contact sheet: pictures across and down, pixels across each, and between them.
COLUMNS, ROWS, TILE, GAP = 4, 3, 240, 8
GROUND = "0x101214"


def moving(video: Path, target: Path, kind: Kind = "webp") -> Path:
    """A preview that moves and begins again at its end: the first seconds of a video.

    Raises
    ------
    MediaError, FinishingError
        If the video cannot be read, or the picture cannot be written.
    """
    seconds = min(LONGEST, probe(video).seconds)
    width, rate = SIZES[kind]
    small = f"fps={rate},scale={width}:-2:flags=lanczos"
    if kind == "gif":
        # One palette for all frames: 256 colours that are chosen by what moves.
        palette = "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=4"
        encoder = ["-filter_complex", f"[0:v]{small},{palette}", "-f", "gif"]
    else:
        encoder = [
            "-vf",
            small,
            "-c:v",
            "libwebp_anim",
            "-quality",
            str(QUALITY),
            "-compression_level",
            "4",
            "-f",
            "webp",
        ]
    _run(video, target, ["-t", f"{seconds:.3f}"], [*encoder, "-loop", "0", "-an"])
    return target


def contact_sheet(video: Path, target: Path) -> Path:
    """A sheet of moments that are spread over a video, as JPEG: read like a page, from left to right.

    Raises
    ------
    MediaError, FinishingError
        If the video cannot be read, or the picture cannot be written.
    """
    seen = probe(video)
    moments = COLUMNS * ROWS
    every = seen.seconds / moments
    # The middle of each part: the first frame of a video is rarely its best.
    sheet = (
        f"setpts=PTS-STARTPTS,fps={1 / every:.6f}:start_time={every / 2:.4f}:round=near,"
        f"scale={TILE}:-2:flags=area,tile={COLUMNS}x{ROWS}:padding={GAP}:margin={GAP}:color={GROUND},"
        "scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p"
    )
    _run(video, target, [], ["-vf", sheet, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3", "-an", "-f", "image2"])
    return target


def _run(video: Path, target: Path, before: list[str], after: list[str]) -> None:
    try:
        run(["-y", *before, *SAFE_INPUT, "-i", video.resolve(), *after, target.resolve()], timeout=120)
    except TerminalError as error:
        raise FinishingError(f"no preview of {video.name} could be made: {error.reason}", error.instruction) from error
    if not target.is_file() or not target.stat().st_size:
        raise FinishingError(f"no preview of {video.name} was written", "look at the video: it may be too short")
