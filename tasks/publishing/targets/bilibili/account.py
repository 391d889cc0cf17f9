"""Who speaks with Bilibili's open platform: an app that signs every call, and an account that has logged in to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from uuid import uuid4

from pydantic import StringConstraints

from tasks.publishing.account import Identity
from tasks.publishing.api import ApiTarget
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.login import Login
from tasks.publishing.oauth import ask_for_token, seconds, token_in
from tasks.publishing.outcome import Reauthorise
from tasks.publishing.targets.bilibili.answers import LOG_IN, judge
from tasks.publishing.targets.bilibili.signature import signed
from tasks.secret import Secret

#: Seconds above which `expires_in` is a moment since 1970, as Bilibili's own example has it, and no length of time.
A_MOMENT = 1_000_000_000
#: Id and secret of the app that the sandbox knows: a real one is not for rehearsals.
SANDBOX_APP = ("sandbox-client", "sandbox-secret")


class BilibiliAccount(ApiTarget):
    """The app and the login of a target at Bilibili."""

    hosts: ClassVar[Mapping[str, str]] = {
        "api": "https://member.bilibili.com",
        "upload": "https://openupos.bilivideo.com",
        "account": "https://api.bilibili.com",
    }

    client_id: Annotated[str, StringConstraints(max_length=200)] = ""
    """The app's id, which is also its access key, if `login` does not have it."""

    client_secret: Secret | None = None
    """The app's secret, which signs every call, if `login` does not have it."""

    signature_version: Literal["2.0", "1.0"] = "2.0"
    """The version of the signature: `1.0` for apps that Bilibili registered long ago."""

    def identify(self, context: TargetContext) -> Identity | None:
        reply = self.sign(context, "asking Bilibili whose the login is", "GET", "user/account/info", question=True)
        return Identity(str(reply.get("data", "openid") or ""), str(reply.need("data", "name")))

    def sign(
        self,
        context: TargetContext,
        doing: str,
        method: str,
        name: str,
        *,
        content: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> Reply:
        """A signed call. What is signed is the JSON byte for byte, and a nonce serves once."""
        key, secret = self._app(context)
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()

        def shown(token: str) -> Mapping[str, Any]:
            moment = int(context.now().timestamp())
            proof = signed(key, secret, body, version=self.signature_version, nonce=uuid4().hex, moment=moment)
            return {"headers": {**proof, "Access-Token": token}}

        headers = {"Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
            how["body"] = body
        return self.call(context, doing, method, f"/arcopen/fn/{name}", shown=shown, headers=headers, **how)

    def _app(self, context: TargetContext) -> tuple[str, str]:
        """The id and the secret of the app, which are in the login if they are not options."""
        if context.sandbox:
            return SANDBOX_APP
        key, secret = self.client_id, self.client_secret.find() if self.client_secret else None
        if self.login is not None and not (key and secret):
            document = Login.parse(self.login.find() or "", self.login.name)
            key, secret = key or document.client_id, secret or document.client_secret
        if not (key and secret):
            raise Reauthorise(
                "the target has no app to sign with",
                "give it `client_id` and `client_secret: {env: NAME}`, or a login that has both",
            )
        return key, secret

    def judge(self, reply: Reply) -> None:
        judge(reply)

    def renew(self, context: TargetContext, login: Login) -> Login:
        wish = {
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": login.refresh_token,
        }
        url = f"{self.base(context, 'account')}/x/account-oauth2/v1/refresh_token"
        client = self.client(context)
        reply = ask_for_token(client, url, platform="Bilibili", remedy=LOG_IN, judge=self.judge, params=wish)
        refresh, lives = str(reply.get("data", "refresh_token") or ""), seconds(reply.get("data", "expires_in"))
        if lives is not None and lives > A_MOMENT:
            lives -= context.now().timestamp()
        return login.renewed(token_in(reply, "data", "access_token"), lives, refresh)
