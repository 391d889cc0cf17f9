"""Posts as people look for them: by an id's beginning, by state, target and run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, select

from records.database import Database
from records.states import PostState, VideoState
from records.tables import Post, Run, Video
from reelmill.errors import UseError

#: Characters of an id by which a post may be named, and how many are told that begin alike.
SHORTEST, MOST_ALIKE = 4, 5


class PostLists:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, beginning: str) -> Post:
        """The post whose id begins so.

        Raises
        ------
        UseError
            If there is none, or more than one.
        """
        prefix = beginning.strip().replace("-", "").lower()
        if len(prefix) < SHORTEST or not all(letter in "0123456789abcdef" for letter in prefix):
            raise UseError(
                f"there is no post {beginning!r}",
                f"name at least {SHORTEST} characters of an id that `reelmill posts` shows",
            )
        plain = func.replace(cast(Post.id, String), "-", "")
        with self._database.read() as session:
            found = list(session.scalars(select(Post).where(plain.like(f"{prefix}%")).limit(MOST_ALIKE)))
        if len(found) != 1:
            alike = ", ".join(str(post.id)[: len(prefix) + 4] for post in found)
            raise UseError(
                f"more than one post begins with {beginning!r}: {alike}"
                if found
                else f"there is no post {beginning!r}",
                "give more of the id" if found else "see `reelmill posts`",
            )
        return found[0]

    def recent(
        self,
        *,
        limit: int,
        states: Collection[PostState] = (),
        target: str = "",
        pipeline: str = "",
        occasion: str = "",
    ) -> list[tuple[Post, Video, Run]]:
        """Posts with their videos and runs, those that changed last at the end. What is empty is not asked for."""
        wanted: list[ColumnElement[bool]] = [Post.state.in_(states)] if states else []
        wanted += [Post.target == target] if target else []
        wanted += [Run.pipeline == pipeline] if pipeline else []
        wanted += [Run.occasion == occasion] if occasion else []
        query = select(Post, Video, Run).join(Video, Video.id == Post.video_id).join(Run, Run.id == Video.run_id)
        with self._database.read() as session:
            rows = session.execute(query.where(*wanted).order_by(Post.updated_at.desc(), Post.id).limit(limit))
            return [(post, video, run) for post, video, run in rows][::-1]

    def targets(self) -> list[str]:
        """The names of all targets that ever had a post."""
        with self._database.read() as session:
            return list(session.scalars(select(Post.target).distinct().order_by(Post.target)))

    def not_live(self, run_ids: Sequence[UUID]) -> dict[UUID, list[tuple[Post, VideoState]]]:
        """The posts of each of these runs that are not live, with the states of their videos, in one query."""
        found: dict[UUID, list[tuple[Post, VideoState]]] = {run_id: [] for run_id in run_ids}
        query = select(Video.run_id, Post, Video.state).join(Video, Video.id == Post.video_id)
        with self._database.read() as session:
            for run_id, *row in session.execute(query.where(Video.run_id.in_(run_ids), Post.state != PostState.LIVE)):
                found[run_id].append((row[0], row[1]))
        return found
