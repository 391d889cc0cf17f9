"""TikTok's token endpoint ("Manage User Access Tokens", refreshing an access token)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.request import Request


def refreshed(platform: Authorizing, request: Request, open_id: str, scopes: Collection[str]) -> Answer:
    """A new access token, and the refresh token for the next time."""
    told = request.form() if request.content_type == "application/x-www-form-urlencoded" else {}
    for name in ("client_key", "client_secret", "grant_type", "refresh_token"):
        if not told.get(name):
            return _refused("invalid_request", f"The parameter {name} is missing.")
    if told["grant_type"] != "refresh_token":
        return _refused("unsupported_grant_type", "The grant type is not supported.")
    if platform.client not in {None, (told["client_key"], told["client_secret"])}:
        return _refused("invalid_client", "Client key or secret is incorrect.", 401)
    renewed = platform.renew(told["refresh_token"])
    if renewed is None:
        return _refused("invalid_grant", "Refresh token is invalid or expired.")
    return Answer(
        200,
        {
            "access_token": renewed.access,
            "expires_in": int(platform.token_seconds),
            "open_id": open_id,
            "refresh_expires_in": int(platform.refresh_seconds),
            "refresh_token": renewed.refresh,
            "scope": ",".join(sorted(scopes)),
            "token_type": "Bearer",
        },
    )


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description, "log_id": uuid4().hex.upper()})
