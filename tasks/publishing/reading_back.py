"""What a target shows of a live post."""

from __future__ import annotations

import logging
from dataclasses import asdict

from records.ledger import Ledger
from records.tables import Post
from reelmill.errors import PublishingError, TransientError
from reelmill.failpoints import failpoint
from tasks.publishing.base import Delivery, Published, Target
from tasks.publishing.context import TargetContext

log = logging.getLogger("reelmill.publishing")


def read_back(ledger: Ledger, post: Post, target: Target, delivery: Delivery, context: TargetContext) -> Post:
    """Have a target show a live post, and note what it shows. A target that cannot now is asked again later."""
    published = Published(post.url or "", post.platform_id or "", post.detail)
    try:
        seen = target.read_back(delivery, context, published)
    except (TransientError, PublishingError) as error:
        log.info("%s does not show the post yet: %s", post.target, error.reason)
        return post
    failpoint("post.seen")
    for what, right in (("public", seen.public), ("labelled as AI", seen.labelled), ("whole", seen.whole)):
        if right is False:
            log.warning("%s shows the post %s, and it is not %s", post.target, post.url, what)
    return ledger.posts.see(post.id, asdict(seen), url=str(seen.detail.get("url") or ""))
