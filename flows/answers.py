"""What a person can say of a post of which nobody knows whether it is public."""

from __future__ import annotations

from records.tables import Post


def answers(post: Post) -> tuple[str, str]:
    """The two commands: it is live, and it is not."""
    short = str(post.id)[:8]
    return f"reelmill reconcile {short} --live URL", f"reelmill reconcile {short} --not-posted"
