"""Local copies of what is in a remote store, within a limit. The least recently used ones make room first."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from records.store.content import Content
from reelmill.errors import UseError

#: A copy that was asked for within this time is in use. Seconds.
GRACE = 3600.0
#: How often a process looks whether the copies are too many, at most. Seconds.
EVERY = 60.0

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}


def limit_of(size: str) -> int:
    """Bytes, from an amount such as `20GB`.

    Raises
    ------
    UseError
        If it is none.
    """
    parts = re.fullmatch(r"([1-9][0-9]{0,5})\s*(MB|GB|TB)", size.strip())
    if parts is None:
        raise UseError(
            f"REELMILL_STORE_CACHE is {size!r}: this is not an amount of data",
            "give a whole number and MB, GB or TB, such as 20GB",
        )
    return int(parts[1]) * _UNITS[parts[2]]


class Cache:
    """The folder of copies. When a copy was used last is its time of modification, which every file system keeps."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._looked = -EVERY

    def use(self, path: Path) -> bool:
        """Whether a copy is there. If so it counts as used now, and stays for `GRACE` seconds at least."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return path.is_file()

    def trim(self, *, grace: float = GRACE) -> int:
        """Remove the copies that were not used for the longest time, until the rest is within the limit.

        Returns
        -------
        int
            The bytes that were freed.
        """
        self._looked = time.monotonic()
        copies = sorted(self._copies())
        excess = sum(size for _, size, _ in copies) - self.limit
        freed = 0
        for _, size, path in copies:
            if freed >= excess:
                break
            try:
                # Looked at once more: another process may have asked for it since.
                if time.time() - path.stat().st_mtime < grace:
                    continue
                path.unlink()
            except FileNotFoundError:
                pass  # another process trims as well
            freed += size
        return freed

    def trim_if_due(self) -> None:
        if time.monotonic() - self._looked >= EVERY:
            self.trim()

    def _copies(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("??/*"):
            if Content.of(path.name) is None:
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime, status.st_size, path))
        return found
