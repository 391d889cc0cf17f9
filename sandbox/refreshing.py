"""Platforms that give a new access token for a refresh token (RFC 6749, section 6)."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from sandbox.platform import Platform


class RefreshingPlatform(Platform):
    """A platform with refresh tokens. Its subclass serves the token endpoint, in the platform's own words."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.rotates = False  #: a refresh token is good once: each refresh gives a new one
        self.token_seconds = 30 * 86400.0  #: for which an access token is good that was got by a refresh
        self.refresh_tokens: set[str] = {"sandbox-refresh-token"}  #: with `strict`, only these are good
        self.retired: set[str] = set()  #: refresh tokens that are good no more
        self._ends: dict[str, float] = {}

    def knows(self, token: str) -> bool:
        return super().knows(token) and self._ends.get(token, float("inf")) > self.clock.now()

    def outdated(self, token: str) -> bool:
        """Whether it was good once."""
        return token in self.expired or self._ends.get(token, float("inf")) <= self.clock.now()

    def renew(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access token and the refresh token for the next time; None if this one is not good."""
        with self.lock:
            known = refresh_token in self.refresh_tokens or not self.strict
            if not refresh_token or refresh_token in self.retired or not known:
                return None
            token = self.issue()
            self._ends[token] = self.clock.now() + self.token_seconds
            if not self.rotates:
                return token, refresh_token
            self.retired.add(refresh_token)
            following = f"refresh-{uuid4().hex}"
            self.refresh_tokens.add(following)
            return token, following
