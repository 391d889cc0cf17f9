"""What people did with a pipeline's posts, joined with what each post was: its variant, its target, its plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from records.database import Database, now
from records.states import PostState
from records.tables import Post, PostMetrics, Run, Video
from reelmill.content import Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """One live post, and all that its platform told of it."""

    post_id: UUID
    variant_id: str
    target: str
    profile: str
    live_at: dt.datetime
    plan: Mapping[str, Json]  #: of its video
    told: list[PostMetrics] = field(default_factory=list)  #: oldest first

    def at_age(self, age: dt.timedelta) -> PostMetrics | None:
        """What was told first when the post had this age. A post has it once, and it never changes."""
        return next((one for one in self.told if one.at >= self.live_at + age), None)


class Outcomes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, pipeline: str, *, limit: int, until: dt.datetime | None = None) -> list[Outcome]:
        """The newest live posts of a pipeline, newest first.

        Parameters
        ----------
        limit:
            At most so many posts.
        until:
            As it was known at this moment; None: now.
        """
        until = until or now()
        posts = (
            select(
                Post.id, Post.target, Post.profile, Post.live_at, Video.variant_id, Video.plan,
            )
            .join(Video, Video.id == Post.video_id)
            .join(Run, Run.id == Video.run_id)
            .where(Run.pipeline == pipeline, Post.state == PostState.LIVE, Post.live_at <= until)
            .order_by(Post.live_at.desc(), Post.id)
            .limit(limit)
            .subquery()
        )  # fmt: skip
        query = (
            select(posts, PostMetrics)
            .outerjoin(PostMetrics, (PostMetrics.post_id == posts.c.id) & (PostMetrics.at <= until))
            .order_by(posts.c.live_at.desc(), posts.c.id, PostMetrics.at)
        )
        found: dict[UUID, Outcome] = {}
        with self._database.read() as session:
            for row in session.execute(query):
                one = found.get(row.id)
                if one is None:
                    one = Outcome(row.id, row.variant_id, row.target, row.profile, row.live_at, row.plan)
                    found[row.id] = one
                if row.PostMetrics is not None:
                    one.told.append(row.PostMetrics)
        return list(found.values())
