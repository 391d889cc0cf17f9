"""Meta's (Facebook's) catalogue: Merchant's columns, some of its own, and some with an index: `image[0].url`.

https://www.facebook.com/business/help/120325381656392 (product data specifications)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from reelmill.content import Skipped
from tasks.sources.feeds.attributes import normalised
from tasks.sources.feeds.row import Row

_IMAGE = re.compile(r"(?:additional_)?image(?:_link)?\[(\d{1,3})\](?:\.url)?")
_OWN = frozenset({"quantity_to_sell_on_facebook", "fb_product_category", "rich_text_description"})

#: What people cannot see in the catalogue. https://developers.facebook.com/docs/marketing-api/catalog/reference
_HIDDEN = {"status": ("archived",), "visibility": ("hidden", "staging")}


def is_table(columns: Collection[str]) -> bool:
    """Whether a table with such columns (normalised) is of this kind."""
    return bool(_OWN & frozenset(columns)) or any(name.startswith("image[") for name in columns)


def rows(found: Iterable[Row | Skipped]) -> Iterator[Row | Skipped]:
    """Rows of Merchant's attributes."""
    for row in found:
        yield row if isinstance(row, Skipped) else _row(row)


def _row(row: Row) -> Row | Skipped:
    named = {normalised(name): list(values) for name, values in row.values.items()}
    for column, words in _HIDDEN.items():
        if (said := _first(named, column)).lower() in words:
            return Skipped(row.where, f"{_first(named, 'id')!r} is not shown: its {column} is {said}")
    pictures = sorted((int(match[1]), name) for name in named if (match := _IMAGE.fullmatch(name)))
    links = [link for _, name in pictures for link in named.pop(name)]
    if links:
        named.setdefault("image_link", []).extend(links[: 0 if named.get("image_link") else 1])
        named.setdefault("additional_image_link", []).extend(links)
    if not named.get("description") and named.get("rich_text_description"):
        named["description"] = named["rich_text_description"]
    if not named.get("product_type") and named.get("fb_product_category"):
        named["product_type"] = named["fb_product_category"]
    quantity = _first(named, "quantity_to_sell_on_facebook")
    if not named.get("availability") and re.fullmatch(r"\d+", quantity):
        named["availability"] = ["in stock" if int(quantity) else "out of stock"]
    return Row(row.where, named)


def _first(named: dict[str, list[str]], name: str) -> str:
    return named.get(name, [""])[0]
