"""What each pipeline has seen of its source: the briefs that it knows, and how far it has read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records.database import Database, now
from records.states import VideoState
from records.tables import Cursor, SeenBrief, Video
from reelmill.content import Json

#: Briefs that one statement names.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a brief."""

    fingerprint: str  #: of what a video shows of it
    facts: Mapping[str, Json] = field(default_factory=dict)  #: what its source watches besides, and what that is of


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run has learned from reading its source."""

    noted: Mapping[str, Seen] = field(default_factory=dict)  #: briefs that are known from now on without a video
    cursor: Json = None  #: how far it has read; None: its source goes by no cursor


def keep(session: Session, pipeline: str, run_id: UUID, reading: Reading) -> None:
    """Write down what a run has learned, in the transaction that writes down its videos."""
    _note(session, pipeline, run_id, reading.noted)
    row = session.get(Cursor, pipeline)
    if reading.cursor is None and (row is None or row.value["run"] != str(run_id)):
        return  # its source goes by no cursor; a run that is planned again may also give back all that it took
    if row is None:
        row = Cursor(pipeline=pipeline, value={}, moved_at=now())
        session.add(row)
    before = row.value.get("before" if row.value.get("run") == str(run_id) else "at")
    row.value, row.moved_at = {"at": reading.cursor, "run": str(run_id), "before": before}, now()


class SeenBriefs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, pipeline: str) -> dict[str, Seen]:
        """All that a pipeline knows, by the key of the brief."""
        query = select(SeenBrief.key, SeenBrief.fingerprint, SeenBrief.facts).where(SeenBrief.pipeline == pipeline)
        with self._database.read() as session:
            return {row.key: Seen(row.fingerprint, row.facts) for row in session.execute(query)}

    def remember(self, pipeline: str, run_id: UUID) -> None:
        """Know the briefs of a run of which every video is done."""
        with self._database.begin() as session:
            videos = list(session.scalars(select(Video).where(Video.run_id == run_id)))
            unfinished = {video.brief_key for video in videos if video.state is not VideoState.DONE}
            done = {
                video.brief_key: Seen(video.fingerprint, video.plan.get("facts") or {})
                for video in videos
                if video.brief_key not in unfinished
            }
            _note(session, pipeline, run_id, done)

    def forget(self, pipeline: str, keys: Iterable[str]) -> None:
        """Know nothing of these briefs any more: if they come back, they are new."""
        with self._database.begin() as session:
            for some in _parts(list(keys)):
                session.execute(delete(SeenBrief).where(SeenBrief.pipeline == pipeline, SeenBrief.key.in_(some)))

    def cursor(self, pipeline: str, run_id: UUID) -> Json:
        """Where a run begins to read its source: one that is planned again begins where it began. None: at the top."""
        with self._database.read() as session:
            row = session.get(Cursor, pipeline)
        return None if row is None else row.value["before" if row.value["run"] == str(run_id) else "at"]


def _note(session: Session, pipeline: str, run_id: UUID, briefs: Mapping[str, Seen]) -> None:
    left = dict(briefs)
    for some in _parts(list(briefs)):
        known = select(SeenBrief).where(SeenBrief.pipeline == pipeline, SeenBrief.key.in_(some))
        for row in session.scalars(known):
            seen = left.pop(row.key)
            row.fingerprint, row.facts, row.run_id, row.seen_at = seen.fingerprint, dict(seen.facts), run_id, now()
    session.add_all(_row(pipeline, run_id, key, seen) for key, seen in left.items())


def _row(pipeline: str, run_id: UUID, key: str, seen: Seen) -> SeenBrief:
    return SeenBrief(
        pipeline=pipeline, key=key, fingerprint=seen.fingerprint, facts=dict(seen.facts), run_id=run_id, seen_at=now()
    )


def _parts(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
