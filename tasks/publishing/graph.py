"""What Instagram and Facebook share: the Graph API of Meta with its versions, error codes, tokens and uploads."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import StringConstraints

from reelmill.answers import TRANSIENT
from reelmill.errors import ReelmillError, TransientError
from tasks.publishing.api import ApiTarget
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.login import Login
from tasks.publishing.oauth import ask_for_token, seconds, token_in
from tasks.publishing.outcome import Ambiguous, Defer, MayNotAsk, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.slices import Slice

#: A numeric id of the Graph API.
GraphId = Annotated[str, StringConstraints(pattern=r"^\d{1,40}$")]

#: What codes and subcodes mean (Instagram platform, "Error codes"; Graph API, "Handling errors"; Video API, "Reels
#: publishing"). A subcode that is here is believed before the code that it refines.
MEANINGS: Mapping[int, type[ReelmillError]] = {
    **dict.fromkeys((102, 190, 1404078), Reauthorise),
    **dict.fromkeys((9, 2207042), Defer),
    **dict.fromkeys((9007, 2207027), Wait),  # the media is not ready
    **dict.fromkeys((2207008, 2207020, 2207032), Restart),  # expired, or not made: another container is needed
    **dict.fromkeys((4, 17, 32, 613, 1390008), Retry),  # too fast
    **dict.fromkeys((1, 2, 341, -1, -2, 2207003, 2207053, 2207082, 1363047, 1609010), Retry),  # the platform's trouble
    # Spam, restricted account, blocked action, fetching, format, shape, caption, moment of the cover, abuse.
    **dict.fromkeys((2207001, 2207050, 2207051, 2207052, 2207026, 2207009, 2207010, 2207057, 1346003), Refused),
}
#: The codes that do not say whether the thing was done: the platform's own trouble, in the middle of it.
VAGUE = frozenset({1, 2, -1, -2, 2207003, 2207032, 2207053, 2207082})
#: Permissions that the token lacks.
PERMISSIONS = frozenset({10, *range(200, 300)})
#: An object that does not exist, or that the token may not see.
MISSING = (100, 33)
#: When to ask again after a cap on any 24 hours: the platform does not say when the first of them ends.
ROLLING = dt.timedelta(hours=1)
#: A token is exchanged when this part of its time is over: one that has ended cannot be exchanged any more.
EXCHANGED_AT = 0.5

#: What an access token looks like: Meta repeats one that is malformed in its message.
TOKEN = re.compile(r"\b(?:EAA|IG)[A-Za-z0-9_-]{20,}")

LOG_IN = (
    "make a new long-lived token of an account that may post there at developers.facebook.com, and put it where the "
    "target's `token` or `login` says"
)


@dataclass(frozen=True, slots=True)
class GraphError:
    """The object `error` of an answer."""

    code: int
    subcode: int
    message: str
    transient: bool

    @classmethod
    def of(cls, reply: Reply) -> Self | None:
        """None if the answer is no error. Some come with the status 200."""
        error = reply.get("error")
        if not isinstance(error, dict):
            return None
        parts = [str(error.get("message") or reply.quote), str(error.get("error_user_msg") or "")]
        message = TOKEN.sub("…", " – ".join(dict.fromkeys(part for part in parts if part)))
        return cls(
            number(error.get("code")), number(error.get("error_subcode")), message, error.get("is_transient") is True
        )

    @property
    def names(self) -> int:
        """The subcode if it is one that we know, else the code."""
        return self.subcode if self.subcode in MEANINGS else self.code

    def __str__(self) -> str:
        return f"{self.message} (code {self.code}" + (f", {self.subcode})" if self.subcode else ")")


def missing(reply: Reply) -> bool:
    """Whether an answer says that there is no such object."""
    error = GraphError.of(reply)
    return reply.status == 404 or (error is not None and (error.code, error.subcode) == MISSING)


class GraphTarget(ApiTarget):
    """A target behind the Graph API."""

    hosts: ClassVar[Mapping[str, str]] = {"api": "https://graph.facebook.com"}
    upload_hosts: ClassVar[tuple[str, ...]] = ("rupload.facebook.com",)

    version: Annotated[str, StringConstraints(pattern=r"^v[1-9]\d?\.\d$")] = "v26.0"
    """The version of the Graph API."""

    def authorised(self, token: str) -> Mapping[str, str]:
        return {"Authorization": f"OAuth {token}"}

    def request(self, context: TargetContext, doing: str, method: str, path: str, **how: Any) -> Reply:
        """A call to the version of the Graph API that is set."""
        return self.call(context, doing, method, f"/{self.version}{path}", **how)

    def ask_edge(self, context: TargetContext, doing: str, path: str, **params: Any) -> Reply:
        """Ask for a list or for an account.

        Raises
        ------
        Reauthorise, Retry
            If the question is refused: that says nothing of a post, so it is never `Refused`.
        """
        return self.request(context, doing, "GET", path, params=params, judge=self._judge_question, question=True)

    def ask_pages(self, context: TargetContext, doing: str, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, to its end. Raises as `ask_edge` does."""
        while True:
            reply = self.ask_edge(context, doing, path, **params)
            yield rows(reply)
            params["after"] = reply.get("paging", "cursors", "after")
            if not params["after"] or not reply.get("paging", "next"):
                return

    def ask_node(self, context: TargetContext, doing: str, node: str, fields: str) -> Reply | None:
        """The fields of an object, or None if there is no such object. Raises as `ask_edge` does."""

        def judge(reply: Reply) -> None:
            if not missing(reply):
                self._judge_question(reply)

        how = {"params": {"fields": fields}, "judge": judge, "accept": {400, 404}, "question": True}
        reply = self.request(context, doing, "GET", f"/{node}", **how)
        return None if missing(reply) else reply

    def _judge_question(self, reply: Reply) -> None:
        error = GraphError.of(reply)
        if error is not None and error.code in PERMISSIONS:
            raise MayNotAsk(f"{reply.doing}: {error}", LOG_IN)
        self.judge(reply)

    def send(self, context: TargetContext, doing: str, url: str, path: Path, offset: int) -> None:
        """The bytes of a file from `offset` on, in one request, to an address that the platform handed out."""
        total = path.stat().st_size
        reply = self.call(
            context,
            doing,
            "POST",
            self.client(context).check_address(url, self.upload_hosts),
            headers={"offset": str(offset), "file_size": str(total), "Content-Type": "application/octet-stream"},
            body=Slice(path, offset, total - offset),
        )
        if reply.get("success") is not True:
            raise Retry(f"{doing}: {reply.quote}", "try again later")

    def judge(self, reply: Reply) -> None:
        error = GraphError.of(reply)
        if error is None:
            self._judge_upload(reply)
            return
        said = f"{reply.doing}: {error}"
        meaning = MEANINGS.get(error.names, Retry if error.transient else None)
        if meaning is Defer:
            raise Defer(said, "its posts of 24 hours are used up", until=dt.datetime.now(dt.UTC) + ROLLING)
        if meaning is Reauthorise:
            raise Reauthorise(said, LOG_IN)
        if meaning is not None and issubclass(meaning, TransientError):
            raise meaning(said, "try again later", retry_after=reply.retry_after)
        if error.code in PERMISSIONS:
            raise Reauthorise(said, f"give the app the permission to publish for this account; then {LOG_IN}")
        if reply.status != 401 and reply.status not in TRANSIENT:
            raise Refused(said, "change what the platform names, then resume the run")

    def judge_publishing(self, reply: Reply) -> None:
        """The same for the irreversible call, after which the platform's own trouble leaves it open what happened.

        Raises
        ------
        Ambiguous
        """
        error = GraphError.of(reply)
        if error is not None and (error.names in VAGUE or (error.transient and error.names not in MEANINGS)):
            raise Ambiguous(f"{reply.doing}: {error}")
        self.judge(reply)

    def _judge_upload(self, reply: Reply) -> None:
        """What the host that takes bytes says of an error."""
        told = reply.get("debug_info")
        if not isinstance(told, dict):
            return
        kind = str(told.get("type") or "")
        said = f"{reply.doing}: {kind} {told.get('message') or ''}".strip()
        if kind in {"OffsetInvalidError", "PartialRequestError"}:
            raise Resync(said)
        if told.get("retriable") is True:
            raise Retry(said, "try again later", retry_after=reply.retry_after)
        if reply.status != 401 and reply.status not in TRANSIENT:
            raise Refused(said, "look at the file, then resume the run")

    def renew(self, context: TargetContext, login: Login) -> Login:
        """Exchange the token for one that lives longer (Facebook Login, "Get long-lived tokens").

        There is no refresh token: the token itself is exchanged, while it is good. It stands as `refresh_token`.
        """
        reply = ask_for_token(
            self.client(context),
            f"{self.base(context)}/oauth/access_token",
            platform=self.platform,
            remedy=LOG_IN,
            method="GET",
            params={
                "grant_type": "fb_exchange_token",
                "client_id": login.client_id,
                "client_secret": login.client_secret,
                "fb_exchange_token": login.refresh_token,
            },
            judge=_judge_exchange,
        )
        token, lives = token_in(reply, "access_token"), seconds(reply.get("expires_in"))
        return login.renewed(token, None if lives is None else lives * EXCHANGED_AT, token)


def transferred(phase: Any) -> int | None:
    """How many bytes the platform has, by its `uploading_phase`; None if all. Facebook writes it with one r."""
    told = mapping(phase)
    if told.get("status") == "complete":
        return None
    return number(told.get("bytes_transferred", told.get("bytes_transfered")))


def reason_of(phase: Any, default: str) -> str:
    """What a phase of a video says of its error."""
    error = mapping(phase).get("error", mapping(phase).get("errors"))
    if isinstance(error, list) and error:
        error = error[0]
    return str(mapping(error).get("message") or default)


def rows(reply: Reply) -> list[dict[str, Any]]:
    """The objects of a list.

    Raises
    ------
    Retry
        If the answer has none.
    """
    reply.need_list("data")
    return reply.rows("data")


def insights(reply: Reply) -> dict[str, Any]:
    """The value of each metric over the life of a post, by its name (Graph API, Insights): a number, or several."""
    told = {}
    for row in rows(reply):
        values = row.get("values")
        holder = values[0] if isinstance(values, list) and values else row.get("total_value")
        told[str(row.get("name"))] = mapping(holder).get("value")
    return told


def count(value: Any) -> int | None:
    """A number, or all of those that stand by kinds; None if there is none."""
    if isinstance(value, dict):
        return sum(number(one) for one in value.values())
    return int(value) if isinstance(value, int | float) else None


def mapping(value: Any) -> dict[str, Any]:
    """An object of an answer; an empty one if it is none."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> int:
    """A number of an answer; 0 if it is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _judge_exchange(reply: Reply) -> None:
    error = GraphError.of(reply)
    if error is not None and (error.transient or reply.status in TRANSIENT):
        raise Retry(f"{reply.doing}: {error}", "try again later", retry_after=reply.retry_after)
    if error is not None:
        raise Reauthorise(f"{reply.doing}: {error}", LOG_IN)
