"""Times that are kept at accounts for posts of videos that are yet to be made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, exists, select

from records.database import Database
from records.states import VideoState
from records.tables import Post, Slot, Video


@dataclass(frozen=True, slots=True)
class Kept:
    """A time that is kept for one post of a video."""

    video_id: UUID
    target: str
    profile: str
    platform: str
    account: str
    at: dt.datetime


#: Videos that will not be posted: their times are free again.
_GIVEN_UP = (VideoState.SKIPPED, VideoState.REJECTED, VideoState.FAILED)


class Slots:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, kept: Iterable[Kept]) -> None:
        """Keep times, in place of whatever was kept for the same posts."""
        with self._database.begin() as session:
            for one in kept:
                session.execute(
                    delete(Slot).where(
                        Slot.video_id == one.video_id, Slot.target == one.target, Slot.profile == one.profile
                    )
                )
                session.add(
                    Slot(
                        video_id=one.video_id,
                        target=one.target,
                        profile=one.profile,
                        platform=one.platform,
                        account=one.account,
                        at=one.at,
                    )
                )

    def of_video(self, video_id: UUID) -> dict[tuple[str, str], dt.datetime]:
        """The times that are kept for a video, by target and profile."""
        with self._database.read() as session:
            rows = session.scalars(select(Slot).where(Slot.video_id == video_id)).all()
        return {(row.target, row.profile): row.at for row in rows}

    def taken(
        self, platform: str, account: str, since: dt.datetime, *, except_run: UUID | None = None
    ) -> list[dt.datetime]:
        """The times of an account from a moment on that are kept for posts which are still to come.

        Parameters
        ----------
        except_run:
            Without those that are kept for videos of this run.
        """
        posted = exists().where(
            Post.video_id == Slot.video_id, Post.target == Slot.target, Post.profile == Slot.profile
        )
        query = (
            select(Slot.at)
            .join(Video, Video.id == Slot.video_id)
            .where(Slot.platform == platform, Slot.account == account, Slot.at > since)
            .where(Video.state.not_in(_GIVEN_UP), ~posted)
            .order_by(Slot.at)
        )
        if except_run is not None:
            query = query.where(Video.run_id != except_run)
        planned = select(Post.due_at).where(
            Post.platform == platform, Post.account == account, Post.due_at > since, Post.live_at.is_(None)
        )
        with self._database.read() as session:
            return sorted(
                moment for moment in (*session.scalars(query), *session.scalars(planned)) if moment is not None
            )
