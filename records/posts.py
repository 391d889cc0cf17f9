"""Posts in the ledger. A post exists at most once per rendition and target, and only for a master that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from records.database import Database, now
from records.states import PostState
from records.tables import Post, Transition, Video
from records.transitions import begin_state, history, move
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Json, Rendition, post_identity
from reelmill.errors import PublishingError


class Posts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, video_id: UUID, rendition: Rendition, target: str, verdict: RecordedVerdict) -> Post:
        """The post of this rendition to this target: the one that exists, or a new one.

        Raises
        ------
        PublishingError
            If the verdict is not a pass for this very master. The database would refuse the row as well.
        """
        if verdict.verdict.decision is not Decision.PASS or verdict.verdict.master_sha256 != rendition.master_sha256:
            raise PublishingError(
                f"the {rendition.profile} rendition has no pass for its master",
                "screen the master, or have a person review it",
            )
        with self._database.begin() as session:
            query = select(Post).where(Post.rendition_id == rendition.id, Post.target == target)
            post = session.scalars(query.with_for_update()).first()
            if post is None:
                post = Post(
                    id=post_identity(rendition.id, target),
                    video_id=video_id,
                    rendition_id=rendition.id,
                    master_sha256=rendition.master_sha256,
                    verdict_id=verdict.id,
                    verdict_decision=verdict.verdict.decision,
                    profile=rendition.profile,
                    target=target,
                    state=PostState.PLANNED,
                    reason="",
                    handle={},
                    detail={},
                    created_at=now(),
                    updated_at=now(),
                )
                session.add(post)
                session.flush()
                begin_state(session, post)
            return post

    def move(
        self,
        post_id: UUID,
        after: PostState,
        reason: str = "",
        *,
        url: str | None = None,
        platform_id: str | None = None,
        detail: Mapping[str, Json] | None = None,
    ) -> Post:
        """Change a post's state, together with what the target said.

        Raises
        ------
        TerminalError
            If the move is not legal: another worker has the post.
        """
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            move(session, post, after, reason)
            if url is not None:
                post.url, post.platform_id = url, platform_id
            if detail is not None:
                post.detail = dict(detail)
            return post

    def remember(self, post_id: UUID, handle: Mapping[str, Json]) -> None:
        """Commit what an upload needs to be continued, before its next byte is sent."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id)
            post.handle = dict(handle)
            post.updated_at = now()

    def confirm(self, post_id: UUID, seen: Mapping[str, Json]) -> Post:
        """Note what the target showed of a live post."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id)
            post.detail = {**post.detail, "read_back": dict(seen)}
            return post

    def of_video(self, video_id: UUID) -> list[Post]:
        with self._database.read() as session:
            query = select(Post).where(Post.video_id == video_id).order_by(Post.profile, Post.target)
            return list(session.scalars(query))

    def of_run(self, run_id: UUID) -> list[Post]:
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(Post)
                    .join(Video, Video.id == Post.video_id)
                    .where(Video.run_id == run_id)
                    .order_by(Video.position, Post.profile, Post.target)
                )
            )

    def in_states(self, states: Sequence[PostState]) -> list[Post]:
        with self._database.read() as session:
            return list(session.scalars(select(Post).where(Post.state.in_(states)).order_by(Post.updated_at)))

    def history(self, post_id: UUID) -> list[Transition]:
        with self._database.read() as session:
            return history(session, post_id)
