"""Posts in the ledger. The same content goes to an account once, and only if its master passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.exc import IntegrityError

from records.database import Database, now
from records.post_metrics import next_measure
from records.same_post import find_same, is_of_another
from records.states import PostState, VideoState
from records.tables import Post, Run, Transition, Video
from records.transitions import begin_state, history, move
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Destination, Json, Rendition
from reelmill.errors import PublishingError
from reelmill.logs import mask

#: A post in one of these states may have been seen by the public.
SHOWN = frozenset({PostState.ARMED, PostState.LIVE, PostState.UNKNOWN})
#: And in one of these it is not at its end.
OPEN = frozenset({PostState.PLANNED, PostState.UPLOADING, PostState.ARMED})
#: And in one of these it is certainly not to be seen, and may still be sent.
UNSENT = frozenset({PostState.PLANNED, PostState.UPLOADING, PostState.FAILED})
#: Briefs that one statement names.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Sight:
    """What a target says of a post: where it is, and what it shows of it."""

    url: str
    platform_id: str
    detail: Mapping[str, Json]


class Posts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(
        self,
        video_id: UUID,
        rendition: Rendition,
        destination: Destination,
        verdict: RecordedVerdict,
        *,
        due_at: dt.datetime | None = None,
    ) -> Post:
        """The post of this content to this account: the one that exists, or a new one.

        Parameters
        ----------
        due_at:
            Not before. None: at once. Says nothing of a post that exists.

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
        try:
            return self._plan(video_id, rendition, destination, verdict, due_at)
        except IntegrityError:  # on Postgres two may find that there is none: the other one has written it now
            return self._plan(video_id, rendition, destination, verdict, due_at)

    def _plan(
        self,
        video_id: UUID,
        rendition: Rendition,
        destination: Destination,
        verdict: RecordedVerdict,
        due_at: dt.datetime | None,
    ) -> Post:
        with self._database.begin() as session:
            post = find_same(session, destination)
            if post is None:
                post = Post(
                    id=destination.post_id,
                    video_id=video_id,
                    rendition_id=rendition.id,
                    master_sha256=rendition.master_sha256,
                    verdict_id=verdict.id,
                    verdict_decision=verdict.verdict.decision,
                    profile=rendition.profile,
                    target=destination.target,
                    platform=destination.platform,
                    account=destination.account,
                    content=destination.content,
                    edition=destination.edition,
                    state=PostState.PLANNED,
                    reason="",
                    due_at=due_at,
                    attempts=0,
                    armed_by="",
                    handle={},
                    detail={},
                    created_at=now(),
                    updated_at=now(),
                )
                session.add(post)
                session.flush()
                begin_state(session, post)
            return post

    def take(self, post_id: UUID, rendition: Rendition, verdict: RecordedVerdict) -> Post:
        """Let a post that nobody can have seen take a rendition finished anew, and forget what was sent of another."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            if post.state in UNSENT and post.rendition_id != rendition.id:
                post.rendition_id, post.master_sha256 = rendition.id, rendition.master_sha256
                post.verdict_id, post.handle, post.updated_at = verdict.id, {}, now()
            elif post.state in UNSENT and post.master_sha256 == rendition.master_sha256:
                post.verdict_id = verdict.id  # the one under which it goes out
            return post

    def get(self, post_id: UUID) -> Post:
        with self._database.read() as session:
            return session.get_one(Post, post_id)

    def move(
        self, post_id: UUID, after: PostState, reason: str = "", *, sight: Sight | None = None, by: str = ""
    ) -> Post:
        """Change a post's state, together with what the target said.

        Parameters
        ----------
        by:
            The process that is about to make it public, for `armed`.

        Raises
        ------
        TerminalError
            If the move is not legal: another worker has the post.
        """
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            move(session, post, after, reason)
            if after is PostState.ARMED:
                post.armed_at, post.armed_by, post.due_at = now(), by, None
            elif after is PostState.LIVE:
                post.due_at, post.attempts = None, 0
            elif after is PostState.PLANNED:
                post.armed_at, post.accepted_at, post.armed_by = None, None, ""
            if sight is not None:
                _note(post, sight)
            if after is PostState.LIVE:
                post.live_at = min(kept_until(post) or now(), now())  # one that was kept went public at its time
                post.measure_at = next_measure(post.live_at, now())
            return post

    def accept(self, post_id: UUID, sight: Sight) -> Post:
        """Note that the platform has taken an armed post and still works on it, or keeps it until its time."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            post.accepted_at = post.accepted_at or now()
            post.updated_at = now()
            _note(post, sight)
            post.due_at = kept_until(post) or post.due_at
            return post

    def remember(self, post_id: UUID, handle: Mapping[str, Json]) -> None:
        """Commit what an upload needs to be continued, before its next byte is sent."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id)
            post.handle = dict(handle)
            post.updated_at = now()

    def put_off(self, post_id: UUID, until: dt.datetime, reason: str, *, failed: bool = False) -> Post:
        """Do not try a post before a time. Its state and its handle stay.

        Parameters
        ----------
        failed:
            Something did not work, which is counted.
        """
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            post.due_at, post.reason, post.updated_at = until, mask(reason), now()
            post.attempts += failed
            return post

    def is_of_another(self, post_id: UUID, platform: str, platform_id: str) -> bool:
        """Whether what a platform calls so is another post than this one."""
        with self._database.read() as session:
            return is_of_another(session, post_id, platform, platform_id)

    def see(self, post_id: UUID, seen: Mapping[str, Json], *, url: str = "") -> Post:
        """Note what the target shows of a live post, and its address if it became known only now."""
        with self._database.begin() as session:
            post = session.get_one(Post, post_id, with_for_update=True)
            post.detail = {**post.detail, "read_back": dict(seen)}
            post.seen_at = now()
            post.url = url or post.url
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

    def due(self, *, run_id: UUID | None = None, limit: int = 200) -> list[Post]:
        """Posts that may be tried now and whose video has been handed over; the longest due ones first.

        An armed post is among them whatever became of its video: it may be public.
        """
        handed_over = or_(Video.state == VideoState.DONE, Post.state == PostState.ARMED)
        wanted: list[ColumnElement[bool]] = [
            Post.state.in_(OPEN),
            or_(Post.due_at.is_(None), Post.due_at <= now()),
            handed_over,
        ]
        return self._waiting(wanted, run_id, limit)

    def waiting(self, *, run_id: UUID | None = None, limit: int = 1000) -> list[Post]:
        """Posts of videos that were handed over and are not at their end, due or not."""
        return self._waiting([Post.state.in_(OPEN), Video.state == VideoState.DONE], run_id, limit)

    def _waiting(self, wanted: Sequence[ColumnElement[bool]], run_id: UUID | None, limit: int) -> list[Post]:
        query = select(Post).join(Video, Video.id == Post.video_id).where(*wanted)
        if run_id is not None:
            query = query.where(Video.run_id == run_id)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(func.coalesce(Post.due_at, Post.created_at)).limit(limit)))

    def of_briefs(self, pipeline: str, keys: Sequence[str], states: Sequence[PostState]) -> list[tuple[str, Post]]:
        """The posts of a pipeline's briefs that are in one of these states, each with the key of its brief."""
        found: list[tuple[str, Post]] = []
        with self._database.read() as session:
            for start in range(0, len(keys), AT_ONCE):
                query = (
                    select(Video.brief_key, Post)
                    .join(Video, Video.id == Post.video_id)
                    .join(Run, Run.id == Video.run_id)
                    .where(Run.pipeline == pipeline, Video.brief_key.in_(keys[start : start + AT_ONCE]))
                    .where(Post.state.in_(states))
                    .order_by(Video.brief_key, Post.id)
                )
                found += [(row[0], row[1]) for row in session.execute(query)]
        return found

    def unseen(self, since: dt.datetime, limit: int = 50) -> list[Post]:
        """Live posts that were not read back, and went live after a time."""
        query = select(Post).where(and_(Post.state == PostState.LIVE, Post.seen_at.is_(None), Post.live_at > since))
        with self._database.read() as session:
            return list(session.scalars(query.order_by(Post.live_at).limit(limit)))

    def any_to_mind(self) -> bool:
        """Whether there is a post that may have to be sent, or one on a platform that can be asked about it."""
        query = select(Post.id).where(or_(Post.state.in_(OPEN), Post.platform != "folder")).limit(1)
        with self._database.read() as session:
            return session.scalars(query).first() is not None

    def times(self, platform: str, account: str, since: dt.datetime) -> list[dt.datetime]:
        """When posts of an account went public after a time, or may have, or will by the platform; oldest first."""
        kept = case((and_(Post.state == PostState.ARMED, Post.accepted_at.is_not(None)), Post.due_at))
        moment = func.coalesce(Post.live_at, kept, Post.armed_at)
        query = select(moment).where(
            Post.platform == platform, Post.account == account, Post.state.in_(SHOWN), moment > since
        )
        with self._database.read() as session:
            return sorted(session.scalars(query))

    def history(self, post_id: UUID) -> list[Transition]:
        with self._database.read() as session:
            return history(session, post_id)


def kept_until(post: Post) -> dt.datetime | None:
    """When its platform makes a post public by itself, or made it; None: the platform keeps no time."""
    told = post.detail.get("public_at")
    return dt.datetime.fromisoformat(told) if told else None


def _note(post: Post, sight: Sight) -> None:
    post.url, post.platform_id = sight.url or post.url, sight.platform_id
    post.detail = {**post.detail, **sight.detail}
