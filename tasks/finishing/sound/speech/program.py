"""Runs a program that speaks: a voice may crash, hang or be stopped, and costs nothing else."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from reelmill.errors import FinishingError, Interrupted, TransientError
from reelmill.ffmpeg import kill

#: Seconds between two looks at whether it is to stop.
LOOK = 0.1
#: Characters of what it says on its way out that an error shows.
TOLD = 300


def run(
    arguments: Sequence[str], text: str, *, name: str, timeout: float, stopped: Callable[[], bool], cwd: Path
) -> tuple[int, str]:
    """Run it with a text on its standard input. Returns its exit code and the end of what it said.

    Raises
    ------
    FinishingError
        If it crashes or hangs.
    TransientError
        If somebody killed it, most often the kernel for want of memory.
    Interrupted
        If `stopped` answered yes.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(text.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                arguments, stdin=given, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True, cwd=cwd
            )
        except OSError as error:
            raise FinishingError(f"{name} cannot be started: {error.strerror}", "install it again") from error
        waited = 0.0
        try:
            while True:
                try:
                    process.wait(timeout=LOOK)
                    break
                except subprocess.TimeoutExpired:
                    waited += LOOK
                    if stopped():
                        raise Interrupted(f"{name} was stopped") from None
                    if waited >= timeout:
                        raise FinishingError(f"{name} took longer than {timeout:.0f} s", "try another engine") from None
        finally:
            kill(process)
        said.seek(0)
        told = " ".join(said.read().decode(errors="replace").split())[-TOLD:]
    code = process.returncode
    if code in {-signal.SIGKILL, -signal.SIGTERM}:
        raise TransientError(f"{name} was killed", "see that the machine has memory left; it is tried again")
    if code < 0:
        raise FinishingError(f"{name} crashed ({signal.Signals(-code).name})", "try another voice or engine")
    return code, told
