"""Takes down what was posted of items that a source does not have any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flows.sending import Sender, sender
from records.ledger import Ledger
from records.states import PostState
from records.tables import Post
from reelmill.errors import ReelmillError, TransientError
from reelmill.settings import Settings
from tasks.publishing.base import Published

log = logging.getLogger("reelmill.publishing")

GONE = "its item is gone from the source"


def withdraw(settings: Settings, ledger: Ledger, pipeline: str, gone: Sequence[str]) -> list[str]:
    """Take down the posts of briefs that are gone, and forget those briefs: if they come back, they are new.

    Returns
    -------
    list[str]
        What was done, and what a person has to do, in words. What a platform does not answer to now is tried again by
        the next run that reads the source.
    """
    told: list[str] = []
    left: set[str] = set()
    with sender(settings, ledger) as made:
        for key, post in ledger.posts.of_briefs(pipeline, gone, (PostState.LIVE, PostState.PLANNED)):
            try:
                told.append(_take_down(ledger, made, post))
            except TransientError as error:
                left.add(key)
                told.append(f"{post.url} could not be taken down now: {error.reason}")
            except ReelmillError as error:
                told.append(f"{post.url} was not taken down: {error.reason}; take it down there")
    ledger.seen.forget(pipeline, [key for key in gone if key not in left])
    return told


def _take_down(ledger: Ledger, made: Sender, post: Post) -> str:
    if post.state is PostState.PLANNED:
        ledger.posts.move(post.id, PostState.FAILED, GONE)
        return f"a post to {post.target} is not made: {GONE}"
    target, context = made.target(post)
    if not target.unpublishes:
        return f"{post.target} takes nothing down by its API: {post.url} is to be taken down there"
    target.unpublish(context, Published(post.url or "", post.platform_id or "", post.detail))
    ledger.posts.move(post.id, PostState.WITHDRAWN, GONE)
    return f"{post.url} was taken down: {GONE}"
