"""Drives one post through its states: planned → uploading → armed → live.

`armed` is committed before the one call that makes a post public. A process that dies after that leaves an armed post,
which is looked up at the target when it is met again, and never sent again blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from records.ledger import Ledger
from records.states import PostState
from records.tables import Post
from records.verdicts import RecordedVerdict
from reelmill.errors import PublishingError, TerminalError, UnknownOutcome
from reelmill.failpoints import failpoint
from tasks.finishing.verify import verify
from tasks.publishing.base import Delivery, Published, Safety, Target


@dataclass(frozen=True, slots=True)
class Address:
    """A target under the name that the definition gives it."""

    name: str
    target: Target
    base: Path  #: the folder of the definition file


def publish(ledger: Ledger, video_id: UUID, delivery: Delivery, address: Address, verdict: RecordedVerdict) -> Post:
    """Make one post, or find out that it is made.

    Returns
    -------
    Post
        Live; or `unknown`, if only a person can say whether it is.

    Raises
    ------
    PublishingError
        If the target refuses it, the file is not what was verified, or it is a preview that the target does not take.
        The post is `failed`, with the reason.
    TransientError
        If it may work later. The post keeps what was uploaded.
    UnknownOutcome
        If the post may be live and cannot be looked up. The post is `unknown`.
    """
    post = ledger.posts.plan(video_id, delivery.rendition, address.name, verdict)
    if post.state is PostState.ARMED:
        post = _settle(ledger, post, delivery, address)
    if post.state in {PostState.LIVE, PostState.UNKNOWN}:
        return post
    if post.state is not PostState.PLANNED:
        post = ledger.posts.move(post.id, PostState.PLANNED, "tried again")
    try:
        _check(delivery, address)
        address.target.prepare(delivery, address.base)
        return _send(ledger, post, delivery, address)
    except TerminalError as error:
        ledger.posts.move(post.id, PostState.FAILED, str(error))
        raise
    except UnknownOutcome as error:
        ledger.posts.move(post.id, PostState.UNKNOWN, str(error))
        raise


def _check(delivery: Delivery, address: Address) -> None:
    rendition = delivery.rendition
    if rendition.preview and not address.target.takes_previews:
        raise PublishingError(
            f"{address.name} does not take previews, and this clip was made by the storyboard engine",
            "run it with an engine that makes the real thing, or set `accept_previews: true` on the target",
        )
    failed = [check for check in verify(rendition) if not check.ok]
    if failed:
        what = "; ".join(f"{check.name}: {check.evidence}" for check in failed)
        raise PublishingError(
            f"{rendition.path.name} is not the file that was finished: {what}",
            "remove it from the store and resume the run, which makes it again",
        )


def _send(ledger: Ledger, post: Post, delivery: Delivery, address: Address) -> Post:
    target, base = address.target, address.base
    ledger.posts.move(post.id, PostState.UPLOADING)
    failpoint("post.uploading")
    handle = dict(post.handle)

    def remember(news: object) -> None:
        assert isinstance(news, dict)
        handle.clear()
        handle.update(news)
        ledger.posts.remember(post.id, handle)

    target.upload(delivery, base, handle, remember)
    failpoint("post.uploaded")
    ledger.posts.move(post.id, PostState.ARMED)
    failpoint("post.armed")
    published = target.finalize(delivery, base, handle)
    failpoint("post.finalized")
    # Nothing that can fail may stand between the target's acceptance and this line.
    post = _live(ledger, post, published)
    failpoint("post.live")
    return ledger.posts.confirm(post.id, target.read_back(delivery, base, published))


def _settle(ledger: Ledger, post: Post, delivery: Delivery, address: Address) -> Post:
    """Find out what became of a post that was armed when a process died."""
    target = address.target
    published = target.look_up(delivery, address.base, post.handle)
    if published is not None:
        return _live(ledger, post, published, "found live after a crash")
    if target.safety is Safety.NONE:
        return ledger.posts.move(post.id, PostState.UNKNOWN, f"{address.name} cannot say whether it was posted")
    return ledger.posts.move(post.id, PostState.PLANNED, f"{address.name} says it was not posted")


def _live(ledger: Ledger, post: Post, published: Published, reason: str = "") -> Post:
    return ledger.posts.move(
        post.id,
        PostState.LIVE,
        reason,
        url=published.url,
        platform_id=published.platform_id,
        detail=published.detail,
    )
