"""A list: one brief for each line of a table, each document of a file, or each item in the definition itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from reelmill.content import Brief, Skipped
from tasks.sources.base import SourceContext
from tasks.sources.items import MAX_ITEMS, Item, ItemSource


class Listing(ItemSource):
    """Items from a CSV, TSV, JSON, JSONL or YAML file, or written into the definition. A text is a `prompt`."""

    type: Literal["list"]
    path: str | None = Field(None, min_length=1)
    """The file, relative to this one."""
    items: Sequence[str | Mapping[str, Any]] | None = Field(None, min_length=1, max_length=MAX_ITEMS)
    """The items themselves, instead of a file."""
    format: Literal["auto", "csv", "tsv", "json", "jsonl", "yaml"] = "auto"
    """What the file is. `auto` goes by its name and its first bytes."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.path is None) == (self.items is None):
            raise ValueError("give either `path` or `items`")
        return self

    def fields(self) -> frozenset[str] | None:
        if self.items is None:
            return None
        columns = [frozenset(("prompt",) if isinstance(item, str) else map(str, item)) for item in self.items]
        return frozenset.intersection(*columns)

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        if self.path is None:
            assert self.items is not None
            items = (Item(f"item {number}", item) for number, item in enumerate(self.items, start=1))
            # A path in the definition is the operator's own; one in a file that was handed over stays in its folder.
            yield from self.taken(items, "the list", context.folder, anywhere=True)
            return
        from tasks.sources.feeds.entries import entries
        from tasks.sources.feeds.opening import opened

        with opened(self.path, context) as feed:
            found = entries(feed, feed.format() if self.format == "auto" else self.format)
            read = (entry if isinstance(entry, Skipped) else Item(*entry) for entry in found)
            yield from self.taken(read, self.path, feed.folder)
