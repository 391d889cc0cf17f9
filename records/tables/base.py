"""What all tables share: how columns are typed, and how keys and indexes are named."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Double, Integer, MetaData, String, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

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
        float: Double(),  # what SQLAlchemy 2.1 takes it for, and 2.0 does not
        RunState: Word(RunState),
        VideoState: Word(VideoState),
        PostState: Word(PostState),
        Decision: Word(Decision),
    }
