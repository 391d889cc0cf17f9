"""Videos that wait for a person, and what people decide. A decision is one transaction: verdict, state, and who it was.

An approval is a verdict of its own, on the same exact master under the same exact policy, so that what a post needs is
there by the same foreign key as ever; it is void when either changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from records import text_verdicts, verdicts
from records.database import Database, now
from records.states import PostState, VideoState
from records.tables import Post, ReviewDecision, Run, TextVerdictRow, Transition, VerdictRow, Video, VideoShot
from records.transitions import move
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Json, Verdict, fingerprint
from reelmill.errors import UseError
from reelmill.text_verdict import TextVerdict

Action = Literal["approve", "reject", "regenerate"]

#: Who decides where nobody did in time.
DEADLINE = "the deadline"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A video that waits for a person, and why."""

    video: Video
    run: Run
    since: dt.datetime
    frames: RecordedVerdict | None  #: what was said of its master, if that is why
    texts: TextVerdict | None  #: what was said of its texts, if that is why

    @property
    def about(self) -> str:
        return "texts" if self.texts is not None else "frames"

    @property
    def reasons(self) -> tuple[str, ...]:
        said = self.texts or (self.frames.verdict if self.frames is not None else None)
        return said.reasons if said is not None else ()


@dataclass(frozen=True, slots=True)
class Change:
    """A plan that a person changed, and its texts as they were screened again."""

    plan: Mapping[str, Json]
    detail: Mapping[str, Json] = field(default_factory=dict)  #: what was changed, for the record
    texts: TextVerdict | None = None
    reshoot: bool = False  #: its shots are others now


class Reviews:
    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, *, pipeline: str = "", limit: int = 1000, offset: int = 0) -> list[Waiting]:
        """Videos that wait, the one that has waited longest first."""
        query = (
            select(Video, Run)
            .join(Run, Run.id == Video.run_id)
            .where(Video.state == VideoState.IN_REVIEW)
            .order_by(Video.updated_at, Video.id)
            .limit(limit)
            .offset(offset)
        )
        if pipeline:
            query = query.where(Run.pipeline == pipeline)
        with self._database.read() as session:
            return [_waiting(session, video, run) for video, run in session.execute(query).tuples()]

    def count(self) -> int:
        """How many videos wait."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(Video.state == VideoState.IN_REVIEW)) or 0

    def queue(self, *, pipeline: str = "") -> list[UUID]:
        """The ids of all that wait, in the order of `waiting`."""
        query = select(Video.id).where(Video.state == VideoState.IN_REVIEW).order_by(Video.updated_at, Video.id)
        if pipeline:
            query = query.join(Run, Run.id == Video.run_id).where(Run.pipeline == pipeline)
        with self._database.read() as session:
            return list(session.scalars(query))

    def by_pipeline(self) -> dict[str, int]:
        """How many wait in each pipeline in which any do."""
        query = (
            select(Run.pipeline, func.count())
            .join(Video, Video.run_id == Run.id)
            .where(Video.state == VideoState.IN_REVIEW)
            .group_by(Run.pipeline)
            .order_by(Run.pipeline)
        )
        with self._database.read() as session:
            return dict(session.execute(query).tuples().all())

    def get(self, video_id: UUID) -> Waiting:
        """One video that waits.

        Raises
        ------
        UseError
            If it does not; the reason says what became of it.
        """
        with self._database.read() as session:
            video = session.get(Video, video_id)
            if video is None:
                raise UseError(f"there is no video {video_id}", "`reelmill review list` has those that wait")
            _see_that_it_waits(session, video)
            return _waiting(session, video, session.get_one(Run, video.run_id))

    def look(self, video_id: UUID) -> Waiting:
        """A video with the newest that was said of it, whether it waits or not."""
        with self._database.read() as session:
            video = session.get_one(Video, video_id)
            return _waiting(session, video, session.get_one(Run, video.run_id))

    def decide(
        self, video_id: UUID, action: Action, who: str, note: str = "", *, change: Change | None = None
    ) -> ReviewDecision:
        """Decide about a video that waits.

        `approve` brings it on: to `screened`, or, where its texts were in doubt, to `planned`. `regenerate` brings it
        back to `planned` with a changed plan. `reject` ends it.

        Raises
        ------
        UseError
            If it does not wait any more: somebody else was quicker, say.
        """
        with self._database.begin() as session:
            video = session.get_one(Video, video_id, with_for_update=True)
            _see_that_it_waits(session, video)
            waits = _waiting(session, video, session.get_one(Run, video.run_id))
            why = f"{_DONE[action]} by {who}" + (f": {note}" if note else "")
            asked = None
            if waits.frames is not None:
                asked = waits.frames.id
                if action == "approve":
                    passed = replace(waits.frames.verdict, decision=Decision.PASS, reasons=(why,))
                    verdicts.note(session, passed, who)
            elif waits.texts is not None and action in _SAYS and who != DEADLINE:  # silence says nothing of a text
                said = replace(waits.texts, decision=_SAYS[action], reasons=(why,))
                asked = text_verdicts.note(session, said, who).id
            if change is not None:
                _change(session, video, change, why, who)
            after = {"reject": VideoState.REJECTED, "regenerate": VideoState.PLANNED}.get(action)
            if after is None:
                after = VideoState.SCREENED if waits.frames is not None else VideoState.PLANNED
            made = ReviewDecision(
                video_id=video_id,
                action=action,
                who=who,
                note=note,
                about=waits.about,
                verdict_id=asked,
                detail=dict(change.detail) if change is not None else {},
                waited_since=waits.since,
                decided_at=now(),
            )
            move(session, video, after, why)
            if after is VideoState.REJECTED:
                _end_posts(session, video_id, why)
            session.add(made)
            session.flush()
            return made

    def reopen(self, video_id: UUID, decision: Decision, why: str) -> None:
        """Hold back a video that was done, for under the policy of now its master does not pass.

        After a review it waits for a person. After a block it is rejected, and its posts that are not out fail. One
        that is not done any more is left alone: somebody else was quicker.
        """
        with self._database.begin() as session:
            video = session.get_one(Video, video_id, with_for_update=True)
            if video.state is not VideoState.DONE:
                return
            if decision is Decision.REVIEW:
                move(session, video, VideoState.IN_REVIEW, why)
                return
            move(session, video, VideoState.REJECTED, why)
            _end_posts(session, video_id, why)

    def decisions(self, *, video_id: UUID | None = None, pipeline: str = "", limit: int = 100) -> list[ReviewDecision]:
        """What was decided, the newest first."""
        query = select(ReviewDecision).order_by(ReviewDecision.id.desc()).limit(limit)
        if pipeline:
            of_run = query.join(Video, Video.id == ReviewDecision.video_id).join(Run, Run.id == Video.run_id)
            query = of_run.where(Run.pipeline == pipeline)
        if video_id is not None:
            query = query.where(ReviewDecision.video_id == video_id)
        with self._database.read() as session:
            return list(session.scalars(query))

    def titles(self, video_ids: Sequence[UUID]) -> dict[UUID, str]:
        """What videos are called."""
        with self._database.read() as session:
            return dict(session.execute(select(Video.id, Video.title).where(Video.id.in_(video_ids))).tuples().all())

    def judged(self) -> Sequence[tuple[ReviewDecision, Verdict | TextVerdict]]:
        """Every decision with what was said of the frames, or of the texts, that it is about; the oldest first."""
        of_frames = select(ReviewDecision, VerdictRow).join(VerdictRow, VerdictRow.id == ReviewDecision.verdict_id)
        of_texts = select(ReviewDecision, TextVerdictRow).join(
            TextVerdictRow, TextVerdictRow.id == ReviewDecision.verdict_id
        )
        found: list[tuple[ReviewDecision, Verdict | TextVerdict]] = []
        with self._database.read() as session:
            frames = session.execute(of_frames.where(ReviewDecision.about == "frames")).tuples()
            found += [(made, verdicts.restore(row).verdict) for made, row in frames]
            texts = session.execute(of_texts.where(ReviewDecision.about == "texts")).tuples()
            found += [(made, text_verdicts.restore(row)) for made, row in texts]
        return sorted(found, key=lambda one: one[0].id)


#: What a decision about texts says of the same texts wherever else they are used.
_SAYS: Mapping[str, Decision] = {"approve": Decision.PASS, "reject": Decision.BLOCK}
_DONE: Mapping[str, str] = {"approve": "approved", "reject": "rejected", "regenerate": "sent back"}


def _waiting(session: Session, video: Video, run: Run) -> Waiting:
    frames, texts = None, None
    if video.texts_sha256 is not None:
        row = text_verdicts.newest_of(session, video.texts_sha256)
        if row is not None and row.decision is Decision.REVIEW:
            texts = text_verdicts.restore(row)
    if texts is None and video.master_sha256 is not None:
        newest = select(VerdictRow).where(VerdictRow.master_sha256 == video.master_sha256)
        verdict = session.scalars(newest.order_by(VerdictRow.id.desc()).limit(1)).first()
        frames = verdicts.restore(verdict) if verdict is not None else None
    return Waiting(video, run, video.updated_at, frames, texts)


def _end_posts(session: Session, video_id: UUID, why: str) -> None:
    """Posts that are not out, of a video that is never published."""
    unsent = select(Post).where(Post.video_id == video_id, Post.state.in_((PostState.PLANNED, PostState.UPLOADING)))
    for post in session.scalars(unsent.with_for_update()):
        move(session, post, PostState.FAILED, why)


def _see_that_it_waits(session: Session, video: Video) -> None:
    if video.state is VideoState.IN_REVIEW:
        return
    last = session.scalars(
        select(Transition).where(Transition.subject_id == video.id).order_by(Transition.id.desc()).limit(1)
    ).first()
    told = f" ({last.reason})" if last is not None and last.reason else ""
    state = video.state.value.replace("_", " ")
    raise UseError(
        f"{video.title} does not wait for anybody: it is {state}{told}", "`reelmill review list` has those that do"
    )


def _change(session: Session, video: Video, change: Change, why: str, who: str) -> None:
    video.plan, video.plan_hash = dict(change.plan), fingerprint(dict(change.plan))
    if change.reshoot:
        session.execute(delete(VideoShot).where(VideoShot.video_id == video.id))
    if change.texts is not None:
        video.texts_sha256 = change.texts.texts_sha256
        text_verdicts.note(session, change.texts)
        if change.texts.decision is Decision.REVIEW:  # who changed them has read them
            passed = replace(change.texts, decision=Decision.PASS, reasons=(why,))
            text_verdicts.note(session, passed, who)
