"""What the form of the review desk says: which videos, what becomes of them, and with which words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast, get_args
from urllib.parse import parse_qs
from uuid import UUID

from flows.rewording import Rewording, tags
from records.reviews import Action
from reelmill.content import Json
from web.problems import Refusal

#: Fields of a form; a page has fewer.
MOST_FIELDS = 500

#: The fields that are words of a video.
WORDS: tuple[str, ...] = ("title", "lines", "caption", "hashtags")

#: The form in the OpenAPI document.
DECISION_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["action", "video"],
                    "properties": {
                        "action": {"type": "string", "enum": list(get_args(Action))},
                        "video": {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1},
                        "note": {"type": "string", "description": "Why."},
                        "title": {"type": "string", "description": "Another title; for one video that is approved."},
                        "lines": {"type": "string", "description": "Other lines on the picture, one a line."},
                        "caption": {"type": "string", "description": "Another text beside the video."},
                        "hashtags": {"type": "string", "description": "Other hashtags, with spaces between them."},
                        "form": {"type": "string", "description": "From the page, for browsers. Tokens need none."},
                    },
                }
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody has decided."""

    action: Action
    videos: tuple[UUID, ...]
    note: str
    token: str  #: what shows that the form is of a page of ours
    texts: Mapping[str, str]  #: `title`, `lines`, `caption`, `hashtags`, as far as they were there


def read(body: bytes) -> Form:
    """The form in a body.

    Raises
    ------
    Refusal
        If it names no video, or nothing to do.
    """
    try:
        sent = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _bad("it has too many fields") from None
    fields = {name: [plain(value) for value in values] for name, values in sent.items()}

    def one(name: str) -> str:
        return fields.get(name, [""])[-1]

    action = one("action")
    if action not in get_args(Action):
        raise _bad("`action` is none of approve, reject and regenerate")
    try:
        videos = tuple(dict.fromkeys(UUID(value) for value in fields.get("video", ())))
    except ValueError:
        raise _bad("`video` is not an id") from None
    if not videos:
        raise _bad("`video` is missing")
    texts = {name: one(name) for name in WORDS if name in fields}
    return Form(cast(Action, action), videos, one("note").strip(), one("form"), texts)


def rewording(texts: Mapping[str, str], plan: Mapping[str, Json]) -> Rewording:
    """What is other in a form than in a plan."""
    words, post = plan.get("words") or {}, plan.get("post") or {}
    before = {
        "title": words.get("title") or post.get("title", ""),
        "lines": tuple(words.get("lines", ())),
        "caption": post.get("caption", ""),
        "hashtags": tuple(post.get("hashtags", ())),
    }
    after: dict[str, Any] = {}
    if "title" in texts:
        after["title"] = " ".join(texts["title"].split())
    if "lines" in texts:
        after["lines"] = tuple(line for one in texts["lines"].splitlines() if (line := " ".join(one.split())))
    if "caption" in texts:
        after["caption"] = texts["caption"].strip()
    if "hashtags" in texts:
        after["hashtags"] = tags(texts["hashtags"])
    return Rewording(**{name: value for name, value in after.items() if value != before[name]})


def plain(text: str) -> str:
    """Without control characters, which no database and no picture wants."""
    text = text.replace("\r\n", "\n")
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"})


def _bad(reason: str) -> Refusal:
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"the form cannot be used: {reason}", "use the one of /review")
