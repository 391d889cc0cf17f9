"""The refresh of an OAuth login, as RFC 6749 has it in section 6; the form's names are the platform's own."""

from __future__ import annotations

from collections.abc import Mapping

from reelmill.answers import TRANSIENT
from tasks.publishing.client import Client, Reply
from tasks.publishing.login import Login
from tasks.publishing.outcome import Reauthorise


def refreshed(
    client: Client, url: str, login: Login, *, platform: str, form: Mapping[str, str], instruction: str
) -> Login:
    """The login with the access token that the platform gives for its refresh token.

    Parameters
    ----------
    form:
        How the platform wants to be told whose login it is: `client_id` and `client_secret`, by its names.
    instruction:
        What a person does if the refresh token is not good any more.

    Raises
    ------
    Reauthorise
        If the platform names any error of section 5.2: none of them goes away by itself.
    Retry
    """

    def judge(reply: Reply) -> None:
        error = reply.get("error")
        if reply.status in TRANSIENT or not isinstance(error, str) or not error:
            return
        why = str(reply.get("error_description", default=""))
        raise Reauthorise(f"{reply.doing}: {error} {why}".strip(), instruction)

    reply = client.call(
        f"renewing the login at {platform}",
        "POST",
        url,
        judge=judge,
        form={**form, "grant_type": "refresh_token", "refresh_token": login.refresh_token},
    )
    lasts = reply.get("expires_in")
    return login.renewed(
        str(reply.need("access_token")),
        float(lasts) if isinstance(lasts, int | float) else None,
        str(reply.get("refresh_token", default="")),
    )
