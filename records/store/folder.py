"""The store as a folder, and what every store can do."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from records.store.content import Content, Stored
from reelmill.errors import StorageError, TerminalError, UseError
from reelmill.files import flush

#: What half-written files are called, until they are whole.
PART = ".part"


class Store:
    """A content-addressed folder. `RemoteStore` keeps the same promises; `tests/integration/test_store.py` holds both.

    A name in the store always stands for the whole content, and adding the same content twice, by two processes at
    the same time if need be, is adding it once.

    Parameters
    ----------
    url:
        A folder, or a `file://` URL.

    Raises
    ------
    UseError
        If the URL is of another kind.
    """

    remote: ClassVar[bool] = False
    """Whether asking it takes a call over the network, so that listings had better believe the ledger."""

    def __init__(self, url: str) -> None:
        if "://" in url and not url.startswith("file://"):
            raise UseError(f"the store {url!r} is not a folder", "set REELMILL_STORE_URL to a folder, or unset it")
        self.root = Path(url.removeprefix("file://")).absolute()

    @property
    def name(self) -> str:
        """The store for people."""
        return str(self.root)

    def path(self, sha256: str, suffix: str) -> Path:
        """Where content with this hash is on this machine, or would be. `suffix` is part of the name, e.g. `.mp4`."""
        return self.root / Content(sha256, suffix).name

    def has(self, sha256: str, suffix: str) -> bool:
        """Whether content is in the store. What was seen there once may be believed."""
        return self.path(sha256, suffix).is_file()

    def look(self, content: Content) -> Stored | None:
        """What the store itself says of content at this moment; None if it is not there."""
        try:
            found = self.path(content.sha256, content.suffix).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        return Stored(content, found.st_size, dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))

    def add(self, source: Path, sha256: str, suffix: str) -> Path:
        """Take a finished local file in. The source is moved if it is on the same disk, else copied.

        Raises
        ------
        StorageError
            If the disk is full or the store cannot be written. The source is left where it is.
        ServerUnavailable
            If the store is remote and does not answer.
        """
        goal = self.path(sha256, suffix)
        if self._renew(goal):
            source.unlink(missing_ok=True)
            return goal
        temporary = goal.with_name(f".{uuid4().hex}{PART}")
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._take(source, temporary)
                flush(temporary)
                temporary.replace(goal)
            except OSError:
                _give_back(temporary, source)
                raise
            flush(goal.parent)
        except OSError as error:
            raise StorageError(
                f"the store {self.root} cannot be written: {error.strerror}",
                "make room or make the folder writable, then resume the run",
            ) from error
        source.unlink(missing_ok=True)
        return goal

    def get(self, sha256: str, suffix: str) -> Path:
        """The local path of content that the ledger names.

        Raises
        ------
        TerminalError
            If it is not there: somebody removed it. Or if it is damaged.
        ServerUnavailable, StorageError
            If the store is remote and does not answer, or does not let us in.
        """
        path = self.path(sha256, suffix)
        if not path.is_file():
            raise self._gone(str(path))
        return path

    def remove(self, content: Content) -> None:
        """Let content go. It is no error if it is not there.

        Raises
        ------
        StorageError, ServerUnavailable
        """
        try:
            self.path(content.sha256, content.suffix).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{content.name} cannot be removed from the store {self.root}: {error.strerror}",
                "make the folder writable",
            ) from error

    def files(self) -> Iterator[Stored]:
        """Everything in the store, in no particular order, without holding a list of it."""
        for folder in _entries(self.root):
            if not (len(folder.name) == 2 and folder.is_dir()):
                continue
            for entry in _entries(Path(folder.path)):
                content = Content.of(entry.name)
                found = self.look(content) if content is not None else None
                if found is not None:
                    yield found

    def sweep(self, before: dt.datetime) -> int:
        """Remove half-written files that no process has touched since. Returns their bytes."""
        freed = 0
        for path in self.root.glob(f"*/.*{PART}"):
            try:
                found = path.stat()
                if found.st_mtime < before.timestamp():
                    path.unlink()
                    freed += found.st_size
            except FileNotFoundError:
                continue  # its process has just finished it
        return freed

    def close(self) -> None:
        """Give connections back."""

    def _renew(self, path: Path) -> bool:
        """Make content that is there count as added now, so that no sweep takes it. False if it is not there."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except OSError:
            return path.is_file()  # another user's file: it can be used, though not renewed
        return True

    def _take(self, source: Path, temporary: Path) -> None:
        try:
            source.replace(temporary)
        except OSError:  # another disk
            shutil.copyfile(source, temporary)

    def _gone(self, what: str) -> TerminalError:
        return TerminalError(f"{what} is gone from the store", "restore it, or resume the run to make it again")

    def _unreadable(self, error: OSError) -> StorageError:
        return StorageError(f"the store {self.name} cannot be read: {error.strerror}", "make it readable")


def _give_back(temporary: Path, source: Path) -> None:
    """Undo what a failed attempt has done, as far as the disk lets us."""
    try:
        if source.exists():
            temporary.unlink(missing_ok=True)
        else:
            temporary.replace(source)
    except OSError:
        pass  # the error that brought us here is the one to tell


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
