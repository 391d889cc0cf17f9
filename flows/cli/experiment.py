"""`reelmill experiment`: what became of each value that is compared."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, table
from flows.definition import load
from flows.experiment_results import Result, results
from records.ledger import Ledger
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings

#: What platforms do not tell.
_UNTOLD = "–"


def experiment(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")],
    *,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Show the live posts of each value of an experiment, and their views, likes and watch time so far."""
    asked = load(file).pipeline(pipeline).experiment
    with Ledger(Settings()) as ledger:
        found = results(ledger, pipeline)
    if not found and asked is None:
        raise UseError(f"{pipeline} makes no experiment", "`experiment: {of: copy, over: accounts}`; docs/prompts.md")
    if as_json:
        print_json([_as_json(one) for one in found])
        return OK
    out = console()
    if not found:
        out.print(f"{pipeline}: nothing of its experiment is live yet")
        return OK
    columns = {"value": "!left", "posts": "right", "on": "!left", "measured": "right", "views": "right"}
    columns |= {"views a post": "right", "likes": "right", "watched": "right"}
    out.print(table(columns, [_row(one) for one in found], title=f"{pipeline} by {found[0].of}"))
    out.print("sums of the newest numbers that platforms told; a post that is younger has fewer", style="dim")
    return OK


def _as_json(one: Result) -> dict[str, Json]:
    return {
        "of": one.of,
        "value": one.value,
        "posts": one.posts,
        "arms": dict(one.arms),
        "measured": one.measured,
        "views": one.views,
        "views_each": one.views_each,
        "likes": one.likes,
        "watch_seconds": one.watch_seconds,
    }


def _row(one: Result) -> tuple[str, ...]:
    return (
        one.value,
        str(one.posts),
        ", ".join(f"{arm} {count}" for arm, count in sorted(one.arms.items())),
        str(one.measured),
        _told(one.views),
        _told(one.views_each, digits=1),
        _told(one.likes),
        _UNTOLD if one.watch_seconds is None else f"{one.watch_seconds / 3600:,.1f} h",
    )


def _told(number: float | None, *, digits: int = 0) -> str:
    return _UNTOLD if number is None else f"{number:,.{digits}f}"
