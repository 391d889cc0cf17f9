"""The posts that people watched most, as far as a target says so.

A target reports by putting numbers into what it reads back of a post (`Target.read_back`) or says of it when it is
live (`Published.detail`): `views` and `likes`, whole numbers, the newest known. Nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from records.figures import LivePost
from reelmill.content import Json

#: How many posts a report ranks.
RANKED = 10


@dataclass(frozen=True, slots=True)
class BestPost:
    """A post and its numbers."""

    post: LivePost
    views: int | None
    likes: int | None


def best(posts: Sequence[LivePost]) -> tuple[BestPost, ...]:
    """The posts with the most views, then likes. Empty if no target reports either."""
    counted = [BestPost(post, _number(post.detail, "views"), _number(post.detail, "likes")) for post in posts]
    known = [one for one in counted if one.views is not None or one.likes is not None]
    return tuple(sorted(known, key=lambda one: (-(one.views or 0), -(one.likes or 0), one.post.at))[:RANKED])


def _number(detail: Mapping[str, Json], name: str) -> int | None:
    read_back = detail.get("read_back")
    for place in (read_back, detail):
        found = place.get(name) if isinstance(place, Mapping) else None
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None
