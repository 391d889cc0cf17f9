"""Drives one post through its states: planned → uploading → armed → live.

`armed` is committed before the one call that makes a post public, and what came of it right after. One visit waits a
little for a platform; what needs longer is put off: the post keeps its state, its handle and a time, and the next
visit goes on from there. A visit holds the post's lease, so that no two processes are at one post.

    visit ─ settle (armed?) ─ its turn? ─ check the file ─ prepare ─ upload ─ check ─ arm ─ finalize ─ live ─ read back
"""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from uuid import UUID

from records.leases import this_process
from records.ledger import Ledger
from records.posts import UNSENT
from records.states import PostState
from records.tables import Post
from records.verdicts import RecordedVerdict
from reelmill.content import Destination
from reelmill.errors import LeaseHeld, PublishingError, TerminalError, TransientError, UnknownOutcome
from reelmill.failpoints import failpoint
from tasks.publishing.attempt import armed_at
from tasks.publishing.base import Delivery, Safety, Target
from tasks.publishing.calendar import Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.inspection import Inspection
from tasks.publishing.outcome import Defer, MayNotAsk, Reauthorise, Restart, Resync, Retry, Wait
from tasks.publishing.reading_back import read_back
from tasks.publishing.settling import Doubt, is_undecided, settle, sight_of, unsettled, why_unknown
from tasks.publishing.tempo import Tempo
from tasks.publishing.turn import await_turn
from tasks.publishing.yielding import after_the_other_one, may_be_tried

log = logging.getLogger("reelmill.publishing")

#: How often one visit lets an upload find its place again, or begin anew.
MOST_RESYNCS, MOST_RESTARTS = 50, 2


@dataclass(frozen=True, slots=True)
class Order:
    """One post to be made, and where."""

    video_id: UUID
    delivery: Delivery
    destination: Destination
    target: Target
    verdict: RecordedVerdict
    due_at: dt.datetime | None = None  #: not before, unless the platform keeps the time
    rules: Rules | None = None  #: of the pipeline, for the account

    @property
    def name(self) -> str:
        """The target, for people."""
        return self.destination.target


def publish(ledger: Ledger, order: Order, context: TargetContext, tempo: Tempo | None = None) -> Post:
    """Visit one post: make it, or find out that it is made, or put it off.

    Returns
    -------
    Post
        Live; or `unknown`, if only a person can say whether it is; or open, with the time of the next visit.

    Raises
    ------
    PublishingError
        If the target refuses it, the file is not what was verified, or it is a preview that the target does not take.
        The post is `failed`, with the reason.
    StorageError, ServerUnavailable
        If the disk, the store or the ledger is away. The post keeps what was uploaded.
    """
    rendition, where = order.delivery.rendition, order.destination
    post = ledger.posts.plan(order.video_id, rendition, where, order.verdict, due_at=order.due_at)
    if post.id != order.delivery.post_id:  # it exists by another spelling of the account, and what it is called stays
        order = replace(order, delivery=replace(order.delivery, post_id=post.id))
    finished_anew = post.state in UNSENT and post.rendition_id != rendition.id
    if not may_be_tried(post) and not finished_anew:
        return post
    failpoint("post.planned")
    tempo = tempo or Tempo()
    try:
        with ledger.leases.hold(f"post:{post.id}", f"the post to {order.name}"):
            return _Visit(ledger, order, context, tempo).make(post.id)
    except LeaseHeld:
        return after_the_other_one(ledger, post, context, tempo)


class _Visit:
    """One visit of a post whose lease is held."""

    def __init__(self, ledger: Ledger, order: Order, context: TargetContext, tempo: Tempo) -> None:
        self._ledger, self._order, self._context, self._tempo = ledger, order, context, tempo
        self._target, self._delivery = order.target, order.delivery
        self._doubt = Doubt(context, tempo)
        self._inspection = Inspection()
        self._left = tempo.in_place
        self._tries = self._resyncs = self._restarts = 0

    def make(self, post_id: UUID) -> Post:
        post = self._take(post_id)
        if not may_be_tried(post):
            return post
        if post.state is PostState.FAILED:
            self._ledger.posts.move(post.id, PostState.PLANNED, "tried again")
            self._ledger.posts.remember(post.id, {})  # what was uploaded may be what was refused
            post = self._ledger.posts.get(post_id)
        if (paused := self._paused()) is not None and post.state is not PostState.ARMED:
            return self._ledger.posts.put_off(post.id, *paused)
        platform, others = self._order.destination.platform, self._ledger.posts.is_of_another
        handle = Handle(
            post.handle, lambda known: self._commit(post_id, known), lambda name: others(post_id, platform, name)
        )
        while True:
            try:
                return self._step(post_id, handle)
            except TerminalError as error:
                self._ledger.posts.move(post_id, PostState.FAILED, str(error))
                raise
            except (Retry, Resync, Restart, Wait, Defer, Reauthorise) as outcome:
                put_off = self._met(post_id, handle, outcome)
                if put_off is not None:
                    return put_off

    def _take(self, post_id: UUID) -> Post:
        """The post, with the rendition of this order, unless it may have been seen with another one."""
        return self._ledger.posts.take(post_id, self._delivery.rendition, self._order.verdict)

    def _commit(self, post_id: UUID, known: object) -> None:
        assert isinstance(known, dict)
        self._ledger.posts.remember(post_id, known)
        failpoint("post.remembered")

    def _step(self, post_id: UUID, handle: Handle) -> Post:
        """From wherever the post is to its end."""
        post = self._ledger.posts.get(post_id)
        if post.state is PostState.ARMED:
            name, armed, doubt = self._order.name, self._delivery_of(post), self._doubt
            post = settle(self._ledger, post, name, self._target, armed, self._context, handle, doubt)
            failpoint("post.settled")
            if post.state is PostState.PLANNED and post.rendition_id != self._delivery.rendition.id:
                handle.forget()
                post = self._take(post_id)
        if post.state is PostState.LIVE:
            return self._see(post)
        if post.state is PostState.UNKNOWN:
            return post
        self._await_turn()
        rendition, rehearsal = self._delivery.rendition, bool(self._context.sandbox)
        self._inspection.check(rendition, self._target, self._order.name, rehearsal=rehearsal)
        self._target.prepare(self._delivery, self._context)
        failpoint("post.prepared")
        if post.state is PostState.PLANNED:
            self._ledger.posts.move(post.id, PostState.UPLOADING)
        failpoint("post.uploading")
        self._target.upload(self._delivery, self._context, handle)
        failpoint("post.uploaded")
        self._target.check(self._delivery, self._context, handle)
        failpoint("post.checked")
        return self._finalize(post_id, handle)

    def _finalize(self, post_id: UUID, handle: Handle) -> Post:
        """Cross the line. Whatever is raised here and says that it certainly did not happen takes the arms back."""
        posts = self._ledger.posts
        with self._alone():
            self._await_turn()  # again: an upload takes time, and other posts of the account go out meanwhile
            posts.move(post_id, PostState.ARMED, by=this_process())
        failpoint("post.armed")
        try:
            published = self._target.finalize(self._delivery, self._context, handle)
        except UnknownOutcome as error:
            if self._target.safety is Safety.NONE:
                return posts.move(post_id, PostState.UNKNOWN, error.reason)
            log.warning("%s: %s; it is looked up", self._order.name, error.reason)
            raise Retry(error.reason, error.instruction) from error
        except TransientError as error:
            if isinstance(error, MayNotAsk) and armed_at(handle) is not None:  # what became of the call before this one
                return posts.move(post_id, PostState.UNKNOWN, why_unknown(self._order.name, error))
            posts.move(post_id, PostState.PLANNED, error.reason)
            raise
        failpoint("post.finalized")
        # Nothing that can fail may stand between the target's acceptance and these lines.
        if not published.settled:
            posts.accept(post_id, sight_of(published, self._delivery))
            failpoint("post.accepted")
            raise unsettled(self._order.name, self._delivery, self._context)
        post = posts.move(post_id, PostState.LIVE, sight=sight_of(published, self._delivery))
        failpoint("post.live")
        return self._see(post)

    def _see(self, post: Post) -> Post:
        """Have the target show the post. A target that cannot show it now is asked again later."""
        self._ledger.standings.prove(post.platform, post.account)
        return read_back(self._ledger, post, self._target, self._delivery_of(post), self._context)

    def _delivery_of(self, post: Post) -> Delivery:
        """What was sent: a rendition that was finished anew since is another one."""
        if post.rendition_id == self._delivery.rendition.id:
            return self._delivery
        sent = self._ledger.media.fetch_rendition(post.rendition_id)
        return self._delivery if sent is None else replace(self._delivery, rendition=sent)

    def _await_turn(self) -> None:
        order = self._order
        await_turn(self._ledger, order.destination, order.rules, self._delivery, order.due_at, self._context)

    def _alone(self) -> AbstractContextManager[None]:
        """Of two posts to an account that has rules, one counts the other."""
        name = f"turn:{self._order.destination.platform}:{self._order.destination.account}"[:200]
        return self._context.alone(name) if self._order.rules else nullcontext()

    def _paused(self) -> tuple[dt.datetime, str] | None:
        standing = self._ledger.standings.get(self._order.destination.platform, self._order.destination.account)
        if standing is None or standing.paused_until is None or standing.paused_until <= self._context.now():
            return None
        return standing.paused_until, standing.reason

    def _met(self, post_id: UUID, handle: Handle, outcome: TransientError) -> Post | None:
        """What an outcome means. Returns the post if it is put off, and None if it is tried again now."""
        if isinstance(outcome, Defer):
            return self._pause_account(post_id, outcome.until, str(outcome), needs_person=False)
        if isinstance(outcome, Reauthorise):
            later = self._context.now() + dt.timedelta(seconds=self._tempo.reauthorise * self._context.pace)
            return self._pause_account(post_id, later, str(outcome), needs_person=True)
        if self._goes_on(handle, outcome):
            return None
        if isinstance(outcome, Wait):
            pause = max(outcome.retry_after or 0.0, self._tempo.first_delay / 2)
            return self._put_off(post_id, pause, outcome, failed=False)
        return self._put_off(post_id, None, outcome, failed=True)

    def _goes_on(self, handle: Handle, outcome: TransientError) -> bool:
        """Whether this visit tries again, after a pause if it takes one."""
        if isinstance(outcome, Resync) and self._resyncs < MOST_RESYNCS:
            self._resyncs += 1
            return True
        if isinstance(outcome, Restart) and self._restarts < MOST_RESTARTS:
            self._restarts += 1
            handle.forget()
            return True
        if isinstance(outcome, Wait):
            return self._waited(self._tempo.processing if outcome.retry_after is None else outcome.retry_after)
        self._tries += 1
        return self._tries < self._tempo.tries and self._waited(self._tempo.pause(self._tries, outcome.retry_after))

    def _waited(self, seconds: float) -> bool:
        """Wait in place, if this visit has so much time left."""
        if seconds > self._left:
            return False
        self._left -= seconds
        self._context.pause(seconds)
        return True

    def _pause_account(self, post_id: UUID, until: dt.datetime, reason: str, *, needs_person: bool) -> Post:
        where = self._order.destination
        log.warning("%s: %s", self._order.name, reason)
        self._ledger.standings.pause(
            where.platform, where.account, where.target, until, reason, needs_person=needs_person
        )
        if self._is_undecided(self._ledger.posts.get(post_id)):  # a login that nobody renews must not hide it for ever
            return self._ledger.posts.move(post_id, PostState.UNKNOWN, f"{self._order.name} was not asked: {reason}")
        return self._ledger.posts.put_off(post_id, until, reason)

    def _put_off(self, post_id: UUID, seconds: float | None, outcome: TransientError, *, failed: bool) -> Post:
        post = self._ledger.posts.get(post_id)
        if seconds is None:
            seconds = self._tempo.delay(post.attempts, outcome.retry_after)
        if failed and post.attempts + 1 >= self._tempo.most_attempts and post.state is not PostState.ARMED:
            error = PublishingError(f"given up after {post.attempts + 1} visits: {outcome.reason}", outcome.instruction)
            self._ledger.posts.move(post_id, PostState.FAILED, str(error))
            raise error
        if self._is_undecided(post):
            return self._ledger.posts.move(
                post_id, PostState.UNKNOWN, f"{self._order.name} has not decided for days: {outcome.reason}"
            )
        until = self._context.now() + dt.timedelta(seconds=seconds * self._context.pace)
        return self._ledger.posts.put_off(post_id, until, str(outcome), failed=failed)

    def _is_undecided(self, post: Post) -> bool:
        due = (self._delivery.public_at, self._order.due_at)
        return is_undecided(post, self._target, due, self._context.now())
