"""The attributes of a product: their names, and the other names that feeds use for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reelmill.errors import SourceError

#: What a column of a feed can be read as. The names are Google Merchant's.
#: https://support.google.com/merchants/answer/7052112 (product data specification)
ATTRIBUTES = frozenset(
    {
        "id",
        "title",
        "description",
        "link",
        "image_link",
        "additional_image_link",
        "price",
        "price_currency",
        "sale_price",
        "sale_price_effective_date",
        "brand",
        "availability",
        "condition",
        "product_type",
        "google_product_category",
        "color",
        "material",
        "size",
        "item_group_id",
        "created",
    }
)

#: The names of a brief's fields, whatever the feed holds.
FIELDS = (ATTRIBUTES - {"image_link", "additional_image_link", "sale_price_effective_date", "created"}) | {
    "price_amount",
    "sale_price_amount",
    "sale_price_currency",
    "sale_ends",
    "images",
}

#: Other names for them, from the exports of common shop systems.
ALIASES: Mapping[str, str] = {
    "sku": "id",
    "product_id": "id",
    "handle": "id",
    "name": "title",
    "product_title": "title",
    "body_html": "description",
    "body": "description",
    "summary": "description",
    "content": "description",
    "url": "link",
    "product_url": "link",
    "image": "image_link",
    "image_url": "image_link",
    "image_src": "image_link",
    "images": "image_link",
    "additional_image_links": "additional_image_link",
    "vendor": "brand",
    "manufacturer": "brand",
    "stock": "availability",
    "colour": "color",
    "category": "product_type",
    "product_types": "product_type",
    "currency": "price_currency",
    "published_at": "created",
    "created_at": "created",
    "date_created": "created",
    "date_created_gmt": "created",
    "date_published": "created",
    "published": "created",
    "pub_date": "created",
    "pubdate": "created",
}


_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GAP = re.compile(r"[\s\-_]+")


def normalised(name: str) -> str:
    """A column's name as it is compared: `g:Image Link`, `imageLink` and `image_link` are one."""
    return _GAP.sub("_", _HUMP.sub("_", name.strip().removeprefix("g:"))).strip("_").lower()


def check(feed: str, names: Iterable[str], columns: Mapping[str, str], needed: Iterable[str]) -> None:
    """Raise `SourceError` unless a table's column names hold each attribute that is needed."""
    names = list(names)
    meanings = {columns.get(name) or ALIASES.get(name, name) for name in map(normalised, names)}
    for attribute in needed:
        if attribute not in meanings:
            shown = ", ".join(repr(name[:40]) for name in names[:12])
            raise SourceError(
                f"{feed} has no column `{attribute}`; it has {shown}",
                f"name the one that is meant: `columns: {{THEIRS: {attribute}}}`",
            )
