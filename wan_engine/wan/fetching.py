"""Brings a model from the hub into its folder: only what is loaded, verified file by file, and resumed where it ended.

A file has the suffix `.part` until its hash is right. `model_index.json`, without which a folder is no model, comes
after all others, and the manifest last: whoever looks meanwhile finds no model rather than half of one.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from reelmill.errors import FetchError, Interrupted, LeaseHeld, ServerUnavailable, StorageError
from reelmill.files import flush
from wan_engine.base import CancelToken
from wan_engine.wan.hub import Hub, RemoteFile
from wan_engine.wan.manifest import Digest, Entry, Manifest, size_of
from wan_engine.wan.memory import in_words
from wan_engine.wan.order import INDEX, Order, part_of
from wan_engine.wan.weights import MANIFEST, WEIGHTED, Weights

#: Files at a time: one connection to the hub's storage rarely fills a line.
AT_ONCE = 4
#: How often a file is asked for again before it is given up, if nothing came in between.
TRIES = 5

Told = Callable[[int], None]
"""Is told, from any thread, how many more bytes are right where they belong; fewer than none if some were not."""


class Fetch:
    """A fetch under way.

    Parameters
    ----------
    told:
        Is told of bytes that are there.
    token:
        Stops it between two pieces; everything that came is kept.
    pause:
        Seconds before a file is asked for again.
    """

    def __init__(
        self,
        order: Order,
        hub: Hub,
        *,
        told: Told = lambda _: None,
        token: CancelToken | None = None,
        pause: float = 2.0,
    ) -> None:
        self.order, self._hub, self._pause = order, hub, pause
        self._listener, self._token = told, token or CancelToken()

    def run(self) -> Manifest:
        """Bring everything that is missing, and verify all of it.

        Raises
        ------
        FetchError
            If the hub refuses, or sends other bytes than it lists; those are removed.
        ServerUnavailable
            If it does not answer any more.
        StorageError
            If the disk is full or read-only.
        LeaseHeld
            If another process fetches into the same folder.
        Interrupted
            If the token was cancelled, or Ctrl-C pressed.
        EngineError
            If it is not the profile's model that came.
        """
        folder = self.order.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                return self._refill()
        except (Interrupted, KeyboardInterrupt):
            raise Interrupted(
                f"stopped; {in_words(self.order.kept)} of {in_words(self.order.listing.size)} are kept in {folder}",
                "give the same command again: it goes on from there",
            ) from None
        except OSError as error:
            raise _storage(folder, error) from None

    def _refill(self) -> Manifest:
        folder, files = self.order.folder, self.order.listing.files
        for name in (MANIFEST, INDEX):
            (folder / name).unlink(missing_ok=True)  # from here on, and until all is verified, this is no model
        entries = self._bring([file for file in files if file.path != INDEX])
        entries |= self._bring([file for file in files if file.path == INDEX])
        self._drop_strangers()
        Weights(folder, self.order.profile)
        manifest = self._manifest(entries)
        manifest.write(folder)
        return manifest

    def _drop_strangers(self) -> None:
        """Remove what begun fetches and other revisions left: a part's weights are all that lie in its folder."""
        kept = {self.order.folder / file.path for file in self.order.listing.files}
        for part in WEIGHTED:
            for place in {*(self.order.folder / part).glob("*.safetensors*")} - kept:
                place.unlink()
        for place in self.order.folder.rglob("*.part"):
            place.unlink()

    def _bring(self, files: Sequence[RemoteFile]) -> dict[str, Entry]:
        largest_first = sorted(files, key=lambda file: -file.size)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                running = {pool.submit(self._one, file): file for file in largest_first}
                return {running[one].path: one.result() for one in as_completed(running)}
            except BaseException:
                self._token.cancel()
                pool.shutdown(cancel_futures=True)
                raise

    def _one(self, file: RemoteFile) -> Entry:
        path = self.order.folder / file.path
        if size_of(path) == file.size:
            digest = Digest.of(path, self._tell)
            if _right(digest, file):
                return Entry(file.size, digest.sha256)
            self._tell(-file.size)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path, file)
        self._tell(size_of(part) or 0)
        self._complete(file, part)
        digest = Digest.of(part, lambda _: self._token.check())
        if not _right(digest, file):
            self._tell(-part.stat().st_size)
            part.unlink()
            raise FetchError(
                f"{file.path} is not what {self.order.listing.repository} lists: "
                f"its hash is {digest.sha256[:12]}…, not {(file.sha256 or file.blob)[:12]}…; it was removed",
                f"{self._again}; whatever stands between here and the hub may have changed it",
            )
        flush(part)
        part.replace(path)
        return Entry(file.size, digest.sha256)

    def _complete(self, file: RemoteFile, part: Path) -> None:
        failures = 0
        part.touch()
        while (start := part.stat().st_size) < file.size:
            self._token.check()
            try:
                self._append(file, part, start)
            except ServerUnavailable:
                failures = 1 if part.stat().st_size > start else failures + 1
                if failures > TRIES:
                    raise
                time.sleep(self._pause)

    def _append(self, file: RemoteFile, part: Path, start: int) -> None:
        with self._hub.open(self.order.listing, file, start) as coming, part.open("r+b") as stream:
            stream.seek(coming.start)
            stream.truncate()
            self._tell(coming.start - start)
            for piece in coming.pieces:
                stream.write(piece)
                self._tell(len(piece))
                if stream.tell() > file.size:
                    return  # more than there is of it: its hash will be wrong
            came = stream.tell()
        if came == start < file.size:
            raise ServerUnavailable(f"the hub sends nothing of {file.path}", f"{self._again} in some minutes")

    def _tell(self, count: int) -> None:
        self._token.check()
        self._listener(count)

    def _manifest(self, entries: dict[str, Entry]) -> Manifest:
        listing, now = self.order.listing, dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        files = {path: entries[path] for path in sorted(entries)}
        return Manifest(listing.repository, listing.revision, files, self.order.profile.licence, now)

    @property
    def _again(self) -> str:
        return f"fetch it again with `reelmill engine fetch {self.order.profile.name}`"


def _right(digest: Digest, file: RemoteFile) -> bool:
    return digest.sha256 == file.sha256 if file.sha256 else digest.blob == file.blob


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, whatever ends it."""
    with (folder / ".fetching").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LeaseHeld(f"another process fetches into {folder}", "wait for it, or stop it") from None
        yield


def _storage(folder: Path, error: OSError) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(f"the disk of {folder} is full", "make room, and give the same command again: it goes on")
    return StorageError(
        f"{error.filename or folder} cannot be used: {error.strerror or error}",
        "name a folder that you may write with REELMILL_MODELS",
    )
