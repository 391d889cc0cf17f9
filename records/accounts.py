"""Everything that the ledger says of a video, read at one moment, and of all videos of a run in as many queries.

Tables, pages and answers are made of these. Stages are not: they ask for the very thing that they need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from records.database import Database
from records.media import Media
from records.standings import pauses
from records.tables import ClipRow, Post, RenditionRow, Standing, VerdictRow, Video, VideoRendition, VideoShot
from records.verdicts import restore
from reelmill.content import Clip, Decision, Rendition, Verdict

#: That of the plan.
_ORDER = (Video.position, Video.id)


@dataclass(frozen=True, slots=True)
class Account:
    """A video, what screening said of it, what was made of it, and where it was posted.

    Its files may be on another machine; those that were given up to make room are not named.
    """

    video: Video
    verdicts: Mapping[str, Verdict]  #: the newest one on each master that it had, under any policy, faults too
    clips: tuple[Clip, ...]  #: in order, as far as they are made
    renditions: tuple[Rendition, ...]  #: by profile, those of an earlier master too
    posts: tuple[Post, ...]  #: by profile and target
    pauses: Mapping[UUID, Standing]  #: the accounts that wait for a person, by those of its posts that they keep back

    @property
    def verdict(self) -> Verdict | None:
        """The newest verdict on its present master."""
        return self.verdicts.get(self.video.master_sha256 or "")

    @property
    def current(self) -> tuple[Rendition, ...]:
        """The renditions of its present master."""
        return tuple(one for one in self.renditions if one.master_sha256 == self.video.master_sha256)

    @property
    def shown(self) -> tuple[Rendition, ...]:
        """The renditions that anybody may see: those whose very master has passed screening."""
        return tuple(one for one in self.renditions if self._passed(one.master_sha256))

    def _passed(self, master_sha256: str) -> bool:
        verdict = self.verdicts.get(master_sha256)
        return verdict is not None and verdict.decision is Decision.PASS


class Accounts:
    def __init__(self, database: Database, media: Media) -> None:
        self._database = database
        self._media = media

    def of_run(self, run_id: UUID, *, offset: int = 0, limit: int | None = None) -> list[Account]:
        """Those of a run's videos, or of some of them, in the plan's order."""
        if not offset and limit is None:
            return self._where(Video.run_id == run_id)
        some = select(Video.id).where(Video.run_id == run_id).order_by(*_ORDER).offset(offset).limit(limit)
        return self._where(Video.id.in_(some))

    def of_video(self, video_id: UUID) -> Account | None:
        return next(iter(self._where(Video.id == video_id)), None)

    def _where(self, wanted: ColumnElement[bool]) -> list[Account]:
        with self._database.read() as session:
            videos = session.scalars(select(Video).where(wanted).order_by(*_ORDER)).all()
            clips = _by_video(
                session,
                select(VideoShot.video_id, ClipRow)
                .join(ClipRow, ClipRow.shot_id == VideoShot.shot_id)
                .join(Video, Video.id == VideoShot.video_id)
                .where(wanted)
                .order_by(VideoShot.position),
            )
            renditions = _by_video(
                session,
                select(VideoRendition.video_id, RenditionRow)
                .join(RenditionRow, RenditionRow.id == VideoRendition.rendition_id)
                .join(Video, Video.id == VideoRendition.video_id)
                .where(wanted)
                .order_by(RenditionRow.profile),
            )
            posts = _by_video(
                session,
                select(Post.video_id, Post)
                .join(Video, Video.id == Post.video_id)
                .where(wanted)
                .order_by(Post.profile, Post.target),
            )
            verdicts = _newest_verdicts(session, wanted)
            paused = pauses(session, [post for some in posts.values() for post in some])
        return [
            Account(
                video=video,
                verdicts=verdicts,
                clips=tuple(clip for row in clips[video.id] if (clip := self._media.listed_clip(row))),
                renditions=tuple(made for row in renditions[video.id] if (made := self._media.listed_rendition(row))),
                posts=tuple(posts[video.id]),
                pauses={post.id: paused[post.id] for post in posts[video.id] if post.id in paused},
            )
            for video in videos
        ]


def _by_video(session: Session, query: Select[tuple[UUID, Any]]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for video_id, row in session.execute(query):
        found[video_id].append(row)
    return found


def _newest_verdicts(session: Session, wanted: ColumnElement[bool]) -> dict[str, Verdict]:
    """The newest verdict on every master that these videos have, or had when a rendition was made of them."""
    present = select(Video.master_sha256).where(wanted, Video.master_sha256.is_not(None))
    earlier = (
        select(RenditionRow.master_sha256)
        .join(VideoRendition, VideoRendition.rendition_id == RenditionRow.id)
        .join(Video, Video.id == VideoRendition.video_id)
        .where(wanted)
    )
    newest = (
        select(func.max(VerdictRow.id))
        .where(VerdictRow.master_sha256.in_(present.union(earlier)))
        .group_by(VerdictRow.master_sha256)
    )
    rows = session.scalars(select(VerdictRow).where(VerdictRow.id.in_(newest)))
    return {row.master_sha256: restore(row).verdict for row in rows}
