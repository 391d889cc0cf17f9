"""The lexicon: what may be forbidden in a text, by category. Data, in `lexicon/`, with a version and a hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from ruamel.yaml import YAML

from reelmill.content import Json, fingerprint
from tasks.options import Options
from tasks.screening.texts.rules import Category
from tasks.screening.texts.term import Entry, Level

FOLDER = Path(__file__).with_name("lexicon")

#: What only counts together with something else, besides the categories of `rules`.
Mark = Literal["instructions", "trade", "groups", "contempt"]


class Part(Options):
    """One file of the lexicon."""

    category: Category | Mark
    except_in: list[str] = Field(default_factory=list)
    """Fields in which it does not count: an advertising word in a prompt is read by nobody."""

    locales: list[str] = Field(default_factory=list)
    """Where its terms count, if they do not say so themselves. Empty: everywhere."""

    mark: list[str | Entry] = Field(default_factory=list)
    review: list[str | Entry] = Field(default_factory=list)
    block: list[str | Entry] = Field(default_factory=list)

    def entries(self) -> list[tuple[Level, Entry]]:
        levels: tuple[tuple[Level, list[str | Entry]], ...] = (
            ("mark", self.mark),
            ("review", self.review),
            ("block", self.block),
        )
        return [
            (level, Entry(term=entry) if isinstance(entry, str) else entry)
            for level, entries in levels
            for entry in entries
        ]


class Combination(Options):
    """Two categories that are worse together than each alone."""

    of: list[Category | Mark] = Field(min_length=2, max_length=2)
    level: Literal["review", "block"]
    category: Category = Field(alias="as")
    across: bool = False
    """Whether they are together in all texts of one video, or else only in the same field."""


class Index(Options):
    """`index.yaml`: the version of the lexicon, and which categories add up to what."""

    version: str = Field(min_length=1, max_length=32)
    combinations: list[Combination]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All files of a folder."""

    version: str
    sha256: str  #: of the content; comments and layout do not change it
    parts: tuple[Part, ...]
    combinations: tuple[Combination, ...]


def load(folder: Path = FOLDER) -> Lexicon:
    """Read a lexicon: `index.yaml`, and one file for each category.

    Raises
    ------
    OSError, ValueError, ruamel.yaml.error.YAMLError
        If it is not one. What ships is one.
    """
    index = Index.model_validate(_read(folder / "index.yaml"))
    files = sorted(path for path in folder.glob("*.yaml") if path.name != "index.yaml")
    parts = [Part.model_validate(_read(path)) for path in files]
    content: Json = [index.model_dump(mode="json"), [part.model_dump(mode="json") for part in parts]]
    return Lexicon(index.version, fingerprint(content), tuple(parts), tuple(index.combinations))


@cache
def shipped() -> Lexicon:
    """The lexicon that ships, read once."""
    return load()


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
