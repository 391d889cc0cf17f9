"""What a row of a feed means as a product: Google Merchant's attributes, under the names that shops use for them."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from reelmill.content import Brief, Json
from reelmill.errors import FetchError
from reelmill.urls import MAX_URL_LENGTH
from reelmill.urls import parse as parse_url
from tasks.sources import plain
from tasks.sources.feeds import availability, price, sale
from tasks.sources.feeds.attributes import ALIASES, ATTRIBUTES, normalised
from tasks.sources.feeds.row import Row

MAX_TITLE, MAX_DESCRIPTION, MAX_FIELD = 300, 2000, 500  #: characters
MAX_IMAGES = 10
MAX_IDENTIFIER = 200  #: characters
MAX_MOMENT = 64  #: characters of when an item was made

#: The attributes that become a field as they are.
_TEXTS = (
    *("brand", "color", "condition", "google_product_category", "item_group_id", "link", "material"),
    *("product_type", "size"),
)

#: Links that the guard's own parser returns as they are, which takes it fifty times as long.
_PLAIN_LINK = re.compile(
    r"https?://(?!\S*xn--)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+"
)
_BETWEEN_LINKS = re.compile(r",(?=\s*https?://)")
_CURRENCY = re.compile(r"[A-Za-z]{3}")

#: Columns whose meaning is remembered. XML and JSON may name others with each item.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one feed are read."""

    columns: Mapping[str, str]  #: the definition's own names for columns, normalised → attribute
    images_required: bool
    folder: Path | None  #: where a local feed's images lie; None for a feed from the web
    day: dt.date  #: that decides which sale price holds
    zone: ZoneInfo
    currency: str = ""  #: of prices that name none, ISO 4217
    _meanings: dict[str, tuple[int, str] | None] = field(default_factory=dict)

    def brief(self, row: Row) -> Brief:
        """The product of a row.

        Raises
        ------
        ValueError
            If it cannot be used, with the reason.
        """
        known = self._attributes(row)
        identifier = plain.text(_first(known, "id"), MAX_IDENTIFIER)
        if not identifier:
            raise ValueError("it has no id")
        named = _first(known, "title")
        # A title that is a tag as a whole is meant as it stands.
        title = plain.text_of_html(named, MAX_TITLE) or plain.text(html.unescape(named), MAX_TITLE)
        if not title:
            raise ValueError(f"{identifier!r} has no title")
        images = self._images(identifier, known)
        asked = self._price(known, "price")
        reduced, ends = self._sale(known)
        fields: dict[str, Json] = {
            "id": identifier,
            "title": title,
            "description": plain.text_of_html(_first(known, "description"), MAX_DESCRIPTION),
            "availability": availability.meant(_text(known, "availability")),
            "price": _text(known, "price"),
            "price_amount": asked.amount,
            "price_currency": asked.currency,
            "sale_price": _text(known, "sale_price") if reduced else "",
            "sale_price_amount": reduced.amount if reduced else "",
            "sale_price_currency": reduced.currency if reduced else "",
            "sale_ends": ends,
            "images": list(images),
            **{name: _text(known, name) for name in _TEXTS},
        }
        return Brief(plain.key(identifier), title, fields, images, made=_first(known, "created")[:MAX_MOMENT])

    def key(self, row: Row) -> str:
        """The key of the product of a row that cannot be used; "" if it has none."""
        identifier = plain.text(_first(self._attributes(row), "id"), MAX_IDENTIFIER)
        return plain.key(identifier) if identifier else ""

    def _attributes(self, row: Row) -> dict[str, list[str]]:
        """The row's values by attribute. Exact names first: a feed with both `id` and `sku` means the id by `id`."""
        found: list[tuple[int, str, list[str]]] = []
        for name, values in row.values.items():
            try:
                meaning = self._meanings[name]
            except KeyError:
                if len(self._meanings) >= _REMEMBERED:
                    self._meanings.clear()
                meaning = self._meanings[name] = self._meaning(normalised(name))
            if meaning is not None:
                found.append((*meaning, list(values)))
        found.sort(key=lambda one: one[0])
        known: dict[str, list[str]] = {}
        for _, attribute, values in found:
            known.setdefault(attribute, []).extend(values)
        return known

    def _meaning(self, name: str) -> tuple[int, str] | None:
        """The rank of a column among those of its attribute, and the attribute; None if nobody knows it."""
        if name in self.columns:
            return 0, self.columns[name]
        if name in ATTRIBUTES:
            return 1, name
        return (2, ALIASES[name]) if name in ALIASES else None

    def _images(self, identifier: str, known: Mapping[str, list[str]]) -> tuple[str, ...]:
        # CSV holds several addresses in one cell, separated by commas, which is also legal within one.
        links = [
            part.strip()
            for cell in (*known.get("image_link", ()), *known.get("additional_image_link", ()))
            for part in _BETWEEN_LINKS.split(cell)
            if part.strip()
        ]
        good: list[str] = []
        for position, link in enumerate(dict.fromkeys(links)):
            if len(good) == MAX_IMAGES:
                break
            try:
                good.append(self._image(link))
            except ValueError as error:
                if position == 0:
                    raise ValueError(f"{identifier!r}: {error}") from error
        if self.images_required and not good:
            raise ValueError(f"{identifier!r} has no image")
        return tuple(good)

    def _image(self, link: str) -> str:
        if len(link) <= MAX_URL_LENGTH and _PLAIN_LINK.fullmatch(link):
            return link
        if self.folder is None or "://" in link:
            try:
                return str(parse_url(link))
            except FetchError as error:
                raise ValueError(f"its image cannot be used: {error.reason}") from error
        return str(plain.file_in(self.folder, link))

    def _price(self, known: Mapping[str, list[str]], attribute: str) -> price.Price:
        found = price.parse(_first(known, attribute))
        if not found.amount or found.currency:
            return found
        beside = _first(known, "price_currency")
        return price.Price(found.amount, beside.upper() if _CURRENCY.fullmatch(beside) else self.currency)

    def _sale(self, known: Mapping[str, list[str]]) -> tuple[price.Price | None, str]:
        """The sale price if it holds on the day, and its last day (ISO) if that is known."""
        if not _first(known, "sale_price"):
            return None, ""
        ends = ""
        if period := _first(known, "sale_price_effective_date"):
            days = sale.parse(period, self.zone)
            if days is None or not days.holds(self.day):
                return None, ""
            ends = days.ends.isoformat() if days.ends else ""
        return self._price(known, "sale_price"), ends


def _first(known: Mapping[str, list[str]], name: str) -> str:
    values = known.get(name)
    return values[0] if values else ""


def _text(known: Mapping[str, list[str]], name: str) -> str:
    found = _first(known, name)
    return plain.text(html.unescape(found), MAX_FIELD) if found else ""
