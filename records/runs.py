"""Runs in the ledger: opened once per pipeline and occasion, closed with the conservation law."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import String, cast, func, select, update
from sqlalchemy.orm import Session

from records.database import Database, now
from records.leases import refuse_if_held
from records.posts import OPEN
from records.states import ENDED, PostState, RunState, VideoState
from records.tables import Chunk, Lease, Post, Run, Transition, Video
from records.transitions import begin_state, history, move
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.identity import run_identity

#: Why a run is taken up again whose process is gone.
DIED = "its process died"


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a run before its source is asked."""

    pipeline: str
    occasion: str
    date: dt.date
    zone: str
    event: Mapping[str, Json] | None
    definition: Mapping[str, Json]
    definition_hash: str
    folder: str
    options: Mapping[str, Json] = field(default_factory=dict)

    @property
    def run_id(self) -> UUID:
        return run_identity(self.pipeline, self.occasion)


@dataclass(frozen=True, slots=True)
class Tally:
    """The conservation law of a run: what was found has ended in exactly one way, or is still open."""

    found: int
    states: Mapping[str, int]

    @property
    def open(self) -> int:
        return sum(count for state, count in self.states.items() if VideoState(state) not in ENDED)

    @property
    def holds(self) -> bool:
        """Whether found = done + skipped + rejected + in review + failed."""
        return self.found == sum(self.states.values()) and self.open == 0

    def __str__(self) -> str:
        parts = [f"{self.states.get(state, 0)} {state.value.replace('_', ' ')}" for state in sorted(ENDED)]
        parts += [f"{self.open} not finished"] if self.open else []
        return f"{self.found} found = {' + '.join(parts)}"


def lease_of(run_id: UUID) -> str:
    """The name of the lease that the process which executes a run holds."""
    return f"run:{run_id}"


class Runs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, opening: Opening) -> Run:
        """Begin a run, or take an earlier one of the same occasion up again with what is known now.

        Raises
        ------
        LeaseHeld
            If a living process works on it.
        """
        with self._database.begin() as session:
            refuse_if_held(session.get(Lease, lease_of(opening.run_id)), f"{opening.pipeline} {opening.occasion}")
            run = session.get(Run, opening.run_id, with_for_update=True)
            if run is None:
                run = Run(
                    id=opening.run_id,
                    pipeline=opening.pipeline,
                    occasion=opening.occasion,
                    date=opening.date,
                    zone=opening.zone,
                    event=None if opening.event is None else dict(opening.event),
                    state=RunState.RUNNING,
                    definition=dict(opening.definition),
                    definition_hash=opening.definition_hash,
                    folder=opening.folder,
                    options=dict(opening.options),
                    attempt=1,
                    found=0,
                    unchanged=0,
                    reason="",
                    opened_at=now(),
                )
                session.add(run)
                begin_state(session, run)
                return run
            run.definition = dict(opening.definition)
            run.definition_hash = opening.definition_hash
            run.folder = opening.folder
            run.options = dict(opening.options)
            self._again(session, run, "taken up again")
            return run

    def resume(self, run_id: UUID, reason: str = "resumed") -> Run:
        """Take a run up again as it was planned.

        Raises
        ------
        LeaseHeld
            If a living process works on it.
        """
        with self._database.begin() as session:
            run = session.get_one(Run, run_id, with_for_update=True)
            refuse_if_held(session.get(Lease, lease_of(run_id)), f"{run.pipeline} {run.occasion}")
            run.options = {**run.options, "resume": True}
            self._again(session, run, reason)
            return run

    def _again(self, session: Session, run: Run, reason: str) -> None:
        run.attempt += 1
        run.closed_at = None
        move(session, run, RunState.RUNNING, reason)

    def attach(self, run_id: UUID, flow_run_id: str) -> None:
        """Note which Prefect flow run executes it."""
        with self._database.begin() as session:
            session.get_one(Run, run_id).flow_run_id = flow_run_id

    def close(self, run_id: UUID, *, interrupted: str = "", failure: str = "") -> Run:
        """End a run in the state that its videos and posts call for. It waits for no chunk of shots any more.

        Parameters
        ----------
        interrupted:
            Why it stops before its end, if it does.
        failure:
            Why it could not even be planned, if so.
        """
        with self._database.begin() as session:
            run = session.get_one(Run, run_id, with_for_update=True)
            tally = _tallies(session, [run_id])[run_id]
            unsettled = session.scalar(
                select(func.count())
                .select_from(Post)
                .join(Video, Video.id == Post.video_id)
                .where(Video.run_id == run_id, Post.state.not_in((PostState.LIVE, PostState.WITHDRAWN)))
                .where(~(Post.state.in_(OPEN) & Post.due_at.is_not(None)))  # put off: the ledger sends it later
            )
            run.closed_at = now()
            unwanted = update(Chunk).where(Chunk.run_id == run_id, Chunk.closed_at.is_(None))
            session.execute(unwanted.values(closed_at=run.closed_at))
            if interrupted:
                move(session, run, RunState.INTERRUPTED, interrupted)
            elif failure:
                move(session, run, RunState.FAILED, failure)
            elif not tally.holds:
                move(session, run, RunState.FAILED, f"the count does not close: {tally}")
            elif tally.states.get(VideoState.FAILED, 0) or unsettled:
                move(session, run, RunState.FAILED, str(tally))
            elif tally.states.get(VideoState.IN_REVIEW, 0):
                move(session, run, RunState.IN_REVIEW, str(tally))
            else:
                move(session, run, RunState.DONE, str(tally))
            return run

    def get(self, run_id: UUID) -> Run | None:
        with self._database.read() as session:
            return session.get(Run, run_id)

    def by_flow_run(self, flow_run_id: str) -> Run | None:
        """The run that a Prefect flow run executes, or was the last to execute."""
        with self._database.read() as session:
            return session.scalar(select(Run).where(Run.flow_run_id == flow_run_id).limit(1))

    def find(self, wanted: str) -> Run:
        """The run that a person means: an id, the beginning of one, `PIPELINE`, or `PIPELINE@OCCASION`.

        Raises
        ------
        UseError
            If none or more than one fits.
        """
        pipeline, _, occasion = wanted.partition("@")
        with self._database.read() as session:
            newest = select(Run).order_by(Run.opened_at.desc())
            named = newest.where(Run.pipeline == pipeline)
            if occasion:
                named = named.where(Run.occasion == occasion)
            if (run := session.scalars(named.limit(1)).first()) is not None:
                return run
            prefix = wanted.replace("-", "").lower()
            if len(prefix) >= 4 and all(letter in "0123456789abcdef" for letter in prefix):
                plain = func.replace(cast(Run.id, String), "-", "")
                runs = list(session.scalars(newest.where(plain.like(f"{prefix}%")).limit(2)))
                if len(runs) == 1:
                    return runs[0]
                if runs:
                    raise UseError(f"more than one run begins with {wanted!r}", "give more of the id")
        raise UseError(f"there is no run {wanted!r}", "see `reelmill runs`")

    def recent(self, *, limit: int, pipeline: str = "", states: Sequence[RunState] = ()) -> list[Run]:
        """The newest runs first."""
        query = select(Run).order_by(Run.opened_at.desc()).limit(limit)
        if pipeline:
            query = query.where(Run.pipeline == pipeline)
        if states:
            query = query.where(Run.state.in_(states))
        with self._database.read() as session:
            return list(session.scalars(query))

    def last_date(self, pipeline: str, before: dt.date) -> dt.date | None:
        """The last day before `before` for which a pipeline has a run that no event has started."""
        query = select(func.max(Run.date)).where(
            Run.pipeline == pipeline, Run.occasion.not_like("event:%"), Run.date < before
        )
        with self._database.read() as session:
            return session.scalar(query)

    def tallies(self, runs: Sequence[Run]) -> dict[UUID, Tally]:
        """The conservation law of each of these runs, in two queries.

        What was found is read with what became of it: since `runs` were read, they may have been planned.
        """
        with self._database.read() as session:
            return _tallies(session, [run.id for run in runs])

    def deaths(self, run_id: UUID) -> int:
        """How many processes have died over a run since it was last opened by anybody else than the reconciler."""
        count = 0
        for change in reversed(self.history(run_id)):
            if change.before != RunState.RUNNING:
                break
            count += change.reason == DIED
        return count

    def touched(self, run_id: UUID) -> dt.datetime:
        """When the run's state last changed."""
        query = select(func.max(Transition.at)).where(Transition.subject_id == run_id)
        with self._database.read() as session:
            at = session.scalar(query)
        assert at is not None, "a run has its first transition from its first moment"
        return at

    def history(self, run_id: UUID) -> list[Transition]:
        with self._database.read() as session:
            return history(session, run_id)


def _tallies(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, Tally]:
    found = session.execute(select(Run.id, Run.found).where(Run.id.in_(run_ids))).all()
    rows = session.execute(
        select(Video.run_id, Video.state, func.count())
        .where(Video.run_id.in_(run_ids))
        .group_by(Video.run_id, Video.state)
    ).all()
    states: dict[UUID, dict[str, int]] = defaultdict(dict)
    for run_id, state, count in rows:
        states[run_id][state.value] = count
    return {run_id: Tally(count, states[run_id]) for run_id, count in found}
