"""Who we are at a platform: a token that is set, or an OAuth login that is renewed, by one process at a time."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from reelmill.content import Json
from reelmill.logs import conceal
from tasks.publishing.outcome import Reauthorise
from tasks.secret import Secret

#: A token is renewed so long before it ends, so that no upload begins with one that ends at once.
MARGIN = dt.timedelta(minutes=5)
#: The fields of a login document that are secrets.
_SECRETS = ("client_secret", "refresh_token", "access_token")

log = logging.getLogger("reelmill.publishing")


@dataclass(frozen=True)
class Login:
    """An OAuth login as its document has it (JSON), in a file or a block."""

    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    access_token: str = ""
    expires_at: dt.datetime | None = None
    more: dict[str, Json] = field(default_factory=dict)  #: whatever else is in the document

    @classmethod
    def parse(cls, text: str, name: str) -> Login:
        """Read the document.

        Raises
        ------
        Reauthorise
            If it is none.
        """
        try:
            plain = json.loads(text)
            expires = plain.get("expires_at")
            known = {key: str(plain.get(key) or "") for key in ("client_id", *_SECRETS)}
            moment = dt.datetime.fromisoformat(expires) if expires else None
        except (ValueError, AttributeError, TypeError):
            raise Reauthorise(
                f"{name} is no login", "put a JSON object there: client_id, client_secret, refresh_token"
            ) from None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        for key in _SECRETS:
            if known[key]:
                conceal(known[key])
        more = {key: value for key, value in plain.items() if key not in known and key != "expires_at"}
        return cls(**known, expires_at=moment, more=more)

    def to_text(self) -> str:
        known = {"client_id": self.client_id, **{key: getattr(self, key) for key in _SECRETS}}
        expires = self.expires_at.isoformat() if self.expires_at else None
        return json.dumps({**self.more, **known, "expires_at": expires}, indent=2) + "\n"

    def ends_soon(self, now: dt.datetime) -> bool:
        return not self.access_token or (self.expires_at is not None and self.expires_at - MARGIN <= now)

    def renewed(self, access_token: str, expires_in: float | None, refresh_token: str = "", **more: Json) -> Login:
        """The login with a new token, which lives `expires_in` seconds; with a new refresh token, if it rotates."""
        conceal(access_token)
        if refresh_token:
            conceal(refresh_token)
        moment = None if expires_in is None else dt.datetime.now(dt.UTC) + dt.timedelta(seconds=expires_in)
        return replace(
            self,
            access_token=access_token,
            refresh_token=refresh_token or self.refresh_token,
            expires_at=moment,
            more={**self.more, **more},
        )


Renew = Callable[[Login], Login]
"""Asks the platform for a new access token. Raises `Reauthorise` if the refresh token is not good any more."""


class Tokens:
    """Gives the access token of one account, and renews it.

    Parameters
    ----------
    fixed:
        A token that is used as it is.
    document:
        Where a login is kept that can be renewed. One that rotates must be in a file or a block, to be written back.
    alone:
        Entered while a token is renewed: one process at a time does it, and the next one finds what it got.
    """

    def __init__(
        self,
        fixed: Secret | None,
        document: Secret | None,
        renew: Renew,
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._fixed, self._document = fixed, document
        self._renew, self._alone = renew, alone
        self._lock = threading.Lock()
        self._known: Login | None = None

    def token(self) -> str:
        """A token that is good as far as is known.

        Raises
        ------
        Reauthorise
            If none is set.
        """
        if self._document is None:
            return _required(self._fixed)
        with self._lock:
            login = self._known or self._read()
            if login.ends_soon(dt.datetime.now(dt.UTC)):
                login = self._renewed(login.access_token)
            self._known = login
            return login.access_token

    def another(self, refused: str) -> str | None:
        """A token instead of one that the platform refused; None if there is none to be had."""
        if self._document is None:
            present = _required(self._fixed)
            return present if present != refused else None  # somebody put a new one there
        with self._lock:
            self._known = self._renewed(refused)
            return self._known.access_token

    def _read(self) -> Login:
        assert self._document is not None
        return Login.parse(_required(self._document), self._document.name)

    def _renewed(self, refused: str) -> Login:
        """Read it again first: another process may have renewed it meanwhile."""
        assert self._document is not None
        with self._alone():
            login = self._read()
            if login.access_token and login.access_token != refused and not login.ends_soon(dt.datetime.now(dt.UTC)):
                return login
            if not login.refresh_token:
                raise Reauthorise(f"{self._document.name} has no refresh token", "log in again, and put it there")
            fresh = self._renew(login)
            if not self._document.write(fresh.to_text()) and fresh.refresh_token != login.refresh_token:
                log.warning(
                    "%s cannot be written, and the platform gave a new refresh token: keep this login in a file or a "
                    "block, and log in again before this process ends",
                    self._document.name,
                )
            return fresh


def _required(secret: Secret | None) -> str:
    if secret is None:
        raise Reauthorise("the target has no login", "give it `token: {env: NAME}` or `login: {file: PATH}`")
    value = secret.find()
    if value is None:
        raise Reauthorise(f"the secret {secret.name} is not set", secret.remedy)
    return value
