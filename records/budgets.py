"""What runs have used up of a budget, and what those that are under way may still use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from records.database import Database, now
from records.tables import ClipRow, Run, Spending, Video, VideoShot
from reelmill.amount import Amount, Limit

#: Any number will do, as long as every Reelmill uses the same: one admits, the others wait.
_ADMISSION_LOCK = 7_266_532


@dataclass(frozen=True, slots=True)
class Admitted:
    """Which videos may be made."""

    fits: tuple[str | None, ...]  #: for each that was asked for: None, or what there was too little left of
    others: Amount  #: what other runs have used or may use in that time


class Budgets:
    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(
        self, period: str, run_id: UUID, pipeline: str, limit: Limit, asked: Sequence[Amount], *, before: Amount,
        kept: Amount,
    ) -> Admitted:  # fmt: skip
        """Let in the videos of a run that fit, each whole or not at all, in their order; and keep room for them.

        A run that asks again gives back first what it had.

        Parameters
        ----------
        before:
            What the run has used already.
        kept:
            What is kept for other pipelines.
        """
        with self._database.begin() as session:
            if not self._database.is_sqlite:  # SQLite has one writer anyway
                session.execute(text(f"select pg_advisory_xact_lock({_ADMISSION_LOCK})"))
            found = _admit(session, period, run_id, limit, asked, before, kept)
            let_in = [one for one, why in zip(asked, found.fits, strict=True) if why is None]
            _write(session, period, run_id, pipeline, sum(let_in, start=before))
        return found

    def look(
        self, period: str, run_id: UUID, limit: Limit, asked: Sequence[Amount], *, before: Amount, kept: Amount
    ) -> Admitted:
        """The same without keeping anything: what a plan shows."""
        with self._database.read() as session:
            return _admit(session, period, run_id, limit, asked, before, kept)

    def settle(self, run_id: UUID, used: Amount) -> None:
        """A run has ended: what it has used takes the place of what it might have."""
        with self._database.begin() as session:
            row = session.get(Spending, run_id, with_for_update=True)
            if row is not None:
                row.videos, row.gpu_seconds, row.spend, row.at = used.videos, used.gpu_seconds, used.spend, now()

    def gpu_seconds(self, run_id: UUID) -> float:
        """Seconds that a run has rendered: its clips that are no previews and were made since it was opened."""
        query = (
            select(ClipRow.shot_id, ClipRow.record)
            .join(VideoShot, VideoShot.shot_id == ClipRow.shot_id)
            .join(Video, Video.id == VideoShot.video_id)
            .join(Run, Run.id == Video.run_id)
            .where(Run.id == run_id, ClipRow.created_at >= Run.opened_at, ClipRow.preview.is_(False))
        )
        with self._database.read() as session:
            records = dict(session.execute(query).tuples().all())  # each clip once, however many videos have it
        return sum(record.get("seconds_taken") or 0.0 for record in records.values())

    def last(self, pipeline: str, period: str) -> Amount | None:
        """What a pipeline took the last time; nothing if it has had its run in this time; None if it never had one."""
        query = select(Spending).where(Spending.pipeline == pipeline).order_by(Spending.at.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalars(query).first()
        if row is None:
            return None
        return Amount() if row.period == period else _amount(row)


def _admit(
    session: Session, period: str, run_id: UUID, limit: Limit, asked: Sequence[Amount], before: Amount, kept: Amount
) -> Admitted:
    rows = session.scalars(select(Spending).where(Spending.period == period, Spending.run_id != run_id))
    others = sum((_amount(row) for row in rows), start=Amount())
    total, fits = others + kept + before, list[str | None]()
    for one in asked:
        why = limit.exceeded(total + one)
        fits.append(why)
        total = total if why else total + one
    return Admitted(tuple(fits), others)


def _write(session: Session, period: str, run_id: UUID, pipeline: str, amount: Amount) -> None:
    row = session.get(Spending, run_id)
    if row is None:
        row = Spending(run_id=run_id, pipeline=pipeline, period=period)
        session.add(row)
    row.period, row.at = period, now()
    row.videos, row.gpu_seconds, row.spend = amount.videos, amount.gpu_seconds, amount.spend


def _amount(row: Spending) -> Amount:
    return Amount(row.videos, row.gpu_seconds, row.spend)
