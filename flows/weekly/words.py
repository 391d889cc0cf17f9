"""Numbers as people read them."""

from __future__ import annotations

MINUTE, HOUR = 60, 3600


def duration(seconds: float) -> str:
    """Seconds in the two units that matter.

    >>> duration(0), duration(4.25), duration(75), duration(4 * 3600 + 130), duration(400_000)
    ('0 s', '4.2 s', '1 min 15 s', '4 h 2 min', '111 h')
    """
    if seconds < 10:
        return f"{seconds:.{1 if seconds >= 1 else 2}f} s" if seconds else "0 s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        rest = whole % MINUTE
        return f"{whole // MINUTE} min" + (f" {rest} s" if rest and whole < 10 * MINUTE else "")
    if whole < 100 * HOUR:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{round(whole / HOUR):,} h"


def money(amount: float, currency: str) -> str:
    """An amount and its currency.

    >>> money(1234.5, "EUR")
    '1,234.50 EUR'
    """
    return f"{amount:,.2f} {currency}"


def change(now: float, before: float) -> str:
    """How much more or less it is than before; "" where there is nothing to compare.

    >>> change(12, 8), change(6, 8), change(8, 8), change(3, 0), change(0, 0)
    ('+50 %', '−25 %', '±0 %', 'none before', '')
    """
    if not before:
        return "none before" if now else ""
    percent = round((now - before) / before * 100)
    return f"{'+' if percent > 0 else '−' if percent < 0 else '±'}{abs(percent)} %"


def share(part: float, whole: float) -> str:
    """A part of a whole; "" of nothing.

    >>> share(1, 3), share(0, 0)
    ('33 %', '')
    """
    return f"{part / whole * 100:.0f} %" if whole else ""
