"""From an address to a file: tried again where that may help, and not downloaded again where nothing changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from uuid import uuid4

from reelmill.editions import NO_EDITION, Edition
from reelmill.errors import StorageError
from reelmill.fetching import Saved
from reelmill.login import Login
from tasks.sources.base import SourceContext
from tasks.sources.feeds import bucket
from tasks.sources.feeds.copies import Copies
from tasks.sources.feeds.retrying import patiently

#: The folder in a source's cache.
FOLDER = "feeds"

Save = Callable[[Path, Edition], Saved | None]


@contextmanager
def downloaded(
    location: str, context: SourceContext, max_bytes: int, login: Login | None = None, login_name: str = ""
) -> Iterator[BinaryIO]:
    """A file with what is at an address, open.

    Parameters
    ----------
    login_name:
        Who is let in by the login, without the secret: another one may get another feed.

    Raises
    ------
    FetchError, TransientError, UseError, StorageError
        As `Fetcher.save` and `bucket.save_newer`.
    """

    def save(path: Path, known: Edition) -> Saved | None:
        if location.startswith(bucket.SCHEME):
            return bucket.save_newer(location, path, known, max_bytes)
        return context.fetcher.save_newer(location, path, known, max_bytes=max_bytes, login=login)

    with ExitStack() as stack:
        copies = _copies(context.cache)
        if copies is None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="reelmill-feed-")))
            patiently(lambda: save(folder / "feed", NO_EDITION))
            yield stack.enter_context(_opened(folder / "feed"))
            return
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "") if location.startswith(bucket.SCHEME) else ""
        name = copies.name(location, login_name, endpoint)
        yield stack.enter_context(_newest(copies, name, save))


def _copies(cache: Path | None) -> Copies | None:
    if cache is None:
        return None
    try:
        cache.mkdir(parents=True, exist_ok=True)
        (cache / FOLDER).mkdir(mode=0o700, exist_ok=True)  # a feed behind a login is nobody else's business
    except OSError:
        return None  # it is only a cache
    return Copies(cache / FOLDER)


def _newest(copies: Copies, name: str, save: Save) -> BinaryIO:
    copy = copies.find(name)
    kept: BinaryIO | None = None
    if copy:
        try:
            kept = copy.path.open("rb")  # before anybody is asked: another process may replace it meanwhile
        except OSError:
            copy = None
    download = copies.folder / f".{uuid4().hex}.part"
    try:
        saved = patiently(lambda: save(download, copy.edition if copy else NO_EDITION))
        if saved is None:
            assert kept is not None
            unchanged, kept = kept, None
            return unchanged
        return _opened(copies.keep(name, download, saved.sha256, saved.edition))
    finally:
        if kept:
            kept.close()
        download.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", "run it again") from error
