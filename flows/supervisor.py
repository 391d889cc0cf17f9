"""Keeps processes running: starts them, starts those again that end, and stops them in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.processes import start_of

#: Seconds before a part that ended is started again: the first time, and at most.
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
#: A part that ran for so long is in order; its next end is the first one again. Seconds.
SETTLED = 60.0
#: Seconds between two looks.
EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the house."""

    name: str
    command: Sequence[str]
    log: Path  #: where its output goes
    stop_seconds: float  #: how long it may take to end
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Running:
    """A part as it is now."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0  #: when it was started, by the clock of this process
    began: str = ""  #: the start of the process, so that a reused process id is not taken for it
    ends: int = 0  #: how often it ended without being told to
    last_code: int | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pause(self) -> float:
        """Seconds before it is started again."""
        pause: float = min(SHORTEST_PAUSE * 2 ** max(self.ends - 1, 0), LONGEST_PAUSE)
        return pause


class Supervisor:
    """Runs parts until told to stop.

    Parameters
    ----------
    parts:
        In the order in which they are started; they are stopped in the opposite one.
    changed:
        Told whenever a part starts or ends.
    """

    def __init__(self, parts: Sequence[Part], changed: Callable[[Sequence[Running]], None]) -> None:
        self.parts = [Running(part) for part in parts]
        self._changed = changed

    def run(self, stop: threading.Event) -> None:
        """Start all, keep them going, and stop them once `stop` is set."""
        try:
            for one in self.parts:
                self._start(one)
            while not stop.wait(EVERY):
                for one in self.parts:
                    self._look_after(one)
        finally:
            self._stop()

    def _look_after(self, one: Running) -> None:
        if one.alive:
            if one.ends and time.monotonic() - one.since > SETTLED:
                one.ends = 0
            return
        if one.process is not None:
            one.ends, one.last_code, one.since = one.ends + 1, one.process.returncode, time.monotonic()
            one.process = None
            self._changed(self.parts)
        elif time.monotonic() - one.since >= one.pause:
            self._start(one)

    def _start(self, one: Running) -> None:
        one.part.log.parent.mkdir(parents=True, exist_ok=True)
        with one.part.log.open("ab") as log:
            # A session of its own: a Ctrl-C at the terminal is for the supervisor, which stops the parts in order.
            one.process = subprocess.Popen(
                list(one.part.command),
                env={**os.environ, **one.part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        one.since, one.began = time.monotonic(), start_of(one.process.pid)
        self._changed(self.parts)

    def _stop(self) -> None:
        """Ask all to end, the last one first, and kill what does not in its time."""
        asked = time.monotonic()
        for one in reversed(self.parts):
            if one.alive and one.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    one.process.send_signal(signal.SIGTERM)
        for one in reversed(self.parts):
            if one.process is None:
                continue
            left = one.part.stop_seconds - (time.monotonic() - asked)
            try:
                one.last_code = one.process.wait(timeout=max(left, 0.1))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.process.pid, signal.SIGKILL)
                one.last_code = one.process.wait()
            one.process = None
            self._changed(self.parts)
