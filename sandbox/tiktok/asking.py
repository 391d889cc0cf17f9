"""What a request to TikTok's API asks: its JSON, its fields, its post."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.request import Request
from sandbox.tiktok.errors import refused

MOST_TITLE = 2200  #: UTF-16 units
PRIVACY_LEVELS = frozenset({"PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"})
_SWITCHES = (
    "disable_duet",
    "disable_comment",
    "disable_stitch",
    "brand_content_toggle",
    "brand_organic_toggle",
    "is_aigc",
)


def object_of(request: Request) -> dict[str, Any]:
    """The JSON object that a request sends; an empty body is an empty one."""
    if request.body.length and request.content_type != "application/json":
        raise refused("invalid_params", "The Content-Type must be application/json.")
    return request.json_object()


def fields_of(request: Request, known: Collection[str]) -> list[str]:
    """The fields of an object that the query asks for."""
    fields = [field.strip() for field in request.query.get("fields", "").split(",") if field.strip()]
    if not fields or not set(fields) <= set(known):
        raise refused("invalid_params", "fields is missing, or names an unknown field.")
    return fields


def post_of(told: Any, privacy_levels: Collection[str]) -> Mapping[str, Any]:
    """`post_info`, checked ("Direct Post", request)."""
    if not isinstance(told, dict):
        raise refused("invalid_param", "post_info is missing.")
    title, cover = told.get("title", ""), told.get("video_cover_timestamp_ms", 0)
    if not isinstance(title, str) or len(title.encode("utf-16-le", "surrogatepass")) // 2 > MOST_TITLE:
        raise refused("invalid_param", f"title must be a text of at most {MOST_TITLE} UTF-16 units.")
    if not isinstance(cover, int) or isinstance(cover, bool) or cover < 0:
        raise refused("invalid_param", "video_cover_timestamp_ms must be a number of milliseconds.")
    for name in _SWITCHES:
        if not isinstance(told.get(name, False), bool):
            raise refused("invalid_param", f"{name} must be true or false.")
    privacy = told.get("privacy_level")
    if privacy is not None and privacy not in PRIVACY_LEVELS:
        raise refused("invalid_param", f"privacy_level {privacy!r} is unknown.")
    if privacy not in privacy_levels:
        raise refused("privacy_level_option_mismatch")
    return told


def number_of(told: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    """A whole number of the body, from 1 to `most`."""
    number = told.get(name, usual)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise refused("invalid_params", f"{name} must be a number from 1 to {most}.")
    return number
