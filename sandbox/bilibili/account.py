"""Bilibili's open platform, without its videos: who calls, signed with which secret, and how it answers."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing, Grant
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import ALL, DAY

#: The headers that are signed.
SIGNED = (
    "x-bili-accesskeyid",
    "x-bili-content-md5",
    "x-bili-signature-method",
    "x-bili-signature-nonce",
    "x-bili-signature-version",
    "x-bili-timestamp",
)

# The documentation names 1220xx for authorization and these two for what is to be tried another day or again; which
# of them means what it does not say, and no code for a bad signature or a bad field.
REQUEST_ERROR = -400
NOT_FOUND = -404
BAD_SIGNATURE = 4002
REPEATED = 4004
TOKEN_INVALID = 122001
TOKEN_ENDED = 122002
CLIENT_INVALID = 122003
TOO_MANY_POSTS = 127009
TOO_MANY_CALLS = 4010


class BilibiliAccount(Authorizing):
    """OAuth and signatures of Bilibili's open platform (openhome.bilibili.com, "授权" and "签名").

    A signed call says who it is by `Access-Token` and is signed by HMAC-SHA256 over its sorted `x-bili-*` headers, one
    `key:value` a line, among them the MD5 of its JSON; a file is not part of it. Versions 1.0 and 2.0 differ in their
    number alone. Every answer is HTTP 200; `code` says whether it went well.
    """

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.refresh_seconds = 180 * DAY
        self.rotates = True
        self.client_id, self.client_secret = (
            "sandbox-client",
            "sandbox-secret",
        )  #: also the key and secret of signatures
        self.account = "sandbox-account"  #: whose posts all are
        self.signature_versions = {"1.0", "2.0"}
        self.timestamp_seconds: float | None = None  #: so far a timestamp may be from `clock`; None: any
        self.replays = False  #: a nonce that comes again is let in
        self.expires_at = False  #: `expires_in` tells the second since 1970, not the seconds from now
        self.rate = self.limit(ALL, 60)  #: calls of a token
        self._nonces: set[str] = set()
        self._codes: set[str] = set()

    @route("POST", "/x/account-oauth2/v1/token", "token")
    def token(self, request: Request) -> Answer:
        fields = self._client(request, "authorization_code", "code")
        with self.lock:
            if fields["code"] in self._codes:
                raise self.no(TOKEN_INVALID, "code was used")
            self._codes.add(fields["code"])
            return self._tokens(Grant(self.issue(), self.issue_refresh()))

    @route("POST", "/x/account-oauth2/v1/refresh_token", "token")
    def refresh_token(self, request: Request) -> Answer:
        fields = self._client(request, "refresh_token", "refresh_token")
        with self.lock:
            grant = self.renew(fields["refresh_token"])
            if grant is None:
                raise self.no(TOKEN_INVALID, "refresh_token")
            return self._tokens(grant)

    @route("GET", "/arcopen/fn/user/account/info", "account")
    def account_info(self, request: Request) -> Answer:
        self.signed(request)
        return self.ok(openid=self.account, name="沙盒", face="")

    def signed(self, request: Request) -> bytes:
        """The JSON of a call whose signature and token are good; of a multipart body nothing is read."""
        body = b"" if request.content_type.startswith("multipart/") else request.body.read()
        if wrong := self._wrong(request, hashlib.md5(body, usedforsecurity=False).hexdigest()):
            raise self.no(BAD_SIGNATURE, wrong)
        with self.lock:
            nonce = request.headers["x-bili-signature-nonce"]
            if nonce in self._nonces and not self.replays:
                raise self.no(REPEATED, "x-bili-signature-nonce was used")
            self._nonces.add(nonce)
        token = request.headers.get("access-token", "")
        if not self.knows(token):
            raise self.no(TOKEN_ENDED if self.ended(token) else TOKEN_INVALID, "Access-Token")
        if self.rate.take(token):
            raise self.no(TOO_MANY_CALLS, "too many calls")
        return body

    def _wrong(self, request: Request, md5: str) -> str:
        """What is wrong with the signature of a call."""
        headers = request.headers
        if missing := [name for name in SIGNED if not headers.get(name)]:
            return f"{missing[0]} is missing"
        expected = {
            "x-bili-accesskeyid": self.client_id,
            "x-bili-content-md5": md5,
            "x-bili-signature-method": "HMAC-SHA256",
        }
        for name, value in expected.items():
            if headers[name] != value:
                return name
        if headers["x-bili-signature-version"] not in self.signature_versions:
            return "x-bili-signature-version"
        timestamp = headers["x-bili-timestamp"]
        if not timestamp.isdecimal() or (
            self.timestamp_seconds is not None and abs(int(timestamp) - self.clock.now()) > self.timestamp_seconds
        ):
            return "x-bili-timestamp"
        lines = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-bili-"))
        signature = hmac.new(self.client_secret.encode(), lines.encode(), hashlib.sha256).hexdigest()
        return (
            ""
            if hmac.compare_digest(signature.encode(), headers.get("authorization", "").encode())
            else "authorization"
        )

    def _client(self, request: Request, grant_type: str, needed: str) -> dict[str, Any]:
        fields = request.fields()
        for name in ("client_id", "client_secret", "grant_type", needed):
            if not fields.get(name):
                raise self.no(REQUEST_ERROR, f"{name} is missing")
        if (fields["client_id"], fields["client_secret"]) != (self.client_id, self.client_secret):
            raise self.no(CLIENT_INVALID, "client_id or client_secret")
        if fields["grant_type"] != grant_type:
            raise self.no(REQUEST_ERROR, "grant_type")
        return fields

    def _tokens(self, grant: Grant) -> Answer:
        expires = self.token_seconds + (self.clock.now() if self.expires_at else 0)
        return self.ok(
            access_token=grant.access,
            expires_in=int(expires),
            refresh_token=grant.refresh,
            scopes=["USER_INFO", "ARC_BASE"],
        )

    def ok(self, **data: Any) -> Answer:
        return Answer(200, {"code": 0, "message": "0", "ttl": 1, "request_id": uuid4().hex, "data": data})

    def no(self, code: int, why: str) -> Refusal:
        return Refusal(Answer(200, {"code": code, "message": why, "ttl": 1, "request_id": uuid4().hex, "data": None}))

    def unreadable(self, why: str) -> Refusal:
        return self.no(REQUEST_ERROR, why)
