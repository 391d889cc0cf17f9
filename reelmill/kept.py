"""Files that were made before and can be made again, so that nobody pays for them twice: spoken clauses, proofs."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

#: Seconds that a file is kept after its last use. By then a video is finished, or somebody has given it up.
LIFETIME = 7 * 86_400.0


class Kept:
    """A folder of files by the hash of everything that decides them. Any number of processes may share it.

    It is a convenience: what cannot be written or read is made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, key: str, path: Path) -> bool:
        """Copy a file to `path`, if there is one."""
        kept = self._folder / key
        try:
            shutil.copyfile(kept, path)
            kept.touch()
        except OSError:
            path.unlink(missing_ok=True)
            return False
        return True

    def keep(self, key: str, path: Path) -> None:
        """Keep a copy of a file, if it was made, and let go of those that nobody has asked for any more."""
        if not path.exists():
            return
        half = self._folder / f".{uuid4().hex}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, half)
                half.replace(self._folder / key)
            finally:
                half.unlink(missing_ok=True)
            self._tidy(time.time() - LIFETIME)

    def _tidy(self, before: float) -> None:
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process was quicker
                if path.stat().st_mtime < before:
                    path.unlink()
