"""Posts: what went out, or may have; the times that are kept for them, and what became of them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from records.states import PostState
from records.tables.base import Base, Counter
from reelmill.content import Decision


class Post(Base):
    """One rendition sent to one target. The same content is posted once to an account, whoever asks for it.

    Two foreign keys and a check make a post without a pass for its exact master impossible, whatever the code does:
    the rendition and the verdict must name the same master, and the verdict must say `pass`.
    """

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("content", "account", "platform", "edition"),
        ForeignKeyConstraint(["rendition_id", "master_sha256"], ["renditions.id", "renditions.master_sha256"]),
        ForeignKeyConstraint(
            ["verdict_id", "verdict_decision", "master_sha256"],
            ["verdicts.id", "verdicts.decision", "verdicts.master_sha256"],
        ),
        CheckConstraint("verdict_decision = 'pass'", name="passed"),
        Index(None, "state", "target"),
        Index(None, "due_at"),
        Index(None, "platform", "account", "live_at"),
        Index(None, "platform", "measure_at"),
        Index(None, "rendition_id"),
        Index(None, "updated_at"),
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
    platform: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(String(64))  #: what people see: master, profile, words
    edition: Mapped[str] = mapped_column(String(64))  #: "", or what makes another post of the same content allowed
    state: Mapped[PostState]
    reason: Mapped[str] = mapped_column(Text)
    due_at: Mapped[dt.datetime | None]  #: not before; None: at once
    attempts: Mapped[int]  #: how often it was put off because something did not work
    armed_at: Mapped[dt.datetime | None]
    armed_by: Mapped[str] = mapped_column(Text)  #: the process that was about to make it public
    accepted_at: Mapped[dt.datetime | None]  #: the platform has it, and works on it or reviews it
    live_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]  #: when the platform last showed it to us
    measure_at: Mapped[dt.datetime | None]  #: when it is asked next what people did with it; None: not any more
    handle: Mapped[dict[str, Any]]  #: what an upload needs to be continued
    url: Mapped[str | None] = mapped_column(Text)
    platform_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class Slot(Base):
    """A time at an account that is kept for a post of a video that is yet to be made."""

    __tablename__ = "slots"
    __table_args__ = (UniqueConstraint("video_id", "target", "profile"), Index(None, "platform", "account", "at"))

    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(String(64))
    profile: Mapped[str] = mapped_column(String(64))
    platform: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(255))
    at: Mapped[dt.datetime]


class Standing(Base):
    """How things stand with an account: whether posts go out to it now, and what it said of itself."""

    __tablename__ = "standings"

    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    target: Mapped[str] = mapped_column(String(64))  #: under which name it was last met
    paused_until: Mapped[dt.datetime | None]  #: no post is tried before
    reason: Mapped[str] = mapped_column(Text)  #: why, and what to do
    needs_person: Mapped[bool]  #: it does not get better by itself
    identity: Mapped[str] = mapped_column(Text)  #: what the platform calls it
    quota_total: Mapped[int | None]
    quota_used: Mapped[int | None]
    looked_at: Mapped[dt.datetime | None]  #: when identity and quota were asked


class PostMetrics(Base):
    """What people had done with a post at a moment. None: the platform does not say."""

    __tablename__ = "post_metrics"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    views: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    watch_seconds: Mapped[float | None]
    detail: Mapped[dict[str, Any]]
