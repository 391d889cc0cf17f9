"""`reelmill experiment`: what became of each value that is compared, and which one is best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, table
from flows.definition import load
from flows.experiments.results import Result, comparison, results
from flows.experiments.telling import chance, measured, percent, span, verdict
from records.ledger import Ledger
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from flows.experiments.comparing import Comparison, Rate

#: What platforms do not tell.
_UNTOLD = "–"


def experiment(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")],
    *,
    png: Annotated[Path | None, Parameter(help="Draw into this file. Default: .reelmill/experiments/NAME.png")] = None,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Show what people did with each value of an experiment, and which is best. Draws it as well."""
    options = load(file).pipeline(pipeline).experiment
    if options is None:
        raise UseError(f"{pipeline} makes no experiment", "`experiment: {of: copy, over: accounts}`; docs/prompts.md")
    settings = Settings()
    with Ledger(settings) as ledger:
        found = results(ledger, pipeline, options)
    compared = comparison(found)
    drawn = None
    if compared is not None:
        from flows.experiments.chart import draw

        target = png or settings.folder / "experiments" / f"{pipeline}.png"
        drawn = draw(target, f"{pipeline} by {options.of}", measured(options, found), compared, verdict(compared))
    if as_json:
        shown = {"pipeline": pipeline, "of": options.of, "measure": options.measure, "after": options.after}
        values = [_value(one, compared) for one in found]
        print_json(shown | {"values": values, "comparison": _compared(compared), "png": drawn and str(drawn)})
        return OK
    out = console()
    if not found:
        out.print(f"{pipeline}: nothing of its experiment is live yet")
        return OK
    columns = {"value": "!left", "posts": "right", "on": "!left", "views": "right", "views a post": "right"}
    columns |= {"likes": "right", "watched": "right", "rate": "right", "95 %": "right", "best": "right"}
    rates = {rate.value: rate for rate in compared.rates} if compared is not None else {}
    order = sorted(found, key=lambda one: -rates[one.value].best if one.value in rates else 0)
    out.print(table(columns, [_row(one, rates.get(one.value)) for one in order], title=f"{pipeline} by {options.of}"))
    out.print(f"rate: {measured(options, found)}; the other numbers are the newest ones", style="dim")
    first, *rest = verdict(compared)
    out.print(first, style="green" if compared is not None and compared.winner else "")
    for line in rest:
        out.print(line, style="dim")
    if drawn is not None:
        out.print(f"drawn: {drawn}")
    return OK


def _value(one: Result, compared: Comparison | None) -> dict[str, Json]:
    rate = next((rate for rate in compared.rates if rate.value == one.value), None) if compared is not None else None
    return {
        "value": one.value,
        "posts": one.posts,
        "arms": dict(one.arms),
        "measured": one.measured,
        "views": one.views,
        "views_each": one.views_each,
        "likes": one.likes,
        "watch_seconds": one.watch_seconds,
        "compared": len(one.tallies),
        "rate": rate and rate.rate,
        "low": rate and rate.low,
        "high": rate and rate.high,
        "best": rate and rate.best,
    }


def _compared(compared: Comparison | None) -> dict[str, Json] | None:
    if compared is None:
        return None
    return {
        "leader": compared.leader,
        "rival": compared.rival,
        "odds": compared.odds,
        "needed": compared.needed,
        "winner": compared.winner,
    }


def _row(one: Result, rate: Rate | None) -> tuple[str, ...]:
    return (
        one.value,
        str(one.posts),
        ", ".join(f"{arm} {count}" for arm, count in sorted(one.arms.items())),
        _told(one.views),
        _told(one.views_each, digits=1),
        _told(one.likes),
        _UNTOLD if one.watch_seconds is None else f"{one.watch_seconds / 3600:,.1f} h",
        percent(rate.rate) if rate else _UNTOLD,
        span(rate) if rate else _UNTOLD,
        chance(rate.best) if rate else _UNTOLD,
    )


def _told(number: float | None, *, digits: int = 0) -> str:
    return _UNTOLD if number is None else f"{number:,.{digits}f}"
