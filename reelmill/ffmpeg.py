"""The ffmpeg binary: where it is, how it is run, and what it says about a file.

Arguments are always a list, inputs are read through `-protocol_whitelist file,pipe`, every run has a wall-clock limit,
and the process group is killed when the limit passes or a caller stops it. The binary that imageio-ffmpeg ships has no
ffprobe, so `probe` reads what ffmpeg prints.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from reelmill.errors import Interrupted, MediaError, StorageError, TerminalError, TransientError

#: Put before each `-i`: no network, no playlists that name other files.
SAFE_INPUT = ("-protocol_whitelist", "file,pipe")

#: What an ffmpeg ends with that was told to stop.
STOPPED = 255
#: Seconds after which a caller is asked again whether a run is to be stopped.
_ASKED_EVERY = 0.25

_STREAM = re.compile(r"Stream #0:\d+.*?: Video: (?P<codec>\w+).*?, (?P<width>\d{2,5})x(?P<height>\d{2,5})\b")
_RATE = re.compile(r"([\d.]+) fps")
_DURATION = re.compile(r"Duration: (\d+):(\d+):([\d.]+)")


@dataclass(frozen=True, slots=True)
class Probe:
    """What ffmpeg says about a video file."""

    codec: str
    width: int  #: pixels
    height: int  #: pixels
    fps: float
    seconds: float
    audio: bool

    @property
    def frames(self) -> int:
        """Frames by the container's own duration; only decoding counts them for sure."""
        return round(self.seconds * self.fps)


@lru_cache(maxsize=4)
def binary(configured: str = "") -> str:
    """The path of the ffmpeg to use: the given one, `REELMILL_FFMPEG`, the one of imageio-ffmpeg, or the system's.

    It is found, not tried: imageio-ffmpeg's own search starts the program, and remembers for the whole process that
    there is none if that one start failed, which a busy machine can do to any program.

    Raises
    ------
    TerminalError
        If none of them is there.
    """
    wanted = configured or os.environ.get("REELMILL_FFMPEG", "")
    if wanted:
        if not os.access(wanted, os.X_OK):
            raise TerminalError(f"{wanted} is not a program", "set REELMILL_FFMPEG to an ffmpeg binary, or unset it")
        return wanted
    found = _packaged() or shutil.which("ffmpeg")
    if not found:
        raise TerminalError("no ffmpeg was found", "pip install imageio-ffmpeg, or set REELMILL_FFMPEG to a binary")
    return found


def _packaged() -> str | None:
    """The program inside imageio-ffmpeg, without importing the package, which takes 60 ms."""
    package = find_spec("imageio_ffmpeg")
    if package is None or package.origin is None:
        return None
    programs = sorted((Path(package.origin).parent / "binaries").glob("ffmpeg-*"))
    return next((str(path) for path in programs if os.access(path, os.X_OK)), None)


def command(*arguments: str | os.PathLike[str]) -> list[str]:
    """The argument list of one ffmpeg run: quiet, never asking, never reading the terminal."""
    words = [os.fspath(argument) for argument in arguments]
    return [binary(), "-hide_banner", "-nostdin", "-loglevel", "error", *words]


def run(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    timeout: float,
    stopped: Callable[[], bool] = lambda: False,
    cwd: Path | None = None,
) -> str:
    """Run ffmpeg to its end and return what it wrote to its log.

    Parameters
    ----------
    arguments:
        Everything after the program's name. Never a shell string.
    timeout:
        Seconds of wall clock after which the process group is killed.
    stopped:
        Asked four times a second; when it answers yes, the process group is killed.
    cwd:
        The folder to run in: inside filter graphs, plain file names need no escaping.

    Raises
    ------
    TerminalError
        If ffmpeg fails or takes too long; the reason holds the end of its log.
    StorageError
        If it failed because the disk is full.
    Interrupted
        If `stopped` answered yes.
    """
    process = subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        cwd=cwd,
    )
    log: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda stream: log.append(stream.read()), args=(process.stderr,), daemon=True)
    reader.start()
    waited = 0.0
    try:
        while True:
            reader.join(_ASKED_EVERY)  # its log ends with it, and that wakes us: `wait` would look now and then
            if not reader.is_alive() and _ended(process):
                break
            waited += _ASKED_EVERY
            if stopped():
                raise Interrupted("ffmpeg was stopped")
            if waited >= timeout:
                raise TerminalError(f"ffmpeg took longer than {timeout:.0f} s", "look at the input file")
    finally:
        kill(process)
        reader.join(timeout=5)
        process.stderr.close()
    text = "".join(log).strip()
    if process.returncode != 0:
        raise failure(text, process.returncode)
    return text


def _ended(process: subprocess.Popen[str]) -> bool:
    """Whether it ends within the time after which we ask whether it is to be stopped."""
    try:
        process.wait(timeout=_ASKED_EVERY)
    except subprocess.TimeoutExpired:
        return False
    return True


def failure(log: str, code: int) -> TerminalError | TransientError:
    """The typed error for an ffmpeg that ended with `code` and this log."""
    if was_killed(code, log):
        name = signal.Signals(-code).name if code < 0 else "told to stop"
        return TransientError(f"ffmpeg was killed ({name})", "see that the machine has memory left; it is tried again")
    tail = " | ".join(line.strip() for line in log.splitlines()[-3:]) or f"exit code {code}"
    if "No space left on device" in log:
        return StorageError(f"the disk is full: {tail}", "free some space, then resume the run")
    return TerminalError(f"ffmpeg failed: {tail[:600]}", "")


def was_killed(code: int, log: str) -> bool:
    """Whether somebody ended an ffmpeg, most often the kernel for want of memory: nothing is wrong with the file.

    One that is told to stop, and not killed, ends by itself with 255 and without an error (`ffmpeg.c`).
    """
    return code < 0 or (code == STOPPED and not log.strip())


def kill(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process and all it started, if it still runs, and reap it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):  # it ended between the question and the signal
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def probe(path: Path) -> Probe:
    """What ffmpeg says about a video.

    Raises
    ------
    MediaError
        If the file is missing, empty, or holds no video that ffmpeg can read.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise MediaError(f"{path} is missing or empty", "")
    # Without an output ffmpeg prints what it found and exits with 1: that is the documented way to look at a file.
    answer = subprocess.run(
        [binary(), "-hide_banner", "-nostdin", *SAFE_INPUT, "-i", os.fspath(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
        check=False,
    ).stderr
    stream, rate, duration = _STREAM.search(answer), _RATE.search(answer), _DURATION.search(answer)
    if not (stream and rate and duration):
        tail = answer.strip().splitlines()[-1:] or ["nothing"]
        raise MediaError(f"{path.name} is not a video that ffmpeg can read: {tail[0].strip()}", "")
    hours, minutes, seconds = duration.groups()
    return Probe(
        codec=stream["codec"],
        width=int(stream["width"]),
        height=int(stream["height"]),
        fps=float(rate[1]),
        seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
        audio=": Audio: " in answer,
    )
