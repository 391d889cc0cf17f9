"""Where the server keeps what must outlive it: its jobs, their reference images and their films."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from reelmill.errors import StorageError, UseError
from reelmill.files import flush

#: What the folders of shots in the making are called.
_SCRATCH = "shot-"


class StateFolder:
    """The folder of one server. Only the process that has opened it may write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.jobs = path / "jobs.db"
        self._films, self._pictures, self._work = (path / name for name in ("films", "pictures", "work"))

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """The folder, made where it is missing, and locked for as long as the block lasts, or the process.

        Raises
        ------
        UseError
            If another server has it.
        StorageError
            If it cannot be written.
        """
        folder = cls(path)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts and films are nobody else's
            for part in (folder._films, folder._pictures, folder._work):
                part.mkdir(exist_ok=True)
            lock = (path / "lock").open("a+")
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}", "set REELMILL_HOME to another") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UseError(
                    f"another server works in {path}", "stop it, or give this one a REELMILL_HOME of its own"
                ) from None
            yield folder

    def film(self, job: str) -> Path:
        """Where the film of a job is, or will be."""
        return self._films / f"{job}.mp4"

    def picture(self, job: str) -> Path:
        """Where the reference image of a job is, or will be."""
        return self._pictures / job

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder to make one shot in. A new one each time: an encoder may outlive the process that was killed."""
        made = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self._work))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def keep_film(self, clip: Path, job: str) -> None:
        """Move a whole clip to where the film of a job is. When this returns, a power cut cannot take it."""
        _settle(clip, self.film(job))

    def keep_picture(self, content: bytes, job: str) -> None:
        """Write a reference image where that of a job is. When this returns, a power cut cannot take it."""
        with self.scratch() as scratch:
            whole = scratch / job
            whole.write_bytes(content)
            _settle(whole, self.picture(job))

    def discard(self, job: str) -> None:
        """Remove whatever there is of a job."""
        self.film(job).unlink(missing_ok=True)
        self.discard_picture(job)

    def discard_picture(self, job: str) -> None:
        """Remove the reference image of a job: it is only needed while the film is made."""
        self.picture(job).unlink(missing_ok=True)

    def clear(self, *, films: Collection[str], pictures: Collection[str]) -> None:
        """Remove what an earlier process left half made, and every file that belongs to none of these jobs."""
        for left in self._work.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        for path in self._films.iterdir():
            if path.stem not in films:
                path.unlink()
        for path in self._pictures.iterdir():
            if path.name not in pictures:
                path.unlink()


def _settle(path: Path, goal: Path) -> None:
    flush(path)
    path.replace(goal)
    flush(goal.parent)
