"""Where a person decides about videos that wait: the same for a terminal and for a page.

While videos wait, no process is held: their run has ended `in review`. A decision sets it going again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from flows import events, server
from flows.continuing import Continued, go_on
from flows.opening import restore
from flows.rewording import Rewording, reshot, reworded
from flows.video_plan import VideoPlan
from records.database import now
from records.ledger import Ledger
from records.reviews import DEADLINE, Action, Change, Waiting
from records.tables import ReviewDecision, Run
from reelmill.errors import ReelmillError, UseError
from reelmill.settings import Settings

log = logging.getLogger("reelmill.review")

#: What a person is called who has given no name.
SOMEBODY = "somebody"
#: Longest name and note, in characters.
LONGEST_NAME, LONGEST_NOTE = 64, 2000


@dataclass
class Outcome:
    """What came of a decision about one video or several."""

    decided: list[ReviewDecision] = field(default_factory=list)
    problems: list[ReelmillError] = field(default_factory=list)  #: one for each video that could not be decided about
    continued: list[Continued] = field(default_factory=list)  #: what became of their runs


class Desk:
    """Decides in the name of somebody.

    Parameters
    ----------
    who:
        Their name, as the ledger keeps it.
    """

    def __init__(self, settings: Settings, ledger: Ledger, who: str) -> None:
        self._settings, self._ledger = settings, ledger
        self._who = " ".join(who.split())[:LONGEST_NAME] or SOMEBODY

    def approve(self, video_ids: Sequence[UUID], note: str = "", words: Rewording | None = None) -> Outcome:
        """Bring videos on, with other words if there are any. New words are screened; blocked ones change nothing."""
        return self._decide("approve", video_ids, note, words)

    def reject(self, video_ids: Sequence[UUID], note: str = "") -> Outcome:
        """End videos."""
        return self._decide("reject", video_ids, note)

    def regenerate(self, video_ids: Sequence[UUID], note: str = "") -> Outcome:
        """Have videos made again with another seed."""
        return self._decide("regenerate", video_ids, note)

    def _decide(self, action: Action, video_ids: Sequence[UUID], note: str, words: Rewording | None = None) -> Outcome:
        outcome, runs = Outcome(), list[Run]()
        for video_id in dict.fromkeys(video_ids):
            try:
                waits = self._ledger.reviews.get(video_id)
                change = self._change(action, waits, words)
                made = self._ledger.reviews.decide(video_id, action, self._who, note[:LONGEST_NOTE], change=change)
            except ReelmillError as error:
                outcome.problems.append(error)
                continue
            outcome.decided.append(made)
            runs.append(waits.run)
        _tell(outcome.decided, runs)
        outcome.continued = [go_on(self._ledger, run_id) for run_id in dict.fromkeys(run.id for run in runs)]
        return outcome

    def _change(self, action: Action, waits: Waiting, words: Rewording | None) -> Change | None:
        plan = VideoPlan.from_json(waits.video.plan)
        if action == "regenerate":
            if waits.texts is not None:
                raise UseError(
                    f"{waits.video.title} waits for its texts, and has no picture yet", "approve or reject it"
                )
            return reshot(plan)
        if words is None or words.says_nothing:
            return None
        definition = restore(waits.run.definition, self._settings)
        return reworded(plan, words, definition, waits.run.pipeline, self._ledger.text_verdicts.told)


def _tell(decided: Sequence[ReviewDecision], runs: Sequence[Run]) -> None:
    """Tell the dashboard. Only one that is there: Prefect's sender would hold the process up for seconds."""
    url = server.configured()
    if decided and url is not None and server.answers(url):
        for decision, run in zip(decided, runs, strict=True):
            events.decided(decision, run)


def deadline_of(settings: Settings, run: Run) -> dt.timedelta | None:
    """How long videos of a run wait. A definition that cannot be read any more sets no deadline."""
    try:
        return restore(run.definition, settings).pipeline(run.pipeline).screen.review.waits
    except (ReelmillError, KeyError) as error:
        log.warning("%s@%s: %s", run.pipeline, run.occasion, error)
        return None


def expire(settings: Settings, ledger: Ledger) -> list[str]:
    """Reject what nobody has decided about in time. Returns what was done, in words."""
    late: list[Waiting] = []
    limits: dict[UUID, dt.timedelta | None] = {}
    for waits in ledger.reviews.waiting():
        if waits.run.id not in limits:
            limits[waits.run.id] = deadline_of(settings, waits.run)
        limit = limits[waits.run.id]
        if limit is not None and waits.since + limit < now():
            late.append(waits)
    if not late:
        return []
    outcome = Desk(settings, ledger, DEADLINE).reject([waits.video.id for waits in late])
    ended = {made.video_id for made in outcome.decided}
    return [
        f"rejected {waits.video.title} of {waits.run.pipeline} {waits.run.occasion}: nobody decided in time"
        for waits in late
        if waits.video.id in ended
    ]
