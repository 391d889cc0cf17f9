"""How a definition says what lets a source in at a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.options import Options
from tasks.secret import Secret

if TYPE_CHECKING:
    from reelmill.login import Login


class LoginOptions(Options):
    """A name and a password, as a server asks for them by HTTP Basic."""

    user: str
    """The name. A shop's API may call it a consumer key."""
    password: Secret
    """Where the password is."""


def login_of(options: LoginOptions | None, token: Secret | None) -> tuple[Login | None, str]:
    """What lets us in, and who that is, without the secret.

    Raises
    ------
    UseError
        If a secret is not set, or no header can carry it.
    """
    from reelmill.login import Login
    from reelmill.logs import conceal

    if options is not None:
        found, name = Login.basic(options.user, options.password.read()), f"{options.user} {options.password.name}"
    elif token is not None:
        found, name = Login.bearer(token.read(), token.name), token.name
    else:
        return None, ""
    conceal(found.header.decode("ascii").partition(" ")[2])
    return found, name
