"""Prices as feeds write them: `39.00 CNY`, `¥39`, `1.234,50 EUR`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"\d[\d.,  ]*")
_CODE = re.compile(r"\b[A-Z]{3}\b")

#: Signs that mean one currency. `$` and `¥` are several countries', so they name none.
_SIGNS = {"€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "₽": "RUB", "元": "CNY", "円": "JPY", "원": "KRW"}

#: Digits after a lone comma that make it a decimal one: "12,5" and "12,50", but "1,234".
_DECIMAL_DIGITS = (1, 2)

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Price:
    """What a text says of a price. Empty where it does not say."""

    amount: str  #: an exact decimal number with a point, such as "1234.50"
    currency: str  #: ISO 4217


def parse(text: str) -> Price:
    """The amount and the currency in a text; never an error, because templates can show the text itself."""
    shown = text[:_LONGEST]
    code = _CODE.search(shown)
    currency = code[0] if code else next((name for sign, name in _SIGNS.items() if sign in shown), "")
    number = _NUMBER.search(shown)
    if not number or shown[: number.start()].rstrip().endswith("-"):
        return Price("", currency)
    try:
        amount = Decimal(_with_point(re.sub(r"[  ]", "", number[0]).rstrip(".,")))
    except InvalidOperation:
        return Price("", currency)
    return Price(f"{amount:f}", currency)


def _with_point(digits: str) -> str:
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point >= 0:
        return digits.replace(".", "").replace(",", ".")
    if point > comma >= 0:
        return digits.replace(",", "")
    if digits.count(",") == 1 and len(digits) - comma - 1 in _DECIMAL_DIGITS:
        return digits.replace(",", ".")
    return digits.replace(",", "") if digits.count(".") <= 1 else digits.replace(".", "")
