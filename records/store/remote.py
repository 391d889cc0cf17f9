"""The store in a bucket, with copies in a local folder.

A local copy is made only of what is in the bucket, so a copy proves that it was there. Content is verified by its hash
before it gets its name here.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from records.database import now
from records.store.bucket import Bucket
from records.store.cache import Cache
from records.store.content import Content, Stored
from records.store.folder import PART, Store
from reelmill.errors import ServerUnavailable, StorageError, TerminalError
from reelmill.files import flush, sha256_of

#: Content that was sent longer ago is sent again when it is added again: then it counts as new, and no sweep that
#: takes unnamed content of a day ago can take it before it is named.
RENEWED_AFTER = dt.timedelta(hours=12)
#: So many names are remembered as being in the bucket.
REMEMBERED = 50_000
#: How long a store that is away is waited for when a file is to be sent, in seconds: the file may have taken a GPU
#: minutes. And the longest pause between two attempts.
PATIENCE, LONGEST_PAUSE = 60.0, 15.0


class RemoteStore(Store):
    """A store in a bucket (any fsspec URL).

    Parameters
    ----------
    url:
        Such as `s3://bucket/prefix`.
    folder:
        Where copies are kept on this machine.
    limit:
        What they may take, in bytes.
    patience:
        Seconds for which a store that is away is waited for when a file is to be sent.

    Raises
    ------
    UseError
        If there is no such kind of URL, or what speaks to it is not installed.
    """

    remote: ClassVar[bool] = True

    def __init__(self, url: str, folder: Path, limit: int, *, patience: float = PATIENCE) -> None:
        super().__init__(str(folder))
        self._patience = patience
        self.bucket = Bucket(url)
        self.cache = Cache(self.root, limit)
        self._seen: set[Content] = set()

    @property
    def name(self) -> str:
        return self.bucket.url

    def has(self, sha256: str, suffix: str) -> bool:
        content = Content(sha256, suffix)
        if content in self._seen or super().has(sha256, suffix):
            return True
        return self.look(content) is not None

    def look(self, content: Content) -> Stored | None:
        found = self.bucket.look(content)
        if found is None:
            self._seen.discard(content)
        else:
            self._remember(content)
        return found

    def add(self, source: Path, sha256: str, suffix: str) -> Path:
        content = Content(sha256, suffix)
        try:
            size = source.stat().st_size
        except OSError as error:
            raise StorageError(f"{source} cannot be read: {error.strerror}", "resume the run") from error
        self._send(source, content, size)
        self._remember(content)
        kept = super().add(source, sha256, suffix)
        self.cache.trim_if_due()
        return kept

    def get(self, sha256: str, suffix: str) -> Path:
        path = self.path(sha256, suffix)
        if self.cache.use(path):
            return path
        content = Content(sha256, suffix)
        temporary = path.with_name(f".{uuid4().hex}{PART}")
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            if not self.bucket.fetch(content, temporary):
                self._seen.discard(content)
                raise self._gone(f"{self.bucket.url}/{content.name}")
            self._verify(content, temporary)
            flush(temporary)
            temporary.replace(path)
        except OSError as error:
            raise StorageError(
                f"the cache {self.root} cannot be written: {error.strerror}",
                "make room or make the folder writable, then resume the run",
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
        self._remember(content)
        self.cache.trim_if_due()
        return path

    def remove(self, content: Content) -> None:
        self._seen.discard(content)
        self.bucket.remove(content)
        super().remove(content)

    def files(self) -> Iterator[Stored]:
        return self.bucket.contents()

    def close(self) -> None:
        self.bucket.close()

    def _send(self, source: Path, content: Content, size: int) -> None:
        """See that content is in the bucket, whole and new."""
        deadline, pause = time.monotonic() + self._patience, 1.0
        while True:
            try:
                found = self.bucket.look(content)
                if found is None or found.bytes != size or found.added_at < now() - RENEWED_AFTER:
                    self.bucket.put(source, content)
            except ServerUnavailable:
                if time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    def _verify(self, content: Content, fetched: Path) -> None:
        if sha256_of(fetched) == content.sha256:
            return
        announced = self.bucket.look(content)
        if announced is not None and fetched.stat().st_size != announced.bytes:
            raise ServerUnavailable(
                f"{content.name} came short from {self.bucket.url}", "resume the run; it is fetched again"
            )
        # Asked for again, it would come as it is. Without it the run makes it again.
        raise TerminalError(
            f"{self.bucket.url}/{content.name} is damaged: its bytes are not those of its name",
            "remove it from the bucket, then resume the run to make it again",
        )

    def _remember(self, content: Content) -> None:
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen.add(content)
