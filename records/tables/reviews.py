"""What people decide: about videos that wait for them, and what was said of the texts of videos."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from records.tables.base import Base, Counter
from reelmill.content import Decision


class TextVerdictRow(Base):
    """What screening, or a person, said of exact texts under one exact policy. Rows are added, never changed."""

    __tablename__ = "text_verdicts"
    __table_args__ = (Index(None, "texts_sha256", "policy", "policy_version"),)

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    texts_sha256: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(64))
    policy_version: Mapped[str] = mapped_column(String(64))
    decision: Mapped[Decision]
    fault: Mapped[bool]  #: a review only because a guard gave no opinion
    reasons: Mapped[list[Any]]
    hits: Mapped[list[Any]]
    guard: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(64))  #: a person; "": screening itself
    created_at: Mapped[dt.datetime]


class ReviewDecision(Base):
    """What a person, or the deadline, decided about a video that waited. Rows are added, never changed."""

    __tablename__ = "review_decisions"
    __table_args__ = (Index(None, "video_id"), Index(None, "decided_at"))

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(16))  #: `approve`, `reject`, `regenerate`
    who: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(String(16))  #: `texts` or `frames`
    verdict_id: Mapped[int | None] = mapped_column(
        Counter
    )  #: of the verdict that asked for it; of the text verdict that it became
    detail: Mapped[dict[str, Any]]  #: what was changed
    waited_since: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime]
