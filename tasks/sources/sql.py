"""A database: one brief for each row that a query gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from reelmill.content import Brief, Skipped
from tasks.secret import Secret
from tasks.sources.base import SourceContext
from tasks.sources.items import MAX_ITEMS, ItemSource

#: A parameter, as SQLAlchemy finds them: `:name`, and neither `::type` nor `\:name`.
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
PARAMETERS = frozenset({"cursor", "date"})


def _open_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        secret = parts.password or "password" in parts.query.lower()
    except ValueError:
        raise ValueError("it is no URL; use sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    if secret:
        raise ValueError("a password has no place in this file; put the whole URL elsewhere: `url: {env: NAME}`")
    if parts.scheme not in ("sqlite", "postgres", "postgresql", "postgresql+psycopg"):
        raise ValueError("use sqlite:///FILE or postgresql://USER@HOST/DATABASE, or `{env: NAME}` with one of them")
    return url


def _one_statement(query: str) -> str:
    statement = query.strip().removesuffix(";").rstrip()
    if not statement:
        raise ValueError("it is empty; write a query, such as `select id, title from posts`")
    for name in _PARAMETER.findall(statement):
        if name not in PARAMETERS:
            raise ValueError(f"there is no parameter :{name}; use :cursor or :date, and write another colon as \\:")
    return statement


def _kind_of(url: Any) -> str:
    return "text" if isinstance(url, str) else "secret"


Url = Annotated[
    Annotated[Secret, Tag("secret")] | Annotated[str, AfterValidator(_open_url), Tag("text")], Discriminator(_kind_of)
]


class Sql(ItemSource):
    """The rows of a query. The database is only read: SQLite, or Postgres (extra `postgres`)."""

    type: Literal["sql"]
    url: Url
    """The database: where its URL is, such as `{env: SHOP_DATABASE}`, or a URL without a password. `sqlite:///FILE` is
    relative to this file."""
    query: Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_one_statement)]
    """One `select`. `:date` is the day of the run, and `:cursor` how far the rows were taken before."""
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """A column that grows from row to row, such as an id. Only rows beyond the last one that was taken are new."""
    max_items: int | None = Field(None, ge=1, le=MAX_ITEMS)
    """The most rows to take from one reading. With `cursor`, the next run goes on where this one ends."""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds that the query may take."""

    @model_validator(mode="after")
    def _names_the_cursor(self) -> Self:
        if self.cursor is None and "cursor" in _PARAMETER.findall(self.query):
            raise ValueError("the query has :cursor; say which column it is compared with: `cursor: COLUMN`")
        return self

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.database.query import Query, answered

        if isinstance(self.url, Secret):
            url, name = self.url.read(), f"the database in {self.url.name}"
        else:
            url, name = self.url, urlsplit(self.url)._replace(query="").geturl()
        query = Query(
            url=url,
            name=name,
            statement=self.query,
            parameters=frozenset(_PARAMETER.findall(self.query)),
            cursor=self.cursor,
            seconds=self.timeout,
            most=self.max_items,
            usable=lambda item: self.is_usable(item, context.folder),
            check=lambda columns: self.check_columns(name, columns, [self.cursor] if self.cursor else []),
        )
        with answered(query, context) as items:
            yield from self.taken(items, name, context.folder)
