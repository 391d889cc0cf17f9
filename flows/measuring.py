"""What people did with posts: asked of the platforms when a post has come to an age at which it is worth knowing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from records.database import now
from records.ledger import Ledger
from records.tables import Post
from reelmill.errors import ReelmillError, TransientError
from tasks.publishing.base import Metrics, Published, Target
from tasks.publishing.context import TargetContext

log = logging.getLogger("reelmill.publishing")

#: A round asks about so many posts, and begins none after so many seconds: posts that are due do not wait for it.
MOST, LONGEST = 100, 60.0

Find = Callable[[Post], tuple[Target, TargetContext]]
"""Where a post is. Raises PublishingError if that is not known any more."""


def platforms() -> list[str]:
    """Those that can be asked."""
    from tasks.registry import find, names

    return [kind for kind in names("targets") if find("targets", kind).tells_metrics]


def measure(
    ledger: Ledger,
    find: Find,
    asked: Sequence[str],
    *,
    stopped: Callable[[], bool] = lambda: False,
    most: int = MOST,
    longest: float = LONGEST,
) -> int:
    """One round. Returns about how many posts there was an answer.

    An account that does not answer is not asked about its other posts in this round, and they are put off like the
    first one; a post that gives no answer for good waits for its next age.
    """
    until, answers = time.monotonic() + longest, 0
    silent = _waiting_for_a_person(ledger)
    for post in ledger.measurements.due(asked, most):
        if stopped() or time.monotonic() > until:
            break
        account = (post.platform, post.account)
        if account in silent:
            ledger.measurements.put_off([post], may_change=True)
            continue
        try:
            target, context = find(post)
            found = target.metrics(context, Published(post.url or "", post.platform_id or "", post.detail))
        except ReelmillError as error:
            log.info("%s does not tell what people did with a post: %s", post.target, error)
            if isinstance(error, TransientError):
                silent.add(account)
            ledger.measurements.put_off([post], may_change=isinstance(error, TransientError))
            continue
        _note(ledger, post, found)
        answers += 1
    return answers


def _waiting_for_a_person(ledger: Ledger) -> set[tuple[str, str]]:
    """Accounts whose login is not good: to ask would only be refused."""
    at = now()
    return {
        (one.platform, one.account)
        for one in ledger.standings.all()
        if one.needs_person and one.paused_until is not None and one.paused_until > at
    }


def _note(ledger: Ledger, post: Post, found: Metrics) -> None:
    ledger.measurements.add(
        post.id,
        views=found.views,
        likes=found.likes,
        comments=found.comments,
        shares=found.shares,
        watch_seconds=found.watch_seconds,
        detail=found.detail,
    )
