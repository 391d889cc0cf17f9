"""OAuth at a simulated platform: access tokens that end, refresh tokens that make new ones (RFC 6749, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sandbox.platform import Platform
from sandbox.trouble import DAY


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint hands out."""

    access: str
    refresh: str


class Authorizing(Platform):
    """A platform whose tokens end. Those that it did not make itself do not, but for `expired` and `spent`.

    Its subclass serves the token endpoint, in the platform's own words.
    """

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds: float = 30 * DAY  #: an access token is good for so long
        self.refresh_seconds: float = 365 * DAY  #: and a refresh token for so long
        self.rotates = False  #: a refresh token that was used stops working, and the answer brings another
        self.refresh_tokens: set[str] = {"sandbox-refresh-token"}  #: the only ones let in when `strict`
        self.spent: set[str] = set()  #: refresh tokens that were good once
        self.client: tuple[str, str] | None = None  #: id and secret of the only app that is known; None: any is
        self._issued_at: dict[str, float] = {}

    def knows(self, token: str) -> bool:
        with self.lock:
            return super().knows(token) and not self.ended(token)

    def ended(self, token: str) -> bool:
        """Whether an access token was good once."""
        return token in self.expired or self._age(token) >= self.token_seconds

    def issue(self) -> str:
        with self.lock:
            token = super().issue()
            self._issued_at[token] = self.clock.now()
            return token

    def issue_refresh(self) -> str:
        """A new refresh token."""
        with self.lock:
            token = f"refresh-{uuid4().hex}"
            self.refresh_tokens.add(token)
            self._issued_at[token] = self.clock.now()
            return token

    def knows_refresh(self, token: str) -> bool:
        """Whether a refresh token is one, though it may have ended."""
        return bool(token) and (not self.strict or token in self.refresh_tokens or token in self.spent)

    def ended_refresh(self, token: str) -> bool:
        """Whether a refresh token was good once."""
        return token in self.spent or self._age(token) >= self.refresh_seconds

    def spend(self, token: str) -> str:
        """Another refresh token in the place of one, which stops working."""
        with self.lock:
            self.refresh_tokens.discard(token)
            self.spent.add(token)
            return self.issue_refresh()

    def renew(self, refresh_token: str) -> Grant | None:
        """A new access token, and the refresh token for the next time; None if this one is not good."""
        with self.lock:
            if not self.knows_refresh(refresh_token) or self.ended_refresh(refresh_token):
                return None
            return Grant(self.issue(), self.spend(refresh_token) if self.rotates else refresh_token)

    def _age(self, token: str) -> float:
        return self.clock.now() - self._issued_at[token] if token in self._issued_at else 0.0
