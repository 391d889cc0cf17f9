"""What the codes of Bilibili's open platform mean.

Source: openhome.bilibili.com, 公共错误码 and 视频稿件管理.
"""

from __future__ import annotations

import datetime as dt

from tasks.publishing.client import Reply
from tasks.publishing.midnight import next_midnight
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Retry

#: Whose midnight begins a day of its limits.
ZONE = "Asia/Shanghai"

BUSY = frozenset({-500, 4010, 4011, 122009, 122010, 123002, 130004, 130005, 130006, 131001})
DAY_IS_FULL = frozenset({127009, 127306, 123026})
NOT_LOGGED_IN = -101
LOGIN_IS_OVER = range(122000, 122100)
LOG_IN = "let the account log in again at openhome.bilibili.com, and put the new login there"


def judge(reply: Reply) -> None:
    """Raise what a code other than 0 means."""
    code = reply.get("code")
    if not code:
        return
    said = f"{reply.doing}: {code} {reply.get('message', default='')}".strip()
    if code in BUSY:
        raise Retry(said, "try again later", retry_after=reply.retry_after)
    if code in DAY_IS_FULL:
        raise Defer(said, "it goes on tomorrow", until=next_midnight(ZONE, dt.datetime.now(dt.UTC)))
    if code == NOT_LOGGED_IN or code in LOGIN_IS_OVER:
        raise Reauthorise(said, LOG_IN)
    raise Refused(said, "change what Bilibili names, then resume the run")


def judge_posting(reply: Reply) -> None:
    """The same for the call that posts. A busy server may have posted all the same."""
    if reply.get("code") in BUSY:
        raise Ambiguous(f"{reply.doing}: {reply.quote}")
    judge(reply)
