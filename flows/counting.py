"""How many of what, as people say it."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "video"), counted(3, "video")
    ('1 video', '3 videos')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
