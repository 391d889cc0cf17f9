"""Words of ours as HTML."""

from __future__ import annotations

from markupsafe import Markup


def with_code(text: str) -> Markup:
    """A text in which `words` in backticks are code. Everything else in it is text.

    >>> str(with_code("type `reelmill up` & wait"))
    'type <code>reelmill up</code> &amp; wait'
    """
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )
