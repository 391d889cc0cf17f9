"""The tables of the ledger. `migrations/` builds the same ones; a test proves it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from records.states import PostState, RunState, VideoState
from reelmill.content import Decision

Document = JSON().with_variant(JSONB(), "postgresql")
Counter = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only a plain INTEGER key


class Instant(TypeDecorator[dt.datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


class Word(TypeDecorator[StrEnum]):
    """A member of a StrEnum, stored as its plain word: adding a state needs no new database type."""

    impl = String(16)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        dict[str, Any]: Document,
        list[Any]: Document,
        dt.datetime: Instant,
        UUID: Uuid(),
        RunState: Word(RunState),
        VideoState: Word(VideoState),
        PostState: Word(PostState),
        Decision: Word(Decision),
    }


class Run(Base):
    """One execution of a pipeline, for a logical date or for one event."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("pipeline", "occasion"), Index(None, "opened_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pipeline: Mapped[str] = mapped_column(String(64))
    occasion: Mapped[str] = mapped_column(String(200))  #: the logical date as ISO, or the event's id
    date: Mapped[dt.date]  #: the logical date, also of an event
    zone: Mapped[str] = mapped_column(String(64))
    event: Mapped[dict[str, Any] | None]
    state: Mapped[RunState]
    definition: Mapped[dict[str, Any]]  #: the part of pipelines.yaml that this run obeys
    definition_hash: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(Text)  #: relative paths in the definition are relative to this
    options: Mapped[dict[str, Any]]  #: what the command added, such as a limit
    attempt: Mapped[int]
    found: Mapped[int]  #: what the source found: videos and skipped items
    unchanged: Mapped[int]  #: items left out because nothing changed since they were made
    flow_run_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class Video(Base):
    """A brief in one variant: the unit of work, of resuming and of reporting."""

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("run_id", "brief_key", "variant_id"),
        Index(None, "run_id", "position"),
        Index(None, "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    position: Mapped[int]
    brief_key: Mapped[str] = mapped_column(String(200))
    variant_id: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))  #: of the brief
    plan: Mapped[dict[str, Any]]  #: everything that the stages need, decided once
    plan_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[VideoState]
    reason: Mapped[str] = mapped_column(Text)
    master_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class SeenBrief(Base):
    """The content of a brief when it was last made into videos, so that unchanged products are left alone."""

    __tablename__ = "seen_briefs"

    pipeline: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    seen_at: Mapped[dt.datetime]


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

    shot_id: Mapped[str] = mapped_column(ForeignKey("shots.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int]
    fps: Mapped[int]
    preview: Mapped[bool]
    record: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]


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
    created_at: Mapped[dt.datetime]


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
    sha256: Mapped[str] = mapped_column(String(64))
    cover_sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int]
    fps: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    labels: Mapped[dict[str, Any]]
    preview: Mapped[bool]
    record: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]


class VideoRendition(Base):
    """Which renditions a video has, one a profile."""

    __tablename__ = "video_renditions"

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    profile: Mapped[str] = mapped_column(String(64), primary_key=True)
    rendition_id: Mapped[str] = mapped_column(ForeignKey("renditions.id"), index=True)


class Post(Base):
    """One rendition sent to one target.

    Two foreign keys and a check make a post without a pass for its exact master impossible, whatever the code does:
    the rendition and the verdict must name the same master, and the verdict must say `pass`.
    """

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("rendition_id", "target"),
        ForeignKeyConstraint(["rendition_id", "master_sha256"], ["renditions.id", "renditions.master_sha256"]),
        ForeignKeyConstraint(
            ["verdict_id", "verdict_decision", "master_sha256"],
            ["verdicts.id", "verdicts.decision", "verdicts.master_sha256"],
        ),
        CheckConstraint("verdict_decision = 'pass'", name="passed"),
        Index(None, "state"),
        Index(None, "video_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    rendition_id: Mapped[str] = mapped_column(String(64))
    master_sha256: Mapped[str] = mapped_column(String(64))
    verdict_id: Mapped[int] = mapped_column(Counter)
    verdict_decision: Mapped[Decision]
    profile: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(64))
    state: Mapped[PostState]
    reason: Mapped[str] = mapped_column(Text)
    handle: Mapped[dict[str, Any]]  #: what an upload needs to be continued
    url: Mapped[str | None] = mapped_column(Text)
    platform_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class Transition(Base):
    """One change of a state: what, when, from, to, why. Written in the transaction of its effect."""

    __tablename__ = "transitions"
    __table_args__ = (Index(None, "subject_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    subject: Mapped[str] = mapped_column(String(8))  #: run, video or post
    subject_id: Mapped[UUID]
    before: Mapped[str | None] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)


class Lease(Base):
    """Who works on something. The epoch grows with every new holder, so that an old one cannot write any more."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int]
    expires_at: Mapped[dt.datetime]
