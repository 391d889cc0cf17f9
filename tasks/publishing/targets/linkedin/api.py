"""LinkedIn's API: who posts, in which version, what its errors mean, and how a login is renewed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from tasks.publishing.account import Identity
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.login import Login
from tasks.publishing.midnight import next_midnight
from tasks.publishing.oauth import refreshed
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Wait

#: Seconds between two looks at a video that is processed.
PROCESSING = 3.0
#: Codes of a post that came before its video was ready.
_NOT_READY = {"MEDIA_ASSET_PROCESSING", "MEDIA_ASSET_WAITING_UPLOAD"}
_REMEDY = "log in to LinkedIn again, with the scope w_member_social or w_organization_social, and put the login there"


class _ByAuthor:
    """The posts of an organisation can be listed. Those of a member cannot, with what LinkedIn grants to apps."""

    def __get__(self, target: LinkedInApi | None, kind: type[LinkedInApi]) -> Safety:
        return Safety.LOOK_UP if target is not None and target.is_organisation else Safety.NONE


class LinkedInApi(ApiTarget):
    """A target that speaks with LinkedIn for a member or an organisation."""

    safety: ClassVar = _ByAuthor()
    hosts: ClassVar = {"api": "https://api.linkedin.com", "login": "https://www.linkedin.com"}
    upload_hosts = ("*.linkedin.com",)

    type: Literal["linkedin"]

    author: Annotated[str, StringConstraints(pattern=r"^urn:li:(person|organization):[A-Za-z0-9_-]{1,100}$")]
    """Who posts: `urn:li:person:…` or `urn:li:organization:…`. A member's posts cannot be looked up after a crash."""

    version: Annotated[str, StringConstraints(pattern=r"^20\d\d(0[1-9]|1[0-2])$")] = "202606"
    """The month whose API is spoken. LinkedIn serves each one for about a year."""

    @property
    def is_organisation(self) -> bool:
        return self.author.startswith("urn:li:organization:")

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + self.author

    def authorised(self, token: str) -> Mapping[str, str]:
        return {
            **super().authorised(token),
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def identify(self, context: TargetContext) -> Identity:
        """The member who logged in. Needs the scopes `openid` and `profile`."""
        reply = self.ask(context, "asking LinkedIn whose the login is", "/v2/userinfo")
        return Identity(str(reply.need("sub")), str(reply.get("name", default="")))

    def judge(self, reply: Reply) -> None:
        code, said = str(reply.get("code", default="")), f"{reply.doing}: {reply.status} {reply.quote}"
        if reply.status == 401:
            raise Reauthorise(said, _REMEDY)
        if reply.status == 403:
            raise Reauthorise(said, f"give the app the product that posting for `author` needs; then {_REMEDY}")
        if reply.status == 426:
            raise Refused(said, "set `version` to a month whose API LinkedIn still serves")
        if reply.status == 429 and "DAY limit" in str(reply.get("message")):
            # The limits of a day begin again at midnight, UTC. Source: LinkedIn, Rate Limiting.
            raise Defer(said, until=next_midnight("UTC", dt.datetime.now(dt.UTC)))
        if code == "DUPLICATE_POST":
            raise Refused(said, "look at the account: the same words are there already; change the caption if need be")
        if code in _NOT_READY:
            raise Wait(said, retry_after=PROCESSING)

    def renew(self, context: TargetContext, login: Login) -> Login:
        return refreshed(
            self.client(context),
            self.base(context, "login") + "/oauth/v2/accessToken",
            login,
            platform="LinkedIn",
            remedy=_REMEDY,
            form={"client_id": login.client_id, "client_secret": login.client_secret},
        )
