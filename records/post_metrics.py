"""What people did with posts, as the platforms told it from time to time, and when each post is asked about next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select, update

from records.database import Database, now
from records.states import PostState
from records.tables import Post, PostMetrics
from reelmill.content import Json

#: Ages of a post at which its numbers are asked for: often while they move, then seldom, and after the last never.
AGES = tuple(dt.timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 30 * 24))
#: Nobody asks about a post that is older, also where nobody could at the last of these ages.
OLDEST = AGES[-1] + dt.timedelta(days=7)
#: A post that could not be asked about is left alone for so long at least, and for half its age.
PAUSE = dt.timedelta(hours=1)
#: Posts that one query names: a database takes no more than some tens of thousands.
AT_ONCE = 5000


def next_measure(live_at: dt.datetime, at: dt.datetime) -> dt.datetime | None:
    """When a post is asked about after a moment, if it was asked then; None: never again."""
    return next((live_at + age for age in AGES if live_at + age > at), None)


def another_try(live_at: dt.datetime, at: dt.datetime) -> dt.datetime | None:
    """When a post is asked about again that gave no answer at a moment: soon while it is young, and ever later."""
    later = at + max(PAUSE, (at - live_at) / 2)
    planned = next_measure(live_at, at)
    if planned is not None:
        return min(planned, later)
    return later if later < live_at + OLDEST else None


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
        """Write down what a platform says of a post at this moment. It is asked again at its next age."""
        at = now()
        with self._database.begin() as session:
            session.add(
                PostMetrics(
                    post_id=post_id,
                    at=at,
                    views=views,
                    likes=likes,
                    comments=comments,
                    shares=shares,
                    watch_seconds=watch_seconds,
                    detail=dict(detail),
                )
            )
            post = session.get_one(Post, post_id, with_for_update=True)
            post.measure_at = next_measure(post.live_at, at) if post.live_at is not None else None

    def put_off(self, posts: Sequence[Post], *, may_change: bool) -> None:
        """These gave no answer.

        Parameters
        ----------
        may_change:
            They may give one soon, so they are not left alone until their next age.
        """
        at = now()
        with self._database.begin() as session:
            for post in posts:
                when = another_try if may_change else next_measure
                due = when(post.live_at, at) if post.live_at is not None else None
                session.execute(update(Post).where(Post.id == post.id).values(measure_at=due))

    def of_post(self, post_id: UUID) -> list[PostMetrics]:
        """All of them, oldest first."""
        with self._database.read() as session:
            query = select(PostMetrics).where(PostMetrics.post_id == post_id).order_by(PostMetrics.at)
            return list(session.scalars(query))

    def newest(self, post_ids: Sequence[UUID]) -> dict[UUID, PostMetrics]:
        """The newest ones of each post that has any."""
        found: dict[UUID, PostMetrics] = {}
        for start in range(0, len(post_ids), AT_ONCE):
            found |= self._newest(post_ids[start : start + AT_ONCE])
        return found

    def _newest(self, post_ids: Sequence[UUID]) -> dict[UUID, PostMetrics]:
        last = (
            select(PostMetrics.post_id, func.max(PostMetrics.at).label("at"))
            .where(PostMetrics.post_id.in_(post_ids))
            .group_by(PostMetrics.post_id)
            .subquery()
        )
        query = select(PostMetrics).join(last, (last.c.post_id == PostMetrics.post_id) & (last.c.at == PostMetrics.at))
        with self._database.read() as session:
            return {row.post_id: row for row in session.scalars(query)}

    def due(self, platforms: Sequence[str], limit: int = 100) -> list[Post]:
        """Live posts on these platforms that are to be asked about now, those that waited longest first."""
        at = now()
        query = (
            select(Post)
            .where(Post.platform.in_(platforms), Post.measure_at <= at)
            .where(Post.state == PostState.LIVE, Post.live_at > at - OLDEST)
            .order_by(Post.measure_at, Post.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(query))
