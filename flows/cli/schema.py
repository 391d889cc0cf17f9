"""`reelmill schema`: the JSON Schema of the definition file."""

from __future__ import annotations

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import print_json
from flows.definition import schema as definition_schema


def schema(*, as_json: AsJson = True) -> int:  # noqa: ARG001 (it is always JSON; the flag is there as on every command)
    """Print the JSON Schema (2020-12) of the definition file. Point your editor's YAML plug-in at it."""
    print_json(definition_schema())
    return OK
