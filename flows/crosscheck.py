"""What is wrong between the parts of a definition: templates and data, pipelines and targets, clips and platforms.

Works on what the file says and not on the validated whole, so that it finds what it can where other things are wrong.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from flows.borrowing import borrowed_texts
from flows.experiments.findings import comparing
from flows.explain import Finding
from flows.platforms import asks_for_metadata, best_for, fitting, own_profiles, profiles_of
from flows.registered import Registered
from flows.shotcheck import assembling, photographed
from flows.soundcheck import playing, templates
from flows.syntax import ValuePath
from reelmill.content import Json, Variant
from reelmill.errors import FinishingError, ReelmillError
from tasks.finishing.options import BrandOptions
from tasks.finishing.profiles import Profiles
from tasks.prompts.examine import examine
from tasks.prompts.locales import localised
from tasks.prompts.matrix import MatrixOptions, variants
from tasks.registry import find, names, suggest
from tasks.sources.base import Source
from tasks.sources.expand.options import FIELDS

_NEAR = re.compile(r"did you mean `([^`]+)`\?")

#: The sections whose texts are all templates; `sound` has one more.
TEMPLATED = ("prompt", "shots", "caption")
#: What every brief has beside its source's fields.
ALWAYS = frozenset({"key", "title"})
#: What templates see of the brand.
BRAND_FIELDS = frozenset(BrandOptions.model_fields) - {"credentials"}
#: How alike a field that may be missing is to one that exists before it is taken for a slip.
SLIP = 0.8


def crosscheck(data: Json, folder: Path) -> Iterator[Finding]:
    """The findings of a file's data, of which anything may be missing or of the wrong type.

    Parameters
    ----------
    folder:
        Where the file lies: what relative paths in it are relative to.
    """
    yield from _logo(data, folder)
    yield from own_profiles(data)
    profiles = profiles_of(data)
    yield from _credentials(data, folder)
    pipelines = data.get("pipelines") if isinstance(data, Mapping) else None
    named = data.get("targets") if isinstance(data, Mapping) else None
    targets = named if isinstance(named, Mapping) else {}
    for name, pipeline in pipelines.items() if isinstance(pipelines, Mapping) else ():
        if isinstance(pipeline, Mapping):
            path = ("pipelines", name)
            yield from _targets(path, pipeline, targets)
            if not _producer(data):
                yield from _unanswered(path, pipeline, targets, profiles)
            yield from _occasions(path, pipeline)
            yield from _templates(path, pipeline, folder)
            yield from fitting(path, pipeline, profiles)
            yield from playing(path, pipeline, folder)
            yield from assembling(path, pipeline, folder)
            yield from photographed(path, pipeline)
            yield from comparing(path, pipeline)


def _logo(data: Json, folder: Path) -> Iterator[Finding]:
    """A logo that cannot be drawn would fail every video after it was made."""
    brand = data.get("brand") if isinstance(data, Mapping) else None
    logo = brand.get("logo") if isinstance(brand, Mapping) else None
    if not isinstance(logo, str):
        return
    from tasks.finishing.brand import Brand  # brings Pillow, which a file without a logo does not need

    try:
        Brand.of(BrandOptions(name="-", logo=logo), folder).picture()
    except FinishingError as error:
        yield Finding(("brand", "logo"), error.reason, "a PNG, JPEG or WebP file, or no logo")


def _credentials(data: Json, folder: Path) -> Iterator[Finding]:
    """A chain that cannot be read would fail every video after it was made. The key may be on another machine."""
    brand = data.get("brand") if isinstance(data, Mapping) else None
    credentials = brand.get("credentials") if isinstance(brand, Mapping) else None
    chain = credentials.get("chain") if isinstance(credentials, Mapping) else None
    if not isinstance(chain, str) or not chain:
        return
    from tasks.finishing.labels.credentials import read_chain  # brings cryptography

    try:
        read_chain(folder / chain)
    except FinishingError as error:
        yield Finding(("brand", "credentials", "chain"), error.reason, "a PEM file: the certificate that signs first")


def _targets(path: ValuePath, pipeline: Mapping[str, Json], targets: Mapping[str, Json]) -> Iterator[Finding]:
    entries = pipeline.get("publish")
    delivered = pipeline.get("deliver")
    seen: set[str] = set()
    for place, name, entry in _named_targets(path, entries if isinstance(entries, list) else []):
        if name not in targets:
            known = ", ".join(targets) or "nothing: the file has no `targets:`"
            yield Finding(place, "there is no target of this name", known, suggest(name, targets) or "")
        elif name in seen:
            yield Finding(place, "this target is named twice", "each target once")
        elif isinstance(delivered, list):
            yield from _profile(place, targets[name], entry, [one for one in delivered if isinstance(one, str)])
        seen.add(name)


def _producer(data: Json) -> bool:
    brand = data.get("brand") if isinstance(data, Mapping) else None
    return isinstance(brand, Mapping) and brand.get("ai_producer") is not None


def _unanswered(
    path: ValuePath, pipeline: Mapping[str, Json], targets: Mapping[str, Json], profiles: Profiles
) -> Iterator[Finding]:
    """A video whose file does not say who answers for it must not be published where the law asks for that."""
    entries = pipeline.get("publish")
    for place, name, _ in _named_targets(path, entries if isinstance(entries, list) else []):
        if title := asks_for_metadata(targets.get(name), profiles):
            yield Finding(
                place,
                f"{title} is given videos that say in their metadata who answers for them, and this one would not",
                "`brand.ai_producer`: the code of 27 characters that your organisation has registered",
            )


def _named_targets(path: ValuePath, entries: Sequence[Json]) -> Iterator[tuple[ValuePath, str, Mapping[str, Json]]]:
    """Each name of a target in `publish`: where it stands, and the entry around it."""
    for at, entry in enumerate(entries):
        named = entry.get("to") if isinstance(entry, Mapping) else entry
        place: ValuePath = (*path, "publish", at, "to") if isinstance(entry, Mapping) else (*path, "publish", at)
        about = entry if isinstance(entry, Mapping) else {}
        if isinstance(named, str):
            yield place, named, about
        for index, name in enumerate(named if isinstance(named, list) else []):
            if isinstance(name, str):
                yield (*place, index), name, about


def _profile(place: ValuePath, target: Json, entry: Mapping[str, Json], delivered: Sequence[str]) -> Iterator[Finding]:
    """A target that takes none of what is delivered would never get a post."""
    wanted = entry.get("profile")
    if isinstance(wanted, str):
        if wanted not in delivered:
            at = (*place[: place.index("publish") + 2], "profile")
            yield Finding(
                at, "the pipeline does not deliver this", ", ".join(delivered), suggest(wanted, delivered) or ""
            )
        return
    takes = best_for(target)
    if takes and not set(takes) & set(delivered):
        yield Finding(
            place,
            f"a target of type `{target['type']}` takes none of what is delivered",
            f"`deliver: [{takes[0]}]`",
        )


def _occasions(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[Finding]:
    source = pipeline.get("source")
    if (
        isinstance(source, Mapping)
        and source.get("type") == "event"
        and "schedule" in pipeline
        and "on" not in pipeline
    ):
        reason = "a schedule brings no event, and the source `event` needs one"
        yield Finding((*path, "schedule"), reason, "`on: {event: …}` instead of `schedule`", at_key=True)


def _templates(path: ValuePath, pipeline: Mapping[str, Json], folder: Path) -> Iterator[Finding]:
    fields = _brief_fields(pipeline.get("source"))
    cells = _cells(pipeline["matrix"]) if pipeline.get("matrix") is not None else []
    found = [text for section in TEMPLATED for text in _texts((*path, section), pipeline.get(section))]
    for place, text in [*found, *templates(path, pipeline), *borrowed_texts(path, pipeline, folder)]:
        template = examine(text)
        for error in template.errors:
            near = _NEAR.search(error.instruction)
            allowed = _NEAR.sub("", error.instruction).strip()
            yield Finding(place, error.reason, allowed[:1].lower() + allowed[1:], near[1] if near else "")
        for name in sorted(template.required | template.optional):
            finding = _name(place, name, fields, cells, may_be_missing=name in template.optional)
            if finding:
                yield finding


def _texts(path: ValuePath, value: Json) -> Iterator[tuple[ValuePath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts((*path, key), inner)


def _brief_fields(source: Json) -> frozenset[str] | None:
    """What the briefs of a source always have, if that can be known; also of a source that has other mistakes."""
    try:
        options = Registered("sources").validate(source)
        fields = options.template_fields() if isinstance(options, Source) else None
    except PydanticCustomError:
        kind = source.get("type") if isinstance(source, Mapping) else None
        if kind not in names("sources"):
            return None
        try:
            fields = find("sources", kind).model_construct().fields()
        # It was made without its options, and may miss one: then nothing is known.
        except (ReelmillError, AttributeError, TypeError, ValueError, LookupError):
            return None
        expand = source.get("expand")
        added = expand.get("fields", FIELDS) if isinstance(expand, Mapping) else None
        fields = fields | frozenset(map(str, added)) if fields and isinstance(added, Mapping) else fields
    return None if fields is None else fields | ALWAYS


def _cells(matrix: Json) -> list[Variant] | None:
    try:
        options = MatrixOptions.model_validate_json(json.dumps(matrix))
        return [localised(cell, options.locales) for cell in variants(options)]
    except ValidationError:
        return None


def _name(
    place: ValuePath, name: str, fields: frozenset[str] | None, cells: Sequence[Variant] | None, *, may_be_missing: bool
) -> Finding | None:
    """What is wrong with a dotted name in a template, if it can be known now."""
    root, *parts = name.split(".")
    if not parts:
        return None
    if root == "brief":
        return _unknown(place, "brief", parts[0], fields, may_be_missing=may_be_missing)
    if root == "brand":
        return _unknown(place, "brand", parts[0], BRAND_FIELDS, may_be_missing=may_be_missing)
    if cells is None or (not cells and may_be_missing):
        return None
    if not cells:
        return Finding(
            place, f"`{name}` needs a matrix, and this pipeline has none", f"a list `{parts[0]}` in `matrix`"
        )
    return _in_cells(place, parts, cells, may_be_missing=may_be_missing)


def _unknown(
    place: ValuePath, root: str, name: str, known: frozenset[str] | None, *, may_be_missing: bool
) -> Finding | None:
    if known is None or name in known:
        return None
    near = suggest(name, sorted(known)) or ""
    if may_be_missing and (not near or difflib.SequenceMatcher(None, name, near).ratio() < SLIP):
        return None
    return Finding(place, f"there is no `{root}.{name}`", ", ".join(sorted(known)), near)


def _in_cells(place: ValuePath, parts: list[str], cells: Sequence[Variant], *, may_be_missing: bool) -> Finding | None:
    lacking: list[Variant] = []
    for cell in cells:
        value: Any = cell.values
        for depth, part in enumerate(parts):
            if not isinstance(value, Mapping) or part not in value:
                lacking.append(cell)
                known = frozenset(value) if isinstance(value, Mapping) else frozenset[str]()
                stem = ".".join(["variant", *parts[:depth]])
                missing = _unknown(place, stem, part, known, may_be_missing=may_be_missing)
                break
            value = value[part]
    if not lacking or missing is None:
        return None
    if len(lacking) == len(cells):
        return missing
    name = ".".join(["variant", *parts])
    return Finding(place, f"`{name}` is missing in {len(lacking)} of {len(cells)} cells, such as {lacking[0].id!r}",
                   f"`{name} | default('…')`, or a value in each cell")  # fmt: skip
