"""Runs, their videos, every change of a state, and who works on what."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.states import RunState, VideoState
from records.tables.base import Base, Counter


class Run(Base):
    """One execution of a pipeline, for a logical date or for one event."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("pipeline", "occasion"), Index(None, "opened_at"), Index(None, "state"))

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
        Index(None, "edit_id"),
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
    texts_sha256: Mapped[str | None] = mapped_column(String(64))  #: of the texts that were screened before all else
    state: Mapped[VideoState]
    reason: Mapped[str] = mapped_column(Text)
    edit_id: Mapped[str | None] = mapped_column(String(64))  #: of the master that its clips become; None: it is a clip
    master_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class SeenBrief(Base):
    """The content of a brief when it was last made into videos, so that unchanged products are left alone."""

    __tablename__ = "seen_briefs"

    pipeline: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")  #: what its source watches, such as its price
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    seen_at: Mapped[dt.datetime]


class Cursor(Base):
    """How far a pipeline has read a source that goes on from there."""

    __tablename__ = "cursors"

    pipeline: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]  #: `at`: the source's own value; `run`: that moved it there, `before`: from where
    moved_at: Mapped[dt.datetime]


class Spending(Base):
    """What a run has used of the budget of a time, or may use while it is under way."""

    __tablename__ = "spendings"
    __table_args__ = (Index(None, "period"), Index(None, "pipeline", "at"))

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    pipeline: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(16))
    videos: Mapped[int]
    gpu_seconds: Mapped[float]
    spend: Mapped[float]
    at: Mapped[dt.datetime]


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
