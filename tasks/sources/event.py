"""The event that started the run: one brief, its payload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from reelmill.content import Brief, Json, Skipped, fingerprint
from reelmill.errors import FetchError, SourceError
from tasks.sources import plain
from tasks.sources.base import Source, SourceContext

#: Where a title is looked for when `title_from` does not say.
TITLES = ("title", "name", "subject", "sentence")

_TITLE_LENGTH = 120


class Event(Source):
    """The payload of an event, as a webhook or `reelmill run --event FILE` brings it."""

    type: Literal["event"]
    require: tuple[str, ...] = Field((), strict=False)
    """Keys that the payload must have, with a value that is not empty."""
    title_from: str | None = None
    """The key whose value names the video. Without it: `title`, `name`, `subject` or `sentence`."""
    image_from: str | None = None
    """The key whose value is the http(s) URL of a reference image."""

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        event = context.occasion.event
        if event is None:
            raise SourceError("this run has no event", "give one: `reelmill run PIPELINE --event FILE`")
        try:
            fields: dict[str, Json] = plain.value(event)
        except ValueError as error:
            raise SourceError(f"the event cannot be used: {error}", "send a smaller, plainer event") from error
        for name in self.require:
            if fields.get(name) in (None, "", [], {}):
                raise SourceError(
                    f"the event has no {name!r}; it has {', '.join(map(repr, fields)) or 'nothing'}",
                    f"send the event with {name!r}, or take it out of `require`",
                )
        identifier = context.occasion.event_id or fields.get("id") or fingerprint(fields)
        titles = (self.title_from,) if self.title_from else TITLES
        title = next((fields[name] for name in titles if fields.get(name)), identifier)
        yield Brief(
            key=plain.key(str(identifier)),
            title=plain.text(str(title), _TITLE_LENGTH),
            fields=fields,
            images=self._images(fields),
        )

    def _images(self, fields: dict[str, Json]) -> tuple[str, ...]:
        from reelmill.urls import parse

        url = fields.get(self.image_from) if self.image_from else None
        if not url:
            return ()
        try:
            parse(str(url))
        except FetchError as error:
            raise SourceError(f"the event's {self.image_from!r}: {error.reason}", error.instruction) from error
        return (str(url),)
