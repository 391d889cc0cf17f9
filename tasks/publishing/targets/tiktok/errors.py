"""What TikTok's error words mean (Content Posting API, "Direct Post" and "Get Post Status").

Some come with HTTP 200: a call went well only if its `error.code` says `ok`.
"""

from __future__ import annotations

import datetime as dt

from reelmill.answers import TRANSIENT
from tasks.publishing.client import Reply
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Retry

#: TikTok counts the calls of any minute, and the posts of any day.
A_MINUTE, A_DAY = 60.0, dt.timedelta(days=1)

_FULL = frozenset({"spam_risk_too_many_posts", "reached_active_user_cap"})
_BUSY = frozenset({"rate_limit_exceeded", "internal_error"})
_NOT_PERMITTED = frozenset({"scope_not_authorized", "token_not_authorized_for_specified_publish_id"})
_LOGIN = frozenset({"access_token_invalid"}) | _NOT_PERMITTED

#: What a person does about a login that is not good any more.
LOG_IN = "log in at TikTok again with the scope video.publish, and put the new login where the target's `login` says"
#: What a person does about a definite refusal.
_ADVICE = {
    "privacy_level_option_mismatch": "set the target's `privacy` to one that the account may use",
    "unaudited_client_can_only_post_to_private_accounts": "have TikTok audit the app; until then make the account "
    "private and set the target's `privacy` to SELF_ONLY",
    "spam_risk_user_banned_from_posting": "see in the TikTok app why the account may not post",
    "spam_risk_text": "change the words of the post",
    "spam_risk": "see in the TikTok app what the account is told",
}


def judge(reply: Reply) -> None:
    """Raise the outcome that TikTok's own code means.

    Raises
    ------
    Retry, Defer, Reauthorise, Refused
    """
    code = str(reply.get("error", "code", default=""))
    if code == "ok":
        return
    said = f"{reply.doing}: {reply.status} {code} {reply.get('error', 'message', default=reply.quote)}".strip()
    if code in _BUSY or reply.status in TRANSIENT:
        wait = A_MINUTE if code == "rate_limit_exceeded" or reply.status == 429 else None
        raise Retry(said, "try again later", retry_after=reply.retry_after or wait)
    if code in _FULL:
        raise Defer(said, "post less, or wait", until=dt.datetime.now(dt.UTC) + A_DAY)
    if code in _LOGIN or reply.status == 401:
        raise Reauthorise(said, LOG_IN)
    if code:
        raise Refused(said, _ADVICE.get(code, "change what TikTok names, then resume the run"))
    if reply.status < 300:
        raise Retry(f"{reply.doing}: the answer does not say whether it went well: {reply.quote}", "try again later")


def forbids(reply: Reply) -> bool:
    """Whether an answer says that the login may not do this, though it is a good one."""
    return reply.status == 403 or reply.get("error", "code") in _NOT_PERMITTED
