"""What shops let people choose – a colour, a size – under the names that shops give it, and what a product costs."""

from __future__ import annotations

from decimal import Decimal

from tasks.sources.feeds import price

_NAMES = {
    "color": ("color", "colour", "farbe", "couleur", "kleur", "colore", "cor", "颜色", "顏色", "色", "カラー"),
    "size": ("size", "größe", "groesse", "taille", "maat", "taglia", "talla", "tamanho", "尺寸", "尺码", "サイズ"),
    "material": ("material", "materials", "fabric", "stoff", "matière", "materiale", "材质", "素材"),
}
_MEANINGS = {word: attribute for attribute, words in _NAMES.items() for word in words}


def attribute(name: str) -> str | None:
    """Which of Merchant's attributes a choice is; None for another one."""
    return _MEANINGS.get(name.strip().casefold())


def prices(asked: str, before: str) -> dict[str, list[str]]:
    """The price and the sale price, where a shop says what is asked and what was asked before (if it was more)."""
    now, then = price.parse(asked).amount, price.parse(before).amount
    if now and then and Decimal(then) > Decimal(now):
        return {"price": [before], "sale_price": [asked]}
    return {"price": [asked]} if asked else {}
