"""What YouTube's error words mean (Data API v3, "Errors"; the reasons of `videos.insert` and of the quota)."""

from __future__ import annotations

import datetime as dt

from tasks.publishing.client import Reply
from tasks.publishing.midnight import next_midnight
from tasks.publishing.outcome import Defer, Reauthorise, Retry

#: Where a day of the quota begins at midnight.
ZONE = "America/Los_Angeles"
#: Seconds to wait when YouTube says "too fast" and not until when.
TOO_FAST = 60.0

_DAY_IS_OVER = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "uploadRateLimitExceeded"})
_LOGIN = frozenset({"authError", "authorizationRequired", "insufficientPermissions", "youtubeSignupRequired"})

#: What a person does about a login that is not good any more.
LOG_IN = (
    "log in at Google again with the scopes youtube.upload and youtube.force-ssl, as somebody who has a channel, "
    "and put the new login where the target's `login` says"
)


def judge(reply: Reply) -> None:
    """Raise the outcome that YouTube's own reason means.

    Raises
    ------
    Defer, Retry, Reauthorise
    """
    if reply.status < 400:
        return
    reason = str(reply.get("error", "errors", 0, "reason", default=""))
    said = f"{reply.doing}: {reply.status} {reason} {reply.get('error', 'message', default=reply.quote)}".strip()
    now = dt.datetime.now(dt.UTC)
    if reason in _DAY_IS_OVER:
        raise Defer(said, "ask Google for more quota, or wait for its next day", until=next_midnight(ZONE, now))
    if reason == "uploadLimitExceeded":  # of the channel, in any 24 hours
        raise Defer(said, "verify the channel, which may then upload more a day", until=now + dt.timedelta(days=1))
    if reason in _TOO_FAST:
        raise Retry(said, "try again later", retry_after=reply.retry_after or TOO_FAST)
    if reply.status == 401 or reason in _LOGIN:
        raise Reauthorise(said, LOG_IN)
