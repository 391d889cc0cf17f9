"""Posts: what went out, or may have."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.states import PostState
from records.tables.base import Base, Counter
from reelmill.content import Decision


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
        Index(None, "state", "target"),
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
    state: Mapped[PostState]
    reason: Mapped[str] = mapped_column(Text)
    handle: Mapped[dict[str, Any]]  #: what an upload needs to be continued
    url: Mapped[str | None] = mapped_column(Text)
    platform_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
