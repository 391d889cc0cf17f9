"""Frames out of a video, as arrays, through a pipe: memory stays at one frame, whatever the length."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelmill.errors import MediaError
from reelmill.ffmpeg import SAFE_INPUT, command, failure, kill, was_killed

Frame = npt.NDArray[np.uint8]


def read_frames(
    path: Path, width: int, height: int, *, pixels: str = "rgb24", filters: str = "", threads: int = 0
) -> Generator[Frame]:
    """Decode a video strictly and yield each frame.

    Parameters
    ----------
    path:
        A local video file.
    width, height:
        The size of the frames that come out, in pixels. If `filters` is empty, frames are scaled to it.
    pixels:
        `rgb24` gives (height, width, 3) uint8 in RGB order, `gray` gives (height, width) uint8.
    filters:
        An ffmpeg filter chain whose output has that size, e.g. `fps=4,crop=100:40:0:0`.
    threads:
        Decoder threads; 0 lets ffmpeg choose.

    Raises
    ------
    MediaError
        After the last good frame, if the stream is damaged or cut: decoding runs with `-xerror`.
    TransientError
        If ffmpeg was killed: that says nothing of the file.
    """
    chain = filters or f"scale={width}:{height}:flags=area"
    process = subprocess.Popen(
        command(
            "-xerror", "-threads", str(threads), *SAFE_INPUT, "-i", path, "-map", "0:v:0", "-vf", chain,
            "-fps_mode", "passthrough", "-enc_time_base", "1:1000000", "-f", "rawvideo", "-pix_fmt", pixels, "pipe:1",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    shape = (height, width, 3) if pixels == "rgb24" else (height, width)
    size = int(np.prod(shape))
    try:
        while True:
            data = process.stdout.read(size)
            if len(data) < size:
                break
            yield np.frombuffer(data, np.uint8).reshape(shape)
        log = process.stderr.read().decode(errors="replace").strip()
        if was_killed(code := process.wait(), log):
            raise failure(log, code)
        if code != 0 or log or data:
            reason = log.splitlines()[-1] if log else f"{len(data)} bytes of an incomplete frame"
            raise MediaError(f"{path.name} does not decode to its end: {reason}", "")
    finally:
        kill(process)
        process.stdout.close()
        process.stderr.close()
