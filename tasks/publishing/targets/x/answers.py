"""What X says when it says no: problems (RFC 7807) and lists of errors, limits with their windows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reelmill.answers import TRANSIENT
from tasks.publishing.client import Reply
from tasks.publishing.midnight import next_midnight
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Restart, Retry

#: Rate limits are of 15 minutes. One that ends later than this, in seconds, is one of the day: a minute is for clocks
#: that differ.
LONGEST_WINDOW = 960.0

LOG_IN = (
    "log in at X again with the scopes tweet.read, tweet.write, users.read, media.write and offline.access, and put "
    "the token where the target's `token` or `login` says"
)


def words(reply: Reply) -> str:
    """X's own words: of the problem, or of each error."""
    told = [reply.get("title"), reply.get("detail")]
    errors = reply.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            told += [error.get("message"), error.get("detail")]
    return " – ".join(dict.fromkeys(str(one) for one in told if one)) or reply.quote


def judge(reply: Reply) -> None:
    """Raise the outcome that an answer means (X API, "Response codes and errors", "Rate limits")."""
    if reply.status < 300:
        return
    said = f"{reply.doing}: {reply.status} {words(reply)}"
    if "usage-capped" in str(reply.get("type")):
        raise Defer(said, "raise the cap at developer.x.com, or wait", until=_period_ends(reply))
    if reply.status == 401:
        raise Reauthorise(said, LOG_IN)
    if reply.status == 429:
        seconds = _until_reset(reply)
        if seconds is not None and seconds > LONGEST_WINDOW:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
            raise Defer(said, "the limit of the day is reached", until=until)
        raise Retry(said, "try again later", retry_after=seconds)
    if reply.status not in TRANSIENT:
        raise Refused(said, "change what X names, then resume the run")


def judge_media(reply: Reply) -> None:
    """The same for an upload, which has to begin again when X does not know it any more."""
    if reply.status == 404 or is_invalid_media(reply):
        raise Restart(f"{reply.doing}: {words(reply)}")
    judge(reply)


def judge_unless_missing(reply: Reply) -> None:
    if reply.status != 404:
        judge(reply)


def is_duplicate(reply: Reply) -> bool:
    """Whether a post was refused because the account has one with the same text."""
    return reply.status == 403 and "duplicate content" in words(reply)


def is_invalid_media(reply: Reply) -> bool:
    """Whether a call was refused because the upload is gone: "Your media IDs are invalid."."""
    said = words(reply).casefold()
    return reply.status == 400 and "media id" in said and "invalid" in said


def _until_reset(reply: Reply) -> float | None:
    """Seconds until there is room again: `x-rate-limit-reset` is in seconds since 1970."""
    reset = reply.headers.get("x-rate-limit-reset", "")
    if not (reset.isascii() and reset.isdigit()):
        return reply.retry_after
    return max(1.0, float(reset[:12]) - dt.datetime.now(dt.UTC).timestamp())


def _period_ends(reply: Reply) -> dt.datetime:
    """When the period of a cap ends: a day or a month, by UTC."""
    tomorrow = next_midnight("UTC", dt.datetime.now(dt.UTC))
    if str(reply.get("period")).casefold() == "monthly" and tomorrow.day != 1:
        return (tomorrow.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return tomorrow


def mapping(value: Any) -> dict[str, Any]:
    """An object of an answer; an empty one if it is none."""
    return value if isinstance(value, dict) else {}
