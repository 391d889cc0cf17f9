"""A list: one brief for each line of a table, each document of a file, or each item in the definition itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from reelmill.content import Brief, Json, Skipped, fingerprint
from reelmill.errors import FetchError, SourceError
from tasks.sources import plain
from tasks.sources.base import Source, SourceContext

#: Where a key and a title are looked for when the options do not say.
KEYS = ("key", "id")
TITLES = ("title", "name", "prompt")

#: The most items of one list.
MAX_ITEMS = 100_000

_TITLE_LENGTH = 120
_HASH_LENGTH = 16


class Listing(Source):
    """Items from a CSV, TSV, JSON, JSONL or YAML file, or written into the definition. A text is a `prompt`."""

    type: Literal["list"]
    path: str | None = Field(None, min_length=1)
    """The file, relative to this one."""
    items: Sequence[str | Mapping[str, Any]] | None = Field(None, min_length=1, max_length=MAX_ITEMS)
    """The items themselves, instead of a file."""
    format: Literal["auto", "csv", "tsv", "json", "jsonl", "yaml"] = "auto"
    """What the file is. `auto` goes by its name and its first bytes."""
    key_from: str | None = None
    """The column that holds a stable key. Without it: `key` or `id`, else a hash of the item."""
    title_from: str | None = None
    """The column that names the video. Without it: `title`, `name` or `prompt`."""
    image_from: str | None = None
    """The column that holds a reference image: an http(s) URL, or a path in the list's folder."""

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
        taken: set[str] = set()
        with self._found(context) as (folder, found):
            for number, entry in enumerate(found, start=1):
                if number > MAX_ITEMS:
                    raise SourceError(f"{self.path} has more than {MAX_ITEMS:,} items", "split the list")
                if isinstance(entry, Skipped):
                    yield entry
                    continue
                place, item = entry
                try:
                    brief = self._brief(item, folder)
                    if brief.key in taken:
                        raise ValueError(f"the key {brief.key!r} was there before")
                except ValueError as error:
                    yield Skipped(place, str(error))
                else:
                    taken.add(brief.key)
                    yield brief

    @contextmanager
    def _found(self, context: SourceContext) -> Iterator[tuple[Path, Iterator[tuple[str, object] | Skipped]]]:
        """The items with their places, and the folder that their images are relative to."""
        if self.path is None:
            assert self.items is not None
            yield context.folder, ((f"item {number}", item) for number, item in enumerate(self.items, start=1))
            return
        from tasks.sources.feeds.entries import entries
        from tasks.sources.feeds.opening import opened

        with opened(self.path, context) as feed:
            assert feed.folder is not None
            yield feed.folder, entries(feed, feed.format() if self.format == "auto" else self.format)

    def _brief(self, item: object, folder: Path) -> Brief:
        fields = plain.value({"prompt": item} if isinstance(item, str) else item)
        if not isinstance(fields, dict):
            raise ValueError("it is neither a text nor a mapping of names to values")  # noqa: TRY004  # a reason, as the others
        if not any(value not in (None, "", [], {}) for value in fields.values()):
            raise ValueError("it is empty")
        identifier = self._chosen(fields, self.key_from, KEYS) or fingerprint(fields)[:_HASH_LENGTH]
        title = self._chosen(fields, self.title_from, TITLES) or identifier
        return Brief(plain.key(identifier), plain.text(title, _TITLE_LENGTH), fields, self._images(fields, folder))

    def _chosen(self, fields: Mapping[str, Json], named: str | None, otherwise: Sequence[str]) -> str:
        if named is None:
            return next((str(fields[name]) for name in otherwise if _is_word(fields.get(name))), "")
        if not _is_word(fields.get(named)):
            raise ValueError(f"it has no {named!r}")
        return str(fields[named])

    def _images(self, fields: Mapping[str, Json], folder: Path) -> tuple[str, ...]:
        from reelmill.fetching import parse

        link = fields.get(self.image_from) if self.image_from else None
        if not link:
            return ()
        if "://" in str(link):
            try:
                return (str(parse(str(link))),)
            except FetchError as error:
                raise ValueError(f"its image cannot be used: {error.reason}") from error
        # A path in the definition is the operator's own; one in a file that somebody handed over stays in its folder.
        return (str(plain.file_in(folder, str(link), anywhere=self.path is None)),)


def _is_word(found: Json) -> bool:
    return isinstance(found, str | int) and not isinstance(found, bool) and found != ""
