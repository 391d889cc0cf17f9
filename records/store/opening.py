"""Which store the settings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from records.store.folder import Store

if TYPE_CHECKING:
    from reelmill.settings import Settings


def open_store(settings: Settings) -> Store:
    """The store of this machine. Nothing is asked over the network yet.

    Raises
    ------
    UseError
        If its URL is of no known kind, or what speaks to it is not installed.
    """
    url = settings.store
    if "://" not in url or url.startswith("file://"):
        return Store(url)
    from records.store.cache import limit_of
    from records.store.remote import RemoteStore  # brings fsspec

    return RemoteStore(url, settings.folder / "cache", limit_of(settings.store_cache))
