"""WooCommerce's product export: a row for each product, and one for each variation of it, after its own.

https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reelmill.content import Skipped
from tasks.sources.feeds.attributes import normalised
from tasks.sources.feeds.dialects import choices
from tasks.sources.feeds.row import Row

_COLUMNS = frozenset({"type", "name", "published", "regular_price"})
_CHOICES = range(1, 11)

#: A comma between values; those within are written `\,`.
_COMMA = re.compile(r"(?<!\\),\s*")


def is_table(columns: Collection[str]) -> bool:
    """Whether a table with such columns (normalised) is of this kind."""
    return frozenset(columns) >= _COLUMNS and bool({"id", "sku"} & frozenset(columns))


@dataclass(slots=True)
class _Product:
    """A product whose variations may still come."""

    where: str
    identifier: str
    values: dict[str, list[str]]
    is_variable: bool
    names: frozenset[str]  #: how variations call their product
    hidden: str  #: why people cannot see it

    def add(self, named: Mapping[str, Sequence[str]]) -> None:
        """Take from a variation what the product itself does not say."""
        if not self.values.get("price"):
            self.values |= _prices(named)
        if not self.values.get("image_link"):
            self.values |= _images(named)

    def row(self) -> Row | Skipped:
        if self.hidden:
            return Skipped(self.where, f"{self.identifier!r} {self.hidden}")
        return Row(self.where, self.values)


def rows(found: Iterable[Row | Skipped], kept: Collection[str] = ()) -> Iterator[Row | Skipped]:
    """Rows of Merchant's attributes, one for each product: its variations belong to it.

    Parameters
    ----------
    kept:
        Columns (normalised) that the definition gives a meaning of its own.
    """
    product: _Product | None = None
    for row in found:
        if isinstance(row, Skipped):
            yield row
            continue
        named = {normalised(name): list(values) for name, values in row.values.items()}
        if "variation" in _types(named):
            parent = _first(named, "parent").lower()
            if product and product.is_variable and parent in product.names:
                product.add(named)
            else:
                yield Skipped(row.where, f"it is a variation of {parent[:80]!r}, which is not the product before it")
            continue
        if product:
            yield product.row()
        product = _product(row, named, kept)
    if product:
        yield product.row()


def _product(row: Row, named: dict[str, list[str]], kept: Collection[str]) -> _Product:
    identifier, number = _first(named, "id") or _first(named, "sku"), _first(named, "id")
    hidden = "is hidden in the catalogue" if _first(named, "visibility_in_catalog").lower() == "hidden" else ""
    if _first(named, "published") in ("0", "-1"):
        hidden = "is not published"
    values: dict[str, list[str]] = {
        **{name: cells for name, cells in named.items() if name in kept},
        "id": [identifier] if identifier else [],
        "title": named.get("name", []),
        "description": [
            text.replace("\\n", " ") for text in named.get("description") or named.get("short_description", [])
        ],
        "availability": [
            {"1": "in stock", "0": "out of stock"}.get(stock, stock) for stock in named.get("in_stock?", [])
        ],
        "product_type": _parts(_first(named, "categories"))[:1],
        "brand": _parts(_first(named, "brands"))[:1],
        "link": named.get("external_url", []),
        "created": named.get("date_created", []),
        "image_link": [],
        **_prices(named),
        **_images(named),
    }
    for position in _CHOICES:
        if attribute := choices.attribute(_first(named, f"attribute_{position}_name")):
            values[attribute] = named.get(f"attribute_{position}_value(s)", [])
    names = {f"id:{number}".lower(), _first(named, "sku").lower()} - {"id:", ""}
    return _Product(row.where, identifier, values, "variable" in _types(named), frozenset(names), hidden)


def _prices(named: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found = {"price": list(named.get("regular_price", [])), "sale_price": list(named.get("sale_price", []))}
    starts, ends = _first(named, "date_sale_price_starts"), _first(named, "date_sale_price_ends")
    if starts or ends:
        found["sale_price_effective_date"] = [f"{starts}/{ends}"]
    return found if found["price"] else {}


def _images(named: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    links = _parts(_first(named, "images"))
    return {"image_link": links[:1], "additional_image_link": links[1:]} if links else {}


def _types(named: Mapping[str, Sequence[str]]) -> list[str]:
    return [part.strip().lower() for part in _first(named, "type").split(",")]


def _parts(cell: str) -> list[str]:
    return [part.replace("\\,", ",").strip() for part in _COMMA.split(cell) if part.strip()]


def _first(named: Mapping[str, Sequence[str]], name: str) -> str:
    values = named.get(name)
    return values[0] if values else ""
