"""The one way to change a state: legal moves only, and a row that says so in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.database import now
from records.states import POST_MOVES, RUN_MOVES, VIDEO_MOVES, PostState, RunState, VideoState
from records.tables import Post, Run, Transition, Video
from reelmill.errors import TerminalError

_MOVES: Mapping[type, Mapping[str, frozenset[str]]] = {Run: RUN_MOVES, Video: VIDEO_MOVES, Post: POST_MOVES}  # type: ignore[dict-item]


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
    if after not in _MOVES[type(row)][before]:
        raise TerminalError(
            f"{_name(row)} {row.id} cannot go from {before} to {after}",
            "look at its history with `reelmill show`; another process may have changed it",
        )
    row.state = after
    row.reason = reason
    if not isinstance(row, Run):
        row.updated_at = now()
    _note(session, row, before, reason)


def history(session: Session, subject: UUID) -> list[Transition]:
    """Every state that a run, video or post has had, oldest first."""
    return list(session.scalars(select(Transition).where(Transition.subject_id == subject).order_by(Transition.id)))


def _note(session: Session, row: Run | Video | Post, before: str | None, reason: str) -> None:
    session.add(
        Transition(at=now(), subject=_name(row), subject_id=row.id, before=before, after=row.state.value, reason=reason)
    )


def _name(row: Run | Video | Post) -> str:
    return type(row).__name__.lower()
