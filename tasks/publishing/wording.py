"""The words beside a post, within what a platform takes: cut where they must be, and never the AI line or the tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from reelmill.content import PostText
from reelmill.text_length import Length
from tasks.publishing.base import Delivery

ELLIPSIS = "…"
#: What must not stand at the end of a cut text: half of an emoji is none.
_JOINER, _VARIATIONS = "\u200d", range(0xFE00, 0xFE10)


def shortened(text: str, most: int, length: Length = len) -> str:
    """The text, or as much of its beginning as fits with an ellipsis. Cut between words where one is near."""
    text = text.strip()
    if length(text) <= most:
        return text
    low, high = 0, len(text)
    while low < high:  # `length` grows with the text
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[:middle] + ELLIPSIS) <= most else (low, middle - 1)
    end = low
    while 0 < end < len(text) and _belongs_to_the_one_before(text, end):
        end -= 1
    cut = text[:end]
    space = max(cut.rfind(" "), cut.rfind("\n"))
    if space > end - 20 and space > end // 2 and not text[end : end + 1].isspace():
        cut = cut[:space]
    cut = cut.rstrip(" \n,.;:–-，。；：、")
    return cut + ELLIPSIS if cut and length(cut + ELLIPSIS) <= most else ""


def _belongs_to_the_one_before(text: str, at: int) -> bool:
    here = text[at]
    return (
        bool(unicodedata.combining(here))
        or here == _JOINER
        or text[at - 1] == _JOINER
        or ord(here) in _VARIATIONS
        or 0x1F3FB <= ord(here) <= 0x1F3FF  # skin tones
    )


def title_of(delivery: Delivery, most: int, length: Length = len) -> str:
    """The title of a post, in at most `most`, or what the definition says."""
    most = most if delivery.room.title is None else delivery.room.title
    return shortened(" ".join(delivery.text.title.split()), most, length)


def caption_of(
    delivery: Delivery,
    most: int,
    *,
    length: Length = len,
    hashtags: int | None = None,
    disclose: bool = False,
    title: bool = False,
    besides: str = "",
    tag: Callable[[str], str] = lambda word: f"#{word}",
) -> str:
    """What stands beside a video: the text, the AI line, and the hashtags.

    Parameters
    ----------
    most:
        How long it may be, if the definition does not say it.
    hashtags:
        At most so many, if the definition does not say it. None: all. 0: they have a place of their own.
    disclose:
        Add a line that says that it is made by AI: where the platform has no flag for it.
    title:
        Begin with the title, where the platform has no field for it and the text does not begin with it already.
    besides:
        What the target writes below all of it, of which nothing is cut.
    tag:
        How a hashtag is written.
    """
    room = delivery.room
    most = (most if room.caption is None else room.caption) - (length(besides) if besides else 0)
    if room.hashtags is not None and hashtags != 0:
        hashtags = room.hashtags
    body, tags = parts_of(delivery.text, hashtags=hashtags, title=title, tag=tag)
    while True:
        tail = "\n".join(part for part in (delivery.disclosure if disclose else "", " ".join(tags)) if part)
        left = most - length(f"\n\n{tail}") if tail else most
        if left >= 0 or not tags:
            break
        tags.pop()
    fitted = shortened(body, max(left, 0), length)
    return "\n\n".join(part for part in (fitted, tail) if part) + besides


def parts_of(
    words: PostText,
    *,
    hashtags: int | None = None,
    title: bool = False,
    tag: Callable[[str], str] = lambda word: f"#{word}",
) -> tuple[str, list[str]]:
    """The text of a post and the hashtags below it, in full; see `caption_of`. One that is in the text stands there."""
    body = words.caption.strip()
    if title and not body.startswith(words.title):
        body = f"{words.title}\n{body}".strip()
    return body, [tag(word) for word in words.hashtags[:hashtags] if f"#{word}" not in body]
