"""What a post is recognised by in the list of an account: its words, whatever the platform does to spaces and links."""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata

from reelmill.content import fingerprint

#: How far a platform's clock may be behind ours. A post that is older than its arming by more than this is not ours.
SKEW = dt.timedelta(minutes=2)

#: A link, as far as it is ASCII: in a text without spaces between words, the next ones do not belong to it.
LINK = re.compile(r"https?://[!-~]+")
#: What platforms make a link of though it has no scheme: `shop.example/tea`.
NAME = re.compile(r"(?<![\w@])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/[!-~]*)?", re.IGNORECASE | re.ASCII)


def mark_of(text: str) -> str:
    """The sha256 of a text without links, which platforms replace and append, and with spaces made even."""
    plain = unicodedata.normalize("NFC", html.unescape(text))
    return fingerprint(" ".join(NAME.sub(" ", LINK.sub(" ", plain)).split()))


def moment(text: object) -> dt.datetime | None:
    """A time as a platform writes it (ISO 8601), or None if it is none."""
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def since(created: object, armed: object) -> bool:
    """Whether a post was created after it was armed, as far as clocks agree. One that does not say when: yes."""
    at, start = moment(created), moment(armed)
    return at is None or start is None or at >= start - SKEW
