"""What a post is recognised by in the list of an account: its words, whatever the platform does to spaces and links."""

from __future__ import annotations

import datetime as dt
import html
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from reelmill.content import fingerprint
from reelmill.text_length import LINK, NAME
from tasks.publishing.outcome import Ambiguous

#: How far a platform's clock may be behind ours. A post that is older than its arming by more than this is not ours.
SKEW = dt.timedelta(minutes=2)

#: Numbers above this are milliseconds since 1970, and no seconds.
MILLISECONDS = 10**11

#: A time before every post: what is looked back to where nobody knows when a post was armed.
EVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

One = TypeVar("One")


def mark_of(text: str) -> str:
    """The sha256 of a text without links, which platforms replace and append, and with spaces made even."""
    plain = unicodedata.normalize("NFC", html.unescape(text))
    return fingerprint(" ".join(NAME.sub(" ", LINK.sub(" ", plain)).split()))


def same_words(one: object, other: object) -> bool:
    """Whether two texts are the same, as far as platforms leave them alone."""
    return mark_of(str(one or "")) == mark_of(str(other or ""))


def moment(told: object) -> dt.datetime | None:
    """A time as a platform writes it, or None if it is none: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if isinstance(told, int | float) and not isinstance(told, bool):
            return dt.datetime.fromtimestamp(told / 1000 if told > MILLISECONDS else told, dt.UTC)
        found = dt.datetime.fromisoformat(str(told))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def since(created: object, armed: dt.datetime | None, *, silent: bool = True) -> bool:
    """Whether a post was created after it was armed, as far as clocks agree.

    Parameters
    ----------
    silent:
        The answer for a post that does not say when.
    """
    at = moment(created)
    if at is None:
        return silent
    return armed is None or at >= armed - SKEW


def back_to(
    armed: dt.datetime, pages: Iterable[Sequence[One]], made: Callable[[One], object], *, most: int, where: str
) -> Iterator[One]:
    """Go through the posts of an account, newest first, until all of a page is older than the arming.

    One old post ends nothing, because platforms show first what is pinned; nor does an empty page, because some leave
    out what one may not see.

    Parameters
    ----------
    pages:
        The pages of the list, each asked for when it is wanted, to the end of the list.
    made:
        When a post was made, as the platform tells it.
    most:
        Pages that are looked through.
    where:
        What the list is of, for people.

    Raises
    ------
    Ambiguous
        If there are more. What is not among the newest may be public all the same.
    """
    for number, page in enumerate(pages, start=1):
        if number > most:
            raise Ambiguous(f"{where} shows more posts since then than are looked through", "look at the account")
        yield from page
        if page and not any(since(made(one), armed) for one in page):
            return
