"""The posts that people watched most, by the newest numbers that platforms have told. Nothing is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from records.figures import LivePost
from records.tables import PostMetrics

#: How many posts a report ranks.
RANKED = 10


@dataclass(frozen=True, slots=True)
class BestPost:
    """A post and its numbers."""

    post: LivePost
    views: int | None
    likes: int | None


def best(posts: Sequence[LivePost], numbers: Mapping[UUID, PostMetrics]) -> tuple[BestPost, ...]:
    """The posts with the most views, then likes. Empty if no platform tells either."""
    once = {post.id: post for post in posts}  # one that was taken down and posted again went live twice
    counted = [BestPost(post, numbers[key].views, numbers[key].likes) for key, post in once.items() if key in numbers]
    known = [one for one in counted if one.views is not None or one.likes is not None]
    return tuple(sorted(known, key=lambda one: (-(one.views or 0), -(one.likes or 0), one.post.at))[:RANKED])
