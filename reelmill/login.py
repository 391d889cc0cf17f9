"""What lets us in at a server: a header that nobody sees."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Self

from reelmill.errors import UseError

#: What a bearer token may consist of (RFC 6750, 2.1), and a little more that servers hand out.
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Login:
    """The value of an `Authorization` header."""

    header: bytes = field(repr=False)

    @classmethod
    def basic(cls, user: str, password: str) -> Self:
        """A name and a password (RFC 7617, in UTF-8)."""
        if ":" in user:
            raise UseError(f"the user {user!r} holds a colon", "a login cannot be sent with one: use another user")
        return cls(b"Basic " + base64.b64encode(f"{user}:{password}".encode()))

    @classmethod
    def bearer(cls, token: str, name: str) -> Self:
        """A token.

        Parameters
        ----------
        name:
            What the secret is called, for the error.

        Raises
        ------
        UseError
            If it holds what no header can carry.
        """
        if not _TOKEN.fullmatch(token):
            raise UseError(
                f"the secret {name} holds characters that no token has", "set it to the token alone, on one line"
            )
        return cls(b"Bearer " + token.encode("ascii"))
