"""How things stand with a target: whether it can be posted to, what may still be posted, and when the next post may go.

A login that is over is kept in the ledger, where it holds posts back. A line that is down is not: it is tried again by
itself, and says nothing of the account.
"""

from __future__ import annotations

import datetime as dt
import logging
import shlex
from dataclasses import dataclass, replace

from flows.definition import Definition
from records.database import now
from records.ledger import Ledger
from records.posts import OPEN
from reelmill.content import Json
from reelmill.errors import ReelmillError, TransientError
from tasks.publishing.account import Identity
from tasks.publishing.base import Target
from tasks.publishing.calendar import DAY, Calendar, Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Defer, MayNotAsk, Reauthorise

log = logging.getLogger("reelmill.publishing")

#: Posts of a target that are counted as waiting; more are told as that many.
MOST_WAITING = 1000
#: So many days are searched for a free time.
AHEAD = 14
#: In these it may be posted to, now or later, and nobody has to do anything.
WELL = frozenset({"ok", "paused"})


@dataclass(frozen=True, slots=True)
class Health:
    """How things stand with one target."""

    name: str
    kind: str
    account: str
    state: str  #: ok, paused, login, not reachable, refused
    words: str  #: what is wrong and what to do, or ""
    who: str  #: what the platform calls the account
    left: int | None
    total: int | None
    pipelines: tuple[str, ...]  #: those that publish there
    free: dt.datetime | None  #: the next time a post may go out
    free_for: str  #: the pipeline whose time that is; "" if there is none
    waiting: int  #: posts that are not at their end
    safety: str
    ai: str

    @property
    def well(self) -> bool:
        return self.state in WELL

    @property
    def command(self) -> str:
        """What to type once it is mended; "" if it is well."""
        return "" if self.well else f"reelmill targets {shlex.quote(self.name)}"

    def as_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "type": self.kind,
            "account": self.account,
            "well": self.well,
            "health": self.state,
            "reason": self.words,
            "next_command": self.command,
            "identity": self.who,
            "quota_left": self.left,
            "quota_total": self.total,
            "pipelines": list(self.pipelines),
            "next_free": self.free.isoformat() if self.free else None,
            "next_free_for": self.free_for,
            "waiting": self.waiting,
            "safety": self.safety,
            "ai_disclosure": self.ai,
        }


def health_of(ledger: Ledger, definition: Definition, context: TargetContext, name: str, *, offline: bool) -> Health:
    """How things stand with a target of a definition.

    Parameters
    ----------
    offline:
        Nobody is asked: what the ledger knows.
    """
    target = definition.targets[name]
    key = (target.platform, target.account_key(context))
    trouble = None if offline else _ask(ledger, context, name, target)
    standing = ledger.standings.get(*key)
    until = standing.paused_until if standing and standing.paused_until and standing.paused_until > now() else None
    total = standing.quota_total if standing else None
    taken = [*ledger.posts.times(*key, now() - 2 * DAY), *ledger.slots.taken(*key, now())]
    if standing is not None and total is not None:
        left: int | None = max(0, total - (standing.quota_used or 0))
        calendar = Calendar(taken, replace(target.limits, per_day=total), left=left, asked=standing.looked_at)
    else:
        calendar, total = Calendar(taken, target.limits), target.limits.per_day
        left = calendar.left(now())
    free, free_for = _free(definition, name, calendar)
    state, words = "ok", ""
    if until is not None and standing is not None:
        state, words, free = "login" if standing.needs_person else "paused", standing.reason, max(free or until, until)
    if trouble is not None and state != "login":  # without its login, a line that is mended helps nobody
        state, words = trouble
    return Health(
        name=name,
        kind=target.type,
        account=key[1],
        state=state,
        words=words,
        who=standing.identity if standing else "",
        left=left,
        total=total,
        pipelines=tuple(dict.fromkeys(pipeline for pipeline, _ in _entries(definition, name))),
        free=free,
        free_for=free_for,
        waiting=len(ledger.post_lists.recent(limit=MOST_WAITING, states=OPEN, target=name)),
        safety=target.safety.value,
        ai="its own flag" if target.flags_ai else target.discloses,
    )


def _ask(ledger: Ledger, context: TargetContext, name: str, target: Target) -> tuple[str, str] | None:
    """Ask an account who it is and what it may still post, and note what it says. Or its state, and why it cannot."""
    key = (target.platform, target.account_key(context))
    try:
        target.probe(context)
        who = _identity(target, context)
        quota = target.quota(context)
    except Reauthorise as error:
        ledger.standings.pause(*key, name, now() + DAY, str(error), needs_person=True)
        return None
    except Defer as error:
        known = ledger.standings.get(*key)
        if known is None or not known.needs_person:  # that it has no more calls today renews no login
            ledger.standings.pause(*key, name, error.until, str(error), needs_person=False)
        return None
    except ReelmillError as error:
        return ("not reachable" if isinstance(error, TransientError) else "refused"), str(error)
    ledger.standings.clear(*key)
    if who is not None or quota is not None:
        told = (quota.total, quota.used) if quota else None
        ledger.standings.note(*key, name, identity=f"{who.name} ({who.id})" if who else "", quota=told)
    return None


def _identity(target: Target, context: TargetContext) -> Identity | None:
    """Whose the login is; None if it may not ask, which says nothing of what it may post."""
    try:
        return target.identify(context)
    except MayNotAsk as error:
        if getattr(target, "account", ""):
            raise  # nothing is posted before it is known to be that one
        log.info("%s does not say whose the login is: %s", target.type, error.reason)
        return None


def _entries(definition: Definition, name: str) -> list[tuple[str, Rules]]:
    """What pipelines want of a target, by their names."""
    return [
        (pipeline_name, entry.rules(pipeline.zone))
        for pipeline_name, pipeline in definition.pipelines.items()
        for entry in pipeline.publish
        if name in entry.to
    ]


def _free(definition: Definition, name: str, calendar: Calendar) -> tuple[dt.datetime | None, str]:
    """The first time of the two weeks ahead that is free for a pipeline, and for which; "" where none publishes."""
    wanted = _entries(definition, name) or [("", Rules(next(iter(definition.pipelines.values())).zone))]
    found: list[tuple[dt.datetime, int]] = []
    for place, (_, rules) in enumerate(wanted):
        at = calendar.next(replace(rules, days=AHEAD), now().astimezone(rules.zone).date(), now())
        found += [] if at is None else [(at, place)]
    at, place = min(found, default=(None, 0))
    return at, wanted[place][0] if found else ""
