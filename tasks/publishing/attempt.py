"""An attempt to post what was uploaded: remembered for as long as nobody knows what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.publishing.base import Handle
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Restart, Retry

#: An upload that is older may be gone at a platform that has no code of its own for that. Our choice.
OLD = dt.timedelta(hours=1)


@contextmanager
def attempt(handle: Handle, now: dt.datetime) -> Iterator[None]:
    """Remember as `posting` when it began, and take that back if the post certainly did not happen.

    The handle knows as `uploaded` since when the upload is complete.

    Raises
    ------
    Restart
        If an old upload is refused that no earlier attempt can have used up: a fresh one says whether it was its age.
    """
    first = not handle.get("posting")
    if first:
        handle.remember(posting=now.isoformat())
    try:
        yield
    except Refused as error:
        if first and now - dt.datetime.fromisoformat(str(handle["uploaded"])) > OLD:
            raise Restart(f"an upload of more than an hour ago is not taken ({error.reason})") from error
        raise
    except (Retry, Defer, Reauthorise):
        if first:
            handle.remember(posting=None)
        raise
