"""The renewal of an OAuth login. What a platform refuses here is the login, and never the post that noticed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelmill.answers import TRANSIENT
from tasks.publishing.client import Client, Judge, Reply
from tasks.publishing.login import Login
from tasks.publishing.outcome import Reauthorise, Refused, Retry


def refreshed(
    client: Client,
    url: str,
    login: Login,
    *,
    platform: str,
    remedy: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Login:
    """The login with the access token that the platform gives for its refresh token (RFC 6749, section 6).

    Parameters
    ----------
    remedy:
        What a person can do if the refresh token is not good any more.
    form, headers:
        How the platform wants to be told whose login it is: the client's id and secret, by its names.

    Raises
    ------
    Reauthorise
        If the refresh token or the client is refused: no error of section 5.2 goes away by itself.
    Retry
        If the endpoint is busy, or its answer is not the documented one.
    """

    def judge(reply: Reply) -> None:
        error = reply.get("error")
        if reply.status in TRANSIENT or not (reply.status == 401 or (isinstance(error, str) and error)):
            return
        why = reply.get("error_description")
        said = f"{error} {why or ''}".strip() if isinstance(error, str) else reply.quote
        raise Reauthorise(f"{reply.doing}: {reply.status} {said}", remedy)

    grant = {"grant_type": "refresh_token", "refresh_token": login.refresh_token, **(form or {})}
    reply = ask_for_token(client, url, platform=platform, remedy=remedy, judge=judge, form=grant, headers=headers)
    return login.renewed(
        token_in(reply, "access_token"), seconds(reply.get("expires_in")), str(reply.get("refresh_token") or "")
    )


def ask_for_token(
    client: Client, url: str, *, platform: str, remedy: str, judge: Judge, method: str = "POST", **how: Any
) -> Reply:
    """A call whose answer is a token.

    Raises
    ------
    Reauthorise, Retry
    """
    try:
        return client.call(f"renewing the login of {platform}", method, url, judge=judge, **how)
    except Refused as error:
        raise Reauthorise(error.reason, remedy) from error


def token_in(reply: Reply, *keys: str) -> str:
    """A token in an answer.

    Raises
    ------
    Retry
        If there is none. The answer is not quoted: it may hold another one.
    """
    found = reply.get(*keys)
    if not isinstance(found, str) or not found:
        raise Retry(f"{reply.doing}: the answer has no `{'.'.join(keys)}`", "try again later")
    return found


def seconds(lives: object) -> float | None:
    """How long a token lives, if an answer says so."""
    return float(lives) if isinstance(lives, int | float) else None
