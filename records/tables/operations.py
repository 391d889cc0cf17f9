"""What keeps the mill running: what is deployed, what came in, what the GPUs were asked for, who may ask."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from records.tables.base import Base, Counter


class Deployment(Base):
    """A pipeline as it is deployed: the definition that its scheduled and triggered runs obey."""

    __tablename__ = "deployments"

    pipeline: Mapped[str] = mapped_column(String(64), primary_key=True)
    definition: Mapped[dict[str, Any]]
    definition_hash: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(Text)
    deployed_at: Mapped[dt.datetime]
    considered_until: Mapped[dt.datetime]  #: scheduled times up to here have a run, or were let go
    dates_until: Mapped[dt.date | None]  #: how far ahead the dates of a calendar are deployed


class OutboxEvent(Base):
    """An event that came in. The row is there before Prefect hears of it, so that none is lost."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "pipeline", "received_at"), Index(None, "taken_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)  #: uuid5 of pipeline and the sender's id
    run_id: Mapped[UUID] = mapped_column(unique=True)  #: of the run that it is going to start
    pipeline: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))  #: e.g. `product.created`
    payload: Mapped[dict[str, Any]]
    sender: Mapped[str] = mapped_column(String(64))  #: how it was let in, e.g. `shopify` or a token's name
    received_at: Mapped[dt.datetime]
    emitted_at: Mapped[dt.datetime | None]  #: when Prefect was last told
    emitted: Mapped[int]  #: how often
    taken_at: Mapped[dt.datetime | None]  #: when its run was opened


class Chunk(Base):
    """Shots that one process renders with one load of the model."""

    __tablename__ = "chunks"
    __table_args__ = (Index(None, "run_id"), Index(None, "closed_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    position: Mapped[int]
    engine: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int]
    flow_run_id: Mapped[str | None] = mapped_column(String(36))
    forecast: Mapped[float]  #: seconds
    created_at: Mapped[dt.datetime]
    begun_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]


class ChunkShot(Base):
    """One shot of a chunk, and why it did not become a clip, if so."""

    __tablename__ = "chunk_shots"

    chunk_id: Mapped[UUID] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    shot_id: Mapped[str] = mapped_column(ForeignKey("shots.id"), index=True)
    failure: Mapped[dict[str, Any] | None]
    failed_at: Mapped[dt.datetime | None]


class StageWork(Base):
    """What a stage's own work on a video took, without what carries it. One row each time that it worked."""

    __tablename__ = "stage_work"
    __table_args__ = (Index(None, "run_id"), Index(None, "ended_at"))

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    video_id: Mapped[UUID | None]
    stage: Mapped[str] = mapped_column(String(16))
    seconds: Mapped[float]
    ended_at: Mapped[dt.datetime]
    host: Mapped[str] = mapped_column(String(64))


class Token(Base):
    """What lets a caller in. Only a hash of it is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  #: the part that is no secret
    name: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    digest: Mapped[str] = mapped_column(String(64))  #: sha256 of the secret part, which is random
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
