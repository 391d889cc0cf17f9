"""Effects: somebody's own function, applied to a master with MoviePy, in a process and an environment of its own.

MoviePy holds Pillow back to an old version, and its effects work on one picture at a time in Python. So it has neither
a place in our environment nor on the way of a video that asks for none.

The function runs with the rights of whoever runs Reelmill, like everything that a definition names, and without our
environment variables: no secret of ours is among what it sees.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np

from reelmill.content import Effect, Master
from reelmill.errors import FinishingError, Interrupted
from reelmill.ffmpeg import binary, kill
from reelmill.files import sha256_of
from tasks.assembly import effect_program
from tasks.assembly.effect_code import examine, named
from tasks.assembly.graph import CRF, THREADS
from tasks.assembly.interpreter import python_of
from tasks.assembly.options import EffectOptions
from wan_engine.base import CancelToken
from wan_engine.encode import ClipEncoder

#: Seconds that an effect may take before it is stopped: for MoviePy to come up, and for each frame.
STARTUP, PER_FRAME = 120.0, 5.0
#: Seconds between two looks at whether it shall stop.
LOOK = 0.25
#: What an effect sees of the environment.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TZ")


@dataclass(frozen=True, slots=True)
class Effects:
    """Who applies a pipeline's effect, and which."""

    python: str  #: a Python that has MoviePy
    code: Path
    effect: Effect

    @classmethod
    def of(cls, options: EffectOptions, folder: Path, *, python: str = "", home: Path) -> Self:
        """The effect of a definition, and the Python that is going to apply it.

        Parameters
        ----------
        folder:
            Where the definition lies.
        python:
            The Python that has MoviePy. "": this one, or the one of the folder `effects` in `home`.

        Raises
        ------
        FinishingError
            If there is no such function, or no MoviePy on this machine.
        """
        code, function = named(options.call, folder)
        examine(code, function)
        return cls(python_of(python, home), code, Effect(sha256_of(code), function, options.options))

    def apply(self, effect: Effect, master: Master, target: Path, *, cancel: CancelToken | None = None) -> None:
        """Write what the effect makes of a master.

        Raises
        ------
        FinishingError
            If it fails, takes too long, or changes size or length.
        Interrupted
            If `cancel` fired.
        """
        order = {
            **asdict(effect), "code": str(self.code.resolve()), "source": str(master.path.resolve()),
            "width": master.width, "height": master.height, "frames": master.frames, "fps": master.fps,
        }  # fmt: skip
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                [self.python, "-I", effect_program.__file__, json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={key: os.environ[key] for key in PASSED_ON if key in os.environ}
                | {"IMAGEIO_FFMPEG_EXE": binary(), "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
            )
            watch = _Watch(process, cancel, STARTUP + PER_FRAME * master.frames)
            try:
                self._encode(process, master, target)
                process.wait()
            except _EndedEarly:
                process.wait()
                if cancel is not None and cancel.cancelled:
                    raise Interrupted("the effect was stopped") from None
                raise FinishingError(
                    f"the effect {self.code.name}:{effect.function} failed: {watch.told or _told(log, process)}",
                    "mend it, then resume the run",
                ) from None
            finally:
                watch.end()
                kill(process)
                assert process.stdout is not None
                process.stdout.close()

    @staticmethod
    def _encode(process: subprocess.Popen[bytes], master: Master, target: Path) -> None:
        shape = (master.height, master.width, 3)
        assert process.stdout is not None
        with ClipEncoder(target, master.width, master.height, master.fps, crf=CRF, threads=THREADS) as encoder:
            for _ in range(master.frames):
                picture = process.stdout.read(master.height * master.width * 3)
                if len(picture) < master.height * master.width * 3:
                    raise _EndedEarly
                encoder.write(np.frombuffer(picture, np.uint8).reshape(shape))


class _EndedEarly(Exception):
    """There are fewer pictures than were asked for."""


class _Watch:
    """Ends a process that shall stop, or that takes too long."""

    def __init__(self, process: subprocess.Popen[bytes], cancel: CancelToken | None, seconds: float) -> None:
        self.told = ""
        self._process, self._cancel, self._seconds = process, cancel, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="effect-watch", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        until = time.monotonic() + self._seconds
        while not self._over.wait(LOOK):
            late = time.monotonic() > until
            if late:
                self.told = f"it took longer than {self._seconds:.0f} s"
            if late or (self._cancel is not None and self._cancel.cancelled):
                kill(self._process)
                return

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def _told(log: IO[bytes], process: subprocess.Popen[bytes]) -> str:
    """What the program said last."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    if process.returncode == effect_program.TOLD and lines:
        return str(json.loads(lines[-1])["problem"])
    return lines[-1][:300] if lines else f"it ended with {process.returncode}"
