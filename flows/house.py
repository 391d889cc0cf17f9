"""What `reelmill up` says of itself, in a file of the home folder: which parts run, since when, and where."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.supervisor import Running
from reelmill.errors import StorageError, UseError
from reelmill.files import write_whole
from reelmill.processes import start_of
from reelmill.settings import Settings


@dataclass(frozen=True, slots=True)
class PartState:
    """One part, as a person is told of it."""

    name: str
    process: int | None
    began: str
    ends: int
    where: str = ""

    @property
    def alive(self) -> bool:
        return self.process is not None and start_of(self.process) == self.began


@dataclass(frozen=True, slots=True)
class House:
    """A supervisor and its parts."""

    process: int
    began: str
    file: str  #: the definition that is deployed
    ready: bool
    parts: tuple[PartState, ...]

    @property
    def alive(self) -> bool:
        return start_of(self.process) == self.began


def read(settings: Settings) -> House | None:
    """What the file says, also of one that is gone; None if there never was one."""
    try:
        told: dict[str, Any] = json.loads(_path(settings).read_text())
        return House(**{**told, "parts": tuple(PartState(**part) for part in told["parts"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(settings: Settings, file: Path, parts: Sequence[Running], where: Mapping[str, str], *, ready: bool) -> None:
    """Say how things stand."""
    me = os.getpid()
    states = tuple(
        PartState(
            one.part.name, one.process.pid if one.process else None, one.began, one.ends, where.get(one.part.name, "")
        )
        for one in parts
    )
    house = House(me, start_of(me), str(file), ready, states)
    write_whole(_path(settings), json.dumps(asdict(house), indent=1) + "\n")


def forget(settings: Settings) -> None:
    _path(settings).unlink(missing_ok=True)


@contextlib.contextmanager
def sole_supervisor(settings: Settings) -> Iterator[None]:
    """Be the only one for this home folder, and stop what an earlier one left that was killed.

    Raises
    ------
    UseError
        If another one is up.
    """
    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
        lock = (settings.folder / "up.lock").open("w")
    except OSError as error:
        raise StorageError(
            f"{settings.folder} cannot be written: {error.strerror}", "set REELMILL_HOME to a folder that you may write"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UseError("it is up already", "see `reelmill status`; `reelmill down` stops it") from None
        left = read(settings)
        for part in left.parts if left is not None else ():
            if part.alive and part.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(part.process, signal.SIGTERM)
        try:
            yield
        finally:
            forget(settings)


def wait_until_gone(process: int, began: str, seconds: float) -> bool:
    """Whether a process ended in time."""
    deadline = time.monotonic() + seconds
    while start_of(process) == began:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _path(settings: Settings) -> Path:
    return settings.folder / "up.json"
