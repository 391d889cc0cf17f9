"""One post to one target, killed at one point while the platform misbehaves, and visited again until nothing moves.

What the platform counts is the truth; what the ledger says is held against it.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from records.ledger import Ledger
from records.states import PostState
from records.tables import Post
from reelmill.settings import Settings
from tasks.publishing.base import Safety
from tests.crash.poster import Poster
from tests.place import Place
from tests.postbox import Postbox

#: Where a post can die, in the order of its way.
POINTS = (
    "post.planned", "post.prepared", "post.uploading", "post.remembered", "post.uploaded", "post.checked",
    "post.armed", "post.finalized", "post.accepted", "post.looked_up", "post.settled", "post.live", "post.seen",
)  # fmt: skip
#: Visits after which a post that still moves is lost.
MOST_VISITS = 60


@dataclass(frozen=True, slots=True)
class Case:
    """Where it dies, how often it passed there before, and what the platform does besides."""

    target: str
    point: str
    seed: int

    @property
    def dice(self) -> random.Random:
        return random.Random(f"{self.target}|{self.point}|{self.seed}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the post."""

    case: Case
    state: PostState
    public: int  #: how often the public has seen it
    verified: bool  #: what is public are the bytes that were verified
    seen: bool  #: it was read back
    killed: bool  #: it did die at the point; a target that never comes there does not
    troubled: bool  #: the platform hid or lost the answer to a call that publishes
    visits: int
    seconds: float  #: from the death until nothing moved
    history: tuple[str, ...]

    @property
    def duplicate(self) -> bool:
        return self.public > 1

    @property
    def lost(self) -> bool:
        """It is nowhere, and the ledger does not say that it may be so."""
        return self.public == 0 and self.state is not PostState.UNKNOWN

    def justified(self, safety: Safety) -> bool:
        """Nobody could know: the platform cannot be asked, and it died, or was left without an answer, at the call."""
        if self.state is not PostState.UNKNOWN:
            return True
        return safety is Safety.NONE and (self.case.point in {"post.armed", "post.finalized"} or self.troubled)


def copy_of(template: Postbox, folder: Path) -> Postbox:
    """The same ledger, which is a file, in another folder."""
    home = folder / "home"
    shutil.copytree(template.settings.home, home)
    return replace(template, settings=Settings(home=home))


@dataclass
class Stage:
    """Where a case is played: a ledger and a place of its own."""

    poster: Poster
    box: Postbox  #: of its own: its home lies in the folder of the target's definition
    place: Place

    def play(self, case: Case, *, blind: bool = False) -> Outcome:
        """Let a post die, and visit it until it is quiet."""
        box = self.box
        dice = case.dice
        troubled = self.place.trouble(dice) if case.seed else False
        errand: dict[str, Any] = {
            "home": str(box.settings.home),
            "database_url": box.settings.database_url,
            "video_id": str(box.video_id),
            "rendition_id": box.rendition_id,
            "target": {"type": case.target, **self.place.options},
            "sandbox": self.place.sandbox,
            "blind": blind,
        }
        point = f"{case.point}:{dice.randint(1, 3) if case.point == 'post.remembered' else 1}"
        killed, visits, began = False, 0, time.monotonic()
        while visits < MOST_VISITS:
            deadly = {} if killed else {"REELMILL_FAILPOINT": point}
            died = self.poster.visit(environment={**self.place.environment, **deadly}, **errand) == signal.SIGKILL
            visits += 1
            if died:
                killed, began = True, time.monotonic()
                continue
            post = self._post(box)
            if post is not None and _is_quiet(post):
                break
            self._let_time_pass(box)
        return self._outcome(case, box, killed=killed, troubled=troubled, visits=visits, began=began)

    def _post(self, box: Postbox) -> Post | None:
        with Ledger(box.settings) as ledger:
            return next(iter(ledger.posts.of_video(box.video_id)), None)

    def _let_time_pass(self, box: Postbox) -> None:
        """What was put off is due now, and others did what they have to do."""
        self.place.wait()
        with Ledger(box.settings) as ledger, ledger.database.begin() as session:
            session.execute(text("update posts set due_at = null"))
            session.execute(text("update standings set paused_until = null"))

    def _outcome(self, case: Case, box: Postbox, *, killed: bool, troubled: bool, visits: int, began: float) -> Outcome:
        post = self._post(box)
        assert post is not None
        with Ledger(box.settings) as ledger:
            past = ledger.posts.history(post.id)
            steps = tuple(f"{step.before or ''}→{step.after} {step.reason}".strip() for step in past)
            rendition = ledger.media.rendition(box.rendition_id)
        assert rendition is not None
        shown = self.place.shown()
        return Outcome(
            case=case,
            state=post.state,
            public=len(shown),
            verified=all(sha256 == rendition.sha256 for sha256 in shown),
            seen=post.state is not PostState.LIVE or post.seen_at is not None,
            killed=killed,
            troubled=troubled,
            visits=visits,
            seconds=time.monotonic() - began,
            history=steps,
        )


def _is_quiet(post: Post) -> bool:
    """Nothing moves any more: it is over, and what is live was read back."""
    if post.state is PostState.LIVE:
        return post.seen_at is not None
    return post.state in {PostState.UNKNOWN, PostState.FAILED}
