"""Whether a post may be tried now, and what is done where another process is at it."""

from __future__ import annotations

import datetime as dt
import time

from records.ledger import Ledger
from records.posts import OPEN
from records.states import PostState
from records.tables import Post
from reelmill.errors import LeaseHeld
from tasks.publishing.context import TargetContext
from tasks.publishing.tempo import Tempo

#: Seconds between two looks at a lease that another process holds.
LOOK = 0.2


def may_be_tried(post: Post) -> bool:
    """Whether it is open or has failed, and its time has come."""
    if post.state in {PostState.LIVE, PostState.UNKNOWN, PostState.WITHDRAWN}:
        return False
    return post.due_at is None or post.due_at <= dt.datetime.now(dt.UTC)


def after_the_other_one(ledger: Ledger, post: Post, context: TargetContext, tempo: Tempo) -> Post:
    """Another process is at this very post, or the lease was lost to it: what it makes of it is what became of it.

    Raises
    ------
    LeaseHeld
        If it takes long. The run's own attempt is repeated then.
    """
    until = time.monotonic() + tempo.other * context.pace
    while ledger.leases.held(f"post:{post.id}") is not None and time.monotonic() < until:
        context.pause(LOOK)
    found = ledger.posts.get(post.id)
    if found.state in OPEN and may_be_tried(found):
        raise LeaseHeld(f"the post to {post.target} is being made by another process", "resume the run later")
    return found
