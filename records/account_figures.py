"""How accounts stand, in numbers: what should have been sent, who waits for a person, what may still be posted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from records.database import now
from records.posts import OPEN
from records.states import VideoState
from records.tables import Post, Standing, Video

#: What an account said of its quota says nothing of today after so long.
FRESH = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """Each by the name of the target."""

    overdue: dict[str, dt.datetime] = field(default_factory=dict)  #: since when its oldest due post waits
    paused: dict[str, bool] = field(default_factory=dict)  #: whether it waits for a person
    quota: dict[str, int] = field(default_factory=dict)  #: what it may still post today, if it said so


def account_figures(session: Session) -> AccountFigures:
    """How they stand now."""
    paused = select(Standing.target, Standing.needs_person)
    return AccountFigures(_overdue(session), dict(session.execute(paused).tuples().all()), _quota(session))


def _overdue(session: Session) -> dict[str, dt.datetime]:
    """Posts of done videos that could have been sent and were not; one without a time could from its beginning on."""
    since = func.min(func.coalesce(Post.due_at, Post.created_at))
    query = select(Post.target, since).join(Video, Video.id == Post.video_id)
    query = query.where(Post.state.in_(OPEN), Video.state == VideoState.DONE)
    query = query.where(or_(Post.due_at.is_(None), Post.due_at <= now())).group_by(Post.target)
    return dict(session.execute(query).tuples().all())


def _quota(session: Session) -> dict[str, int]:
    query = select(Standing.target, Standing.quota_total, Standing.quota_used)
    query = query.where(Standing.quota_total.is_not(None), Standing.looked_at > now() - FRESH)
    return {target: max(0, (total or 0) - (used or 0)) for target, total, used in session.execute(query)}
