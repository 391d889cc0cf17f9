"""Google's token endpoint ("Using OAuth 2.0 to Access Google APIs", refreshing an access token)."""

from __future__ import annotations

from collections.abc import Collection

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.request import Request


def refreshed(platform: Authorizing, request: Request, scopes: Collection[str]) -> Answer:
    """A new access token. The refresh token stays the same, unless the platform is told to rotate it."""
    told = request.form()
    if told.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", f"Invalid grant_type: {told.get('grant_type', '')}")
    for name in ("client_id", "client_secret", "refresh_token"):
        if not told.get(name):
            return _refused("invalid_request", f"Missing required parameter: {name}")
    if platform.client not in {None, (told["client_id"], told["client_secret"])}:
        return _refused("invalid_client", "Unauthorized", 401)
    renewed = platform.renew(told["refresh_token"])
    if renewed is None:
        return _refused("invalid_grant", "Token has been expired or revoked.")
    scope = " ".join(f"https://www.googleapis.com/auth/{scope}" for scope in sorted(scopes))
    answer = {"access_token": renewed.access, "expires_in": int(platform.token_seconds), "scope": scope}
    answer["token_type"] = "Bearer"
    return Answer(200, {**answer, "refresh_token": renewed.refresh} if platform.rotates else answer)


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description})
