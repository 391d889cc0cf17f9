"""Frames stream into the encoder as they are made; nothing but the frame in hand is kept."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from reelmill.errors import Interrupted, MediaError
from reelmill.ffmpeg import STOPPED, command, failure, kill


class ClipEncoder:
    """Writes RGB or planar YUV frames to an H.264 MP4.

    Use it as a context manager. If the block raises, the half-written file is removed; if it ends well, the file is
    whole, flushed and closed.

    Parameters
    ----------
    path:
        The file to make. Its folder exists.
    width, height:
        Size in pixels, both even.
    fps:
        Constant frame rate.
    pixels:
        `rgb24`: frames are (height, width, 3) uint8. `yuv420p`: frames are (height * 3 // 2, width) uint8 in the layout
        of OpenCV's `COLOR_RGB2YUV_I420`, taken as BT.709 in limited range.
    crf:
        Quality of x264; a clip is an intermediate, so it is near-transparent by default.
    preset:
        Speed of x264.
    threads:
        Encoder threads; 0 lets x264 choose.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: int,
        *,
        pixels: str = "rgb24",
        crf: int = 16,
        preset: str = "veryfast",
        threads: int = 0,
    ) -> None:
        self.path = path
        self.frames = 0
        self._shape = (height, width, 3) if pixels == "rgb24" else (height * 3 // 2, width)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the encoder)
        convert = ["scale=in_range=full:out_range=tv:out_color_matrix=bt709"] if pixels == "rgb24" else []
        tagged = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
        self._process = subprocess.Popen(
            command(
                "-y", "-f", "rawvideo", "-pix_fmt", pixels, "-video_size", f"{width}x{height}", "-framerate", str(fps),
                "-i", "pipe:0", "-an", "-vf", ",".join([*convert, "format=yuv420p", tagged]),
                "-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-profile:v", "high", "-g", str(fps * 2),
                "-threads", str(threads), "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
                "-movflags", "+faststart", "-f", "mp4", path,
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )  # fmt: skip

    def write(self, frame: npt.NDArray[np.uint8]) -> None:
        """Hand over one frame. Blocks while the encoder is behind.

        Raises
        ------
        MediaError
            If the frame has another shape than was promised.
        TerminalError, StorageError
            If the encoder died.
        """
        if frame.shape != self._shape:
            raise MediaError(f"a frame of shape {frame.shape} came where {self._shape} was promised", "")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).data)
        except BrokenPipeError:
            raise self._failure() from None
        self.frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        try:
            if error is None:
                try:
                    self._process.stdin.close()
                except BrokenPipeError:
                    raise self._failure() from None
                if self._process.wait() != 0:
                    raise self._failure()
        finally:
            kill(self._process)
            with contextlib.suppress(BrokenPipeError):  # what was still buffered for a process that is gone
                self._process.stdin.close()
            self._log.close()
            if error is not None or self._process.returncode != 0:
                self.path.unlink(missing_ok=True)

    def _failure(self) -> Exception:
        code = self._process.wait()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace")
        # Ctrl-C in a terminal ends the whole group, and is no fault of the shot. An ffmpeg that is up already ends by
        # itself then, without an error.
        stopped = code in {-2, -15} or (code == STOPPED and not log.strip())
        return Interrupted("the encoder was stopped") if stopped else failure(log, code)
