"""Who calls, and what they may do: a token, a session in a browser, or a signed link."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from records.tables import Token
from records.tokens import Scope, allows
from web import session
from web.door import Door, Opened
from web.problems import Refusal, unauthorized

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token that `reelmill token make` has shown once."
)
_COOKIE = APIKeyCookie(
    name=session.COOKIE, auto_error=False, scheme_name="session", description="What POST /login leaves in a browser."
)

_Sent = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
Kept = Annotated[str | None, Security(_COOKIE)]


def _by_token(door: Opened, sent: _Sent) -> Token | None:
    return door.ledger.tokens.check(sent.credentials) if sent is not None else None


ByToken = Annotated[Token | None, Depends(_by_token)]


def _caller(door: Opened, token: ByToken, kept: Kept) -> Token | None:
    """The token in the header or, without one that is good, the token that the browser has logged in with."""
    return token or (session.token_of(door, kept) if kept else None)


Caller = Annotated[Token | None, Depends(_caller)]
Expires = Annotated[int | None, Query(ge=0, le=10**12, description="Of a signed link.")]
Signature = Annotated[str | None, Query(max_length=64, description="Of a signed link.")]


def refusal(door: Door, path: str, caller: Token | None, expires: int | None, signature: str | None) -> Refusal | None:
    """Why a caller may not read what is at a path, or None if they may."""
    if caller is not None and allows(caller, Scope.READ):
        return None
    if signature is not None and expires is not None:
        if door.signer.check(path, expires, signature):
            return None
        return unauthorized("the link has expired, or is not whole", "ask for a new one, or send a token")
    if caller is not None:
        return lacks(Scope.READ)
    return unauthorized("reading needs a token, or a signed link")


def desk_refusal(caller: Token | None, *, decides: bool = False) -> Refusal | None:
    """Why a caller may not look at the review desk, or decide there; None if they may."""
    if caller is None:
        return unauthorized("the review desk needs a token")
    if allows(caller, Scope.REVIEW) or (not decides and allows(caller, Scope.READ)):
        return None
    return lacks(Scope.REVIEW)


def lacks(scope: Scope) -> Refusal:
    return Refusal(
        HTTPStatus.FORBIDDEN,
        f"the token has no scope `{scope.value}`",
        f"make one that has it: `reelmill token make NAME --scope {scope.value}`",
    )


def _reader(
    door: Opened, request: Request, caller: Caller, expires: Expires = None, signature: Signature = None
) -> None:
    refused = refusal(door, request.scope["path"], caller, expires, signature)
    if refused is not None:
        raise refused


#: Lets through who may read the path that is asked for.
READER = Depends(_reader)


def _reader_or_local(door: Opened, request: Request, caller: Caller) -> None:
    if not is_local(request):
        refused = refusal(door, request.scope["path"], caller, None, None)
        if refused is not None:
            raise refused


#: As `READER`, but a program on this very machine needs no token.
READER_OR_LOCAL = Depends(_reader_or_local)

#: What a proxy adds: then the caller is not the one who has connected.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_local(request: Request) -> bool:
    """Whether a program on this machine calls, and hands on nobody else's request."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
