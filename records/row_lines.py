"""Rows as JSON and back, the same from SQLite and from Postgres.

NULL is a key that is not there. So JSON's own `null`, which a JSON column can hold as well, stays what it is.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Insert,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from records.tables import Instant
from reelmill.content import Json

#: Before the names of an INSERT's parameters: the bare names of columns are SQLAlchemy's.
_PREFIX = "value_"


def reading(table: Table, *, sqlite: bool) -> Select[Any]:
    """All rows in the order of their keys, documents as their text."""

    def asked(column: Column[Any]) -> Any:
        if not isinstance(column.type, JSON):
            return column
        return (type_coerce if sqlite else cast)(column, Text).label(column.name)

    return select(*(asked(column) for column in table.columns)).order_by(*table.primary_key.columns)


def inserting(table: Table, *, sqlite: bool) -> Insert:
    """One row, with the parameters that `parameters_of` makes."""

    def given(column: Column[Any]) -> Any:
        if not isinstance(column.type, JSON):
            return bindparam(_PREFIX + column.name, type_=column.type)
        document = bindparam(_PREFIX + column.name, type_=Text())
        return document if sqlite else cast(document, JSONB)

    return table.insert().values({column.name: given(column) for column in table.columns})


def json_of(table: Table, row: Row[Any]) -> dict[str, Json]:
    """A row that `reading` gave."""
    return {
        column.name: json.loads(value) if isinstance(column.type, JSON) else _plain(value)
        for column, value in zip(table.columns, row, strict=True)
        if value is not None
    }


def parameters_of(table: Table, plain: Mapping[str, Json]) -> dict[str, Any]:
    """What `inserting` needs for a row.

    Raises
    ------
    ValueError, TypeError
        If it is no row of this table.
    """
    if unknown := plain.keys() - table.columns.keys():
        raise ValueError(f"{table.name} has no {', '.join(sorted(unknown))}")
    return {
        _PREFIX + column.name: _value(column, plain[column.name]) if column.name in plain else None
        for column in table.columns
    }


def _plain(value: Any) -> Json:
    match value:
        case UUID():
            return str(value)
        case dt.datetime():  # Postgres gives it in the zone of its session
            return value.astimezone(dt.UTC).isoformat()
        case dt.date():
            return value.isoformat()
        case Enum():
            return value.value
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _value(column: Column[Any], plain: Json) -> Any:
    match column.type:
        case JSON():
            return json.dumps(plain)
        case Uuid():
            return UUID(plain)
        case Instant():
            return dt.datetime.fromisoformat(plain)
        case LargeBinary():
            return base64.b64decode(plain, validate=True)
        case Date():
            return dt.date.fromisoformat(plain)
        case _:
            return plain
