"""Who may call X how often: tokens, their refresh, rate limits.

Source: X API, "OAuth 2.0 Authorization Code Flow with PKCE" and "Rate limits".
"""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import DAY, Limit
from sandbox.x.problems import refused

_OAUTH_1 = re.compile(r'OAuth .*\boauth_token="([^"]+)"')


class Access(Authorizing):
    """The part of X that lets in."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds = 7200.0
        self.rotates = True
        self.limits: dict[str, Limit] = {  #: calls of a user, by moment
            "init": self.limit(1875, 900),
            "chunk": self.limit(1875, 900),
            "finalize": self.limit(1875, 900),
            "status": self.limit(1000, 900),
            "publish": self.limit(100, 900),
            "list": self.limit(900, 900),
        }
        self.app_limits: dict[str, Limit] = {  #: calls of all users, by moment
            "init": self.limit(180_000, DAY),
            "chunk": self.limit(180_000, DAY),
            "finalize": self.limit(180_000, DAY),
            "publish": self.limit(10_000, DAY),
        }

    @route("POST", "/2/oauth2/token", "token")
    def refresh(self, request: Request) -> Answer:
        form = request.form()
        basic = request.headers.get("authorization", "").startswith("Basic ")
        if not form.get("client_id") and not basic:
            return _no_token(401, "unauthorized_client", "Missing valid authorization header")
        if form.get("grant_type") != "refresh_token":
            return _no_token(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")
        grant = self.renew(form.get("refresh_token", ""))
        if grant is None:
            return _no_token(400, "invalid_request", "Value passed for the token was invalid.")
        told = {
            "token_type": "bearer",
            "expires_in": int(self.token_seconds),
            "access_token": grant.access,
            "scope": "media.write tweet.write tweet.read users.read offline.access",
            "refresh_token": grant.refresh,
        }
        return Answer(200, told)

    def let_in(self, request: Request) -> str:
        """The token of a request: OAuth 2.0, or OAuth 1.0a without a look at its signature."""
        header = request.headers.get("authorization", "")
        found = _OAUTH_1.match(header)
        token = found[1] if found else request.bearer if header.lower().startswith("bearer ") else ""
        if not self.knows(token):
            raise refused(401, "Unauthorized", "Unauthorized")
        return token

    def room(self, moment: str, token: str) -> dict[str, str]:
        """Count a call. Returns the headers that say how many are left."""
        headers: dict[str, str] = {}
        for limit, who in ((self.app_limits.get(moment), ""), (self.limits.get(moment), token)):
            if limit is None:
                continue
            wait = limit.take(who)
            headers = {
                "x-rate-limit-limit": str(limit.count),
                "x-rate-limit-remaining": str(max(0, limit.count - limit.used(who))),
                "x-rate-limit-reset": str(int(self.clock.now() + (wait or limit.seconds)) + 1),
            }
            if wait:
                raise refused(429, "Too Many Requests", "Too Many Requests", headers)
        return headers


def _no_token(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})
