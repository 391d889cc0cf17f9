"""Errors as TikTok's API words them ("Content Posting API – Direct Post", error codes; "API v2 error handling")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.refusal import Refusal

#: By code: the HTTP status, and a message.
CODES = {
    "invalid_param": (400, "A parameter of the request is not valid."),
    "invalid_params": (400, "One or more fields in the request are invalid."),
    "invalid_publish_id": (400, "The publish_id does not exist."),
    "publish_not_cancellable": (400, "The post can no longer be cancelled."),
    "access_token_invalid": (401, "The access token is invalid or not found in the request."),
    "scope_not_authorized": (401, "The user did not authorize the scope required for completing this request."),
    "privacy_level_option_mismatch": (403, "privacy_level is not among the options of the creator."),
    "reached_active_user_cap": (403, "The daily quota for active publishing users from your client is reached."),
    "spam_risk_too_many_pending_share": (403, "There are too many pending shares in the past 24 hours."),
    "spam_risk_too_many_posts": (403, "The daily post cap from the API is reached for the current user."),
    "spam_risk_user_banned_from_posting": (403, "The user is banned from making new posts."),
    "unaudited_client_can_only_post_to_private_accounts": (403, "Unaudited clients can only post privately."),
    "url_ownership_unverified": (403, "The ownership of the URL is not verified."),
    "rate_limit_exceeded": (429, "The API rate limit was exceeded. Please try again later."),
    "internal_error": (500, "Something is wrong. Please try again later."),
}


def refused(code: str, message: str = "", *, status: int | None = None) -> Refusal:
    """The request is refused, with a documented code."""
    return Refusal(Answer(CODES[code][0] if status is None else status, error(code, message)))


def bytes_refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """The upload server refuses, with a status and the bytes that it has."""
    return Refusal(Answer(status, message, headers or {}))


def error(code: str, message: str = "") -> dict[str, Any]:
    """The body of an error, also for a trouble: `trouble("init", status=500, body=error("internal_error"))`."""
    return envelope({}, code, message or CODES[code][1])


def envelope(data: Mapping[str, Any], code: str = "ok", message: str = "") -> dict[str, Any]:
    """What every answer has. All is well only if the code is `ok`, whatever the HTTP status."""
    return {"data": data, "error": {"code": code, "message": message, "log_id": uuid4().hex.upper()}}


def ok(data: Mapping[str, Any]) -> Answer:
    return Answer(200, envelope(data))
