"""A master's frames with the moment at which each is shown, and whether it is a key frame, in one strict decode.

`reelmill.frames` gives pixels alone. Here ffmpeg's filter `showinfo` says of each frame when it is shown, so that a
finding in a file whose frame rate varies is told at the right second.
"""

from __future__ import annotations

import queue
import re
import subprocess
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from reelmill.errors import MediaError
from reelmill.ffmpeg import SAFE_INPUT, command, failure, kill, was_killed
from reelmill.frames import Frame

#: What `showinfo` prints of a frame (libavfilter/vf_showinfo.c). Nothing that a file carries can look like it: what is
#: printed of a file's metadata begins with its level.
_SHOWN = re.compile(
    r"\[Parsed_showinfo_0 @ \w+\] \[info\] n: *(?P<number>\d+) .*?pts_time:(?P<seconds>\S+).* iskey:(?P<key>[01])"
)
_TROUBLE = re.compile(r"(?P<who>(?:\[[^\]]+ @ \w+\] )*)\[(?:error|fatal|panic)\] ")

#: How long ffmpeg may take, after a frame is there, to say when it is shown, in seconds. It says so first.
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame of a master."""

    number: int  #: from 0 on
    seconds: float  #: when it is shown
    key: bool  #: decodes without the frames before it
    frame: Frame  #: (height, width, 3) uint8 in RGB order


def read_pictures(path: Path, width: int, height: int, *, threads: int = 0) -> Generator[Picture]:
    """Decode a video strictly, scaled to `width` × `height` pixels, with `threads` decoder threads.

    Raises
    ------
    MediaError
        After the last good frame, if the stream is damaged or cut: decoding runs with `-xerror`.
    TransientError
        If ffmpeg was killed: that says nothing of the file.
    """
    process = subprocess.Popen(
        command(
            "-loglevel", "level+info", "-nostats", "-xerror", "-threads", str(threads), *SAFE_INPUT, "-i", path,
            "-map", "0:v:0", "-vf", f"showinfo=checksum=0,scale={width}:{height}:flags=area",
            "-fps_mode", "passthrough", "-enc_time_base", "1:1000000", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    log = _Log(process.stderr)
    size = width * height * 3
    number = 0
    try:
        while len(data := process.stdout.read(size)) == size:
            seconds, key = log.shown(number)
            yield Picture(number, seconds, key, np.frombuffer(data, np.uint8).reshape(height, width, 3))
            number += 1
        trouble = log.trouble()
        if was_killed(code := process.wait(), trouble):
            raise failure(trouble, code)
        if code != 0 or trouble or data:
            reason = trouble.splitlines()[-1] if trouble else f"{len(data)} bytes of an incomplete frame"
            raise MediaError(f"{path.name} does not decode to its end: {reason}", "")
    finally:
        kill(process)
        log.join()
        process.stdout.close()
        process.stderr.close()


class _Log(threading.Thread):
    """Reads what ffmpeg says while its frames are read, or both would wait for each other."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="ffmpeg-log", daemon=True)
        self._stream = stream
        self._frames: queue.SimpleQueue[re.Match[str] | None] = queue.SimpleQueue()
        self._trouble: list[str] = []
        self._last = 0.0
        self.start()

    def run(self) -> None:
        for line in self._stream:
            text = line.decode(errors="replace").strip()
            if shown := _SHOWN.match(text):
                self._frames.put(shown)
            elif trouble := _TROUBLE.match(text):
                self._trouble.append(trouble["who"] + text[trouble.end() :])
                del self._trouble[:-20]  # a damaged file may have thousands
        self._frames.put(None)

    def shown(self, number: int) -> tuple[float, bool]:
        """When a frame is shown, in seconds, and whether it is a key frame."""
        try:
            line = self._frames.get(timeout=_PATIENCE)
        except queue.Empty:
            line = None
        if line is None or int(line["number"]) != number:
            raise MediaError(f"ffmpeg does not say when frame {number} is shown", "")
        # A frame without a time is shown right after the one before it.
        self._last = self._last if line["seconds"] == "NOPTS" else float(line["seconds"])
        return self._last, line["key"] == "1"

    def trouble(self) -> str:
        """The errors that ffmpeg told, at its end."""
        self.join()
        return "\n".join(self._trouble)
