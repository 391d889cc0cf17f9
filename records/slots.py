"""Times that are kept at accounts for posts of videos that are yet to be made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select

from records.database import Database
from records.states import PostState, RunState
from records.tables import Post, Run, Slot, Video
from records.videos import AT_ONCE, GIVEN_UP


@dataclass(frozen=True, slots=True)
class Kept:
    """A time that is kept for one post of a video."""

    video_id: UUID
    target: str
    profile: str
    platform: str
    account: str
    at: dt.datetime


#: A post that is later than so much is not waited for.
LATEST = dt.timedelta(days=2)


class Slots:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, kept: Sequence[Kept], *, videos: Iterable[UUID] = ()) -> None:
        """Keep times for posts of videos, in place of whatever was kept for these videos, and for those besides."""
        asked = list({*videos, *(one.video_id for one in kept)})
        with self._database.begin() as session:
            for start in range(0, len(asked), AT_ONCE):
                session.execute(delete(Slot).where(Slot.video_id.in_(asked[start : start + AT_ONCE])))
            session.add_all(Slot(**asdict(one)) for one in kept)

    def of_run(self, run_id: UUID) -> list[Kept]:
        """The times that are kept for the videos of a run, the earliest first."""
        query = select(Slot).join(Video, Video.id == Slot.video_id).where(Video.run_id == run_id).order_by(Slot.at)
        with self._database.read() as session:
            return [
                Kept(row.video_id, row.target, row.profile, row.platform, row.account, row.at)
                for row in session.scalars(query)
            ]

    def taken(
        self, platform: str, account: str, at: dt.datetime, *, except_run: UUID | None = None
    ) -> list[dt.datetime]:
        """The times of an account that are kept for posts which are still to come, as things stand at a moment.

        One that is over belongs to a post that is late. It is taken for the moment itself: the post comes any time
        now, unless nobody works on its run any more.

        Parameters
        ----------
        except_run:
            Without those that are kept for videos of this run which are yet to be made.
        """
        begun = exists().where(Post.video_id == Slot.video_id, Post.target == Slot.target, Post.profile == Slot.profile)
        slots = (
            select(Slot.at)
            .join(Video, Video.id == Slot.video_id)
            .join(Run, Run.id == Video.run_id)
            .where(Slot.platform == platform, Slot.account == account, Video.state.not_in(GIVEN_UP), ~begun)
            .where(or_(Slot.at > at, and_(Slot.at > at - LATEST, Run.state == RunState.RUNNING)))
        )
        if except_run is not None:
            slots = slots.where(Video.run_id != except_run)
        due = func.coalesce(Post.due_at, Post.updated_at)
        posts = select(due).where(
            Post.platform == platform,
            Post.account == account,
            Post.state.in_((PostState.PLANNED, PostState.UPLOADING)),
            due > at - LATEST,
        )
        with self._database.read() as session:
            return sorted(max(one, at) for one in (*session.scalars(slots), *session.scalars(posts)))
