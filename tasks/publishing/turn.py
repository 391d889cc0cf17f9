"""Whether it is a post's turn: its time has come, the window is open, and the account had no other one too near.

A plan gives each post a time. What is made late, or is due while nobody is running, misses it; so the pipeline's rules
are asked again when a post goes out, of what really went out. What a platform limits beyond them, it says itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from records.ledger import Ledger
from reelmill.content import Destination
from tasks.publishing.base import Delivery
from tasks.publishing.calendar import DAY, Calendar, Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Wait

#: A post that is late by no more goes out though its window has just closed.
GRACE = dt.timedelta(minutes=5)
#: How much nearer two posts may be than they were planned, at most: nobody knows how long an upload will take.
LOOSE = dt.timedelta(minutes=5)
#: So many days are searched for another time.
AHEAD = 15


def await_turn(
    ledger: Ledger,
    where: Destination,
    rules: Rules | None,
    delivery: Delivery,
    due_at: dt.datetime | None,
    context: TargetContext,
) -> None:
    """Return if a post may go out now.

    Parameters
    ----------
    due_at:
        The time that it was given, unless the platform keeps it.

    Raises
    ------
    Wait
        Until its time, or until another one that the rules allow.
    """
    now = context.now()
    if delivery.public_at is not None and delivery.public_at > now:
        return  # the platform keeps the time
    if due_at is not None and due_at > now:
        raise _until(due_at, "its time is", context)
    if rules is None:
        return
    loose = min(LOOSE, rules.spacing / 4)
    wanted = replace(rules, spacing=rules.spacing - loose, days=AHEAD)
    if due_at is not None and now - due_at <= GRACE:
        wanted = replace(wanted, between=None)
    calendar = Calendar(ledger.posts.times(where.platform, where.account, now - 2 * DAY))
    at = calendar.next(wanted, now.astimezone(rules.zone).date(), now) or now + DAY
    if at > now:
        raise _until(at, "not before", context)


def _until(at: dt.datetime, why: str, context: TargetContext) -> Wait:
    """Nothing is to be done before a time."""
    seconds = max(0.0, (at - context.now()).total_seconds())
    return Wait(f"{why} {at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC", retry_after=seconds / (context.pace or 1.0))
