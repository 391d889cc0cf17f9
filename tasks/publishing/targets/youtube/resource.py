"""The resources that YouTube answers with, of which no part is sure to be there."""

from __future__ import annotations

from typing import Any

from tasks.publishing.client import Reply
from tasks.publishing.outcome import Retry

Resource = dict[str, Any]


def items(reply: Reply) -> list[Resource]:
    """The resources of a list.

    Raises
    ------
    Retry
        If it is none: the answer is not what was documented.
    """
    found = reply.need("items")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Retry(f"{reply.doing}: the answer has no list: {reply.quote}", "try again later")
    return found


def part(resource: Resource, *names: str) -> Resource:
    """A part of a resource, or a part of that; `{}` if it is not there."""
    for name in names:
        found = resource.get(name)
        resource = found if isinstance(found, dict) else {}
    return resource
