"""Who needs a file: the rule of retention, as queries.

A video *needs* its clips, its master, and every rendition of its master, as long as

- it has not ended (`planned`, `generated`, `screened`, `finished`): its next stage reads them, in whatever state its
  run is, for an interrupted run is resumed one day;
- it is `in_review`: a person is going to look at it;
- its run is `running`: a process is at work and may have looked something up a moment ago;
- one of its posts is not settled (`planned`, `uploading`, `armed`, `unknown`): the file may still have to go out, or be
  compared with what is public;
- it has `failed` and one of its posts is live: resumed with another clip it would have other renditions, and other
  renditions are other posts, so that something would be public twice;
- it has `failed` less than `RESUMABLE` ago: somebody is going to resume it, and a clip is dear.

A clip is needed, too, while a chunk of the GPU pool that asked for it is open, and a rendition while a post of it is
not settled. A video that is `done`, `rejected` or `skipped` needs nothing more, nor does a run that has closed.

The age of a file counts from the end of the last video that uses it, or from its making if there is none. Content that
several rows name has one file: the rows are given up together, once none of them is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from records.states import PostState, RunState, VideoState
from records.tables import (
    Chunk,
    ChunkShot,
    ClipRow,
    MasterRow,
    Post,
    RenditionRow,
    Run,
    Video,
    VideoRendition,
    VideoShot,
)

#: A failed video keeps its files for so long after its failure, whatever the disk says.
RESUMABLE = dt.timedelta(days=7)

UNFINISHED = frozenset(
    {VideoState.PLANNED, VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.IN_REVIEW}
)
UNSETTLED = frozenset({PostState.PLANNED, PostState.UPLOADING, PostState.ARMED, PostState.UNKNOWN})

Kind = type[ClipRow] | type[MasterRow] | type[RenditionRow]


@dataclass(frozen=True, slots=True, order=True)
class Unneeded:
    """Content that nobody needs."""

    used_until: dt.datetime  #: the end of the last video that uses it
    sha256: str


def unneeded(
    kind: Kind,
    at: dt.datetime,
    until: dt.datetime,
    *,
    after: Unneeded | None = None,
    only: Collection[str] | None = None,
) -> Select[Any]:
    """The content of clips, masters or renditions that nobody needs, oldest first, with the end of its last use.

    Parameters
    ----------
    at:
        This moment.
    until:
        Its last use ended then at the latest.
    after:
        Only what comes after this in the order, to go on where a page ended.
    only:
        Only these.
    """
    rows = _KINDS[kind](at)
    each = (rows if only is None else rows.where(kind.sha256.in_(only))).subquery()
    used_until = func.max(each.c.used_until)
    query = (
        select(each.c.sha256, used_until.label("used_until"))
        .group_by(each.c.sha256)
        .having(func.max(each.c.needed) == 0, used_until <= until)
        .order_by(used_until, each.c.sha256)
    )
    if after is not None:
        same = and_(used_until == after.used_until, each.c.sha256 > after.sha256)
        query = query.having(or_(used_until > after.used_until, same))
    return query


def _needs(at: dt.datetime) -> ColumnElement[bool]:
    """Whether a video, joined with its run, needs its files."""

    def has_post(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(Post.video_id == Video.id, *conditions)

    worth_resuming = or_(Video.updated_at > at - RESUMABLE, has_post(Post.state == PostState.LIVE))
    return or_(
        Video.state.in_(UNFINISHED),
        Run.state == RunState.RUNNING,
        has_post(Post.state.in_(UNSETTLED)),
        and_(Video.state == VideoState.FAILED, worth_resuming),
    )


def _clips(at: dt.datetime) -> Select[Any]:
    """Every clip that is kept: its content, when it was last used, and whether somebody needs it."""
    videos = (
        select(Video.id)
        .join(VideoShot, VideoShot.video_id == Video.id)
        .where(VideoShot.shot_id == ClipRow.shot_id)
        .correlate(ClipRow)
    )
    chunks = (
        select(Chunk.id)
        .join(ChunkShot, ChunkShot.chunk_id == Chunk.id)
        .where(ChunkShot.shot_id == ClipRow.shot_id, Chunk.closed_at.is_(None))
        .correlate(ClipRow)
    )
    needed = or_(videos.join(Run, Run.id == Video.run_id).where(_needs(at)).exists(), chunks.exists())
    return _kept(ClipRow, videos, needed)


def _masters(at: dt.datetime) -> Select[Any]:
    """The same for masters that are no clips. A video says which it is going to have before it is made."""
    videos = select(Video.id).where(Video.edit_id == MasterRow.id).correlate(MasterRow)
    return _kept(MasterRow, videos, videos.join(Run, Run.id == Video.run_id).where(_needs(at)).exists())


def _renditions(at: dt.datetime) -> Select[Any]:
    """The same for renditions. One that is not linked to its video yet is known by its master."""
    videos = (
        select(Video.id)
        .join(VideoRendition, VideoRendition.video_id == Video.id)
        .where(VideoRendition.rendition_id == RenditionRow.id)
        .correlate(RenditionRow)
    )
    masters = (
        select(Video.master_sha256)
        .join(Run, Run.id == Video.run_id)
        .where(Video.master_sha256.is_not(None), _needs(at))
    )
    needed = or_(
        RenditionRow.master_sha256.in_(masters),
        videos.join(Run, Run.id == Video.run_id).where(_needs(at)).exists(),
        exists().where(Post.rendition_id == RenditionRow.id, Post.state.in_(UNSETTLED)),
    )
    return _kept(RenditionRow, videos, needed)


def _kept(kind: Kind, videos: Select[Any], needed: ColumnElement[bool]) -> Select[Any]:
    ended = videos.with_only_columns(func.max(Video.updated_at)).scalar_subquery()
    return select(
        kind.sha256.label("sha256"),
        func.coalesce(ended, kind.created_at).label("used_until"),
        case((needed, 1), else_=0).label("needed"),
    ).where(kind.removed_at.is_(None))


_KINDS: dict[Kind, Callable[[dt.datetime], Select[Any]]] = {
    ClipRow: _clips,
    MasterRow: _masters,
    RenditionRow: _renditions,
}
