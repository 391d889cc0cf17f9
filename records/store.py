"""The store: media files under the sha256 of their content.

A file is written under a temporary name, flushed to the disk and renamed; only then is it named in the ledger. So a
name in the store always stands for the whole file, and storing the same content twice is storing it once.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

from reelmill.errors import StorageError, TerminalError, UseError
from reelmill.files import flush


class Store:
    """A content-addressed folder.

    Parameters
    ----------
    url:
        A folder, or a `file://` URL.

    Raises
    ------
    UseError
        If the URL is of another kind.
    """

    def __init__(self, url: str) -> None:
        if "://" in url and not url.startswith("file://"):
            raise UseError(f"the store {url!r} is not a folder", "set REELMILL_STORE_URL to a folder, or unset it")
        self.root = Path(url.removeprefix("file://")).absolute()

    def path(self, sha256: str, suffix: str) -> Path:
        """Where content with this hash is, or would be. `suffix` is part of the name, e.g. `.mp4`."""
        return self.root / sha256[:2] / f"{sha256}{suffix}"

    def has(self, sha256: str, suffix: str) -> bool:
        return self.path(sha256, suffix).is_file()

    def add(self, source: Path, sha256: str, suffix: str) -> Path:
        """Take a finished local file in. The source is moved if it is on the same disk, else copied.

        Raises
        ------
        StorageError
            If the disk is full or the folder cannot be written. The source is left where it is.
        """
        goal = self.path(sha256, suffix)
        if goal.is_file():
            source.unlink(missing_ok=True)
            return goal
        temporary = goal.with_name(f".{uuid4().hex}.part")
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                source.replace(temporary)
            except OSError:  # another disk
                shutil.copyfile(source, temporary)
                source.unlink()
            flush(temporary)
            temporary.replace(goal)
            flush(goal.parent)
        except OSError as error:
            raise StorageError(
                f"the store {self.root} cannot be written: {error.strerror}",
                "make room or make the folder writable, then resume the run",
            ) from error
        return goal

    def get(self, sha256: str, suffix: str) -> Path:
        """The local path of content that the ledger names.

        Raises
        ------
        TerminalError
            If it is not there: somebody removed it.
        """
        path = self.path(sha256, suffix)
        if not path.is_file():
            raise TerminalError(f"{path} is gone from the store", "restore it, or resume the run to make it again")
        return path
