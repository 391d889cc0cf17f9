"""An attempt to post what was uploaded: remembered for as long as nobody knows what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reelmill.content import Json
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.recognition import moment

#: An upload that is older may be gone at a platform that has no code of its own for that. Our choice.
OLD = dt.timedelta(hours=1)


def armed_at(handle: Mapping[str, Json]) -> dt.datetime | None:
    """When the first attempt began of which nobody knows what came; None if there is none."""
    return moment(handle.get("armed"))


@contextmanager
def attempt(handle: Handle, now: dt.datetime, *, old: dt.timedelta | None = None, **news: Json) -> Iterator[None]:
    """Remember as `armed` when it began, and take that back if the post certainly did not happen.

    Parameters
    ----------
    old:
        How old an upload may be that is refused for another reason than its age. The handle knows as `uploaded` since
        when it is complete. None: the platform has words of its own for one that is gone.
    news:
        What else is remembered.

    Raises
    ------
    Restart
        If an old upload is refused that no earlier attempt can have used up: a fresh one says whether it was its age.
    """
    first = armed_at(handle) is None
    if first:
        handle.remember(armed=now.isoformat(), **news)
    try:
        yield
    except Refused as error:
        since = moment(handle.get("uploaded"))
        if first and old is not None and since is not None and now - since > old:
            raise Restart(f"an upload of more than {old} ago is not taken ({error.reason})") from error
        raise
    except (Retry, Wait, Defer, Reauthorise):
        if first:
            handle.remember(armed=None)
        raise
