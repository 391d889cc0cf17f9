"""Where a file is that a source reads, and in which characters: as options."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from reelmill.errors import SourceError


def _known_location(location: str) -> str:
    scheme, mark, _ = location.partition("://")
    if (mark and scheme.lower() not in ("http", "https")) or not location.strip():
        raise ValueError("use an http(s) URL, or a path relative to this file")
    return location


def _known_encoding(name: str) -> str:
    from tasks.sources.feeds.encoding import known

    return known(name)


#: An http(s) URL, or a path.
Location = Annotated[str, AfterValidator(_known_location)]

#: The name of an encoding of characters.
Encoding = Annotated[str, AfterValidator(_known_encoding)]


def other_characters(name: str, encoding: str) -> SourceError:
    """The error for a file whose bytes are not in an encoding."""
    return SourceError(f"{name} is not {encoding}", "save it as UTF-8, or name its encoding: `encoding: gb18030`")
