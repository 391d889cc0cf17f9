"""Posts whose time has come: what a run has handed over and put off is sent from the ledger, whoever is at hand.

A run at a terminal does it for its own posts while they are near; `reelmill up` and `reelmill reconcile` do it for all.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from flows.definition import Definition
from flows.measuring import measure, platforms
from flows.opening import restore
from flows.posting import context_for, order_for
from flows.renewing import Renewal
from flows.video_plan import PostPlan, VideoPlan
from records.database import now
from records.ledger import Ledger
from records.media import PICTURE, VIDEO
from records.posts import UNSENT
from records.states import PostState, VideoState
from records.tables import Post, Run, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Destination
from reelmill.errors import LeaseHeld, PublishingError, ReelmillError, TerminalError
from reelmill.settings import Settings
from tasks.publishing.base import Target
from tasks.publishing.context import TargetContext
from tasks.publishing.reading_back import read_back
from tasks.publishing.stage import Order, publish
from tasks.publishing.tempo import Tempo

log = logging.getLogger("reelmill.publishing")

#: A run at a terminal waits for posts that are due within so long.
NEAR = dt.timedelta(minutes=5)
#: Live posts that the platform did not show right away are looked at again for so long.
UNSEEN = dt.timedelta(days=2)
#: Seconds between two looks at what people did with posts.
MEASURE_EVERY = 600.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what is due. Definitions and contexts are made once for each run."""

    settings: Settings
    ledger: Ledger
    _renewal: Renewal
    _known: dict[UUID, tuple[Run, Definition, TargetContext]]

    def send_due(self, *, run_id: UUID | None = None, stopped: Callable[[], bool] = lambda: False) -> list[str]:
        """Visit every post that is due. Returns what came of it, in words. One that fails keeps no other one back."""
        told: list[str] = []
        for post in self.ledger.posts.due(run_id=run_id):
            if stopped():
                break
            told += self._guarded(post)
        return told

    def _guarded(self, post: Post) -> list[str]:
        try:
            return self._held(post) or self._told(self._visit(post))
        except LeaseHeld:
            return []  # whoever holds it is at it
        except TerminalError as error:
            self._fail(post, error)
            return [f"{post.target} refused {self._title(post)}: {error.reason}"]
        except ReelmillError as error:
            log.warning("%s: %s", post.target, error)
            self.ledger.posts.put_off(post.id, now() + NEAR, str(error), failed=True)
            return []

    def _told(self, after: Post) -> list[str]:
        if after.state is PostState.LIVE:
            return [f"{after.target} has {self._title(after)}: {after.url}"]
        if after.state is PostState.UNKNOWN:
            return [f"{after.target} may have {self._title(after)}: {after.reason}"]
        return []

    def _held(self, post: Post) -> list[str]:
        """What is told of a post whose master does not pass under the policy of now; nothing if it does."""
        if post.state is PostState.ARMED:  # it may be public: all that is left is to look
            return []
        run, definition, _ = self._of(post)
        verdict = self._renewal.verdict(run, definition, post)
        if verdict is None or verdict.verdict.decision is Decision.PASS:
            return []
        why = f"under the policy of now: {'; '.join(verdict.verdict.reasons)}"
        self.ledger.reviews.reopen(post.video_id, verdict.verdict.decision, why)
        ends = "waits for a person" if verdict.verdict.decision is Decision.REVIEW else "is not published"
        return [f"{self._title(post)} {ends}, {why}"]

    def _visit(self, post: Post) -> Post:
        order, context = self.order(post)
        return publish(self.ledger, order, context, Tempo(other=0.0))  # whoever is at it is left to it

    def order(self, post: Post) -> tuple[Order, TargetContext]:
        """What a post is made of, from the ledger.

        Raises
        ------
        PublishingError
            If its file or its target is gone.
        """
        run, definition, context = self._of(post)
        video = self.ledger.videos.get(post.video_id)
        plan = VideoPlan.from_json(video.plan)
        rendition = self.ledger.media.fetch_rendition(post.rendition_id)
        verdict = self._verdict(post, run, definition)
        if rendition is None or verdict is None:
            raise PublishingError("its file is gone", f"make it again: `reelmill run {run.pipeline} --remake`")
        self.ledger.store.get(rendition.sha256, VIDEO)
        self.ledger.store.get(rendition.cover_sha256, PICTURE)
        wanted = next(
            (one for one in plan.orders if (one.target, one.profile) == (post.target, post.profile)),
            PostPlan(post.target, post.profile),
        )
        order = order_for(run, definition, context, video, plan, rendition, verdict, wanted)
        where = Destination(post.target, post.platform, post.account, post.content, post.edition)
        return replace(order, destination=where, delivery=replace(order.delivery, post_id=post.id)), context

    def _verdict(self, post: Post, run: Run, definition: Definition) -> RecordedVerdict | None:
        """What it goes out under; what it went out under, once it may be public."""
        if post.state in UNSENT:
            return self._renewal.verdict(run, definition, post)
        return self.ledger.verdicts.get(post.verdict_id)

    def target(self, post: Post) -> tuple[Target, TargetContext]:
        """Where a post is.

        Raises
        ------
        PublishingError
            If the definition of its run has no such target.
        """
        _, definition, context = self._of(post)
        if post.target not in definition.targets:
            raise PublishingError(f"the definition has no target {post.target!r}", "")
        return definition.targets[post.target], context

    def _of(self, post: Post) -> tuple[Run, Definition, TargetContext]:
        video = self.ledger.videos.get(post.video_id)
        if video.run_id not in self._known:
            run = self.ledger.runs.get(video.run_id)
            assert run is not None
            definition = restore(run.definition, self.settings)
            self._known[video.run_id] = (run, definition, context_for(self.ledger, definition, self.settings))
        return self._known[video.run_id]

    def _fail(self, post: Post, error: TerminalError) -> None:
        """A video of which a post was refused has failed, though its run is closed."""
        state = self.ledger.posts.get(post.id).state
        if state is not PostState.FAILED:  # it could not even be visited; one that was armed may be public
            after = PostState.UNKNOWN if state is PostState.ARMED else PostState.FAILED
            self.ledger.posts.move(post.id, after, str(error))
        log.warning("%s refused %s: %s", post.target, self._title(post), error)
        if self.ledger.videos.get(post.video_id).state is VideoState.DONE:
            self.ledger.videos.move(post.video_id, VideoState.FAILED, str(error))

    def _title(self, post: Post) -> str:
        video: Video = self.ledger.videos.get(post.video_id)
        return f"{video.title!r} ({post.profile})"

    def look_again(self) -> None:
        """Have targets show live posts that they did not show right away."""
        for post in self.ledger.posts.unseen(now() - UNSEEN):
            try:
                order, context = self.order(post)
                read_back(self.ledger, post, order.target, order.delivery, context)
            except ReelmillError as error:
                log.info("%s cannot be read back: %s", post.target, error)

    def measure(self, *, stopped: Callable[[], bool] = lambda: False) -> int:
        """Ask what people did with posts whose numbers are due. Returns about how many there was an answer."""
        return measure(self.ledger, self.target, platforms(), stopped=stopped)

    def close(self) -> None:
        for _, _, context in self._known.values():
            context.close()
        self._known.clear()
        self._renewal.close()


@contextmanager
def sender(settings: Settings, ledger: Ledger) -> Iterator[Sender]:
    """A sender for the time of the block."""
    made = Sender(settings, ledger, Renewal(settings, ledger), {})
    try:
        yield made
    finally:
        made.close()


def send_near(settings: Settings, ledger: Ledger, run_id: UUID, stopped: Callable[[], bool]) -> list[str]:
    """Send the posts of one run that are due now or soon, and wait for these; the others stay in the ledger."""
    told: list[str] = []
    with sender(settings, ledger) as made:
        until = now() + NEAR
        while not stopped() and now() < until:
            told += made.send_due(run_id=run_id, stopped=stopped)
            near = [post.due_at for post in ledger.posts.waiting(run_id=run_id) if post.due_at and post.due_at < until]
            if not near:
                break
            time.sleep(max(0.1, min(1.0, (min(near) - now()).total_seconds())))
    return told


def keep_sending(settings: Settings, every: float, stop: threading.Event) -> None:
    """Send what is due, again and again. A ledger that is away is asked again next time."""
    measured = -MEASURE_EVERY
    while not stop.is_set():
        try:
            with Ledger(settings) as ledger, sender(settings, ledger) as made:
                for line in made.send_due(stopped=stop.is_set):
                    log.info("%s", line)
                made.look_again()
                if time.monotonic() - measured > MEASURE_EVERY:
                    measured = time.monotonic()
                    made.measure(stopped=stop.is_set)
        except ReelmillError as error:
            log.warning("could not send what is due: %s", error)
        stop.wait(every)
