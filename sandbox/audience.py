"""How often a post was seen and liked: made-up numbers that are the same for the same post at the same age."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

#: Seconds after which a post has half of the views that it will ever have.
HALF = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Audience:
    """What a post has so far. No number ever falls."""

    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    saves: int = 0
    watched: float = 0.0  #: seconds of an average view

    @classmethod
    def of(cls, identity: str, age: float) -> Audience:
        """The audience of a post.

        Parameters
        ----------
        age:
            Seconds since it became public; below 0 nobody has seen it.
        """
        digest = sha256(identity.encode()).digest()
        most = 20_000 + int.from_bytes(digest[:2], "big")
        views = int(most * max(age, 0.0) / (max(age, 0.0) + HALF))
        likes = views * (20 + digest[2] % 100) // 1000
        comments, shares = likes * (5 + digest[3] % 20) // 100, likes * (2 + digest[4] % 15) // 100
        return cls(views, likes, comments, shares, likes * (3 + digest[5] % 15) // 100, 2.0 + digest[6] / 100)
