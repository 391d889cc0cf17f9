"""A shop's product feed: one brief for each product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.registry import suggest
from tasks.sources.base import Source, SourceContext

if TYPE_CHECKING:
    from tasks.sources.feeds.opening import Feed
    from tasks.sources.feeds.product import Reading
    from tasks.sources.feeds.row import Row

#: The most items that one feed may hold. Larger catalogues are split by every feed system that there is.
MAX_ITEMS = 200_000


def _known_location(location: str) -> str:
    scheme, mark, _ = location.partition("://")
    if mark and scheme.lower() not in ("http", "https"):
        raise ValueError(f"{scheme}:// is not read; use an http(s) URL, or a path relative to this file")
    if not location.strip():
        raise ValueError("it is empty; use an http(s) URL, or a path relative to this file")
    return location


def _known_encoding(name: str) -> str:
    from tasks.sources.feeds.encoding import known

    return known(name)


def _known_attributes(columns: Mapping[str, str]) -> Mapping[str, str]:
    from tasks.sources.feeds.attributes import ATTRIBUTES

    for attribute in columns.values():
        if attribute not in ATTRIBUTES:
            near = suggest(attribute, ATTRIBUTES)
            raise ValueError(
                f"{attribute!r} is not an attribute of a product"
                + (f"; did you mean {near!r}?" if near else f"; use one of {', '.join(sorted(ATTRIBUTES))}")
            )
    return columns


class ProductFeed(Source):
    """A product feed as Google Merchant takes it: RSS 2.0 or Atom XML, CSV, TSV or JSON.

    A product's key is its id. An item without an id or a title, with an id that was there before, or without an image
    that can be used is passed over, with the reason.
    """

    type: Literal["product_feed"]
    url: Annotated[str, AfterValidator(_known_location)]
    """The feed: an http(s) URL, or a path relative to this file. It may be compressed by gzip."""
    format: Literal["auto", "xml", "csv", "tsv", "json"] = "auto"
    """What the feed is. `auto` looks at its first bytes."""
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None
    """The characters of a feed that is not UTF-8 and does not say so itself, such as `gb18030`."""
    changes_only: bool = False
    """Make videos only of products that are new or changed since the pipeline last made one of them."""
    images: Literal["required", "optional"] = "required"
    """Whether a product without an image is passed over."""
    max_items: int | None = Field(None, ge=1, le=MAX_ITEMS)
    """The most products to take from one reading."""
    columns: Annotated[Mapping[str, str], AfterValidator(_known_attributes)] = {}
    """Other names for columns: the feed's name, then ours, such as `Artikelnummer: id`."""

    def fields(self) -> frozenset[str]:
        from tasks.sources.feeds.attributes import FIELDS

        return FIELDS

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.feeds.attributes import normalised
        from tasks.sources.feeds.opening import opened
        from tasks.sources.feeds.product import Reading

        columns = {normalised(name): attribute for name, attribute in self.columns.items()}
        taken: set[str] = set()
        with opened(self.url, context) as feed:
            reading = Reading(columns, self.images == "required", feed.folder)
            for number, row in enumerate(self._rows(feed, columns), start=1):
                if number > MAX_ITEMS:
                    raise SourceError(f"{feed.name} has more than {MAX_ITEMS:,} items", "split it, or set `max_items`")
                found = row if isinstance(row, Skipped) else self._read(reading, row, taken)
                yield found
                if isinstance(found, Brief):
                    taken.add(found.key)
                    if len(taken) == self.max_items:
                        return

    def _read(self, reading: Reading, row: Row, taken: set[str]) -> Brief | Skipped:
        try:
            brief = reading.brief(row)
        except ValueError as error:
            return Skipped(row.where, str(error))
        if brief.key in taken:
            return Skipped(row.where, f"{brief.fields['id']!r} was there before")
        return brief

    def _rows(self, feed: Feed, columns: Mapping[str, str]) -> Iterator[Row | Skipped]:
        from tasks.sources.feeds import delimited, jsonfeed, xml
        from tasks.sources.feeds.attributes import check

        kind = feed.format() if self.format == "auto" else self.format
        if kind == "xml":
            return xml.rows(feed, self.encoding)
        if kind in ("csv", "tsv"):
            names, rows = delimited.columns_and_rows(feed, "tsv" if kind == "tsv" else "csv", self.encoding)
            check(feed.name, names, columns, ("id", "title", *(("image_link",) if self.images == "required" else ())))
            return rows
        if kind == "json":
            return jsonfeed.rows(feed, self.encoding)
        raise SourceError(f"{feed.name} is {kind.upper()}, not a product feed", "use XML, CSV, TSV or JSON")
