"""Shots, clips, masters and renditions in the ledger. A row here means that the file is in the store, whole.

A clip, a master or a rendition whose file was given up to make room (`removed_at`) is as one that was never made: it is
made again when it is needed, and recording it takes it back.

Two ways to ask. `clip` and `rendition`, and `listed_…` of a row, believe the ledger as far as the store is remote: they
are for reports. `fetch_clip` and `fetch_rendition` bring the file to this machine: they are for stages, which ask once
the ledger says that a video needs it, so that no tidying takes it away between the answer and its use.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records.database import Database, now
from records.naming import PICTURE, VIDEO, lock_naming
from records.store import Content, Store
from records.tables import ClipRow, MasterRow, RenditionRow, ShotRow, VideoRendition, VideoShot
from reelmill.content import Clip, Master, Rendition, Shot
from reelmill.errors import TransientError

#: Shots that one statement names.
AT_ONCE = 1000

__all__ = ["PICTURE", "VIDEO", "Media"]


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
        """The clip of a shot, if it was made and not given up since. Its file may be on another machine."""
        with self._database.read() as session:
            row = session.get(ClipRow, shot_id)
        return self.listed_clip(row) if row is not None else None

    def listed_clip(self, row: ClipRow) -> Clip | None:
        """The clip that a row keeps, if a report may name it."""
        return self._clip(row) if self._is_listed(row, (row.sha256, VIDEO)) else None

    def fetch_clip(self, shot_id: str) -> Clip | None:
        """The clip of a shot with its file on this machine, if it was made and is still in the store.

        Raises
        ------
        ServerUnavailable, StorageError
            If the store does not answer, or does not let us in.
        TerminalError
            If the file is damaged.
        """
        with self._database.read_settled() as session:
            # Waits for a tidying that is just giving it up, and keeps the next one waiting.
            row = session.get(ClipRow, shot_id, with_for_update={"read": True})
        if row is None or row.removed_at is not None:
            return None
        if not self._is_fetched(row, (row.sha256, VIDEO)):
            self._give_up(row)
            return None
        return self._clip(row)

    def there(self, shot_ids: Collection[str]) -> set[str]:
        """The shots among these that have a clip, by the ledger alone."""
        found: set[str] = set()
        asked = sorted(shot_ids)
        with self._database.read() as session:
            for start in range(0, len(asked), AT_ONCE):
                some = ClipRow.shot_id.in_(asked[start : start + AT_ONCE])
                found.update(session.scalars(select(ClipRow.shot_id).where(some, ClipRow.removed_at.is_(None))))
        return found

    def record_clip(self, clip: Clip) -> None:
        """Note a clip whose file is in the store. A clip that was made again replaces the one that was lost.

        Raises
        ------
        TransientError
            If tidying took the file away while it was being recorded: it must be made again.
        """
        with self._database.begin() as session:
            self._insist(session, Content(clip.sha256, VIDEO))
            session.merge(ClipRow(shot_id=clip.shot_id, **_made(clip)))

    def fetch_master(self, edit_id: str) -> Master | None:
        """The master that an edit gave, with its file on this machine, if it was made and is still in the store.

        Raises
        ------
        ServerUnavailable, StorageError, TerminalError
            As `fetch_clip`.
        """
        with self._database.read_settled() as session:
            row = session.get(MasterRow, edit_id, with_for_update={"read": True})  # as in `fetch_clip`
        if row is None or not self._is_fetched(row, (row.sha256, VIDEO)):
            return None
        return self._master(row)

    def master_of(self, sha256: str) -> Master | None:
        """The master of this content, wherever its file is now: an edit, or a clip by itself."""
        with self._database.read() as session:
            edit = session.scalar(select(MasterRow).where(MasterRow.sha256 == sha256).limit(1))
            clip = session.scalar(select(ClipRow).where(ClipRow.sha256 == sha256).limit(1)) if edit is None else None
        if edit is not None:
            return self._master(edit)
        return Master.of(self._clip(clip)) if clip is not None else None

    def record_master(self, master: Master) -> None:
        """Note a master whose file is in the store, if it is no clip.

        Raises
        ------
        TransientError
            If tidying took the file away while it was being recorded: it must be made again.
        """
        with self._database.begin() as session:
            self._insist(session, Content(master.sha256, VIDEO))
            session.merge(MasterRow(id=master.edit_id, **_made(master)))

    def rendition(self, rendition_id: str) -> Rendition | None:
        """A rendition, if it was made and not given up since. Its files may be on another machine."""
        with self._database.read() as session:
            row = session.get(RenditionRow, rendition_id)
        return self.listed_rendition(row) if row is not None else None

    def rendition_of(self, sha256: str) -> Rendition | None:
        """The rendition whose video has this content, wherever its files are now."""
        with self._database.read() as session:
            row = session.scalar(select(RenditionRow).where(RenditionRow.sha256 == sha256).limit(1))
        return self._rendition(row) if row is not None else None

    def listed_rendition(self, row: RenditionRow) -> Rendition | None:
        """The rendition that a row keeps, if a report may name it."""
        return self._rendition(row) if self._is_listed(row, *_files_of(row)) else None

    def fetch_rendition(self, rendition_id: str) -> Rendition | None:
        """A rendition with its files on this machine, if it was made and they are still in the store.

        Raises
        ------
        ServerUnavailable, StorageError
            If the store does not answer, or does not let us in.
        TerminalError
            If a file is damaged.
        """
        with self._database.read_settled() as session:
            row = session.get(RenditionRow, rendition_id, with_for_update={"read": True})  # as in `fetch_clip`
        return self._rendition(row) if row is not None and self._is_fetched(row, *_files_of(row)) else None

    def record_rendition(self, rendition: Rendition) -> None:
        """Note a rendition whose files are in the store.

        Raises
        ------
        TransientError
            If tidying took a file away while it was being recorded: it must be made again.
        """
        with self._database.begin() as session:
            self._insist(session, Content(rendition.sha256, VIDEO), Content(rendition.cover_sha256, PICTURE))
            session.merge(
                RenditionRow(
                    id=rendition.id,
                    master_sha256=rendition.master_sha256,
                    profile=rendition.profile,
                    recipe=rendition.recipe,
                    cover_sha256=rendition.cover_sha256,
                    size_bytes=rendition.size_bytes,
                    labels=dict(rendition.labels),
                    **_made(rendition),
                )
            )

    def link(self, video_id: UUID, renditions: Sequence[Rendition]) -> None:
        """Say that these are the renditions of a video, and no others."""
        with self._database.begin() as session:
            session.execute(delete(VideoRendition).where(VideoRendition.video_id == video_id))
            session.add_all(
                VideoRendition(video_id=video_id, profile=one.profile, rendition_id=one.id) for one in renditions
            )

    def _is_listed(self, row: ClipRow | RenditionRow, *files: tuple[str, str]) -> bool:
        """Whether a report may name it. A report makes no call over the network for each of its rows."""
        return row.removed_at is None and (self._store.remote or all(self._store.has(*file) for file in files))

    def _is_fetched(self, row: ClipRow | MasterRow | RenditionRow, *files: tuple[str, str]) -> bool:
        if row.removed_at is not None or not all(self._store.has(*file) for file in files):
            return False
        for file in files:
            self._store.get(*file)
        return True

    def _give_up(self, lost: ClipRow) -> None:
        """Say of a clip whose file somebody removed that it has none: whoever waits for it has it made again."""
        with self._database.begin() as session:
            row = session.get(ClipRow, lost.shot_id, with_for_update=True)
            if row is not None and row.created_at == lost.created_at:
                row.removed_at = now()

    def _insist(self, session: Session, *contents: Content) -> None:
        """See that files are there which a row is about to name, if tidying may be just about to remove them."""
        for content in contents if lock_naming(session, contents) else ():
            if self._store.look(content) is None:
                raise TransientError(
                    f"{content.name} was removed to make room while it was being recorded", "it is made again"
                )

    def _clip(self, row: ClipRow) -> Clip:
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

    def _master(self, row: MasterRow) -> Master:
        path = self._store.path(row.sha256, VIDEO)
        return Master(path, row.sha256, row.width, row.height, row.frames, row.fps, row.preview, row.id, row.record)

    def _rendition(self, row: RenditionRow) -> Rendition:
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


def _made(one: Clip | Master | Rendition) -> dict[str, Any]:
    """The columns that the rows of all three have."""
    return {
        "sha256": one.sha256,
        "width": one.width,
        "height": one.height,
        "frames": one.frames,
        "fps": one.fps,
        "preview": one.preview,
        "record": dict(one.record),
        "created_at": now(),
        "removed_at": None,
    }


def _files_of(row: RenditionRow) -> tuple[tuple[str, str], tuple[str, str]]:
    return (row.sha256, VIDEO), (row.cover_sha256, PICTURE)
