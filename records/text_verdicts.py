"""Verdicts on texts in the ledger. They are only ever added; the newest one of the same texts and policy counts."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from records.database import Database, now
from records.tables import TextVerdictRow
from reelmill.content import Decision
from reelmill.text_verdict import TextHit, TextVerdict

_HITS = TypeAdapter(tuple[TextHit, ...])


class TextVerdicts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, policy: str, policy_version: str) -> dict[str, TextVerdict]:
        """What people and guards have said under exactly this policy, by the identity of the texts: the newest each.

        What a lexicon said is not among it: the same lexicon says it again, and sooner than a database is asked. Nor
        is a review for a fault, a guard that did not answer: it is asked again.
        """
        query = (
            select(TextVerdictRow)
            .where(
                TextVerdictRow.policy == policy,
                TextVerdictRow.policy_version == policy_version,
                TextVerdictRow.fault.is_(False),
                or_(TextVerdictRow.decided_by != "", TextVerdictRow.guard != ""),
            )
            .order_by(TextVerdictRow.id)
        )
        with self._database.read() as session:
            return {row.texts_sha256: restore(row) for row in session.scalars(query)}


def note(session: Session, verdict: TextVerdict, decided_by: str = "") -> TextVerdictRow:
    """Add a verdict, unless the newest one of the same texts and policy says the same."""
    newest = newest_of(session, verdict.texts_sha256)
    if newest is not None and decided_by == newest.decided_by and restore(newest) == verdict:
        return newest
    row = TextVerdictRow(
        texts_sha256=verdict.texts_sha256,
        policy=verdict.policy,
        policy_version=verdict.policy_version,
        decision=verdict.decision,
        fault=verdict.fault,
        reasons=list(verdict.reasons),
        hits=_HITS.dump_python(verdict.hits, mode="json"),
        guard=verdict.guard,
        decided_by=decided_by,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return row


def newest_of(session: Session, texts_sha256: str) -> TextVerdictRow | None:
    """The newest verdict on texts under any policy."""
    query = select(TextVerdictRow).where(TextVerdictRow.texts_sha256 == texts_sha256)
    return session.scalars(query.order_by(TextVerdictRow.id.desc()).limit(1)).first()


def restore(row: TextVerdictRow) -> TextVerdict:
    """The verdict that a row keeps."""
    return TextVerdict(
        texts_sha256=row.texts_sha256,
        policy=row.policy,
        policy_version=row.policy_version,
        decision=Decision(row.decision),
        reasons=tuple(row.reasons),
        hits=_HITS.validate_python(row.hits),
        guard=row.guard,
        fault=row.fault,
    )
