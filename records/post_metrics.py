"""What people did with posts, as the platforms told it from time to time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from records.database import Database, now
from records.states import PostState
from records.tables import Post, PostMetrics
from reelmill.content import Json

#: Ages of a post at which its numbers are asked for: often while they move, and then seldom.
AGES = tuple(dt.timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24))


class Measurements:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        post_id: UUID,
        *,
        views: int | None,
        likes: int | None,
        comments: int | None,
        shares: int | None,
        watch_seconds: float | None,
        detail: Mapping[str, Json],
    ) -> None:
        """Write down what a platform says of a post at this moment."""
        with self._database.begin() as session:
            session.add(
                PostMetrics(
                    post_id=post_id,
                    at=now(),
                    views=views,
                    likes=likes,
                    comments=comments,
                    shares=shares,
                    watch_seconds=watch_seconds,
                    detail=dict(detail),
                )
            )

    def of_post(self, post_id: UUID) -> list[PostMetrics]:
        """All of them, oldest first."""
        with self._database.read() as session:
            query = select(PostMetrics).where(PostMetrics.post_id == post_id).order_by(PostMetrics.at)
            return list(session.scalars(query))

    def newest(self, post_ids: Sequence[UUID]) -> dict[UUID, PostMetrics]:
        """The newest ones of each post that has any."""
        last = (
            select(PostMetrics.post_id, func.max(PostMetrics.at).label("at"))
            .where(PostMetrics.post_id.in_(post_ids))
            .group_by(PostMetrics.post_id)
            .subquery()
        )
        query = select(PostMetrics).join(last, (last.c.post_id == PostMetrics.post_id) & (last.c.at == PostMetrics.at))
        with self._database.read() as session:
            return {row.post_id: row for row in session.scalars(query)}

    def due(self, platforms: Sequence[str], limit: int = 50) -> list[Post]:
        """Live posts that passed an age of `AGES` since their numbers were asked for last; the newest ones first."""
        at = now()
        last = (
            select(PostMetrics.post_id, func.max(PostMetrics.at).label("asked"))
            .group_by(PostMetrics.post_id)
            .subquery()
        )
        query = (
            select(Post, last.c.asked)
            .outerjoin(last, last.c.post_id == Post.id)
            .where(Post.state == PostState.LIVE, Post.platform.in_(platforms))
            .where(Post.live_at > at - 2 * AGES[-1], Post.live_at <= at - AGES[0])
            .order_by(Post.live_at.desc())
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [post for post, asked in rows if _is_due(post.live_at, asked, at)][:limit]


def _is_due(live_at: dt.datetime, asked: dt.datetime | None, at: dt.datetime) -> bool:
    """Whether an age of `AGES` was passed since it was asked last."""
    if asked is not None and asked.tzinfo is None:
        asked = asked.replace(tzinfo=dt.UTC)
    passed = [live_at + age for age in AGES if live_at + age <= at]
    return bool(passed) and (asked is None or asked < passed[-1])
