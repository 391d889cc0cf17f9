"""Which of the posts in the ledger something is: what is to be posted, or what a platform shows."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.tables import Post
from reelmill.account_name import plain_name
from reelmill.content import Destination


def find_same(session: Session, destination: Destination) -> Post | None:
    """The post of this content to this account, locked; None if there is none.

    Earlier versions took `@teashop` for another account than `teashop`: a post of theirs is found by its content.
    """
    post = session.get(Post, destination.post_id, with_for_update=True)
    if post is not None or not destination.named:
        return post
    query = select(Post).where(
        Post.platform == destination.platform,
        Post.content == destination.content,
        Post.edition == destination.edition,
    )
    return next((post for post in session.scalars(query) if plain_name(post.account) == destination.account), None)


def is_of_another(session: Session, post_id: UUID, platform: str, platform_id: str) -> bool:
    """Whether what a platform calls so is another post than this one, by whatever name of its account."""
    query = select(Post.id).where(Post.platform == platform, Post.platform_id == platform_id, Post.id != post_id)
    return session.scalars(query.limit(1)).first() is not None
