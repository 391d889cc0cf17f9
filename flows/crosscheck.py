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

from flows.explain import Finding
from flows.registered import Registered
from flows.syntax import ValuePath
from reelmill.content import Json, Variant
from reelmill.errors import FinishingError, ReelmillError
from tasks.finishing import profiles
from tasks.finishing.options import BrandOptions
from tasks.generation.options import LONGEST_SECONDS
from tasks.prompts.examine import examine
from tasks.prompts.matrix import MatrixOptions, variants
from tasks.registry import find, names, suggest
from tasks.sources.base import Source

_NEAR = re.compile(r"did you mean `([^`]+)`\?")

#: The sections whose texts are templates.
TEMPLATED = ("prompt", "caption")
#: What every brief has beside its source's fields.
ALWAYS = frozenset({"key", "title"})
#: What templates see of the brand.
BRAND_FIELDS = frozenset(BrandOptions.model_fields)
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
    pipelines = data.get("pipelines") if isinstance(data, Mapping) else None
    targets = data.get("targets") if isinstance(data, Mapping) else None
    for name, pipeline in pipelines.items() if isinstance(pipelines, Mapping) else ():
        if isinstance(pipeline, Mapping):
            path = ("pipelines", name)
            yield from _targets(path, pipeline, targets if isinstance(targets, Mapping) else {})
            yield from _occasions(path, pipeline)
            yield from _templates(path, pipeline)
            yield from _platforms(path, pipeline)


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
    kind = target.get("type") if isinstance(target, Mapping) else None
    if not isinstance(kind, str) or kind not in names("targets"):
        return
    try:
        takes = (
            find("targets", kind).model_validate(target).best_profiles
        )  # they may depend on what is said of the target
    except ValidationError:
        return  # which is told at its place
    if takes and not set(takes) & set(delivered):
        known = next((one for one in takes if one in profiles.names()), takes[0])
        yield Finding(place, f"a target of type `{kind}` takes none of what is delivered", f"`deliver: [{known}]`")


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


def _templates(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[Finding]:
    fields = _brief_fields(pipeline.get("source"))
    cells = _cells(pipeline["matrix"]) if pipeline.get("matrix") is not None else []
    for section in TEMPLATED:
        for place, text in _texts((*path, section), pipeline.get(section)):
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
        fields = options.fields() if isinstance(options, Source) else None
    except PydanticCustomError:
        kind = source.get("type") if isinstance(source, Mapping) else None
        if kind not in names("sources"):
            return None
        try:
            fields = find("sources", kind).model_construct().fields()
        # It was made without its options, and may miss one: then nothing is known.
        except (ReelmillError, AttributeError, TypeError, ValueError, LookupError):
            return None
    return None if fields is None else fields | ALWAYS


def _cells(matrix: Json) -> list[Variant] | None:
    try:
        return variants(MatrixOptions.model_validate_json(json.dumps(matrix)))
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


def _platforms(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[Finding]:
    """Clips that a platform does not take, and texts that are too long for it, as far as they can be known now."""
    delivered = pipeline.get("deliver")
    generate, caption = pipeline.get("generate"), pipeline.get("caption")
    seconds = generate.get("seconds", 5.0) if isinstance(generate, Mapping) else 5.0
    for name in delivered if isinstance(delivered, list) else ():
        if not isinstance(name, str) or name not in profiles.names():
            continue
        profile = profiles.find(name)
        legal = isinstance(seconds, int | float) and 0 < seconds <= LONGEST_SECONDS
        if legal and not profile.seconds.least <= seconds <= profile.seconds.most:
            takes = f"{profile.seconds.least:g} to {profile.seconds.most:g} seconds"
            yield Finding(
                (*path, "generate", "seconds"), f"{profile.title} does not take a video of this length", takes
            )
        for key, limit in (("title", profile.text.title), ("text", profile.text.caption)):
            text = caption.get(key) if isinstance(caption, Mapping) else None
            if isinstance(text, str) and "{" not in text and limit.length(text) > limit.most:
                takes = f"at most {limit.most} {limit.unit}; this has {limit.length(text)}"
                yield Finding((*path, "caption", key), f"the text is too long for {profile.title}", takes)
