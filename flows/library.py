"""The library of prompts: the files in `prompts/` beside a definition, and those that ship."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

import tasks.prompts
from flows import yaml
from flows.explain import Finding, explain, shown, value_at
from flows.syntax import Place
from reelmill.errors import Problem, TemplateError
from tasks.prompts.examine import examine
from tasks.prompts.library_prompt import LibraryPrompt

#: The folder beside a definition.
FOLDER = "prompts"
#: The prompts that ship.
SHIPPED = Path(tasks.prompts.__file__).parent / "library"
#: What a prompt is called: the path of its file without `.yaml`.
NAME = r"^[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63}){0,3}$"
NAME_FORM = "a-z, 0-9, - and _ in the names of the file and of at most three folders"
#: Files of one folder that are looked at.
MOST_FILES = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One prompt of a library."""

    name: str
    path: Path
    shipped: bool = False

    def read(self) -> Reading:
        """The prompt, or everything that is wrong with its file."""
        return read(self.path)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file of the library says, and what is wrong with it."""

    prompt: LibraryPrompt | None  #: None if anything is wrong
    problems: tuple[Problem, ...]
    tree: yaml.Tree  #: where what stands in the file


def is_name(name: str) -> bool:
    """Whether a definition can use a prompt of this name."""
    return re.fullmatch(NAME, name) is not None


def entries(folder: Path) -> list[Entry]:
    """The prompts in a folder and the folders in it, by name."""
    found = sorted(path for path in folder.rglob("*.yaml") if path.is_file())[:MOST_FILES]
    return [Entry(path.relative_to(folder).with_suffix("").as_posix(), path) for path in found]


def library(folder: Path) -> dict[str, Entry]:
    """Every prompt that a definition in this folder can use. One of its own goes before one that ships."""
    shipped = {entry.name: Entry(entry.name, entry.path, shipped=True) for entry in entries(SHIPPED)}
    own = {entry.name: entry for entry in entries(folder / FOLDER)}
    return dict(sorted((shipped | own).items()))


def find(name: str, folder: Path) -> Entry | None:
    """The prompt of that name for a definition in this folder."""
    if not is_name(name):
        return None
    for home in (folder / FOLDER, SHIPPED):
        path = home / f"{name}.yaml"
        if path.is_file():
            return Entry(name, path, shipped=home is SHIPPED)
    return None


def read(path: Path) -> Reading:
    """Read and check a file of a library. Raises nothing: what is wrong is in `problems`, with its position."""
    try:
        with path.open("rb") as stream:
            content = stream.read(yaml.LARGEST_FILE + 1)
    except OSError as error:
        reason = f"it cannot be read: {(error.strerror or str(error)).lower()}"
        return Reading(None, (Problem(str(path), 1, 1, "", "", reason),), yaml.read(b""))
    tree = yaml.read(content)
    problems = [
        Problem(str(path), told.place.line, told.place.column, _dotted(told.path), "", told.reason, told.allowed,
                told.suggestion)
        for told in tree.complaints
    ]  # fmt: skip
    prompt: LibraryPrompt | None = None
    findings: list[Finding] = []
    if not tree.is_broken(()):
        try:
            prompt = LibraryPrompt.model_validate_json(json.dumps(tree.data))
        except ValidationError as error:
            findings += explain(error.errors(include_url=False), tree.data, LibraryPrompt)
        else:
            findings += _template_findings(prompt)
    problems += [
        _placed(finding, tree, path)
        for finding in findings
        if not tree.is_broken(finding.path[:-1] if finding.at_key else finding.path)  # told already, as YAML
    ]
    problems.sort(key=lambda problem: (problem.line, problem.column))
    return Reading(None if problems else prompt, tuple(problems), tree)


def _template_findings(prompt: LibraryPrompt) -> Iterator[Finding]:
    """Templates that cannot be used, and fields that are not told."""
    used: set[str] = set()
    for path, text in prompt.texts:
        template = examine(text)
        yield from (_refused(path, error) for error in template.errors)
        needed = {name for name in template.required if not name.startswith("brand.")}
        for name in sorted(needed - set(prompt.needs)):
            yield Finding(path, f"`{name}` is used here, and is not in `needs`", f"`needs: [{name}]`, or a `default`")
        used |= needed
    for at, name in enumerate(prompt.needs):
        if name not in used:
            yield Finding(("needs", at), "no part uses this", ", ".join(sorted(used)) or "nothing is needed")


def _refused(path: tuple[str, ...], error: TemplateError) -> Finding:
    return Finding(path, error.reason, error.instruction)


def _placed(finding: Finding, tree: yaml.Tree, path: Path) -> Problem:
    place: Place = tree.place(finding.path, key=finding.at_key)
    value = value_at(tree.data, finding.path)
    told = "" if finding.at_key or isinstance(value, dict | list) else shown(value)
    return Problem(
        str(path), place.line, place.column, _dotted(finding.path), told, finding.reason, finding.allowed,
        finding.suggestion,
    )  # fmt: skip


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
