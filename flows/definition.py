"""The definition file, read: `load(path)` gives a frozen `Definition`, or a `DefinitionError` with every problem in it.

    bytes → `yaml` (plain data and positions) → `pipeline` (options of the stages) → `crosscheck` (between the parts)

Each step tells all that it finds, and a later one goes on with what the earlier ones could read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from flows import yaml
from flows.blocks import use_blocks
from flows.borrowing import borrow
from flows.budget_options import BudgetOptions
from flows.crosscheck import crosscheck
from flows.explain import Finding, explain, shown, value_at
from flows.operation_options import KeepOptions, NotifyOptions
from flows.pipeline import DefinitionFile, Pipeline
from flows.platforms import profiles_of
from flows.publish_options import PublishOptions
from flows.schema import schema
from flows.soundcheck import speaking
from flows.syntax import ValuePath
from reelmill.content import fingerprint
from reelmill.errors import DefinitionError, Problem, UseError
from tasks.finishing.options import BrandOptions
from tasks.finishing.profiles import Profiles
from tasks.publishing.base import Target
from tasks.registry import suggest
from tasks.secret import files_beside

__all__ = ["Definition", "Pipeline", "PublishOptions", "load", "loads", "schema"]

#: Problems that are told at once. Whoever has more has one cause for them.
MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Definition:
    """A whole definition file, valid and immutable."""

    path: Path  #: absolute path of the file
    text: str  #: the file as it was read, so that a run can be resumed as it was planned
    version: int
    brand: BrandOptions
    targets: Mapping[str, Target]
    pipelines: Mapping[str, Pipeline]
    keep: KeepOptions
    notify: NotifyOptions
    profiles: Profiles
    budget: BudgetOptions | None = None

    @property
    def folder(self) -> Path:
        """The folder of the file: what relative paths in it are relative to."""
        return self.path.parent

    @property
    def snapshot(self) -> dict[str, str]:
        """What the ledger keeps of it, so that a run can be resumed as it was planned."""
        return {"file": str(self.path), "text": self.text}

    def pipeline(self, name: str) -> Pipeline:
        """The pipeline of that name.

        Raises
        ------
        UseError
            If there is none, with the nearest spelling.
        """
        if name in self.pipelines:
            return self.pipelines[name]
        near = suggest(name, self.pipelines)
        raise UseError(
            f"{self.path.name} has no pipeline {name!r}" + (f"; did you mean {near!r}?" if near else ""),
            f"use one of: {', '.join(self.pipelines)}",
        )

    def platforms(self, name: str) -> frozenset[str]:
        """Where the videos of a pipeline go: what they are finished for, and the kinds of its targets."""
        pipeline = self.pipeline(name)
        return frozenset({*pipeline.deliver, *(self.targets[target].platform for target in pipeline.target_names)})

    def hash(self, name: str) -> str:
        """The fingerprint (sha256, hex) of everything in the file that affects a pipeline.

        That is the pipeline itself with its defaults, the brand, what the file says of all pipelines, and the targets
        that it publishes to: not comments, not the order of keys, and not its neighbours.
        """
        pipeline = self.pipeline(name)
        targets = {name: self.targets[name].model_dump(mode="json") for name in pipeline.target_names}
        return fingerprint(
            {
                "version": self.version,
                "brand": self.brand.model_dump(mode="json"),
                "targets": targets,
                "keep": self.keep.model_dump(mode="json"),
                "notify": self.notify.model_dump(mode="json"),
                "profiles": {name: self.profiles[name].model_dump(mode="json") for name in pipeline.deliver},
                "pipeline": pipeline.model_dump(mode="json"),
            }
        )


def load(path: Path | str, *, here: bool = False) -> Definition:
    """Read and check a definition file.

    Parameters
    ----------
    here:
        This machine is to do all that it asks for, so what is missing on it is a problem of the file.

    Raises
    ------
    DefinitionError
        With every problem in the file: its position, the value, what is allowed and the nearest spelling.
    UseError
        If there is no such file or it cannot be read.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(yaml.LARGEST_FILE + 1)
    except OSError as error:
        reason = f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
        raise UseError(reason, "name the file with `--file`, or make one with `reelmill init`") from error
    except ValueError:
        raise UseError(f"{str(file)!r} is no path", "name the file with `--file`") from None
    return _definition(content, file, here=here)


def loads(text: str, file: Path) -> Definition:
    """Check the text of a definition, as `load` does. `file` is its name for messages and for relative paths."""
    return _definition(text.encode("utf-8", "surrogatepass"), file)


def _definition(content: bytes, file: Path, *, here: bool = False) -> Definition:
    tree = yaml.read(content)
    problems = [
        Problem(
            str(file),
            told.place.line,
            told.place.column,
            dotted(told.path),
            "",
            told.reason,
            told.allowed,
            told.suggestion,
        )
        for told in tree.complaints
    ]
    options: DefinitionFile | None = None
    findings: list[Finding] = []
    borrowed = borrow(tree.data, file.parent)
    findings += borrowed.findings
    if not tree.is_broken(()):
        try:
            with files_beside(file.absolute().parent):
                options = DefinitionFile.model_validate_json(json.dumps(borrowed.data))
        except ValidationError as error:
            findings += explain(error.errors(include_url=False), tree.data, DefinitionFile)
        findings += crosscheck(tree.data, file.absolute().parent)
        if here:
            with files_beside(file.absolute().parent):
                findings += speaking(tree.data, file.absolute().parent)
    problems += _placed(findings, tree, str(file))
    if problems or options is None:
        problems.sort(key=lambda problem: (problem.line, problem.column))
        raise DefinitionError([*problems, *borrowed.problems][:MOST_PROBLEMS])
    use_blocks()  # here, since whoever reads a secret has it from a definition
    return Definition(
        file.absolute(),
        content.decode("utf-8-sig"),
        options.version,
        options.brand,
        options.targets,
        options.pipelines,
        options.keep,
        options.notify,
        profiles_of(tree.data),
        options.budget,
    )


def dotted(path: ValuePath) -> str:
    """A path as people write it: `pipelines.daily.caption.lines[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _placed(findings: Iterable[Finding], tree: yaml.Tree, file: str) -> list[Problem]:
    """Findings with their positions; what follows from something that could not be read is left out."""
    problems: dict[tuple[ValuePath, str], Problem] = {}
    for finding in findings:
        if tree.is_broken(finding.path[:-1] if finding.at_key else finding.path):
            continue
        place = tree.place(finding.path, key=finding.at_key)
        value = "" if finding.at_key else shown(value_at(tree.data, finding.path))
        reason, suggestion = finding.reason, finding.suggestion
        commented = _commented_out(finding, tree)
        if commented:
            reason, suggestion = f"{reason}, and `#` begins a comment", commented
        if isinstance(value_at(tree.data, finding.path), dict | list) and not finding.at_key:
            value = ""  # a whole section says nothing in one line
        problem = Problem(
            file, place.line, place.column, dotted(finding.path), value, reason, finding.allowed, suggestion
        )
        problems.setdefault((finding.path, finding.reason), problem)
    return list(problems.values())


def _commented_out(finding: Finding, tree: yaml.Tree) -> str:
    """The value in quotes, where nothing is left of it because it begins with `#`."""
    if finding.at_key or finding.path not in tree.keys or value_at(tree.data, finding.path) is not None:
        return ""
    key = tree.keys[finding.path]
    rest = re.search(r":\s+(#\S+)", tree.lines[key.line - 1][key.column - 1 :][:200])
    return f'"{rest[1]}"' if rest else ""
