"""`reelmill targets`: the accounts of a definition, whether they are well, and when the next post may go out."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, state, table
from flows.definition import Definition, load
from flows.post_status import clock
from flows.posting import context_for
from records.database import now
from records.ledger import Ledger
from records.posts import OPEN
from reelmill.content import Json
from reelmill.errors import ReelmillError, UseError
from reelmill.settings import Settings
from tasks.publishing.account import Identity
from tasks.publishing.base import Target
from tasks.publishing.calendar import DAY, Calendar, Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import MayNotAsk, Reauthorise
from tasks.registry import suggest

log = logging.getLogger("reelmill.publishing")

#: Posts of a target that are counted as waiting; more are told as that many.
MOST_WAITING = 1000


def targets(
    name: Annotated[str, Parameter(help="Only this one.")] = "",
    /,
    *,
    offline: Annotated[bool, Parameter(negative="", help="Ask no platform: say what the ledger knows.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """List targets with their health, what may still be posted today, and the next free time.

    A target that was paused because of its login is tried again, and goes on if it is well.
    """
    settings, definition = Settings(), load(file)
    if name and name not in definition.targets:
        known = ", ".join(definition.targets) or "none"
        near = suggest(name, definition.targets)
        meant = f"did you mean `{near}`?" if near else f"there are: {known}"
        raise UseError(f"the definition has no target {name!r}", meant)
    with Ledger(settings) as ledger:
        context = context_for(ledger, definition, settings)
        wanted = [one for one in definition.targets if name in {"", one}]
        found = [_look(ledger, definition, context, one, offline=offline) for one in wanted]
        context.close()
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        _tell(found)
    return FAILED if any(one.ill for one in found) else OK


@dataclass(frozen=True, slots=True)
class Health:
    """How things stand with one target."""

    name: str
    kind: str
    account: str
    ill: bool
    words: str  #: what is wrong and what to do, or ""
    who: str  #: what the platform calls the account
    left: int | None
    total: int | None
    free: dt.datetime | None  #: the next time a post may go out
    waiting: int  #: posts that are not at their end
    safety: str
    ai: str

    def as_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "type": self.kind,
            "account": self.account,
            "well": not self.ill,
            "reason": self.words,
            "identity": self.who,
            "quota_left": self.left,
            "quota_total": self.total,
            "next_free": self.free.isoformat() if self.free else None,
            "waiting": self.waiting,
            "safety": self.safety,
            "ai_disclosure": self.ai,
        }


def _look(ledger: Ledger, definition: Definition, context: TargetContext, name: str, *, offline: bool) -> Health:
    target = definition.targets[name]
    key = (target.platform, target.account_key(context))
    if not offline:
        _ask(ledger, context, name, target)
    standing = ledger.standings.get(*key)
    paused = standing is not None and standing.paused_until is not None and standing.paused_until > now()
    total = standing.quota_total if standing else None
    left = max(0, total - (standing.quota_used or 0)) if standing and total is not None else None
    taken = [*ledger.posts.times(*key, now() - 2 * DAY), *ledger.slots.taken(*key, now())]
    rules = _rules(definition, name)
    limits = target.limits if total is None else replace(target.limits, per_day=total)
    free = Calendar(taken, limits, left=left).next(rules, now().astimezone(rules.zone).date(), now())
    if total is None and target.limits.per_day is not None:
        total, left = target.limits.per_day, max(0, target.limits.per_day - Calendar(taken).count(now() - DAY, now()))
    if paused and standing is not None and standing.paused_until is not None:
        free = max(free or standing.paused_until, standing.paused_until)
    return Health(
        name=name,
        kind=target.type,
        account=key[1],
        ill=paused and standing is not None and standing.needs_person,
        words=standing.reason if paused and standing is not None else "",
        who=standing.identity if standing else "",
        left=left,
        total=total,
        free=free,
        waiting=len(ledger.post_lists.recent(limit=MOST_WAITING, states=OPEN, target=name)),
        safety=target.safety.value,
        ai="its own flag" if target.flags_ai else target.discloses,
    )


def _ask(ledger: Ledger, context: TargetContext, name: str, target: Target) -> None:
    """Ask an account who it is and what it may still post, and note what it says."""
    key = (target.platform, target.account_key(context))
    try:
        who = _identity(target, context)
        quota = target.quota(context)
    except Reauthorise as error:
        ledger.standings.pause(*key, name, now() + DAY, str(error), needs_person=True)
        return
    except ReelmillError as error:
        known = ledger.standings.get(*key)
        if known is None or not known.needs_person:  # a line that is down renews no login
            ledger.standings.pause(*key, name, now(), str(error), needs_person=False)
        return
    ledger.standings.clear(*key)
    if who is not None or quota is not None:
        told = (quota.total, quota.used) if quota else None
        ledger.standings.note(*key, name, identity=f"{who.name} ({who.id})" if who else "", quota=told)


def _identity(target: Target, context: TargetContext) -> Identity | None:
    """Whose the login is; None if it may not ask, which says nothing of what it may post."""
    try:
        return target.identify(context)
    except MayNotAsk as error:
        if getattr(target, "account", ""):
            raise  # nothing is posted before it is known to be that one
        log.info("%s does not say whose the login is: %s", target.type, error.reason)
        return None


def _rules(definition: Definition, name: str) -> Rules:
    """Those of the first pipeline that publishes there, for two weeks ahead."""
    for pipeline in definition.pipelines.values():
        for entry in pipeline.publish:
            if name in entry.to:
                return replace(entry.rules(pipeline.zone), days=14)
    zone = next(iter(definition.pipelines.values())).zone
    return Rules(zone, days=14)


def _tell(found: list[Health]) -> None:
    out = console()
    if not found:
        out.print("the definition has no targets; name one in `targets:`")
        return
    columns = {
        "target": "left", "type": "left", "account": "!left", "health": "left", "left today": "right",
        "next free": "left", "waiting": "right", "AI": "!left",
    }  # fmt: skip
    rows: list[tuple[str | Text, ...]] = [
        (
            one.name,
            one.kind,
            one.who or one.account,
            Text("login", style="red") if one.ill else Text("paused", style="yellow") if one.words else state("ok"),
            "" if one.left is None else f"{one.left} of {one.total}",
            "" if one.free is None else "now" if one.free <= now() else clock(one.free),
            str(one.waiting or ""),
            one.ai,
        )
        for one in found
    ]
    out.print(table(columns, rows))
    for one in found:
        if one.words:
            out.print(Text(f"{one.name}: {one.words}", style="red" if one.ill else "yellow"))
