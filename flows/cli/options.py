"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

File = Annotated[
    Path,
    Parameter(name=["--file", "-f"], env_var="REELMILL_FILE", help="The definition file.", show_default=True),
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for a program.")]
Date = Annotated[str, Parameter(name="--date", help="The logical date, as 2026-12-21. Default: today in its zone.")]
Limit = Annotated[int | None, Parameter(name="--limit", help="Make at most this many videos.")]
Event = Annotated[
    str, Parameter(name="--event", help="The event: a JSON file, `-` for standard input, or JSON itself.")
]

#: Where a definition is looked for.
DEFINITION = Path("pipelines.yaml")
