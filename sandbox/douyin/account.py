"""Douyin's open platform, without its videos: who calls, with which token, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.authorization import Authorizing
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.trouble import ALL, DAY

#: What stands beside a code.
WORDS = {
    2100005: "参数不合法",
    2114007: "用户当日发布视频数量超过上限",
    2190001: "quota已用完",
    2190002: "access_token无效",
    2190008: "access_token过期,请刷新或重新授权",
    28001018: "应用未获得该能力",
    28003018: "请求过于频繁",
    10003: "非法的client_key",
    10005: "缺少参数",
    10007: "授权码过期",
    10008: "refresh_token无效",
    10010: "refresh_token过期",
    10013: "client_key或者client_secret报错",
}


class DouyinAccount(Authorizing):
    """OAuth of Douyin's open platform (developer.open-douyin.com, "账号授权"), and its limits on calls.

    Every answer is HTTP 200; `data.error_code` says whether it went well.
    """

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds = 15 * DAY
        self.refresh_seconds = 30 * DAY
        self.rotates = False  #: oauth/refresh_token leaves the refresh token as it is; renew_refresh_token replaces it
        self.renewals = 5  #: so often
        self.client_key, self.client_secret = "sandbox-client", "sandbox-secret"  #: asked for when `strict`
        self.open_id = "sandbox-open-id"  #: whom tokens are made for
        self.permitted = True  #: False: the app lacks the scope
        self.quota = self.limit(ALL, DAY)  #: calls of a token a day
        self.rate = self.limit(ALL, 1)  #: calls of a token a second
        self._codes: set[str] = set()

    @route("POST", "/oauth/access_token/", "token")
    def access_token(self, request: Request) -> Answer:
        fields = self._client(request, "client_secret", "code", "grant_type")
        if fields["grant_type"] != "authorization_code":
            raise self._oauth_no(2100005, "grant_type")
        if self.strict and fields["client_secret"] != self.client_secret:
            raise self._oauth_no(10013)
        with self.lock:
            if fields["code"] in self._codes:
                raise self._oauth_no(10007)
            self._codes.add(fields["code"])
            return self._tokens(self.issue(), self.issue_refresh())

    @route("POST", "/oauth/refresh_token/", "token")
    def refresh_token(self, request: Request) -> Answer:
        fields = self._client(request, "grant_type", "refresh_token")
        if fields["grant_type"] != "refresh_token":
            raise self._oauth_no(2100005, "grant_type")
        with self.lock:
            self._refreshable(fields["refresh_token"])
            grant = self.renew(fields["refresh_token"])
            assert grant is not None  # it is refreshable
            return self._tokens(grant.access, grant.refresh)

    @route("POST", "/oauth/renew_refresh_token/", "token")
    def renew_refresh_token(self, request: Request) -> Answer:
        fields = self._client(request, "refresh_token")
        with self.lock:
            self._refreshable(fields["refresh_token"])
            if self.renewals <= 0:
                raise self._oauth_no(10010)
            self.renewals -= 1
            renewed = self.spend(fields["refresh_token"])
        return self._oauth(refresh_token=renewed, expires_in=int(self.refresh_seconds))

    @route("GET", "/oauth/userinfo/", "account")
    @route("POST", "/oauth/userinfo/", "account")
    def userinfo(self, request: Request) -> Answer:
        fields = request.fields()
        open_id = self.caller(request, fields, fields.get("access_token", ""))
        return self._oauth(open_id=open_id, union_id=f"union-{open_id}", nickname="沙盒", avatar="")

    def caller(self, request: Request, fields: Mapping[str, str], token: str = "") -> str:
        """The open_id of a call, whose token is good. The older endpoints take the token as a parameter."""
        token = request.headers.get("access-token", "") or token
        if not token and request.path.startswith("/video/"):
            token = request.query.get("access_token", "")
        if not self.knows(token):
            raise self.no(2190008 if self.ended(token) else 2190002)
        if not self.permitted:
            raise self.no(28001018)
        if self.rate.take(token):
            raise self.no(28003018)
        if self.quota.take(token):
            raise self.no(2190001)
        if not fields.get("open_id"):
            raise self.no(2100005, "open_id")
        return fields["open_id"]

    def _client(self, request: Request, *needed: str) -> dict[str, str]:
        fields = request.form()
        if missing := [name for name in ("client_key", *needed) if not fields.get(name)]:
            raise self._oauth_no(10005, ", ".join(missing))
        if self.strict and fields["client_key"] != self.client_key:
            raise self._oauth_no(10003)
        return fields

    def _refreshable(self, token: str) -> None:
        if not self.knows_refresh(token):
            raise self._oauth_no(10008)
        if self.ended_refresh(token):
            raise self._oauth_no(10010)

    def _tokens(self, access: str, refresh: str) -> Answer:
        return self._oauth(
            access_token=access,
            expires_in=int(self.token_seconds),
            refresh_token=refresh,
            refresh_expires_in=int(self.refresh_seconds),
            open_id=self.open_id,
            scope="user_info,video.create.bind,video.data.bind,video.list.bind",
        )

    def _oauth(self, **data: Any) -> Answer:
        return Answer(200, {"data": {"error_code": 0, "description": "", **data}, "message": "success"})

    def _oauth_no(self, code: int, more: str = "") -> Refusal:
        return Refusal(
            Answer(200, {"data": {"error_code": code, "description": _words(code, more)}, "message": "error"})
        )

    def ok(self, **data: Any) -> Answer:
        return Answer(200, {"data": {"error_code": 0, "description": "", **data}, "extra": self._extra(0, "")})

    def no(self, code: int, more: str = "") -> Refusal:
        words = _words(code, more)
        body = {"data": {"error_code": code, "description": words}, "extra": self._extra(code, words)}
        return Refusal(Answer(200, body))

    def _extra(self, code: int, words: str) -> dict[str, Any]:
        now = int(self.clock.now() * 1000)
        return {
            "error_code": code,
            "description": words,
            "sub_error_code": 0,
            "sub_description": "",
            "logid": uuid4().hex,
            "now": now,
        }

    def unreadable(self, why: str) -> Refusal:
        return self.no(2100005, why)


def _words(code: int, more: str) -> str:
    return ": ".join(part for part in (WORDS[code], more) if part)
