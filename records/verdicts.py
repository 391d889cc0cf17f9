"""Verdicts in the ledger. They are only ever added; the newest one of a master and a policy counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.database import Database, now
from records.tables import ThumbnailRow, VerdictRow
from reelmill.content import Decision, Examination, Hit, Json, Thumbnail, Verdict

_HITS = TypeAdapter(tuple[Hit, ...])
_EXAMINATIONS = TypeAdapter(tuple[Examination, ...])


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """A verdict and its number in the ledger, which a post must name."""

    id: int
    verdict: Verdict
    decided_by: str = ""  #: a person; "": screening itself


class Verdicts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, verdict: Verdict, thumbnails: Sequence[Thumbnail] = ()) -> RecordedVerdict:
        """Add a verdict, with the pictures of what decided."""
        with self._database.begin() as session:
            recorded = note(session, verdict)
            session.add_all(
                ThumbnailRow(verdict_id=recorded.id, frame=one.frame, seconds=one.seconds, jpeg=one.jpeg)
                for one in thumbnails
            )
            return recorded

    def thumbnails(self, verdict_id: int) -> list[Thumbnail]:
        """The pictures that a verdict has, in order of time."""
        with self._database.read() as session:
            query = select(ThumbnailRow).where(ThumbnailRow.verdict_id == verdict_id).order_by(ThumbnailRow.frame)
            return [Thumbnail(row.frame, row.seconds, row.jpeg) for row in session.scalars(query)]

    def first_thumbnails(self, verdict_ids: Sequence[int]) -> dict[int, Thumbnail]:
        """The first picture of each verdict that has any."""
        query = select(ThumbnailRow).where(ThumbnailRow.verdict_id.in_(verdict_ids))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(ThumbnailRow.frame.desc()))
            return {row.verdict_id: Thumbnail(row.frame, row.seconds, row.jpeg) for row in rows}

    def find(self, master_sha256: str, policy: str, policy_version: str) -> RecordedVerdict | None:
        """The newest verdict on exactly this master under exactly this policy.

        A block for a fault (no detector, an exception) is no answer: the master was never examined.
        """
        with self._database.read() as session:
            row = session.scalars(
                select(VerdictRow)
                .where(
                    VerdictRow.master_sha256 == master_sha256,
                    VerdictRow.policy == policy,
                    VerdictRow.policy_version == policy_version,
                    VerdictRow.fault.is_(False),
                )
                .order_by(VerdictRow.id.desc())
                .limit(1)
            ).first()
        return restore(row) if row is not None else None

    def get(self, verdict_id: int) -> RecordedVerdict:
        """A verdict by its number."""
        with self._database.read() as session:
            return restore(session.get_one(VerdictRow, verdict_id))

    def of_master(self, master_sha256: str) -> list[RecordedVerdict]:
        """Every verdict on a master under any policy, the newest first, but for faults."""
        query = select(VerdictRow).where(VerdictRow.master_sha256 == master_sha256, VerdictRow.fault.is_(False))
        with self._database.read() as session:
            return [restore(row) for row in session.scalars(query.order_by(VerdictRow.id.desc()))]

    def passed(self, *, limit: int) -> list[Verdict]:
        """The newest verdicts of screening itself that are a pass: for reports."""
        query = select(VerdictRow).where(VerdictRow.decision == Decision.PASS, VerdictRow.decided_by == "")
        with self._database.read() as session:
            rows = session.scalars(query.order_by(VerdictRow.id.desc()).limit(limit)).all()
        return [restore(row).verdict for row in rows]

    def latest(self, master_sha256: str) -> RecordedVerdict | None:
        """The newest verdict on a master under any policy, faults too: for reports."""
        with self._database.read() as session:
            row = session.scalars(
                select(VerdictRow)
                .where(VerdictRow.master_sha256 == master_sha256)
                .order_by(VerdictRow.id.desc())
                .limit(1)
            ).first()
        return restore(row) if row is not None else None


def note(session: Session, verdict: Verdict, decided_by: str = "") -> RecordedVerdict:
    """Add a verdict."""
    row = VerdictRow(
        master_sha256=verdict.master_sha256,
        policy=verdict.policy,
        policy_version=verdict.policy_version,
        decision=verdict.decision,
        fault=verdict.fault,
        reasons=list(verdict.reasons),
        hits=_HITS.dump_python(verdict.hits, mode="json"),
        examinations=_EXAMINATIONS.dump_python(verdict.examinations, mode="json"),
        frames=verdict.frames,
        examined=verdict.examined,
        seconds_taken=verdict.seconds_taken,
        decided_by=decided_by,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return RecordedVerdict(row.id, verdict, decided_by)


def restore(row: VerdictRow) -> RecordedVerdict:
    """The verdict that a row keeps."""
    as_tuples: Mapping[str, Json] = {"hits": row.hits, "examinations": row.examinations}
    return RecordedVerdict(
        row.id,
        Verdict(
            master_sha256=row.master_sha256,
            policy=row.policy,
            policy_version=row.policy_version,
            decision=Decision(row.decision),
            reasons=tuple(row.reasons),
            hits=_HITS.validate_python(as_tuples["hits"]),
            examinations=_EXAMINATIONS.validate_python(as_tuples["examinations"]),
            frames=row.frames,
            examined=row.examined,
            seconds_taken=row.seconds_taken,
        ),
        row.decided_by,
    )
