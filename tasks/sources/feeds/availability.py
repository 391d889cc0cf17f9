"""Whether a product can be bought: Merchant's four words, and how other feeds and shops say them."""

from __future__ import annotations

import re

#: https://support.google.com/merchants/answer/6324448 (Google), the reference of Meta's catalogue fields,
#: https://schema.org/ItemAvailability, and the words that shop systems export. Compared without case, spaces, `-`, `_`.
WORDS = {
    "in_stock": (
        *(
            "in stock",
            "available",
            "instock",
            "yes",
            "true",
            "1",
            "in store only",
            "online only",
            "limited availability",
        ),
        *("low stock", "有货", "现货", "有貨", "在庫あり", "재고 있음"),
        *(
            "auf lager",
            "lagernd",
            "verfügbar",
            "sofort lieferbar",
            "en stock",
            "disponible",
            "disponibile",
            "em estoque",
        ),
    ),
    "out_of_stock": (
        *("out of stock", "sold out", "unavailable", "not available", "no", "false", "0", "none", "discontinued"),
        *(
            "reserved",
            "缺货",
            "售罄",
            "无货",
            "缺貨",
            "在庫切れ",
            "품절",
            "ausverkauft",
            "nicht verfügbar",
            "vergriffen",
        ),
        *("nicht auf lager", "épuisé", "rupture de stock", "en rupture de stock", "agotado", "esaurito", "esgotado"),
    ),
    "preorder": ("preorder", "pre order", "presale", "coming soon", "预售", "預購", "予約", "vorbestellbar"),
    "backorder": (
        *("backorder", "back order", "on backorder", "available for order", "available on order", "made to order"),
        *("special order", "nachbestellt", "auf bestellung", "sur commande"),
    ),
}


def _plain(word: str) -> str:
    return re.sub(r"[\s\-_]+", "", word).casefold()


_MEANINGS = {_plain(word): name for name, words in WORDS.items() for word in (name, *words)}


def meant(text: str) -> str:
    """Merchant's word for a text, or the text itself where nobody knows it.

    >>> meant("https://schema.org/InStock"), meant("Out of Stock"), meant("ask us")
    ('in_stock', 'out_of_stock', 'ask us')
    """
    word = text.rstrip("/").rpartition("/")[2] if "schema.org" in text else text
    return _MEANINGS.get(_plain(word), word)
