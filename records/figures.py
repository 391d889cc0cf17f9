"""Figures: what the ledger says in numbers, for metrics and reports.

Each query counts in the database, or reads a period through an index. What only grows is added up once: `totals`
remembers the sum of everything that is older than `SETTLED` and asks for the rest.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.account_figures import AccountFigures, account_figures
from records.database import Database, now
from records.states import PostState, RunState, VideoState
from records.tables import (
    Chunk,
    ClipRow,
    Lease,
    OutboxEvent,
    Post,
    Run,
    ShotRow,
    StageWork,
    Transition,
    VerdictRow,
    Video,
    VideoShot,
)
from records.work import StageSum
from reelmill.content import Decision, Json

#: Rows that are older were committed, whatever clock and transaction they come from.
SETTLED = dt.timedelta(minutes=10)
#: Around everything that a ledger can hold.
BEGINNING, END = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """What one queue of the GPU pool still has to render."""

    queue: str
    chunks: int
    forecast: float  #: seconds


@dataclass(frozen=True, slots=True)
class Rendering:
    """The clips of one engine, added up."""

    engine: str
    pipeline: str  #: "" where it was not asked for
    preview: bool  #: drawn without the model, so without a GPU
    clips: int
    seconds: float

    @property
    def gpu_seconds(self) -> float:
        return 0.0 if self.preview else self.seconds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things stand at one moment."""

    videos: dict[VideoState, int]
    runs: dict[RunState, int]
    posts: dict[tuple[str, PostState], int]  #: by target and state
    verdicts: dict[Decision, int]
    queues: tuple[QueueDepth, ...]
    accounts: AccountFigures
    events_waiting: int
    oldest_event: dt.datetime | None
    leases: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What only grows: since the ledger began."""

    stages: tuple[StageSum, ...]
    renderings: tuple[Rendering, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The last change of state that something had within a period, and where it stands today."""

    run_id: UUID
    pipeline: str
    occasion: str
    title: str  #: "" for a run
    at: dt.datetime
    after: str
    reason: str
    today: str  #: its state at this moment


@dataclass(frozen=True, slots=True)
class LivePost:
    """A post that went live within a period."""

    pipeline: str
    title: str
    target: str
    profile: str
    url: str
    at: dt.datetime
    id: UUID


class Figures:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._settled = Totals((), ())
        self._until = BEGINNING  #: where what is settled ends
        self._lock = threading.Lock()

    def snapshot(self) -> Snapshot:
        """How things stand now. States in which nothing is are there with 0."""
        with self._database.read() as session:
            posts = session.execute(select(Post.target, Post.state, func.count()).group_by(Post.target, Post.state))
            counts = {(target, state): count for target, state, count in posts.all()}
            waiting = select(func.count(), func.min(OutboxEvent.received_at)).where(OutboxEvent.taken_at.is_(None))
            events, oldest = session.execute(waiting).one()
            open_chunks = (
                select(Chunk.queue, func.count(), func.sum(Chunk.forecast))
                .where(Chunk.closed_at.is_(None))
                .group_by(Chunk.queue)
                .order_by(Chunk.queue)
            )
            return Snapshot(
                videos=dict.fromkeys(VideoState, 0) | _counted(session, Video.state),
                runs=dict.fromkeys(RunState, 0) | _counted(session, Run.state),
                posts={(target, state): 0 for target, _ in counts for state in PostState} | counts,
                verdicts=dict.fromkeys(Decision, 0) | _counted(session, VerdictRow.decision),
                queues=tuple(QueueDepth(*row) for row in session.execute(open_chunks).all()),
                accounts=account_figures(session),
                events_waiting=events,
                oldest_event=oldest,
                leases=session.scalar(select(func.count()).where(Lease.expires_at > now())) or 0,
            )

    def totals(self) -> Totals:
        """The work of the stages and of the engines since the ledger began."""
        with self._lock, self._database.read() as session:
            until = max(self._until, now() - SETTLED)
            self._settled = _plus(session, self._settled, self._until, until)
            self._until = until
            return _plus(session, self._settled, until, END)

    def stages(self, since: dt.datetime, until: dt.datetime) -> list[StageSum]:
        """The work of each stage within a period."""
        with self._database.read() as session:
            return _stages(session, since, until)

    def renderings(self, since: dt.datetime, until: dt.datetime) -> list[Rendering]:
        """The clips that were made within a period, by pipeline and engine.

        A clip that several videos share was paid for once: it counts for the pipeline whose run was opened first.
        """
        query = (
            select(ClipRow.shot_id, Run.pipeline)
            .join(VideoShot, VideoShot.shot_id == ClipRow.shot_id)
            .join(Video, Video.id == VideoShot.video_id)
            .join(Run, Run.id == Video.run_id)
            .where(_within(ClipRow.created_at, since, until))
            .order_by(Run.opened_at.desc())
        )
        with self._database.read() as session:
            owners = dict(session.execute(query).tuples().all())
            return _renderings(session, since, until, owners)

    def last_video_steps(self, since: dt.datetime, until: dt.datetime) -> list[Step]:
        """For each video that changed within a period, its last change in it, oldest first."""
        query = (
            select(Run.id, Run.pipeline, Run.occasion, Video.title, *_STEP, Video.state)
            .join(Video, Video.id == Transition.subject_id)
            .join(Run, Run.id == Video.run_id)
        )
        return self._last_steps("video", query, since, until)

    def last_run_steps(self, since: dt.datetime, until: dt.datetime) -> list[Step]:
        """The same for runs."""
        query = select(Run.id, Run.pipeline, Run.occasion, literal(""), *_STEP, Run.state)
        return self._last_steps("run", query.join(Run, Run.id == Transition.subject_id), since, until)

    def _last_steps(self, subject: str, query: Json, since: dt.datetime, until: dt.datetime) -> list[Step]:
        last = (
            select(func.max(Transition.id))
            .where(_within(Transition.at, since, until), Transition.subject == subject)
            .group_by(Transition.subject_id)
        )
        with self._database.read() as session:
            rows = session.execute(query.where(Transition.id.in_(last)).order_by(Transition.id)).all()
        return [
            Step(run_id, pipeline, occasion, title, at, after, reason, today.value)
            for run_id, pipeline, occasion, title, at, after, reason, today in rows
        ]

    def live_posts(self, since: dt.datetime, until: dt.datetime) -> list[LivePost]:
        """The posts that went live within a period, oldest first."""
        query = (
            select(Run.pipeline, Video.title, *_POST, Transition.at, Post.id)
            .join(Post, Post.id == Transition.subject_id)
            .join(Video, Video.id == Post.video_id)
            .join(Run, Run.id == Video.run_id)
            .where(_within(Transition.at, since, until), Transition.subject == "post", Transition.after == "live")
            .order_by(Transition.id)
        )
        with self._database.read() as session:
            return [LivePost(*row) for row in session.execute(query).all()]

    def videos_in(self, state: VideoState) -> dict[tuple[str, str], int]:
        """How many videos are in a state now, by pipeline and occasion, the newest run first."""
        query = select(Run.pipeline, Run.occasion, func.count()).join(Video, Video.run_id == Run.id)
        query = query.where(Video.state == state).group_by(Run.id, Run.pipeline, Run.occasion, Run.opened_at)
        with self._database.read() as session:
            rows = session.execute(query.order_by(Run.opened_at.desc())).all()
        return {(pipeline, occasion): count for pipeline, occasion, count in rows}

    def posts_in(self, state: PostState) -> dict[tuple[str, str, str], int]:
        """How many posts are in a state now, by target, pipeline and occasion."""
        query = select(Post.target, Run.pipeline, Run.occasion, func.count()).join(Video, Video.id == Post.video_id)
        query = query.join(Run, Run.id == Video.run_id).where(Post.state == state)
        with self._database.read() as session:
            rows = session.execute(query.group_by(Post.target, Run.pipeline, Run.occasion)).all()
        return {(target, pipeline, occasion): count for target, pipeline, occasion, count in rows}


_STEP = (Transition.at, Transition.after, Transition.reason)
_POST = (Post.target, Post.profile, func.coalesce(Post.url, ""))


def _within(column: InstrumentedAttribute[dt.datetime], since: dt.datetime, until: dt.datetime) -> ColumnElement[bool]:
    return (column >= since) & (column < until)


def _counted(session: Session, column: InstrumentedAttribute[Json]) -> dict[Json, int]:
    return dict(session.execute(select(column, func.count()).group_by(column)).tuples().all())


def _stages(session: Session, since: dt.datetime, until: dt.datetime) -> list[StageSum]:
    query = select(StageWork.stage, func.count(), func.sum(StageWork.seconds))
    query = query.where(_within(StageWork.ended_at, since, until)).group_by(StageWork.stage).order_by(StageWork.stage)
    return [StageSum(*row) for row in session.execute(query).all()]


def _renderings(
    session: Session, since: dt.datetime, until: dt.datetime, owners: dict[str, str] | None = None
) -> list[Rendering]:
    # Two members of the documents are read, not the documents: what an engine records may be long.
    query = (
        select(ClipRow.shot_id, ClipRow.preview, ShotRow.request["engine"], ClipRow.record["seconds_taken"])
        .join(ShotRow, ShotRow.id == ClipRow.shot_id)
        .where(_within(ClipRow.created_at, since, until))
    )
    made = []
    for shot_id, preview, engine, taken in session.execute(query):
        seconds = float(taken) if isinstance(taken, int | float) else 0.0
        made.append(Rendering(str(engine), (owners or {}).get(shot_id, ""), preview, 1, seconds))
    return _merged(made)


def _plus(session: Session, totals: Totals, since: dt.datetime, until: dt.datetime) -> Totals:
    stages = {one.stage: one for one in totals.stages}
    for more in _stages(session, since, until):
        so_far = stages.get(more.stage, StageSum(more.stage, 0, 0.0))
        stages[more.stage] = StageSum(more.stage, so_far.count + more.count, so_far.seconds + more.seconds)
    renderings = _merged([*totals.renderings, *_renderings(session, since, until)])
    return Totals(tuple(stages[name] for name in sorted(stages)), tuple(renderings))


def _merged(parts: Iterable[Rendering]) -> list[Rendering]:
    sums: dict[tuple[str, str, bool], tuple[int, float]] = {}
    for part in parts:
        kind = part.engine, part.pipeline, part.preview
        clips, seconds = sums.get(kind, (0, 0.0))
        sums[kind] = clips + part.clips, seconds + part.seconds
    return [Rendering(*kind, *sums[kind]) for kind in sorted(sums)]
