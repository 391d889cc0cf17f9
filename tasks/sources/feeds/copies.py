"""Copies of feeds as they were downloaded last, so that an unchanged one is not downloaded again.

A folder of few files: `NAME.json` says which edition `NAME-SHA.feed` is. The name is a hash, because an address may
hold a secret.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelmill.editions import NO_EDITION, Edition
from reelmill.files import write_whole

#: What all copies together may take, in bytes, and how many there may be. The one that was used longest ago goes first.
MAX_BYTES, MAX_COPIES = 2 * 1024**3, 1000

_NAME_LENGTH = 32
#: No download takes this long.
_DEAD_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy and its edition."""

    path: Path
    edition: Edition


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies in a folder. Processes may share it: files are replaced whole, and an open one stays readable."""

    folder: Path
    max_bytes: int = MAX_BYTES
    max_copies: int = MAX_COPIES

    @staticmethod
    def name(*asked: str) -> str:
        """What a copy is called by what was asked."""
        return hashlib.sha256("\n".join(asked).encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_LENGTH]

    def find(self, name: str) -> Copy | None:
        """The copy of that name, if it is there whole."""
        try:
            told = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            path = self.folder / Path(told["file"]).name
            edition = Edition.of(told["etag"], told["last_modified"])
            if not edition or path.stat().st_size != told["bytes"]:
                return None
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # lost or damaged: it is downloaded again
        return Copy(path, edition)

    def keep(self, name: str, download: Path, sha256: str, edition: Edition) -> Path:
        """Take a download over, if its edition has a name; where it lies now.

        A folder that cannot be written keeps nothing, and that is no error.
        """
        if edition == NO_EDITION:
            return download
        path = self.folder / f"{name}-{sha256[:_NAME_LENGTH]}.feed"
        try:
            size = download.stat().st_size
            if size > self.max_bytes:
                return download
            download.replace(path)
        except OSError:
            return download
        told = {"file": path.name, "bytes": size, "etag": edition.etag, "last_modified": edition.last_modified}
        with suppress(OSError):
            write_whole(self.folder / f"{name}.json", json.dumps(told))
            self._trim(path)
        return path

    def _trim(self, newest: Path) -> None:
        for part in self.folder.glob(".*"):  # of a process that died
            if part.stat().st_mtime < time.time() - _DEAD_SECONDS:
                part.unlink(missing_ok=True)
        found = sorted(
            ((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in self.folder.glob("*.feed")), reverse=True
        )
        name = newest.name.partition("-")[0]
        room, count = self.max_bytes, self.max_copies
        for _, size, entry in found:
            room, count = room - size, count - 1
            older = entry != newest and entry.name.startswith(f"{name}-")
            if entry != newest and (older or room < 0 or count < 0):
                room, count = room + size, count + 1
                entry.unlink(missing_ok=True)
                if not older:
                    (self.folder / f"{entry.name.partition('-')[0]}.json").unlink(missing_ok=True)
