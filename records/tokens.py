"""Tokens: what lets a caller in at the door. The ledger keeps only a hash, so a copy of it opens nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import select

from records.database import Database, now
from records.tables import Token
from reelmill.errors import UseError

#: `rm_<id>_<secret>`: the id finds the row, the secret proves it. 32 random bytes need no slow hash.
_FORM = re.compile(r"rm_([0-9a-f]{8})_([A-Za-z0-9_-]{43})", re.ASCII)
#: How stale `used_at` may be before it is written again, so that reading does not mean writing.
_USED_EVERY = dt.timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may do. `admin` may do everything."""

    HOOK = "hook"
    READ = "read"
    REVIEW = "review"
    ADMIN = "admin"


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, name: str, scopes: Collection[Scope], *, lasts: dt.timedelta | None = None) -> str:
        """Make a token and return it: the only time that it can be seen.

        Raises
        ------
        UseError
            If the name is taken, or no scope is given.
        """
        if not scopes:
            raise UseError("a token without a scope opens nothing", "give --scope: hook, read, review or admin")
        identity, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        with self._database.begin() as session:
            if session.scalars(select(Token).where(Token.name == name)).first() is not None:
                raise UseError(
                    f"there is a token {name!r} already", "choose another name; one that was revoked stays taken"
                )
            session.add(
                Token(
                    id=identity,
                    name=name,
                    scopes=sorted(scope.value for scope in scopes),
                    digest=_digest(secret),
                    created_at=now(),
                    expires_at=now() + lasts if lasts else None,
                )
            )
        return f"rm_{identity}_{secret}"

    def check(self, text: str) -> Token | None:
        """The token behind what a caller sent, if it is one of ours, not expired and not revoked."""
        parts = _FORM.fullmatch(text)
        if parts is None:
            return None
        with self._database.read() as session:
            token = session.get(Token, parts[1])
        if token is None or not hmac.compare_digest(token.digest, _digest(parts[2])):
            return None
        if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now()):
            return None
        if token.used_at is None or now() - token.used_at > _USED_EVERY:
            with self._database.begin() as session:
                session.get_one(Token, token.id).used_at = now()
        return token

    def all(self) -> list[Token]:
        """Every token, the newest last."""
        with self._database.read() as session:
            return list(session.scalars(select(Token).order_by(Token.created_at)))

    def revoke(self, name: str) -> Token:
        """Close a token for good. Its name stays taken, so that the log of who did what stays true.

        Raises
        ------
        UseError
            If there is none of that name.
        """
        with self._database.begin() as session:
            token = session.scalars(select(Token).where(Token.name == name)).first()
            if token is None:
                raise UseError(f"there is no token {name!r}", "see `reelmill token list`")
            token.revoked_at = token.revoked_at or now()
            return token


def allows(token: Token, scope: Scope) -> bool:
    """Whether a token may do this."""
    return scope.value in token.scopes or Scope.ADMIN.value in token.scopes


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
