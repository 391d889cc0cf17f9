"""OAuth at a simulated platform: access tokens that end, refresh tokens that make new ones (RFC 6749, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sandbox.platform import Platform

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint hands out."""

    access: str
    refresh: str


class Authorizing(Platform):
    """A platform whose tokens end. One that it did not make itself is as old as the platform."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds: float = 30 * DAY  # an access token is good for so long
        self.refresh_seconds: float = 180 * DAY  # and a refresh token for so long
        self.rotates = True  # a refresh token that was used stops working, and the answer brings another
        self.refresh_tokens: set[str] = {"sandbox-refresh-token"}  # the only ones let in when `strict`
        self.spent: set[str] = set()  # refresh tokens that were good once
        self._started = self.clock.now()
        self._made: dict[str, float] = {}

    def knows(self, token: str) -> bool:
        return super().knows(token) and not self.ended(token)

    def ended(self, token: str) -> bool:
        """Whether an access token was good once."""
        return token in self.expired or self._age(token) >= self.token_seconds

    def issue(self) -> str:
        token = super().issue()
        self._made[token] = self.clock.now()
        return token

    def issue_refresh(self) -> str:
        """A new refresh token."""
        with self.lock:
            token = f"refresh-{uuid4().hex}"
            self.refresh_tokens.add(token)
            self._made[token] = self.clock.now()
            return token

    def knows_refresh(self, token: str) -> bool:
        """Whether a refresh token is one."""
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

    def refreshed(self, token: str) -> Grant:
        """What a refresh token, which is good, is worth."""
        with self.lock:
            return Grant(self.issue(), self.spend(token) if self.rotates else token)

    def _age(self, token: str) -> float:
        return self.clock.now() - self._made.get(token, self._started)
