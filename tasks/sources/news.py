"""News: one brief for each story of an RSS or Atom feed, newest first."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.sources.base import Source, SourceContext
from tasks.sources.location import Encoding, Location

if TYPE_CHECKING:
    from tasks.sources.syndication.document import Document
    from tasks.sources.syndication.story import Story

#: The names of a brief's fields; each is always there.
FIELDS = frozenset(
    {"id", "title", "summary", "link", "author", "site", "published", "date", "attribution", "categories"}
    | {"image", "image_credit"}
)

_DAYS = {"d": 1, "w": 7}


def _known_age(age: str) -> str:
    if re.fullmatch(r"[1-9][0-9]{0,3}[dw]", age) is None:
        raise ValueError("use a whole number and d or w, such as 2d")
    return age


class News(Source):
    """The stories of an RSS 2.0, RSS 1.0 or Atom feed, up to the day of the run, newest first.

    A story without a title, and one whose id or link was there before, is passed over, with the reason. `attribution`
    names the site and the day: show it.
    """

    type: Literal["news"]
    url: Location
    """The feed: an http(s) URL, or a path relative to this file."""
    max_age: Annotated[str, AfterValidator(_known_age)] | None = None
    """How old a story may be, in days or weeks back from the day of the run: `1d` is yesterday and today."""
    max_items: int | None = Field(None, ge=1, le=1000)
    """The most stories to take, newest first."""
    images: Literal["optional", "required", "none"] = "optional"
    """Whether a story without a picture is passed over, or pictures are not used at all. They belong to somebody."""
    encoding: Encoding | None = None
    """The characters of a feed that is not UTF-8 and does not say so itself, such as `gb18030`."""

    def fields(self) -> frozenset[str]:
        return FIELDS

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        from tasks.sources.feeds.opening import opened
        from tasks.sources.syndication import document

        with opened(self.url, context, max_bytes=document.MAX_BYTES) as feed:
            kind = feed.format()
            if kind != "xml":
                raise SourceError(
                    f"{feed.name} is {kind.upper()}, not RSS or Atom", "use the address of the feed itself"
                )
            read = document.read(feed, self.encoding)
        if not read.entries:
            raise SourceError(f"{feed.name} has no stories", "look at it in a browser, or run it on another day")
        stories, skipped = self._stories(read, context)
        # Newest first; those without a moment come last, and in the feed's order.
        stories.sort(key=lambda one: one.published.timestamp() if one.published else float("-inf"), reverse=True)
        for one in stories[: self.max_items]:
            yield one.brief
        yield from skipped

    def _stories(self, read: Document, context: SourceContext) -> tuple[list[Story], list[Skipped]]:
        from tasks.sources import plain
        from tasks.sources.syndication.story import MAX_NAME, story

        base = self.url if "://" in self.url else ""
        site = plain.text_of_html(read.title, MAX_NAME)
        stories: list[Story] = []
        skipped: list[Skipped] = []
        known: set[str] = set()
        for entry in read.entries:
            try:
                found = story(entry, site=site, base=base, zone=context.occasion.zone)
                if found.identities & known or found.brief.key in known:
                    raise ValueError(f"{found.brief.title!r} was there before")
                known |= found.identities | {found.brief.key}
                if self._is_wanted(found, context):
                    stories.append(self._pictured(found))
            except ValueError as error:
                skipped.append(Skipped(entry.where, str(error)))
        return stories, skipped

    def _is_wanted(self, found: Story, context: SourceContext) -> bool:
        """Whether it is of the days that are asked for. What is too old or not yet out is no fault of anybody."""
        if found.published is None:
            if self.max_age is not None:
                raise ValueError(f"{found.brief.title!r} says not when it was published, and `max_age` asks for that")
            return True
        day = found.published.astimezone(context.occasion.zone).date()
        if self.max_age is None:
            return day <= context.occasion.date
        oldest = dt.timedelta(days=int(self.max_age[:-1]) * _DAYS[self.max_age[-1]])
        return context.occasion.date - oldest <= day <= context.occasion.date

    def _pictured(self, found: Story) -> Story:
        if self.images == "required" and not found.brief.images:
            raise ValueError(f"{found.brief.title!r} has no picture")
        return replace(found, brief=replace(found.brief, images=())) if self.images == "none" else found
