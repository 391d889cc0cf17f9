"""The pages of a feed that comes in several: a Shopify storefront's `products.json`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

#: The most products that a storefront gives at once.
PAGE_ITEMS = 250


def addresses(location: str, kind: str) -> Iterator[str]:
    """The address of each page, in order. Most feeds have one page.

    Those of a storefront have no end: whoever reads them stops at an empty one. A shop with more products than it is
    willing to list (25,000) refuses the page after them, so that nobody takes what was listed for all that there is.
    An address that names its page is that page alone.
    """
    head, _, query = location.partition("#")[0].partition("?")
    names = {pair.partition("=")[0] for pair in query.split("&")}
    paged = (
        kind in ("auto", "shopify")
        and location.startswith(("http://", "https://"))
        and head.rstrip("/").endswith("/products.json")
        and not names & {"page", "page_info", "since_id"}
    )
    if not paged:
        yield location
        return
    asked = query if "limit" in names else f"{query}&limit={PAGE_ITEMS}".lstrip("&")
    yield from (f"{head}?{asked}&page={number}" for number in count(1))
