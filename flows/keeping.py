"""Housekeeping: media files that nobody needs any more make room, as `keep:` in the definition says.

First what is too old, then what no row names (a process died before it could name it, or before it could remove it),
and then, if all that is left is still more than the disk may hold, the oldest until it is not.
"""

from __future__ import annotations

import datetime as dt
import heapq
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from flows.operation_options import KeepOptions
from records.database import now
from records.ledger import Ledger
from records.need import Kind, Unneeded
from records.retention import Retention
from records.store import Content, Stored
from records.tables import ClipRow, MasterRow, RenditionRow
from reelmill.failpoints import failpoint

#: Files that no row names, and half-made ones, are swept when nobody has touched them for so long.
LEFT_BEHIND = dt.timedelta(days=1)
#: So much content is given up in one transaction.
BATCH = 50
#: So many files of the store are looked at together.
LOOK = 500
#: Files that no row has ever named, from processes that died before they could name them, are few. If they are more
#: than this, and more than a quarter of all, then the store is somebody else's as well, or the ledger is a new one.
FEW = 20
#: The most of them that are swept at once; the rest goes next time.
MOST = 10_000

log = logging.getLogger("reelmill.keeping")


@dataclass(frozen=True, slots=True)
class Tidied:
    """What made room."""

    clips: int = 0
    renditions: int = 0
    orphans: int = 0  #: files that no row named, and half-made ones
    bytes: int = 0


def tidy(ledger: Ledger, keep: KeepOptions, *, scratch: Path | None = None, dry_run: bool = False) -> Tidied:
    """Give up what `keep` lets go, and sweep away what was left behind.

    Can be killed at any point and be started again. Only one process tidies at a time.

    Parameters
    ----------
    scratch:
        The folder of half-made files, to be swept as well.
    dry_run:
        Change nothing, and say what would be done. Its bytes are what the files of each row take, without regard to
        content that other rows name as well.

    Raises
    ------
    LeaseHeld
        If another process tidies.
    StorageError, ServerUnavailable
        If the store or the ledger cannot be used now. What was done so far is done.
    """
    if dry_run:
        return _Tidying(ledger, keep, scratch, dry_run=True).all()
    with ledger.leases.hold("keeping", "the tidying of the store"):
        return _Tidying(ledger, keep, scratch, dry_run=False).all()


class _Tidying:
    def __init__(self, ledger: Ledger, keep: KeepOptions, scratch: Path | None, *, dry_run: bool) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._retention = Retention(ledger.database, ledger.store)
        self._keep = keep
        self._scratch = scratch
        self._dry_run = dry_run
        self._began = now()
        self._rows: dict[Kind, int] = dict.fromkeys(_KINDS.values(), 0)
        self._orphans = 0
        self._bytes = 0

    def all(self) -> Tidied:
        for kind, age in self._ages().items():
            if age is not None:
                self._too_old(kind, self._began - age)
        total = self._left_behind()
        if self._keep.disk_bytes is not None:
            self._too_much(total, self._keep.disk_bytes)
        made = self._rows[ClipRow] + self._rows[MasterRow]
        return Tidied(made, self._rows[RenditionRow], self._orphans, self._bytes)

    def _ages(self) -> dict[Kind, dt.timedelta | None]:
        clips = self._keep.clips_age
        return {ClipRow: clips, MasterRow: clips, RenditionRow: self._keep.renditions_age}

    def _too_old(self, kind: Kind, until: dt.datetime) -> None:
        candidates = self._retention.candidates(kind, until)
        while batch := [candidate.sha256 for candidate in islice(candidates, BATCH)]:
            self._give_up(kind, batch, until)

    def _too_much(self, total: int, limit: int) -> None:
        """The oldest go, one after the other, so that no more goes than must."""
        for candidate, kind in heapq.merge(*(self._oldest(kind) for kind in _KINDS.values())):
            if total <= limit:
                return
            total -= self._give_up(_KINDS[kind], [candidate.sha256], candidate.used_until)

    def _oldest(self, kind: Kind) -> Iterator[tuple[Unneeded, str]]:
        age = self._ages()[kind]
        for candidate in self._retention.candidates(kind, self._began):
            if age is None or candidate.used_until > self._began - age:  # else a dry run has counted it already
                yield candidate, kind.__tablename__

    def _give_up(self, kind: Kind, sha256s: Sequence[str], until: dt.datetime) -> int:
        """Returns the bytes that it frees."""
        if self._dry_run:
            rows, contents = self._retention.named(kind, sha256s)
            found = [stored for content in sorted(contents) if (stored := self._store.look(content)) is not None]
        else:
            rows, contents = self._retention.mark(kind, sha256s, until)
            failpoint("keep.marked")
            found = self._retention.remove(contents)
        self._rows[kind] += rows
        freed = sum(stored.bytes for stored in found)
        self._bytes += freed
        return freed

    def _left_behind(self) -> int:
        """Sweep the store and the scratch folder. Returns the bytes that the store holds afterwards."""
        before = self._began - LEFT_BEHIND
        total = -self._bytes if self._dry_run else 0
        count = strangers = 0
        stranger_files: dict[Content, Stored] = {}
        for files in _paged(self._store.files(), LOOK):
            count += len(files)
            total += sum(stored.bytes for stored in files)
            old = {stored.content: stored for stored in files if stored.added_at < before}
            unnamed = self._retention.unnamed(old)
            unknown = self._retention.unknown(unnamed)
            total -= self._sweep({content: old[content] for content in unnamed - unknown}, before)
            strangers += len(unknown)
            stranger_files |= {content: old[content] for content in unknown} if len(stranger_files) < MOST else {}
        if strangers > FEW and strangers * 4 > count:
            told = "%d of %d files in %s are unknown to this ledger and stay: a store belongs to one ledger"
            log.warning(told, strangers, count, self._store.name)
        else:
            total -= self._sweep(stranger_files, before)
        if not self._dry_run:
            self._bytes += self._store.sweep(before)
        self._sweep_scratch(before)
        return total

    def _sweep(self, files: Mapping[Content, Stored], before: dt.datetime) -> int:
        """Returns the bytes that it frees."""
        swept = list(files.values()) if self._dry_run else self._retention.remove(files, older_than=before)
        freed = sum(stored.bytes for stored in swept)
        self._orphans += len(swept)
        self._bytes += freed
        return freed

    def _sweep_scratch(self, before: dt.datetime) -> None:
        for path in _stale(self._scratch, before) if self._scratch is not None else ():
            self._orphans += 1
            self._bytes += _size(path)
            if not self._dry_run:
                _remove(path)


def _paged(files: Iterator[Stored], size: int) -> Iterator[list[Stored]]:
    while page := list(islice(files, size)):
        yield page


_KINDS: dict[str, Kind] = {kind.__tablename__: kind for kind in (ClipRow, MasterRow, RenditionRow)}


def _stale(scratch: Path, before: dt.datetime) -> Iterator[Path]:
    """What is in the scratch folder and was not touched since, nor anything in it."""
    for path in scratch.iterdir() if scratch.is_dir() else ():
        if all(moment < before.timestamp() for moment in _moments(path)):
            yield path


def _moments(path: Path) -> Iterator[float]:
    for one in (path, *path.rglob("*")):
        try:
            yield one.lstat().st_mtime
        except FileNotFoundError:
            continue


def _size(path: Path) -> int:
    return sum(one.lstat().st_size for one in (path, *path.rglob("*")) if one.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)  # what cannot go now goes next time
    else:
        path.unlink(missing_ok=True)
