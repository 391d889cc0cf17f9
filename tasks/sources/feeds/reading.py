"""The rows of a feed, whatever it is: its format is looked at, and its dialect turned into Merchant's attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from reelmill.content import Skipped
from reelmill.errors import SourceError
from tasks.sources.feeds import delimited, jsonfeed, xml
from tasks.sources.feeds.attributes import check
from tasks.sources.feeds.dialects import meta, recognition, shopify, woocommerce
from tasks.sources.feeds.opening import Feed
from tasks.sources.feeds.row import Row

Items = Iterator[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Options:
    """What a definition says of how its feed is read."""

    format: str = "auto"
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  #: normalised → attribute
    images_required: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)  #: attribute → path in an item
    items_at: str | None = None


def rows(feed: Feed, options: Options) -> Iterator[Row | Skipped]:
    """A stream of the rows, in Merchant's attributes or in what `Reading` knows as other names of them.

    Raises
    ------
    SourceError
        If the feed cannot be read as what it is. While streaming too.
    """
    plain = options.format in ("xml", "csv", "tsv", "json", "jsonl")
    kind = options.format if plain else feed.format()
    if (options.fields or options.items_at) and kind not in ("json", "jsonl"):
        raise SourceError(
            f"{feed.name} is {kind.upper()}, and `fields` and `items_at` are for JSON", "use `columns` instead"
        )
    if kind == "xml" and options.format in ("auto", "xml"):
        return xml.rows(feed, options.encoding)
    if kind in ("csv", "tsv"):
        return _table(feed, "tsv" if kind == "tsv" else "csv", options)
    if kind == "json":
        return _json(feed, jsonfeed.items(feed, options.encoding, options.items_at), options)
    if kind == "jsonl":
        return _json(feed, jsonfeed.lines(feed, options.encoding), options)
    what = {"meta": "a catalogue of Meta's", "shopify": "Shopify's", "woocommerce": "WooCommerce's"}
    raise SourceError(
        f"{feed.name} is {kind.upper()}, not {what.get(options.format, 'a product feed')}", "use XML, CSV, TSV or JSON"
    )


def _table(feed: Feed, kind: Literal["csv", "tsv"], options: Options) -> Iterator[Row | Skipped]:
    names, found = delimited.columns_and_rows(feed, kind, options.encoding)
    dialect = options.format if options.format != "auto" else recognition.of_columns(names)
    if dialect == "shopify":
        _check_dialect(feed, "shopify", names)
        return shopify.rows(found, options.columns)
    if dialect == "woocommerce":
        _check_dialect(feed, "woocommerce", names)
        return woocommerce.rows(found, options.columns)
    if dialect == "meta":
        return meta.rows(found)
    needed = ("id", "title", *(("image_link",) if options.images_required else ()))
    check(feed.name, names, options.columns, needed)
    return found


def _check_dialect(feed: Feed, dialect: recognition.Dialect, names: list[str]) -> None:
    if recognition.of_columns(names) != dialect:
        shown = ", ".join(repr(name[:40]) for name in names[:12])
        raise SourceError(f"{feed.name} has not the columns of {dialect}; it has {shown}", "leave `format` out")


def _json(feed: Feed, items: Items, options: Options) -> Iterator[Row | Skipped]:
    if options.format == "shopify":
        return shopify.products(items, feed.origin)
    if options.format == "auto" and not options.fields:
        first = next(items, None)
        if first is None:
            return iter(())
        items = chain([first], items)
        if recognition.of_item(first[1]) == "shopify":
            return shopify.products(items, feed.origin)
    elif options.format not in ("auto", "json", "jsonl"):
        raise SourceError(f"{feed.name} is JSON, and {options.format} is read as CSV", "leave `format` out")
    return jsonfeed.rows(items, options.fields)
