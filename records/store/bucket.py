"""A bucket behind an fsspec URL: the few calls that the store needs, and what goes wrong with them, in our words.

The file system must show a file only once it is whole, as object stores do.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from records.database import now
from records.store.content import Content, Stored
from reelmill.errors import ReelmillError, ServerUnavailable, StorageError, UseError

#: What is sent or fetched in one piece, in bytes, and how many pieces at once: what a transfer takes of memory.
PIECE, PIECES = 8 * 2**20, 4
#: Seconds until a server that says nothing is given up, and how often a call is tried.
CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 10, 30, 3
#: S3 of all kinds: what s3fs is told beyond what it takes from the environment (`AWS_ACCESS_KEY_ID`,
#: `AWS_ENDPOINT_URL`, `AWS_PROFILE` and so on, as every client of botocore).
_S3 = {"s3", "s3a"}
_S3_OPTIONS = {
    "default_block_size": PIECE,
    "max_concurrency": PIECES,
    "config_kwargs": {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        "retries": {"mode": "standard", "max_attempts": ATTEMPTS},
    },
}
#: Where file systems say when a file was last written.
_MOMENTS = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
#: What it means for a call to be refused for good, though the server answers.
_REFUSED = {errno.EINVAL, errno.EPERM, errno.EACCES, errno.ENOSYS}


class Bucket:
    """A place for files in an object store.

    Parameters
    ----------
    url:
        Such as `s3://bucket/prefix`.

    Raises
    ------
    UseError
        If there is no such kind of URL, or what speaks to it is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._protocol = url.partition("://")[0]
        self._is_there = False
        _check_installed(url, self._protocol)

    @cached_property
    def _connected(self) -> tuple[Any, str]:
        """The file system, and what our place is called in it. Made when it is first needed: it takes 0.2 s."""
        told = tuple(sorted(entry for entry in os.environ.items() if entry[0].startswith("AWS_")))
        return _connect(self.url, self._protocol, told, os.getpid())

    @property
    def _files(self) -> Any:
        return self._connected[0]

    def _place(self, content: Content) -> str:
        return f"{self._connected[1]}/{content.name}"

    def look(self, content: Content) -> Stored | None:
        """What the bucket says of content; None if it is not there."""
        with self._told(f"asking for {content.name}"):
            try:
                info = self._files.info(self._place(content))
            except FileNotFoundError:
                self._check_bucket()
                return None
        return _stored(content, info) if info["type"] == "file" else None

    def put(self, source: Path, content: Content) -> None:
        """Send a file. It is in the bucket, whole, when this returns."""
        size = source.stat().st_size
        options = {"chunksize": PIECE} if self._protocol in _S3 else {}
        with self._told(f"sending {content.name}"):
            self._files.put_file(str(source), self._place(content), **options)
        found = self.look(content)
        if found is None or found.bytes != size:
            raise ServerUnavailable(
                f"{content.name} did not arrive whole in {self.url}", "resume the run; it is sent again"
            )

    def fetch(self, content: Content, goal: Path) -> bool:
        """Bring content into a local file. False if the bucket does not have it."""
        with self._told(f"fetching {content.name}"):
            try:
                self._files.get_file(self._place(content), str(goal))
            except FileNotFoundError:
                self._check_bucket()
                return False
        return True

    def remove(self, content: Content) -> None:
        with self._told(f"removing {content.name}"):
            try:
                self._files.rm_file(self._place(content))
            except FileNotFoundError:
                self._check_bucket()

    def contents(self) -> Iterator[Stored]:
        """Everything of ours in the bucket, one folder of at most a 256th of it after the other."""
        with self._told("listing"):
            try:
                folders = [str(folder) for folder in self._files.ls(self._connected[1], detail=False)]
            except FileNotFoundError:
                self._check_bucket()
                return
        for folder in folders:
            if len(folder.rstrip("/").rpartition("/")[2]) != 2:
                continue
            with self._told("listing"):
                found = self._files.find(folder, detail=True)
            for name, info in found.items():
                content = Content.of(name.rpartition("/")[2])
                if content is not None:
                    yield _stored(content, info)

    def close(self) -> None:
        """Forget the connection; it is closed once nobody uses it."""
        self.__dict__.pop("_connected", None)

    def _check_bucket(self) -> None:
        """Raise if it is the bucket that is missing, and not what was looked for in it."""
        if self._is_there:
            return
        bucket = self._connected[1].lstrip("/").partition("/")[0]
        try:
            self._files.info(bucket)
        except FileNotFoundError:
            raise StorageError(
                f"the store {self.url} cannot be used: there is no bucket {bucket!r}",
                "make the bucket, or correct REELMILL_STORE_URL (and AWS_ENDPOINT_URL, if the store is not Amazon's)",
            ) from None
        self._is_there = True

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Each library behind fsspec raises what it likes. It becomes one of ours here.

        Raises
        ------
        StorageError
            If we are not let in, or the call is refused for good.
        ServerUnavailable
            If nobody answers, or only with an error that may pass.
        """
        try:
            yield
        except ReelmillError:
            raise
        except FileNotFoundError as error:
            self._check_bucket()
            raise self._refused(doing, error) from error
        except PermissionError as error:
            raise StorageError(
                f"the store {self.url} does not let us in ({doing}): {_words(error)}",
                "give the credentials the right to get, put, delete and list there, and correct them if they are "
                "wrong (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE)",
            ) from error
        except OSError as error:
            if error.errno in _REFUSED:
                raise self._refused(doing, error) from error
            if error.errno in {errno.ENOSPC, errno.EROFS, errno.EDQUOT}:
                raise StorageError(f"{doing}: {error.strerror}", "make room, then resume the run") from error
            raise self._away(doing, error) from error
        except Exception as error:
            if type(error).__name__ in {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}:
                raise StorageError(
                    f"the store {self.url} cannot be used: {_words(error)}",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
                ) from error
            raise self._away(doing, error) from error

    def _refused(self, doing: str, error: Exception) -> StorageError:
        return StorageError(
            f"the store {self.url} refuses ({doing}): {_words(error)}",
            "correct REELMILL_STORE_URL, and AWS_DEFAULT_REGION and AWS_ENDPOINT_URL where they are set",
        )

    def _away(self, doing: str, error: Exception) -> ServerUnavailable:
        return ServerUnavailable(
            f"the store {self.url} does not answer well ({doing}): {_words(error)}",
            "see that it can be reached from here, then resume the run",
        )


@cache
def _connect(
    url: str,
    protocol: str,
    environment: tuple[tuple[str, str], ...],  # noqa: ARG001 (the libraries read it; here it tells two places apart)
    process: int,  # noqa: ARG001 (a fork has no use for the connections of its parent)
) -> tuple[Any, str]:
    """The file system of a place, as the environment of a process says, and the name of the place in it.

    Kept while the process lives: one that is collected closes its connections in whatever event loop runs there.
    """
    import fsspec

    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    files, root = fsspec.core.url_to_fs(url, **options, **(_S3_OPTIONS if protocol in _S3 else {}))
    if protocol in _S3:
        files.retries = 2  # botocore tries each call `ATTEMPTS` times already
    return files, root.rstrip("/")


def _check_installed(url: str, protocol: str) -> None:
    from fsspec.registry import get_filesystem_class, known_implementations

    known = known_implementations.get(protocol)
    if known is None:
        try:
            get_filesystem_class(protocol)  # a package may have announced one of its own
        except (ValueError, ImportError):
            raise UseError(
                f"the store {url!r} is of no kind that is known here: {protocol}://",
                "set REELMILL_STORE_URL to a folder or to s3://BUCKET/PREFIX, or unset it",
            ) from None
        return
    module = str(known["class"]).partition(".")[0]
    if sys.modules.get(module) is None and find_spec(module) is None:
        package = "'reelmill[s3]'" if protocol in _S3 else module
        raise UseError(f"the store {url!r} needs {module}, which is not installed", f"pip install {package}")


def _stored(content: Content, info: dict[str, Any]) -> Stored:
    moments = (info.get(key) for key in _MOMENTS)
    # A file whose age is not known is new: it is not swept away.
    moment = next((one for one in moments if isinstance(one, dt.datetime)), now())
    return Stored(content, int(info["size"]), moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
