"""`reelmill check`: everything that is wrong with a definition, at once."""

from __future__ import annotations

from rich.text import Text

from flows.cautions import cautions
from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import COLOURS, console, print_json
from flows.counting import counted
from flows.definition import load


def check(*, file: File = DEFINITION, as_json: AsJson = False) -> int:
    """Check a definition file and say everything that is wrong with it, with file, line and column."""
    definition = load(file, here=True)
    names = list(definition.pipelines)
    if as_json:
        targets = list(definition.targets)
        known = {"file": str(definition.path), "pipelines": names, "targets": targets}
        print_json({**known, "problems": [], "warnings": list(cautions(definition))})
        return OK
    told = f" {file}: {counted(len(names), 'pipeline')} ({', '.join(names)})"
    console().print(Text.assemble(("ok", "green"), told))
    for caution in cautions(definition):
        console().print(Text.assemble(("warning", COLOURS["warning"]), f" {caution}"))
    return OK
