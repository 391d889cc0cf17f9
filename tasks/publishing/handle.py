"""What an upload needs to be continued, in the ledger before the next byte is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reelmill.content import Json


class Handle(Mapping[str, Json]):
    """What an upload needs to be continued: session URI, container id, ETags. Committed as it is remembered.

    Parameters
    ----------
    commit:
        Writes the whole of it into the ledger.
    taken:
        Whether another post of the ledger is what the platform calls so.
    """

    def __init__(
        self,
        known: Mapping[str, Json],
        commit: Callable[[Mapping[str, Json]], None],
        taken: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._known = dict(known)
        self._commit = commit
        self._taken = taken

    def is_of_another(self, identity: object) -> bool:
        """Whether what the platform calls so is another post of the ledger, however much it looks like this one."""
        return bool(identity) and self._taken(str(identity))

    def remember(self, **news: Json) -> None:
        """Add to it. It is in the ledger when this returns: call it before the next byte is sent."""
        self._known.update(news)
        self._commit(dict(self._known))

    def forget(self) -> None:
        """Begin again from nothing."""
        self._known.clear()
        self._commit({})

    def __getitem__(self, key: str) -> Json:
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
