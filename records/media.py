"""Shots, clips and renditions in the ledger. A row here means that the file is in the store, whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import delete, select

from records.database import Database, now
from records.store import Store
from records.tables import ClipRow, RenditionRow, ShotRow, VideoRendition, VideoShot
from reelmill.content import Clip, Rendition, Shot

#: Suffixes in the store.
VIDEO, PICTURE = ".mp4", ".jpg"


class Media:
    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    def request(self, video_id: UUID, shots: Sequence[Shot]) -> None:
        """Note which shots a video is made of."""
        with self._database.begin() as session:
            for shot in shots:
                if session.get(ShotRow, shot.id) is None:
                    session.add(ShotRow(id=shot.id, request=asdict(shot), created_at=now()))
            session.flush()
            session.execute(delete(VideoShot).where(VideoShot.video_id == video_id))
            session.add_all(
                VideoShot(video_id=video_id, position=position, shot_id=shot.id) for position, shot in enumerate(shots)
            )

    def requested(self, video_id: UUID) -> list[Shot]:
        """The shots that a video was last said to be made of; empty if none were, or if its plan has changed since."""
        with self._database.read() as session:
            rows = session.scalars(
                select(ShotRow)
                .join(VideoShot, VideoShot.shot_id == ShotRow.id)
                .where(VideoShot.video_id == video_id)
                .order_by(VideoShot.position)
            ).all()
        return [Shot(**row.request) for row in rows]

    def clip(self, shot_id: str) -> Clip | None:
        """The clip of a shot, if it was made and its file is still in the store."""
        with self._database.read() as session:
            row = session.get(ClipRow, shot_id)
        if row is None or not self._store.has(row.sha256, VIDEO):
            return None
        return Clip(
            shot_id=row.shot_id,
            path=self._store.path(row.sha256, VIDEO),
            sha256=row.sha256,
            width=row.width,
            height=row.height,
            frames=row.frames,
            fps=row.fps,
            preview=row.preview,
            record=row.record,
        )

    def record_clip(self, clip: Clip) -> None:
        """Note a clip whose file is in the store. A clip that was made again replaces the one that was lost."""
        with self._database.begin() as session:
            session.merge(
                ClipRow(
                    shot_id=clip.shot_id,
                    sha256=clip.sha256,
                    width=clip.width,
                    height=clip.height,
                    frames=clip.frames,
                    fps=clip.fps,
                    preview=clip.preview,
                    record=dict(clip.record),
                    created_at=now(),
                )
            )

    def rendition(self, rendition_id: str) -> Rendition | None:
        """A rendition, if it was made and its files are still in the store."""
        with self._database.read() as session:
            row = session.get(RenditionRow, rendition_id)
        return self._whole(row) if row is not None else None

    def record_rendition(self, rendition: Rendition) -> None:
        """Note a rendition whose files are in the store."""
        with self._database.begin() as session:
            session.merge(
                RenditionRow(
                    id=rendition.id,
                    master_sha256=rendition.master_sha256,
                    profile=rendition.profile,
                    recipe=rendition.recipe,
                    sha256=rendition.sha256,
                    cover_sha256=rendition.cover_sha256,
                    width=rendition.width,
                    height=rendition.height,
                    frames=rendition.frames,
                    fps=rendition.fps,
                    size_bytes=rendition.size_bytes,
                    labels=dict(rendition.labels),
                    preview=rendition.preview,
                    record=dict(rendition.record),
                    created_at=now(),
                )
            )

    def link(self, video_id: UUID, renditions: Sequence[Rendition]) -> None:
        """Say that these are the renditions of a video, and no others."""
        with self._database.begin() as session:
            session.execute(delete(VideoRendition).where(VideoRendition.video_id == video_id))
            session.add_all(
                VideoRendition(video_id=video_id, profile=one.profile, rendition_id=one.id) for one in renditions
            )

    def renditions_of(self, video_id: UUID) -> list[Rendition]:
        """The renditions of a video whose files are in the store, by profile."""
        with self._database.read() as session:
            rows = session.scalars(
                select(RenditionRow)
                .join(VideoRendition, VideoRendition.rendition_id == RenditionRow.id)
                .where(VideoRendition.video_id == video_id)
                .order_by(RenditionRow.profile)
            ).all()
        return [whole for row in rows if (whole := self._whole(row)) is not None]

    def clips_of(self, video_id: UUID) -> list[Clip]:
        """The clips of a video in order, as far as they are made."""
        with self._database.read() as session:
            shots = session.scalars(
                select(VideoShot.shot_id).where(VideoShot.video_id == video_id).order_by(VideoShot.position)
            ).all()
        return [clip for shot_id in shots if (clip := self.clip(shot_id)) is not None]

    def _whole(self, row: RenditionRow) -> Rendition | None:
        if not (self._store.has(row.sha256, VIDEO) and self._store.has(row.cover_sha256, PICTURE)):
            return None
        return Rendition(
            master_sha256=row.master_sha256,
            profile=row.profile,
            recipe=row.recipe,
            path=self._store.path(row.sha256, VIDEO),
            sha256=row.sha256,
            cover=self._store.path(row.cover_sha256, PICTURE),
            cover_sha256=row.cover_sha256,
            width=row.width,
            height=row.height,
            frames=row.frames,
            fps=row.fps,
            size_bytes=row.size_bytes,
            labels=row.labels,
            preview=row.preview,
            record=row.record,
        )
