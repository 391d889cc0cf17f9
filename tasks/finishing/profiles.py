"""The profiles that there are, as data: `profiles.yaml`, read once and checked strictly, and what a definition adds.

A platform is added by adding its block to the data; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.finishing.profile import Profile, Source, Sourced
from tasks.options import Options

DATA = Path(__file__).with_name("profiles.yaml")
#: What a number that a definition gives names as its source, and what that is.
DEFINITION = "definition"
YOURS = Source(title="The definition", read="now", official=False)


class LabelLoosened(ValueError):
    """The label of a profile says less than the law asks for where the profile before it is published."""

    def __init__(self, before: Profile, field: str) -> None:
        super().__init__(f"{before.title} asks by law for more of a label (GB 45438-2025), and that holds")
        self.field, self.value = field, getattr(before.label, field)


class Profiles(Mapping[str, Profile]):
    """Profiles by name, in the order of the data."""

    def __init__(self, profiles: Mapping[str, Profile], sources: Mapping[str, Source]) -> None:
        self._profiles, self._sources = dict(profiles), dict(sources)

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def find(self, name: str) -> Profile:
        """The profile of that name.

        Raises
        ------
        FinishingError
            If there is none; the definition checks names long before.
        """
        if name in self._profiles:
            return self._profiles[name]
        raise FinishingError(f"there is no profile {name!r}", f"use one of: {', '.join(self)}")

    def source(self, name: str) -> Source:
        """The source that a number names."""
        return self._sources[name]

    def title(self, name: str) -> str:
        """What people call a platform; the name itself of one that is not known any more."""
        return self._profiles[name].title if name in self._profiles else name

    def changed(self, name: str, like: str, changes: Mapping[str, Json]) -> Profiles:
        """The same, in which one profile is another one with some values changed.

        Parameters
        ----------
        changes:
            Plain values by field, nested as the fields are. Each names the definition as its source.

        Raises
        ------
        ValidationError
            If the values do not fit together.
        LabelLoosened
            If AI content would be labelled less than the law asks for, on this platform or on the one that it is like.
        """
        base = self._profiles[like]
        plain = base.model_dump(mode="python") | {"name": name}
        if base.width is not None and base.height is not None:
            factors = (changes.get("width", base.width.value) / base.width.value,
                       changes.get("height", base.height.value) / base.height.value)  # fmt: skip
            plain["safe_zone"] = base.safe_zone.scaled(*factors).model_dump(mode="python")
        if name != like and "title" not in changes:
            plain["title"] = name
        made = Profile.model_validate(_merged(plain, changes))
        for before in (base, self._profiles.get(name, base)):
            if field := before.label.loosened(made.label):
                raise LabelLoosened(before, field)
        return Profiles({**self._profiles, name: made}, {**self._sources, DEFINITION: YOURS})


def _merged(plain: dict[str, Any], changes: Mapping[str, Json]) -> dict[str, Any]:
    merged = dict(plain)
    for key, value in changes.items():
        before = plain.get(key)
        if isinstance(value, Mapping) and isinstance(before, dict):
            merged[key] = _merged(before, value)
        elif isinstance(before, dict) or key in {"width", "height"}:  # a fact
            merged[key] = {"value": value, "source": DEFINITION}
        else:
            merged[key] = value
    if "source" in merged and merged != plain:
        merged["source"] = DEFINITION
    return merged


class _Data(Options):
    version: int
    sources: dict[str, Source]
    profiles: dict[str, Profile]


@cache
def shipped() -> Profiles:
    """Those that come with Reelmill."""
    from ruamel.yaml import YAML

    raw = YAML(typ="safe").load(DATA)
    defaults = raw.pop("defaults")
    raw["profiles"] = {
        name: {**defaults, **profile, "name": name, "platform": name} for name, profile in raw["profiles"].items()
    }
    data = _Data.model_validate(raw)
    for name, profile in data.profiles.items():
        for field, value in _sourced(profile):
            if value.source not in data.sources:
                raise ValueError(f"{name}.{field} names the source {value.source!r}, which is not listed")
    return Profiles(data.profiles, data.sources)


def _sourced(options: Options) -> Iterator[tuple[str, Sourced]]:
    for field, value in options:
        if isinstance(value, Sourced):
            yield field, value
        elif isinstance(value, Options):
            yield from _sourced(value)


def names() -> tuple[str, ...]:
    """Every name that comes with Reelmill."""
    return tuple(shipped())


def find(name: str) -> Profile:
    """The profile of that name, as it comes with Reelmill."""
    return shipped().find(name)


def source(name: str) -> Source:
    """The source that a number names."""
    return shipped().source(name)
