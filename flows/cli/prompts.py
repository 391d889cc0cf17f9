"""`reelmill prompts`: the library of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, state, table
from flows.counting import counted
from flows.library import NAME_FORM, SHIPPED, Entry, Reading, entries, find, is_name, library
from reelmill.content import Json
from reelmill.errors import Problem, UseError
from tasks.prompts.library_prompt import LibraryPrompt
from tasks.prompts.proving import Proof, prove, unproven
from tasks.registry import suggest

prompts = App(name="prompts", help="Look after the library of prompts.")


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file of a library, and what became of its examples."""

    entry: Entry
    proofs: tuple[Proof, ...]
    problems: tuple[Problem, ...]


@prompts.command(name="list")
def show_all(*, file: File = DEFINITION, as_json: AsJson = False) -> int:
    """List the prompts that a definition can use: those in `prompts/` beside it, and those that ship."""
    found = [(entry, entry.read()) for entry in library(file.parent).values()]
    if as_json:
        print_json([_as_json(entry, reading) for entry, reading in found])
        return OK
    rows = [
        (
            entry.name,
            ", ".join(reading.prompt.languages) if reading.prompt else "",
            reading.prompt.about if reading.prompt else Text(f"{counted(len(reading.problems), 'problem')}", "red"),
            "shipped" if entry.shipped else str(entry.path),
        )
        for entry, reading in found
    ]
    console().print(table({"prompt": "left", "languages": "left", "about": "!left", "from": "!left"}, rows))
    console().print("a pipeline uses one with `prompt: {use: NAME}`", style="dim")
    return OK


@prompts.command
def show(
    name: Annotated[str, Parameter(help="The prompt's name, such as product/steam.")],
    /,
    *,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Show a prompt: what it needs, its parts, and what its examples become."""
    entry = find(name, file.parent)
    if entry is None:
        known = library(file.parent)
        near = suggest(name, known)
        raise UseError(
            f"the library has no prompt {name!r}" + (f"; did you mean {near!r}?" if near else ""),
            "`reelmill prompts list` names them",
        )
    reading = entry.read()
    if as_json:
        print_json(_as_json(entry, reading))
        return OK if reading.prompt else FAILED
    if reading.prompt is None:
        for problem in reading.problems:
            console().print(str(problem))
        return FAILED
    _show(entry, reading.prompt)
    return OK


@prompts.command
def check(
    folder: Annotated[
        Path | None,
        Parameter(help="A folder of prompts. Default: `prompts/` beside the definition, and those that ship."),
    ] = None,
    /,
    *,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Check every file of a library, and prove each prompt by its examples and counter-examples."""
    if folder is not None and not folder.is_dir():
        raise UseError(f"{folder} is no folder", "name the folder that holds the prompts")
    found = entries(folder) if folder is not None else list(library(file.parent).values())
    if not found:
        raise UseError(f"{folder} has no prompts", "a prompt is a .yaml file; `reelmill prompts show` has examples")
    checked = [_check(entry) for entry in found]
    bad = [one for one in checked if one.problems]
    if as_json:
        print_json({"prompts": [_checked_as_json(one) for one in checked], "failed": len(bad)})
        return FAILED if bad else OK
    out = console()
    rows = [
        (
            one.entry.name,
            str(sum(proof.kind == "examples" for proof in one.proofs)),
            str(sum(proof.kind != "examples" for proof in one.proofs)),
            state("failed" if one.problems else "ok"),
        )
        for one in checked
    ]
    columns = {"prompt": "!left", "examples": "right", "counter-examples": "right", "state": "left"}
    out.print(table(columns, rows))
    for one in bad:
        for problem in one.problems:
            out.print(str(problem))
    out.print(f"{counted(len(checked), 'prompt')}, {len(bad)} failed")
    return FAILED if bad else OK


def _check(entry: Entry) -> _Checked:
    reading = entry.read()
    named: list[Problem] = []
    if not is_name(entry.name):
        named.append(_problem(entry, reading, (), f"nobody can use it by the name {entry.name!r}", NAME_FORM))
    if reading.prompt is None:
        return _Checked(entry, (), (*named, *reading.problems))
    proofs = prove(reading.prompt)
    told = [
        _problem(entry, reading, (proof.kind, proof.number), failure) for proof in proofs for failure in proof.failures
    ]
    told += [
        _problem(entry, reading, ("examples",), f"no example is in {language!r}", "one for each language")
        for language in unproven(reading.prompt)
    ]
    return _Checked(entry, tuple(proofs), (*named, *told))


def _problem(entry: Entry, reading: Reading, path: tuple[str | int, ...], reason: str, allowed: str = "") -> Problem:
    place = reading.tree.place(path)
    dotted = f"{path[0]}[{path[1]}]" if len(path) == 2 else "".join(map(str, path))
    return Problem(str(entry.path), place.line, place.column, dotted, "", reason, allowed)


def _show(entry: Entry, prompt: LibraryPrompt) -> None:
    out = console()
    out.print(Text.assemble((entry.name, "bold"), f" · {prompt.about}"))
    out.print(f"needs: {', '.join(prompt.needs) or 'nothing'}", style="dim")
    rows = [(path[0], path[1] if len(path) > 1 else "", text) for path, text in prompt.texts]
    out.print(table({"part": "left", "language": "left", "template": "!left"}, rows))
    for proof in prove(prompt):
        if proof.kind == "examples":
            out.print(f"\n{proof.prompt}")
    out.print(f"\nprompt: {{use: {entry.name}}}", style="dim")


def _as_json(entry: Entry, reading: Reading) -> dict[str, Json]:
    told: dict[str, Json] = {"name": entry.name, "path": str(entry.path), "shipped": entry.path.is_relative_to(SHIPPED)}
    if reading.prompt is None:
        return {**told, "problems": [problem.to_json() for problem in reading.problems]}
    prompt = reading.prompt
    made = [proof.prompt for proof in prove(prompt) if proof.kind == "examples"]
    told |= {"about": prompt.about, "needs": list(prompt.needs), "languages": list(prompt.languages)}
    return {**told, "parts": prompt.parts, "examples": made, "problems": []}


def _checked_as_json(one: _Checked) -> dict[str, Json]:
    return {
        "name": one.entry.name,
        "path": str(one.entry.path),
        "examples": _counts(one.proofs),
        "problems": [problem.to_json() for problem in one.problems],
    }


def _counts(proofs: Sequence[Proof]) -> dict[str, int]:
    failed = sum(bool(proof.failures) for proof in proofs)
    return {"tried": len(proofs), "failed": failed}
