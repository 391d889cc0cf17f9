"""`reelmill unpublish`: take a post down again, where the platform lets us."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from records.ledger import Ledger
from records.states import PostState
from reelmill.errors import UseError
from reelmill.settings import Settings


def unpublish(
    post: Annotated[str, Parameter(help="Its id, or the beginning of it.")],
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Take a live post down. It stays in the ledger as withdrawn, and is not posted again by itself."""
    settings = Settings()
    with Ledger(settings) as ledger:
        from flows.sending import sender  # brings what publishes
        from tasks.publishing.base import Published

        found = ledger.post_lists.find(post)
        if found.state is not PostState.LIVE:
            raise UseError(f"the post is {found.state.value}, not live", "see `reelmill posts`")
        with sender(settings, ledger) as made:
            target, context = made.target(found)
            if not target.unpublishes:
                raise UseError(
                    f"a post cannot be taken down from {found.target} by its API", f"take it down there: {found.url}"
                )
            if not yes and not _agreed(f"take {found.url} down from {found.target}?"):
                raise UseError("nothing was taken down", "say yes, or give --yes")
            target.unpublish(context, Published(found.url or "", found.platform_id or "", found.detail))
        after = ledger.posts.move(found.id, PostState.WITHDRAWN, "taken down by hand")
    if as_json:
        print_json({"id": str(after.id), "state": after.state.value, "url": after.url})
    else:
        console().print(f"{after.url} is taken down")
    return OK


def _agreed(question: str) -> bool:
    import sys

    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
