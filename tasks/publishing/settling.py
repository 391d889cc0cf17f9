"""What became of an armed post: the process died, the answer did not come, or the platform still works on it."""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Sequence

from records.leases import this_process
from records.ledger import Ledger
from records.posts import Sight
from records.states import PostState
from records.tables import Post
from reelmill.errors import UnknownOutcome
from reelmill.failpoints import failpoint
from reelmill.processes import start_of
from tasks.publishing.base import Delivery, Published, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import MayNotAsk, Restart, Wait
from tasks.publishing.tempo import Tempo


class Doubt:
    """Whether a look-up that found nothing is to be believed. One for each visit of a post.

    It is once the platform had time to show a new post, and once no call can be under way any more that was sent by a
    process which may still live. Part of that time is waited for by a clock that nobody sets.
    """

    def __init__(self, context: TargetContext, tempo: Tempo) -> None:
        self._context, self._tempo = context, tempo
        self._since: float | None = None  #: the first look-up of this visit that found nothing

    def check(self, post: Post, name: str, certain_after: dt.timedelta) -> None:
        """Return if it is.

        Raises
        ------
        Wait
            Else.
        """
        assert post.armed_at is not None
        certain = certain_after.total_seconds()
        if _may_live(post.armed_by):
            certain = max(certain, self._tempo.overtaken)
        at, pace = time.monotonic(), self._context.pace
        self._since = at if self._since is None else self._since
        by_the_wall = certain * pace - (self._context.now() - post.armed_at).total_seconds()
        by_ours = min(certain, self._tempo.in_place / 2) * pace - (at - self._since)
        missing = max(by_the_wall, by_ours)
        if missing > 0:
            raise Wait(f"{name} does not show it, and may not have had the time to", retry_after=missing / pace)


def settle(
    ledger: Ledger,
    post: Post,
    name: str,
    target: Target,
    delivery: Delivery,
    context: TargetContext,
    handle: Handle,
    doubt: Doubt,
) -> Post:
    """Look an armed post up.

    Returns
    -------
    Post
        Live; or planned, if it was certainly not posted; or unknown, if only a person can say: nobody can be asked, the
        login may not ask, or the answer leaves it open.

    Raises
    ------
    Wait
        If it cannot be said yet. The post stays armed.
    Refused
        If the platform took it and refused it afterwards.
    Retry, Reauthorise
        If the platform cannot be asked now.
    """
    if post.accepted_at is None and target.safety is Safety.NONE:
        return ledger.posts.move(post.id, PostState.UNKNOWN, f"{name} cannot say whether it was posted")
    try:
        found = target.look_up(delivery, context, handle)
    except Restart as error:
        handle.forget()
        return ledger.posts.move(post.id, PostState.PLANNED, error.reason)
    except (UnknownOutcome, MayNotAsk) as error:
        return ledger.posts.move(post.id, PostState.UNKNOWN, why_unknown(name, error))
    failpoint("post.looked_up")
    if found is None:
        if post.accepted_at is not None:
            raise Wait(f"{name} does not show it yet")
        doubt.check(post, name, target.certain_after)
        return ledger.posts.move(post.id, PostState.PLANNED, f"{name} says it was not posted")
    if target.safety is Safety.LOOK_UP and handle.is_of_another(found.platform_id):
        reason = f"{name} shows {found.platform_id}, which is another post of the ledger"
        return ledger.posts.move(post.id, PostState.UNKNOWN, reason)
    sight = sight_of(found, delivery)
    if not found.settled:
        ledger.posts.accept(post.id, sight)
        raise unsettled(name, delivery, context)
    reason = "" if post.accepted_at is not None else "found live by a look-up"
    return ledger.posts.move(post.id, PostState.LIVE, reason, sight=sight)


def sight_of(published: Published, delivery: Delivery) -> Sight:
    """What the ledger keeps of what a target says, with the time at which it makes the post public by itself."""
    kept = {} if delivery.public_at is None else {"public_at": delivery.public_at.isoformat()}
    return Sight(published.url, published.platform_id, {**published.detail, **kept})


def why_unknown(name: str, error: UnknownOutcome | MayNotAsk) -> str:
    """What is said of a post that was looked up in vain. A login that may not ask may still be good for posting."""
    who = f"the login of {name} may not ask" if isinstance(error, MayNotAsk) else f"{name} cannot say"
    return f"{who} whether it was posted: {error}"


def is_undecided(post: Post, target: Target, due: Sequence[dt.datetime | None], now: dt.datetime) -> bool:
    """Whether an armed post has waited for the platform for too long, from its time on if it has one.

    Parameters
    ----------
    due:
        The times that the post was to wait for.
    """
    if post.armed_at is None or target.decides_within is None:
        return False
    return now - max([post.armed_at, *filter(None, due)]) > target.decides_within


def unsettled(name: str, delivery: Delivery, context: TargetContext) -> Wait:
    """What is said of a post that the platform has and does not show yet: one that it keeps is left alone till then."""
    seconds = (delivery.public_at - context.now()).total_seconds() if delivery.public_at is not None else 0.0
    if seconds > 0:
        return Wait(f"{name} makes it public when its time comes", retry_after=seconds / (context.pace or 1.0))
    return Wait(f"{name} has it and works on it")


def _may_live(holder: str) -> bool:
    """Whether another process that armed a post may still be at it: only one of this machine is known to be gone."""
    if holder == this_process():
        return False  # we hold the lease, so it was we, and the call has ended
    host, _, rest = holder.partition(":")
    process, _, started = rest.partition(":")
    if not process.isdigit():
        return True
    return host != socket.gethostname() or start_of(int(process)) == started
