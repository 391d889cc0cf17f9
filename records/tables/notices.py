"""Notices: what people were told of, or are to be told of: ends of runs, and what came about after them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from records.tables.base import Base


class Notice(Base):
    """One thing that people hear of once. The row is there before they are told, and says under which message."""

    __tablename__ = "notices"
    __table_args__ = (Index(None, "told_at"),)

    key: Mapped[str] = mapped_column(String(400), primary_key=True)  #: what came about, so that it is told once
    batch: Mapped[UUID]  #: the message; several notices may be in one
    pipeline: Mapped[str] = mapped_column(String(64))  #: those whom it names are told
    words: Mapped[str] = mapped_column(Text)
    made_at: Mapped[dt.datetime]
    told_at: Mapped[dt.datetime | None]
