"""Pipelines that use a prompt of the library: its parts go into their `prompt:`, below what they say themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.explain import Finding
from flows.library import find, library
from flows.syntax import ValuePath
from reelmill.content import Json
from reelmill.errors import Problem
from tasks.prompts.options import SLOTS
from tasks.registry import suggest

#: What stands in for the parts of a prompt that cannot be used, so that nobody is told that they are missing.
_UNKNOWN = dict.fromkeys(SLOTS, "…")


@dataclass(slots=True)
class Borrowed:
    """A definition with the parts of the prompts that it uses."""

    data: Json
    findings: list[Finding] = field(default_factory=list)  #: in the definition
    problems: list[Problem] = field(default_factory=list)  #: in the files of the library


def borrow(data: Json, folder: Path) -> Borrowed:
    """Put the parts of the library's prompts into a definition's data, which stays as it is.

    Parameters
    ----------
    folder:
        Where the definition lies.
    """
    made = Borrowed(data)
    pipelines = data.get("pipelines") if isinstance(data, Mapping) else None
    if not isinstance(pipelines, Mapping):
        return made
    changed: dict[str, Json] = {}
    told: set[Path] = set()
    for name, pipeline in pipelines.items():
        used = _used(pipeline)
        if used is None:
            continue
        entry = find(used, folder)
        parts: Mapping[str, Json] = _UNKNOWN
        path: ValuePath = ("pipelines", name, "prompt", "use")
        if entry is None:
            near = suggest(used, library(folder)) or ""
            told_where = "a file in `prompts/`, or one of `reelmill prompts list`"
            made.findings.append(Finding(path, "the library has no such prompt", told_where, near))
        else:
            reading = entry.read()
            if reading.prompt is not None:
                parts = reading.prompt.parts
            else:
                made.findings.append(Finding(path, "the file of this prompt has problems, told below"))
                made.problems += () if entry.path in told else reading.problems
                told.add(entry.path)
        changed[name] = {**pipeline, "prompt": {**parts, **pipeline["prompt"]}}
    if changed:
        made.data = {**data, "pipelines": {**pipelines, **changed}}
    return made


def borrowed_texts(path: ValuePath, pipeline: Mapping[str, Json], folder: Path) -> Iterator[tuple[ValuePath, str]]:
    """The templates that a pipeline has from the library, each at the place of its `use`."""
    used = _used(pipeline)
    entry = find(used, folder) if used is not None else None
    prompt = entry.read().prompt if entry is not None else None
    for part, text in prompt.texts if prompt is not None else ():
        if part[0] not in pipeline["prompt"]:
            yield (*path, "prompt", "use"), text


def _used(pipeline: Json) -> str | None:
    prompt = pipeline.get("prompt") if isinstance(pipeline, Mapping) else None
    used = prompt.get("use") if isinstance(prompt, Mapping) else None
    return used if isinstance(used, str) else None
