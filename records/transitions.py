"""The one way to change a state: legal moves only, and a row that says so in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.orm import Session

from records.database import now
from records.states import POST_MOVES, RUN_MOVES, VIDEO_MOVES, PostState, RunState, VideoState
from records.tables import Base, Post, Run, Transition, Video
from reelmill.errors import TerminalError
from reelmill.logs import mask

_MOVES: Mapping[type, Mapping[str, frozenset[str]]] = {Run: RUN_MOVES, Video: VIDEO_MOVES, Post: POST_MOVES}  # type: ignore[dict-item]

_VIDEOS, _TRANSITIONS = (Base.metadata.tables[table.__tablename__] for table in (Video, Transition))
_LOOK = select(_VIDEOS.c.state).where(_VIDEOS.c.id == bindparam("video")).with_for_update()
_CHANGE = (
    update(_VIDEOS)
    .where(_VIDEOS.c.id == bindparam("video"))
    .values(state=bindparam("after"), reason=bindparam("why"), updated_at=bindparam("at"))
)


def begin_state(session: Session, row: Run | Video | Post, reason: str = "") -> None:
    """Record the first state of a new row."""
    _note(session, row, None, reason)


def move(session: Session, row: Run | Video | Post, after: RunState | VideoState | PostState, reason: str = "") -> None:
    """Change a state.

    Raises
    ------
    TerminalError
        If the move is not legal: something else changed the row in between, or the caller is wrong.
    """
    before = row.state
    _see_that_it_is_legal(type(row), row.id, before, after)
    row.state = after
    row.reason = reason = mask(reason)  # others' words, which may repeat what they were shown
    if not isinstance(row, Run):
        row.updated_at = now()
    _note(session, row, before, reason)


def move_video(connection: Connection, video_id: UUID, after: VideoState, reason: str) -> None:
    """Change a video's state, if it has another one: the same in plain statements, for what each stage does.

    Raises
    ------
    TerminalError
        If the move is not legal.
    """
    before = connection.execute(_LOOK, {"video": video_id}).scalar_one()
    if before is after:
        return
    _see_that_it_is_legal(Video, video_id, before, after)
    at, reason = now(), mask(reason)
    connection.execute(_CHANGE, {"video": video_id, "after": after, "why": reason, "at": at})
    connection.execute(
        _TRANSITIONS.insert(),
        {
            "at": at,
            "subject": Video.__name__.lower(),
            "subject_id": video_id,
            "before": before.value,
            "after": after.value,
            "reason": reason,
        },
    )


def _see_that_it_is_legal(kind: type[Run | Video | Post], identity: UUID, before: str, after: str) -> None:
    if after not in _MOVES[kind][before]:
        raise TerminalError(
            f"{kind.__name__.lower()} {identity} cannot go from {before} to {after}",
            "look at its history with `reelmill show`; another process may have changed it",
        )


def history(session: Session, subject: UUID) -> list[Transition]:
    """Every state that a run, video or post has had, oldest first."""
    return list(session.scalars(select(Transition).where(Transition.subject_id == subject).order_by(Transition.id)))


def _note(session: Session, row: Run | Video | Post, before: str | None, reason: str) -> None:
    session.add(
        Transition(at=now(), subject=_name(row), subject_id=row.id, before=before, after=row.state.value, reason=reason)
    )


def _name(row: Run | Video | Post) -> str:
    return type(row).__name__.lower()
