"""What may be said of a video: `snippet` and `status` ("Videos", resource; "Videos: insert", errors)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sandbox.youtube.errors import refused

MOST_TITLE = 100  #: characters
MOST_DESCRIPTION = 5000  #: bytes of UTF-8
MOST_TAGS = 500  #: characters, as `_tags_length` counts
#: With which a video can be seen by people who are not its owner.
SEEN = frozenset({"public", "unlisted"})

#: What holds when nothing is said. An update that leaves a property out sets it back to this.
_STATUS = {
    "privacyStatus": "public",
    "license": "youtube",
    "embeddable": True,
    "publicStatsViewable": True,
    "selfDeclaredMadeForKids": False,
    "containsSyntheticMedia": False,
}


def checked_snippet(told: Mapping[str, Any], *, updating: bool = False) -> dict[str, Any]:
    """The snippet of a request.

    Parameters
    ----------
    updating:
        `categoryId` must be there ("Videos: update").
    """
    title, description = told.get("title", ""), told.get("description", "")
    if not _is_text(title) or not title.strip() or len(title) > MOST_TITLE:
        raise refused("invalidTitle", location="body.snippet.title")
    if not _is_text(description) or len(description.encode()) > MOST_DESCRIPTION:
        raise refused("invalidDescription", location="body.snippet.description")
    tags = told.get("tags", [])
    if not isinstance(tags, list) or not all(_is_text(tag) and tag.strip() for tag in tags):
        raise refused("invalidTags", location="body.snippet.tags")
    if _tags_length(tags) > MOST_TAGS:
        raise refused("invalidTags", location="body.snippet.tags")
    category = told.get("categoryId", None if updating else "22")
    if not isinstance(category, str) or not category.isdecimal():
        raise refused("invalidCategoryId", location="body.snippet.categoryId")
    languages = {name: told[name] for name in ("defaultLanguage", "defaultAudioLanguage") if told.get(name)}
    if not all(isinstance(language, str) for language in languages.values()):
        raise refused("invalidVideoMetadata")
    return {"title": title, "description": description, "tags": tags, "categoryId": category, **languages}


def checked_status(told: Mapping[str, Any]) -> dict[str, Any]:
    """The whole status that a request sets: what it does not say is set back."""
    status = {**_STATUS, **{name: told[name] for name in _STATUS if told.get(name) is not None}}
    if status["privacyStatus"] not in {"public", "unlisted", "private"}:
        raise refused("forbiddenPrivacySetting", location="body.status.privacyStatus")
    if status["license"] not in {"youtube", "creativeCommon"}:
        raise refused("forbiddenLicenseSetting", location="body.status.license")
    for name, usual in _STATUS.items():
        if isinstance(usual, bool) and not isinstance(status[name], bool):
            raise refused("invalidVideoMetadata", location=f"body.status.{name}")
    if told.get("publishAt") is not None:
        if status["privacyStatus"] != "private":
            raise refused("invalidPublishAt", location="body.status.publishAt")
        seconds_of(told["publishAt"])
        status["publishAt"] = told["publishAt"]
    return status


def seconds_of(moment: Any) -> float:
    """Seconds since 1970 of an ISO 8601 date and time with its zone, as `publishAt` must be."""
    try:
        found = dt.datetime.fromisoformat(moment)
    except (TypeError, ValueError) as error:
        raise refused("invalidPublishAt", location="body.status.publishAt") from error
    if found.tzinfo is None:
        raise refused("invalidPublishAt", location="body.status.publishAt")
    return found.timestamp()


def written(seconds: float) -> str:
    """A moment as the API writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "<" not in value and ">" not in value


def _tags_length(tags: list[str]) -> int:
    """Commas between tags count, and a tag with a space counts as if it stood in quotation marks."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)
