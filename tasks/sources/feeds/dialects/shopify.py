"""Shopify: the export of products as a table, in which rows go on with a handle, and a storefront's `products.json`.

A product's id is its handle: both have it, and its page is called so. What it costs is what its first variant costs
that can be bought.

https://help.shopify.com/en/manual/products/import-export/using-csv
https://shopify.dev/docs/api/admin-rest/latest/resources/product
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reelmill.content import Skipped
from tasks.sources.feeds.attributes import normalised
from tasks.sources.feeds.dialects import choices
from tasks.sources.feeds.row import Row

_OPTIONS = (1, 2, 3)
_MAX_IMAGES = 30
#: The names of columns until 2025, and since then.
_HANDLE = ("handle", "url_handle")
_TEXTS = {
    "title": ("title",),
    "description": ("body_(html)", "description"),
    "brand": ("vendor",),
    "product_type": ("type",),
    "google_product_category": ("product_category", "google_shopping_/_google_product_category"),
    "condition": ("google_shopping_/_condition",),
}
_PRICE, _BEFORE = ("variant_price", "price"), ("variant_compare_at_price", "compare_at_price")
_IMAGE = ("image_src", "product_image_url")
_PUBLISHED = ("published", "published_on_online_store")
_TRACKER, _QUANTITY = (
    ("variant_inventory_tracker", "inventory_tracker"),
    ("variant_inventory_qty", "inventory_quantity"),
)
_POLICY = ("variant_inventory_policy", "continue_selling_when_out_of_stock")


def is_table(columns: Collection[str]) -> bool:
    """Whether a table with such columns (normalised) is of this kind."""
    there = frozenset(columns)
    return bool(there & {*_HANDLE}) and "option1_value" in there and bool(there & {*_PRICE})


def is_item(item: object) -> bool:
    """Whether a JSON feed with such an item is of this kind."""
    return isinstance(item, dict) and "handle" in item and isinstance(item.get("variants"), list)


@dataclass(frozen=True, slots=True)
class _Variant:
    price: str
    before: str
    is_there: bool
    choices: Mapping[str, str]  #: by Merchant's attribute


@dataclass(slots=True)
class _Product:
    """A product of which further rows may come. Bounded, however many those are."""

    where: str
    handle: str
    values: dict[str, list[str]]
    hidden: str = ""  #: why people cannot see it
    variant: _Variant | None = None  #: the first, or the first that can be bought
    images: list[str] = field(default_factory=list)

    def add(self, variant: _Variant | None, images: Iterable[str]) -> None:
        if variant and (self.variant is None or (variant.is_there and not self.variant.is_there)):
            self.variant = variant
        self.images += list(images)[: _MAX_IMAGES - len(self.images)]

    def row(self) -> Row | Skipped:
        if self.hidden:
            return Skipped(self.where, f"{self.handle!r} {self.hidden}")
        found = {**self.values, "id": [self.handle] if self.handle else [], "image_link": self.images}
        if self.variant:
            found |= choices.prices(self.variant.price, self.variant.before)
            found["availability"] = ["in stock" if self.variant.is_there else "out of stock"]
            found |= {attribute: [value] for attribute, value in self.variant.choices.items()}
        return Row(self.where, found)


def rows(found: Iterable[Row | Skipped], kept: Collection[str] = ()) -> Iterator[Row | Skipped]:
    """Rows of Merchant's attributes, one for each handle: rows of the same handle go on with the one before.

    Parameters
    ----------
    kept:
        Columns (normalised) that the definition gives a meaning of its own.
    """
    product: _Product | None = None
    options: dict[int, str] = {}
    for row in found:
        if isinstance(row, Skipped):
            yield row
            continue
        named = {normalised(name): list(values) for name, values in row.values.items()}
        handle = _first(named, *_HANDLE)
        if product is None or handle != product.handle or not handle:
            if product:
                yield product.row()
            product, options = _product(row, named, handle, kept), {}
        options |= {number: name for number in _OPTIONS if (name := _first(named, f"option{number}_name"))}
        product.add(_variant(named, options), named.get(_IMAGE[0]) or named.get(_IMAGE[1], []))
    if product:
        yield product.row()


def _product(row: Row, named: Mapping[str, list[str]], handle: str, kept: Collection[str]) -> _Product:
    values = {name: cells for name, cells in named.items() if name in kept}
    values |= {name: [text] for name, columns in _TEXTS.items() if (text := _first(named, *columns))}
    status = _first(named, "status").lower()
    hidden = f"is not shown: its status is {status}" if status in ("draft", "archived", "unlisted") else ""
    if _first(named, *_PUBLISHED).lower() == "false":
        hidden = "is not published"
    return _Product(row.where, handle, values, hidden)


def _variant(named: Mapping[str, Sequence[str]], options: Mapping[int, str]) -> _Variant | None:
    price = _first(named, *_PRICE)
    if not price:
        return None
    tracked, quantity = _first(named, *_TRACKER), _first(named, *_QUANTITY)
    is_there = not tracked or _is_positive(quantity) or _first(named, *_POLICY).lower() in ("continue", "true")
    chosen = ((options.get(number, ""), _first(named, f"option{number}_value")) for number in _OPTIONS)
    return _Variant(price, _first(named, *_BEFORE), is_there, _attributes(chosen))


def products(items: Iterable[tuple[str, object]], shop: str | None) -> Iterator[Row | Skipped]:
    """Rows of Merchant's attributes from the items of `products.json`.

    Parameters
    ----------
    shop:
        The address of the storefront, for links; None where the feed is a file.
    """
    for place, item in items:
        if isinstance(item, Skipped):
            yield item
        elif not is_item(item):
            yield Skipped(place, "it is no product of Shopify's: it has no `handle` or no `variants`")
        else:
            assert isinstance(item, dict)
            yield _from_item(place, item, shop)


def _from_item(place: str, item: Mapping[str, Any], shop: str | None) -> Row | Skipped:
    handle = _text(item.get("handle"))
    values = {
        "title": _text(item.get("title")),
        "description": _text(item.get("body_html")),
        "brand": _text(item.get("vendor")),
        "product_type": _text(item.get("product_type")),
        "created": _text(item.get("published_at")) or _text(item.get("created_at")),
        "link": f"{shop}/products/{handle}" if shop and handle else "",
    }
    status = _text(item.get("status")).lower()
    hidden = f"is not shown: its status is {status}" if status in ("draft", "archived", "unlisted") else ""
    product = _Product(place, handle, {name: [text] for name, text in values.items() if text}, hidden)
    names = [_text(one.get("name") if isinstance(one, dict) else one) for one in _list(item.get("options"))]
    for variant in _list(item.get("variants")):
        if isinstance(variant, dict) and (price := _text(variant.get("price"))):
            chosen = zip(names, (_text(variant.get(f"option{number}")) for number in _OPTIONS), strict=False)
            before = _text(variant.get("compare_at_price"))
            product.add(_Variant(price, before, _is_there(variant), _attributes(chosen)), ())
    links = [_text(one.get("src") if isinstance(one, dict) else one) for one in _list(item.get("images"))]
    product.add(None, filter(None, links))
    return product.row()


def _is_there(variant: Mapping[str, Any]) -> bool:
    """A storefront says `available`; the API for shop owners says how many there are and whether that matters."""
    if isinstance(available := variant.get("available"), bool):
        return available
    tracked = _text(variant.get("inventory_management"))
    policy = _text(variant.get("inventory_policy"))
    return not tracked or _is_positive(_text(variant.get("inventory_quantity"))) or policy == "continue"


def _attributes(chosen: Iterable[tuple[str, str]]) -> dict[str, str]:
    found = ((choices.attribute(name), value) for name, value in chosen)
    return {attribute: value for attribute, value in found if attribute and value}


def _is_positive(quantity: str) -> bool:
    return quantity.isascii() and quantity.isdigit() and int(quantity[:9]) > 0


def _text(found: object) -> str:
    return found.strip() if isinstance(found, str) else ""


def _list(found: object) -> Sequence[Any]:
    return found if isinstance(found, list) else ()


def _first(named: Mapping[str, Sequence[str]], *names: str) -> str:
    return next((named[name][0] for name in names if named.get(name)), "")
