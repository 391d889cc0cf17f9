"""Items, each a mapping of names to values, and the briefs that they become: what lists, sheets and queries share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reelmill.content import Brief, Json, Skipped, fingerprint
from reelmill.errors import FetchError, SourceError
from tasks.registry import suggest
from tasks.sources import plain
from tasks.sources.base import Source

#: Where a key and a title are looked for when the options do not say.
KEYS = ("key", "id")
TITLES = ("title", "name", "prompt")

#: The most items of one reading.
MAX_ITEMS = 100_000

_TITLE_LENGTH = 120
_HASH_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Item:
    """One item, before anybody judged it."""

    where: str  #: its place, for people: "line 12"
    values: object  #: a mapping, a text (which is a `prompt`), or something that cannot be used
    cursor: Json = None  #: how far the source is read with it


class ItemSource(Source):
    """What the sources of items have in common: how an item is named, and where its picture is."""

    key_from: str | None = None
    """The column that holds a stable key. Without it: `key` or `id`, else a hash of the item."""
    title_from: str | None = None
    """The column that names the video. Without it: `title`, `name` or `prompt`."""
    image_from: str | None = None
    """The column that holds a reference image: an http(s) URL, or a path in the folder of the file that names it."""

    def check_columns(self, name: str, columns: Collection[str], more: Iterable[str] = ()) -> None:
        """Raise `SourceError` unless the columns that the options name, and those in `more`, are there."""
        named = (self.key_from, self.title_from, self.image_from)
        for column in (*(one for one in named if one is not None), *more):
            if column not in columns:
                near = suggest(column, columns)
                known = ", ".join(repr(title) for title in list(columns)[:12])
                raise SourceError(
                    f"{name} has no column {column!r}" + (f"; did you mean {near!r}?" if near else f"; it has {known}"),
                    "correct the name in the definition",
                )

    def taken(
        self, items: Iterable[Item | Skipped], name: str, folder: Path | None, *, anywhere: bool = False
    ) -> Iterator[Brief | Skipped]:
        """The briefs of items, each key once.

        Parameters
        ----------
        name:
            Of where they come from, for messages.
        folder:
            What paths of images are relative to. None: they came from the web, so a path means nothing.
        anywhere:
            Whether such a path may lead out of the folder.

        Raises
        ------
        SourceError
            If there are more than `MAX_ITEMS`.
        """
        keys: set[str] = set()
        for number, item in enumerate(items, start=1):
            if number > MAX_ITEMS:
                raise SourceError(f"{name} has more than {MAX_ITEMS:,} items", "split it")
            if isinstance(item, Skipped):
                yield item
                continue
            try:
                brief = self._brief(item, folder, anywhere=anywhere)
                if brief.key in keys:
                    raise ValueError(f"the key {brief.key!r} was there before")
            except ValueError as error:
                yield Skipped(item.where, str(error))
            else:
                keys.add(brief.key)
                yield brief

    def is_usable(self, item: Item, folder: Path | None) -> bool:
        """Whether a brief can be made of it; its key may have been there before."""
        try:
            self._brief(item, folder, anywhere=False)
        except ValueError:
            return False
        return True

    def _brief(self, item: Item, folder: Path | None, *, anywhere: bool) -> Brief:
        fields = plain.value({"prompt": item.values} if isinstance(item.values, str) else item.values)
        if not isinstance(fields, dict):
            raise ValueError("it is neither a text nor a mapping of names to values")  # noqa: TRY004  # a reason, as the others
        if not any(value not in (None, "", [], {}) for value in fields.values()):
            raise ValueError("it is empty")
        identifier = _chosen(fields, self.key_from, KEYS) or fingerprint(fields)[:_HASH_LENGTH]
        title = plain.text(_chosen(fields, self.title_from, TITLES) or identifier, _TITLE_LENGTH)
        images = self._images(fields, folder, anywhere=anywhere)
        return Brief(plain.key(identifier), title, fields, images, item.cursor)

    def _images(self, fields: Mapping[str, Json], folder: Path | None, *, anywhere: bool) -> tuple[str, ...]:
        from reelmill.urls import parse

        link = fields.get(self.image_from) if self.image_from else None
        if not link:
            return ()
        if folder is None or "://" in str(link):
            try:
                return (str(parse(str(link))),)
            except FetchError as error:
                raise ValueError(f"its image cannot be used: {error.reason}") from error
        return (str(plain.file_in(folder, str(link), anywhere=anywhere)),)


def _chosen(fields: Mapping[str, Json], named: str | None, otherwise: Sequence[str]) -> str:
    if named is None:
        return next((str(fields[name]) for name in otherwise if _is_word(fields.get(name))), "")
    if not _is_word(fields.get(named)):
        raise ValueError(f"it has no {named!r}")
    return str(fields[named])


def _is_word(found: Json) -> bool:
    return isinstance(found, str | int) and not isinstance(found, bool) and found != ""
