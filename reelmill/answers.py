"""What a server's answer means: fine, an error for good, or worth another try. And how a URL is shown to people."""

from __future__ import annotations

import datetime as dt
import re
import ssl
from email.utils import parsedate_to_datetime

import httpcore
import httpx

from reelmill.errors import FetchError, ReelmillError, TransientError

#: Statuses that another try may better: timeout, too early, too many requests, and the server's own trouble.
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529, 530})

#: What to do about the answers that people meet most.
ADVICE = {
    401: "use a URL that needs no login, or one that is signed",
    403: "use a URL that needs no login, and ask whether the server turns robots away",
    404: "check the URL",
    410: "it was taken down for good: use another URL",
    451: "it is withheld for legal reasons: use another URL",
}

#: The longest wait that a server may ask for, in seconds. Beyond a day it is a mistake.
LONGEST_WAIT = 86_400.0

_LOGIN = re.compile(r"//[^/?#@]*@")
_SHOWN_LENGTH = 200


def redacted(url: str | httpx.URL) -> str:
    """A URL as messages may show it: no login, no values in its query, no fragment.

    >>> redacted("https://me:secret@shop.example/feed.xml?token=abc&page=2#top")
    'https://shop.example/feed.xml?token=…&page=…'
    """
    text = "".join(character for character in str(url).strip() if character.isprintable())
    head, mark, query = text.partition("#")[0].partition("?")
    names = "&".join(f"{pair.partition('=')[0]}=…" if "=" in pair else "…" for pair in query.split("&"))
    shown = _LOGIN.sub("//", head) + (f"?{names}" if mark else "")
    return shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}…"


def judge(status: int, retry_after: str, url: httpx.URL) -> None:
    """Raise the typed error for a status other than 200 and 203.

    Raises
    ------
    FetchError
        If the answer is for good.
    TransientError
        If it may change; with the seconds that Retry-After names.
    """
    if status in (200, 203):
        return
    if status in TRANSIENT:
        raise TransientError(
            f"{redacted(url)} answers {status}", "try again later", retry_after=seconds_to_wait(retry_after)
        )
    raise FetchError(f"{redacted(url)} answers {status}", ADVICE.get(status, "check the URL in a browser"))


def seconds_to_wait(retry_after: str, now: dt.datetime | None = None) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3): a number or a date. None if it says nothing sensible."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    waited = (moment - (now or dt.datetime.now(dt.UTC))).total_seconds()
    return min(max(waited, 0.0), LONGEST_WAIT)


def explain(error: Exception, url: httpx.URL) -> ReelmillError:
    """The typed error for what went wrong on the wire."""
    # httpcore carries what it caught as the argument of its own error.
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FetchError(
            f"{redacted(url)}: its certificate is not trusted ({cause.verify_message})",
            "renew the certificate, or use the name that it was made for",
        )
    shown = redacted(url)
    if isinstance(error, httpcore.TimeoutException):
        return TransientError(f"{shown} took too long to answer", "try again later")
    if isinstance(error, httpcore.NetworkError):
        return TransientError(f"{shown} cannot be reached: {error}", "check that the server runs, then try again")
    if isinstance(error, httpcore.RemoteProtocolError):
        return TransientError(f"{shown} broke off its answer: {error}", "try again later")
    return FetchError(f"{shown} cannot be read: {error}", "check the URL in a browser")
