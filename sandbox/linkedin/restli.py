"""How LinkedIn lets in and refuses: the headers of a call to `/rest`, its tokens, its errors, the token endpoint.

Source: Microsoft Learn, "LinkedIn API Versioning", "Error Handling", "Refresh Tokens with OAuth 2.0".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY


def wrong(status: int, message: str, code: str = "", service_error: int = 0) -> Refusal:
    """An error in LinkedIn's form."""
    body: dict[str, Any] = {"status": status, "message": message}
    if code:
        body["code"] = code
    if service_error:
        body["serviceErrorCode"] = service_error
    return Refusal(Answer(status, body))


def missing(path: str) -> Refusal:
    return wrong(422, f"ERROR :: {path} :: field is required but not found and has no default value\n")


def denied(resource: str) -> Refusal:
    return wrong(403, f"Not enough permissions to access: {resource}", "ACCESS_DENIED", 100)


def number(request: Request, name: str, default: int) -> int:
    """A parameter of a finder."""
    given = request.query.get(name, str(default))
    if not given.isdecimal():
        raise wrong(400, f"The parameter {name} is no number", "ILLEGAL_ARGUMENT")
    return int(given)


class RestliPlatform(Authorizing):
    """A platform whose calls need LinkedIn's headers."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.member = "sandbox-member"  #: `sub` of whoever the token belongs to
        self.versions: frozenset[str] | None = None  #: of the API that are still served; None: each YYYYMM
        self.token_seconds = 60 * DAY

    def unreadable(self, why: str) -> Refusal:
        return wrong(400, f"Unable to parse the request: {why}", "ILLEGAL_ARGUMENT")

    def admit(self, request: Request) -> str:
        """The token of a call to `/rest` that has the headers of one."""
        token = self.token(request)
        version = request.headers.get("linkedin-version", "")
        if not version:
            message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
            raise wrong(400, message, "VERSION_MISSING")
        if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version) or version not in (self.versions or {version}):
            raise wrong(426, f"Requested version {version} is not active", "NONEXISTENT_VERSION")
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise wrong(400, "The header X-Restli-Protocol-Version must be 2.0.0", "ILLEGAL_ARGUMENT")
        return token

    def token(self, request: Request) -> str:
        token = request.bearer
        if not token:
            raise wrong(401, "Empty oauth2 access token", "EMPTY_ACCESS_TOKEN", 65604)
        if self.ended(token):
            raise wrong(401, "The token used in the request has expired", "EXPIRED_ACCESS_TOKEN", 65602)
        if not self.knows(token):
            raise wrong(401, "Invalid access token", "INVALID_ACCESS_TOKEN", 65600)
        return token

    @route("GET", "/v2/userinfo", "user")
    def _user(self, request: Request) -> Answer:
        self.token(request)
        return Answer(200, {"sub": self.member, "name": "Sandbox Member", "locale": "en-US"})

    @route("POST", "/oauth/v2/accessToken", "token")
    def _refresh(self, request: Request) -> Answer:
        given = request.form()
        for name in ("grant_type", "refresh_token", "client_id", "client_secret"):
            if not given.get(name):
                raise _refused("invalid_request", f'A required parameter "{name}" is missing')
        if given["grant_type"] != "refresh_token":
            raise _refused("unsupported_grant_type", "The sandbox only refreshes tokens")
        renewed = self.renew(given["refresh_token"])
        if renewed is None:
            raise _refused("invalid_grant", "The provided refresh token is invalid, expired or revoked")
        body = {"access_token": renewed.access, "expires_in": int(self.token_seconds), "refresh_token": renewed.refresh}
        return Answer(200, {**body, "refresh_token_expires_in": int(self.refresh_seconds), "scope": "w_member_social"})


def _refused(error: str, description: str) -> Refusal:
    """An error of the token endpoint (RFC 6749, section 5.2)."""
    return Refusal(Answer(400, {"error": error, "error_description": description}))
