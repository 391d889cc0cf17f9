"""Whose export a feed is, by its columns or by the shape of its items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tasks.sources.feeds.attributes import normalised
from tasks.sources.feeds.dialects import meta, shopify, woocommerce

Dialect = Literal["shopify", "woocommerce", "meta"]


def of_columns(names: Iterable[str]) -> Dialect | None:
    """The dialect of a table; None for one that speaks plainly."""
    columns = frozenset(map(normalised, names))
    if shopify.is_table(columns):
        return "shopify"
    if woocommerce.is_table(columns):
        return "woocommerce"
    return "meta" if meta.is_table(columns) else None


def of_item(item: object) -> Dialect | None:
    """The dialect of a JSON feed with such an item; None for one that speaks plainly."""
    return "shopify" if shopify.is_item(item) else None
