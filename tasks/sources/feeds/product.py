"""What a row of a feed means as a product: Google Merchant's attributes, under the names that shops use for them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reelmill.content import Brief, Json
from reelmill.errors import FetchError
from reelmill.fetching import parse as parse_url
from tasks.sources import plain
from tasks.sources.feeds import price
from tasks.sources.feeds.attributes import ALIASES, ATTRIBUTES, FIELDS, normalised
from tasks.sources.feeds.row import Row

#: Merchant's four words for availability, and how other exports say them.
AVAILABILITY = {
    "in_stock": ("in stock", "instock", "available", "yes", "true", "有货", "现货"),
    "out_of_stock": ("out of stock", "outofstock", "sold out", "unavailable", "no", "false", "缺货", "售罄"),
    "preorder": ("pre-order", "presale", "预售"),
    "backorder": ("back-order", "on backorder"),
}
_AVAILABILITY = {word: name for name, words in AVAILABILITY.items() for word in (name, name.replace("_", " "), *words)}

MAX_TITLE, MAX_DESCRIPTION, MAX_FIELD = 300, 2000, 500  #: characters
MAX_IMAGES = 10
MAX_IDENTIFIER = 200  #: characters


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one feed are read."""

    columns: Mapping[str, str]  #: the definition's own names for columns, normalised → attribute
    images_required: bool
    folder: Path | None  #: where a local feed's images lie; None for a feed from the web

    def brief(self, row: Row) -> Brief:
        """The product of a row.

        Raises
        ------
        ValueError
            If it cannot be used, with the reason.
        """
        known = self._attributes(row)
        identifier = plain.text(known.first("id"), MAX_IDENTIFIER)
        if not identifier:
            raise ValueError("it has no id")
        title = plain.text(html.unescape(known.first("title")), MAX_TITLE)
        if not title:
            raise ValueError(f"{identifier!r} has no title")
        images = self._images(identifier, known)
        asked, reduced = _price(known, "price"), _price(known, "sale_price")
        fields: dict[str, Json] = {
            **{name: plain.text(html.unescape(known.first(name)), MAX_FIELD) for name in sorted(ATTRIBUTES & FIELDS)},
            "id": identifier,
            "title": title,
            "description": plain.text_of_html(known.first("description"), MAX_DESCRIPTION),
            "availability": _availability(known.first("availability")),
            "price_amount": asked.amount,
            "price_currency": asked.currency,
            "sale_price_amount": reduced.amount,
            "sale_price_currency": reduced.currency,
            "images": list(images),
        }
        return Brief(plain.key(identifier), title, fields, images)

    def _attributes(self, row: Row) -> Row:
        values: dict[str, list[str]] = {}
        # Exact names first: a feed with both `id` and `sku` means the id by `id`.
        ranks: list[Callable[[str], str | None]] = [
            self.columns.get,
            lambda name: name if name in ATTRIBUTES and name not in self.columns else None,
            lambda name: ALIASES.get(name) if name not in self.columns else None,
        ]
        for meaning in ranks:
            for name, found in row.values.items():
                if attribute := meaning(normalised(name)):
                    values.setdefault(attribute, []).extend(found)
        return Row(row.where, values)

    def _images(self, identifier: str, known: Row) -> tuple[str, ...]:
        # CSV holds several addresses in one cell, separated by commas, which is also legal within one.
        links = [
            part.strip()
            for cell in known.every("image_link", "additional_image_link")
            for part in re.split(r",(?=\s*https?://)", cell)
            if part.strip()
        ]
        good: list[str] = []
        for position, link in enumerate(dict.fromkeys(links)):
            try:
                good.append(self._image(link))
            except ValueError as error:
                if position == 0:
                    raise ValueError(f"{identifier!r}: {error}") from error
        if self.images_required and not good:
            raise ValueError(f"{identifier!r} has no image")
        return tuple(good[:MAX_IMAGES])

    def _image(self, link: str) -> str:
        if self.folder is None or "://" in link:
            try:
                return str(parse_url(link))
            except FetchError as error:
                raise ValueError(f"its image cannot be used: {error.reason}") from error
        return str(plain.file_in(self.folder, link))


def _price(known: Row, attribute: str) -> price.Price:
    found = price.parse(known.first(attribute))
    beside = known.first("price_currency")
    if found.amount and not found.currency and re.fullmatch(r"[A-Za-z]{3}", beside):
        return price.Price(found.amount, beside.upper())
    return found


def _availability(text: str) -> str:
    # schema.org writes it as an address: https://schema.org/InStock
    word = plain.text(text.rpartition("/")[2] if "schema.org" in text else text, MAX_FIELD)
    return _AVAILABILITY.get(word.lower().replace("_", " "), word)
