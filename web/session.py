"""A browser that is logged in: a cookie that names a token and ends after some hours. The token itself is not in it."""

from __future__ import annotations

import secrets
import time

from fastapi import Response

from records.database import now
from records.tables import Token
from web.door import Door

COOKIE = "reelmill_session"
#: The half of the protection against forged forms that the browser keeps; the form has the other half.
FORM_COOKIE = "reelmill_form"
#: How long a session lasts, and how long a login form may lie open, in seconds.
LASTS, FORM_LASTS = 12 * 3600, 3600


def begin(door: Door, response: Response, token: Token) -> None:
    """Leave a session in the browser."""
    until = str(int(time.time()) + LASTS)
    value = f"{token.id}.{until}.{door.signer.sign('session', token.id, until)}"
    _set(door, response, COOKIE, value, LASTS)
    response.delete_cookie(FORM_COOKIE, path=f"{door.signer.prefix}/login")


def end(door: Door, response: Response) -> None:
    response.delete_cookie(COOKIE, path=door.signer.prefix or "/")


def token_of(door: Door, value: str) -> Token | None:
    """The token that a session was begun with, unless it has ended, or the token is no longer good."""
    identity, _, rest = value.partition(".")
    until, _, signature = rest.partition(".")
    if not door.signer.matches(signature, "session", identity, until) or time.time() >= int(until):
        return None
    for token in door.ledger.tokens.all():
        if token.id == identity:
            return token if is_open(token) else None
    return None


def is_open(token: Token) -> bool:
    """Whether a token is neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now())


def form(door: Door, response: Response, kept: str | None) -> str:
    """What a login form must bring along, bound to a cookie that another site can neither read nor set."""
    nonce = kept if kept and len(kept) == 43 else secrets.token_urlsafe(32)
    _set(door, response, FORM_COOKIE, nonce, FORM_LASTS, path=f"{door.signer.prefix}/login", strict=True)
    until = str(int(time.time()) + FORM_LASTS)
    return f"{until}.{door.signer.sign('form', nonce, until)}"


def is_our_form(door: Door, brought: str, kept: str | None) -> bool:
    until, _, signature = brought.partition(".")
    return bool(kept) and door.signer.matches(signature, "form", kept or "", until) and time.time() < int(until)


def desk_form(door: Door, kept: str) -> str:
    """What a form of the desk must bring along, bound to the session in the browser that shows it."""
    until = str(int(time.time()) + LASTS)
    return f"{until}.{door.signer.sign('desk', kept, until)}"


def is_our_desk_form(door: Door, brought: str, kept: str) -> bool:
    until, _, signature = brought.partition(".")
    return door.signer.matches(signature, "desk", kept, until) and time.time() < int(until)


def _set(
    door: Door, response: Response, name: str, value: str, seconds: int, *, path: str = "", strict: bool = False
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path or door.signer.prefix or "/",
        secure=door.signer.base.startswith("https:"),
        httponly=True,
        samesite="strict" if strict else "lax",
    )
