"""A shop's product feed: one brief for each product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reelmill.content import Brief, Json, Skipped
from reelmill.errors import SourceError
from tasks.registry import suggest
from tasks.secret import Secret
from tasks.sources.base import SourceContext
from tasks.sources.changes import Changing
from tasks.sources.location import Encoding
from tasks.sources.login_options import LoginOptions, login_of

if TYPE_CHECKING:
    from tasks.sources.feeds.product import Reading
    from tasks.sources.feeds.row import Row

#: The most items that one feed may hold. Larger catalogues are split by every feed system that there is.
MAX_ITEMS = 200_000


def _known_location(location: str) -> str:
    scheme, mark, rest = location.partition("://")
    kinds = "use an http(s) URL, s3://BUCKET/KEY, a path relative to this file, or `-` for the standard input"
    if mark and scheme.lower() not in ("http", "https", "s3"):
        raise ValueError(f"{scheme}:// is not read; {kinds}")
    if scheme.lower() == "s3" and mark and not re.match(r"[^/]+/+[^/]", rest):
        raise ValueError(f"it names no bucket and key; {kinds}")
    if not location.strip():
        raise ValueError(f"it is empty; {kinds}")
    return location


def _known_attribute(attribute: str) -> str:
    from tasks.sources.feeds.attributes import ATTRIBUTES

    if attribute not in ATTRIBUTES:
        near = suggest(attribute, ATTRIBUTES)
        raise ValueError(
            f"{attribute!r} is not an attribute of a product"
            + (f"; did you mean {near!r}?" if near else f"; use one of {', '.join(sorted(ATTRIBUTES))}")
        )
    return attribute


def _known_meanings(columns: Mapping[str, str]) -> Mapping[str, str]:
    for attribute in columns.values():
        _known_attribute(attribute)
    return columns


def _known_names(fields: Mapping[str, str]) -> Mapping[str, str]:
    for attribute in fields:
        _known_attribute(attribute)
    return fields


class ProductFeed(Changing):
    """A product feed: Google Merchant's XML, CSV or TSV, Meta's catalogue, exports of shop systems, or any JSON.

    A product's key is its id. An item without an id or a title, with an id that was there before, or without an image
    that can be used is passed over, with the reason.
    """

    type: Literal["product_feed"]
    url: Annotated[str, AfterValidator(_known_location)]
    """The feed: an http(s) URL, s3://BUCKET/KEY, a path relative to this file, or `-`. Compressed by gzip or not."""
    format: Literal["auto", "xml", "csv", "tsv", "json", "jsonl", "shopify", "woocommerce", "meta"] = "auto"
    """What the feed is. `auto` looks at its first bytes and its columns; `csv`, `tsv` and `json` take it as plain."""
    login: LoginOptions | None = None
    """A name and a password for the feed's own server."""
    token: Secret | None = None
    """Where a token for the feed's own server is, which is sent as `Authorization: Bearer …`."""
    encoding: Encoding | None = None
    """The characters of a feed that is not UTF-8 and does not say so itself, such as `gb18030`."""
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = None
    """The currency of prices that name none, such as `EUR`."""
    images: Literal["required", "optional"] = "required"
    """Whether a product without an image is passed over."""
    groups: Literal["each", "first"] = "each"
    """Of items with the same `item_group_id` (a shirt in ten sizes): each is a product, or only the first."""
    max_items: int | None = Field(None, ge=1, le=MAX_ITEMS)
    """The most products to take from one reading."""
    columns: Annotated[Mapping[str, str], AfterValidator(_known_meanings)] = {}
    """Other names for columns: the feed's name, then ours, such as `Artikelnummer: id`."""
    paths: Annotated[Mapping[str, str], AfterValidator(_known_names)] = Field({}, alias="fields")
    """Of a JSON feed: our name, then the place in an item, such as `price: variants.0.price`."""
    items_at: str | None = Field(None, min_length=1, max_length=200)
    """Where a JSON feed has its list of items, such as `data.products`."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.login is not None and self.token is not None:
            raise ValueError("give either `login` or `token`")
        if (self.login or self.token) and not self.url.startswith(("http://", "https://")):
            raise ValueError("`login` and `token` are for a feed at an https:// URL")
        if (self.paths or self.items_at) and self.format not in ("auto", "json", "jsonl"):
            raise ValueError(f"`fields` and `items_at` are for plain JSON, and `format` is {self.format}")
        return self

    def fields(self) -> frozenset[str]:
        from tasks.sources.feeds.attributes import FIELDS

        return FIELDS

    @property
    def reads_all(self) -> bool:
        return self.max_items is None

    def facts(self, brief: Brief) -> Mapping[str, Json]:
        sale = "sale_price" if brief.fields["sale_price_amount"] else "price"
        return {
            "price": brief.fields[f"{sale}_amount"],
            "currency": brief.fields[f"{sale}_currency"],
            "availability": brief.fields["availability"],
        }

    def age(self, brief: Brief) -> str:
        from tasks.sources.feeds import age

        return age.parse(brief.made, ZoneInfo("UTC"))

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.feeds import paging
        from tasks.sources.feeds.attributes import normalised
        from tasks.sources.feeds.opening import opened
        from tasks.sources.feeds.product import Reading
        from tasks.sources.feeds.reading import Options, rows

        login, login_name = login_of(self.login, self.token)
        columns = {normalised(name): attribute for name, attribute in self.columns.items()}
        options = Options(self.format, self.encoding, columns, self.images == "required", self.paths, self.items_at)
        taken = _Taken()
        number = 0
        for page, address in enumerate(paging.addresses(self.url, self.format), start=1):
            before = number
            with opened(address, context, login=login, login_name=login_name) as feed:
                occasion = context.occasion
                reading = Reading(
                    columns,
                    self.images == "required",
                    feed.folder,
                    occasion.date,
                    occasion.zone,
                    self.currency or "",
                )
                for found_row in rows(feed, options):
                    number += 1
                    row = replace(found_row, where=f"page {page}, {found_row.where}") if page > 1 else found_row
                    if number > MAX_ITEMS:
                        raise SourceError(
                            f"{feed.name} has more than {MAX_ITEMS:,} items", "split it, or set `max_items`"
                        )
                    found = row if isinstance(row, Skipped) else self._read(reading, row, taken)
                    yield found
                    if isinstance(found, Brief):
                        taken.keys.add(found.key)
                        if len(taken.keys) == self.max_items:
                            return
            if number == before:
                return

    def _read(self, reading: Reading, row: Row, taken: _Taken) -> Brief | Skipped:
        try:
            brief = reading.brief(row)
        except ValueError as error:
            return Skipped(row.where, str(error), reading.key(row))
        if brief.key in taken.keys:
            return Skipped(row.where, f"{brief.fields['id']!r} was there before", brief.key)
        if self.groups == "first" and (group := brief.fields["item_group_id"]):
            if group in taken.groups:
                return Skipped(row.where, f"{brief.fields['id']!r} is another one of the group {group!r}", brief.key)
            taken.groups.add(group)
        return brief


@dataclass(frozen=True, slots=True)
class _Taken:
    """What products of this reading are known by."""

    keys: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
