"""What was made: shots and their clips, what screening said of them, and renditions."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.tables.base import Base, Counter
from reelmill.content import Decision


class ShotRow(Base):
    """A request to an engine, under the hash of everything in it."""

    __tablename__ = "shots"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]


class VideoShot(Base):
    """Which shots a video is made of, in order."""

    __tablename__ = "video_shots"

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    shot_id: Mapped[str] = mapped_column(ForeignKey("shots.id"), index=True)


class ClipRow(Base):
    """The file that a shot became. It is in the store before it is here."""

    __tablename__ = "clips"
    __table_args__ = (Index(None, "created_at"),)

    shot_id: Mapped[str] = mapped_column(ForeignKey("shots.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int]
    fps: Mapped[int]
    preview: Mapped[bool]
    record: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]  #: when its file was given up to make room


class MasterRow(Base):
    """The file that several clips became, or one with an effect, under the hash of the edit. One clip is a master too,
    and has no row here. It is in the store before it is here.
    """

    __tablename__ = "masters"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int]
    fps: Mapped[int]
    preview: Mapped[bool]
    record: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]  #: when its file was given up to make room


class VerdictRow(Base):
    """What screening said of one exact master under one exact policy. Rows are added, never changed."""

    __tablename__ = "verdicts"
    __table_args__ = (
        UniqueConstraint("id", "decision", "master_sha256"),  # what posts refer to
        Index(None, "master_sha256", "policy", "policy_version"),
    )

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    master_sha256: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(64))
    policy_version: Mapped[str] = mapped_column(String(64))
    decision: Mapped[Decision]
    fault: Mapped[bool]  #: blocked because it could not be examined, not because of what was seen
    reasons: Mapped[list[Any]]
    hits: Mapped[list[Any]]
    examinations: Mapped[list[Any]]
    frames: Mapped[int]
    examined: Mapped[int]
    seconds_taken: Mapped[float]
    decided_by: Mapped[str] = mapped_column(String(64), server_default="")  #: a person; "": screening itself
    created_at: Mapped[dt.datetime]


class ThumbnailRow(Base):
    """A blurred picture of a frame that decided. Of minors there is none."""

    __tablename__ = "thumbnails"

    verdict_id: Mapped[int] = mapped_column(Counter, ForeignKey("verdicts.id", ondelete="CASCADE"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[float]
    jpeg: Mapped[bytes]


class RenditionRow(Base):
    """A master finished for one platform. Its files are in the store before it is here."""

    __tablename__ = "renditions"
    __table_args__ = (
        UniqueConstraint("id", "master_sha256"),  # what posts refer to
        Index(None, "master_sha256", "profile"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    master_sha256: Mapped[str] = mapped_column(String(64))
    profile: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    cover_sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int]
    fps: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    labels: Mapped[dict[str, Any]]
    preview: Mapped[bool]
    record: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]  #: when its file was given up to make room


class VideoRendition(Base):
    """Which renditions a video has, one a profile."""

    __tablename__ = "video_renditions"

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    profile: Mapped[str] = mapped_column(String(64), primary_key=True)
    rendition_id: Mapped[str] = mapped_column(ForeignKey("renditions.id"), index=True)
