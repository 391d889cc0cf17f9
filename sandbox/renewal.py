"""Platforms whose access tokens end after a while and are renewed with a refresh token (RFC 6749, section 6)."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from sandbox.platform import Platform


class Renewing(Platform):
    """A platform with a token endpoint, which its subclass serves.

    Knobs: `token_seconds` (what `issue` made lets in for so long), `rotates` (a refresh token works once),
    `refresh_tokens` (with `strict`, only these work), `expired` (no token in it works), `client` (the id and the secret
    of the only app that is known; None: any app is).
    """

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.token_seconds = 3600.0
        self.rotates = False
        self.refresh_tokens = {"sandbox-refresh-token"}
        self.client: tuple[str, str] | None = None
        self._issued: dict[str, float] = {}

    def issue(self) -> str:
        with self.lock:
            token = super().issue()
            self._issued[token] = self.clock.now()
            return token

    def knows(self, token: str) -> bool:
        with self.lock:
            born = self._issued.get(token)
            return super().knows(token) and (born is None or self.clock.now() < born + self.token_seconds)

    def renew(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access token, and the refresh token for the next time; None if this one does not work."""
        with self.lock:
            known = refresh_token in self.refresh_tokens or not self.strict
            if not refresh_token or refresh_token in self.expired or not known:
                return None
            if self.rotates:
                self.expired.add(refresh_token)
                self.refresh_tokens.discard(refresh_token)
                refresh_token = f"refresh-{uuid4().hex}"
                self.refresh_tokens.add(refresh_token)
            return self.issue(), refresh_token
