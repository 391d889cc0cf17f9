"""A new access token for a refresh token, as most platforms give it (RFC 6749, section 6)."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.publishing.client import Client, Reply
from tasks.publishing.login import Login
from tasks.publishing.outcome import Reauthorise, Retry


def refreshed(
    client: Client,
    login: Login,
    doing: str,
    url: str,
    *,
    remedy: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Login:
    """Ask a token endpoint.

    Parameters
    ----------
    remedy:
        What a person can do if the refresh token is not good any more.
    form, headers:
        How the platform wants to see the client's id and secret.

    Raises
    ------
    Reauthorise
        If the refresh token or the client is refused.
    Retry
        If the endpoint is busy, or its answer is not the documented one.
    """

    def judge(reply: Reply) -> None:
        if reply.status in {400, 401, 403}:
            raise Reauthorise(f"{reply.doing}: {reply.status} {reply.quote}", remedy)

    grant = {"grant_type": "refresh_token", "refresh_token": login.refresh_token, **(form or {})}
    reply = client.call(doing, "POST", url, judge=judge, form=grant, headers=headers)
    token, lives = reply.get("access_token"), reply.get("expires_in")
    if not isinstance(token, str) or not token:
        # The answer is not quoted: it may hold the other token.
        raise Retry(f"{doing}: the answer has no access_token", "try again later")
    seconds = float(lives) if isinstance(lives, int | float) else None
    return login.renewed(token, seconds, str(reply.get("refresh_token") or ""))
