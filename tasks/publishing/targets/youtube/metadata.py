"""The words of a video as YouTube takes them (Data API v3, the `videos` resource)."""

from __future__ import annotations

from reelmill.content import Json
from reelmill.text_length import utf8
from tasks.publishing.base import Delivery
from tasks.publishing.wording import caption_of, title_of

#: Characters of a title, bytes of a description, and characters of all tags together.
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_TAGS = 100, 5000, 500
#: Of a description with more hashtags YouTube shows none (YouTube Help, "Use hashtags").
MOST_HASHTAGS = 60
#: What neither a title nor a description may hold, and what stands for it.
_ANGLES = str.maketrans("<>", "‹›")


def snippet(delivery: Delivery, category: str, language: str) -> dict[str, Json]:
    """The part `snippet` of a video. No language: YouTube guesses it."""
    return {
        "title": title(delivery),
        "description": description(delivery),
        "tags": tags(delivery),
        "categoryId": category,
        **({"defaultLanguage": language} if language else {}),
    }


def title(delivery: Delivery) -> str:
    """Never empty: YouTube has no video without a title."""
    return title_of(delivery, LONGEST_TITLE).translate(_ANGLES) or delivery.name[:LONGEST_TITLE]


def description(delivery: Delivery) -> str:
    """The caption with its hashtags. That it is made by AI, YouTube says itself."""
    words = caption_of(
        delivery,
        LONGEST_DESCRIPTION,
        length=lambda text: utf8(text.translate(_ANGLES)),
        hashtags=MOST_HASHTAGS,
    )
    return words.translate(_ANGLES)


def tags(delivery: Delivery) -> list[str]:
    """As many hashtags as fit: the commas between tags count, and so do the quotes around one with a space in it."""
    fitting: list[str] = []
    room = LONGEST_TAGS
    for word in delivery.text.hashtags:
        tag = word.translate(_ANGLES)
        room -= len(tag) + (2 if " " in tag else 0) + (1 if fitting else 0)
        if room < 0:
            break
        fitting.append(tag)
    return fitting


def file_name(delivery: Delivery) -> str:
    """What an upload is called: only its owner sees that, and no other post's is called so."""
    return f"{delivery.post_id}.mp4"
