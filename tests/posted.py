"""Where posts of tests go: places that need no definition."""

from __future__ import annotations

from pathlib import Path

from reelmill.content import Destination, Json, Rendition
from tasks.publishing.base import Handle
from tasks.publishing.context import TargetContext


def to(target: str, rendition: Rendition) -> Destination:
    """A folder of that name."""
    return Destination(target, "folder", target, rendition.id)


def here(folder: Path, **more: str) -> TargetContext:
    """What a target has at hand whose definition lies in a folder."""
    return TargetContext(folder, pace=0.01, **more)


def handle(known: dict[str, Json] | None = None, commits: list[dict[str, Json]] | None = None) -> Handle:
    """A handle whose commits are kept in a list."""
    kept = [] if commits is None else commits
    return Handle(known or {}, lambda news: kept.append(dict(news)))
