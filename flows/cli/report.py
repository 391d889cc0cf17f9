"""`reelmill report`: a week in numbers, for people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from reelmill.errors import StorageError, UseError
from reelmill.files import write_whole
from reelmill.settings import Settings

if TYPE_CHECKING:
    from flows.weekly.figures import Report

Format = Literal["markdown", "html", "json"]

#: What the name of a file says of its format.
SUFFIXES: dict[str, Format] = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
SUFFIXES |= {".json": "json"}


def report(
    *,
    week: Annotated[
        tuple[str, ...],
        Parameter(consume_multiple=True, negative="", help="An ISO week such as 2026-W47. Default: the last 7 days."),
    ] = (),
    first: Annotated[str, Parameter(name="--from", help="The first day: 2026-11-16, `yesterday` or `today`.")] = "",
    last: Annotated[str, Parameter(name="--to", help="The last day. Default: yesterday, the last whole one.")] = "",
    timezone: Annotated[str, Parameter(help="Where days begin and end. Default: the zone of this machine.")] = "",
    format: Annotated[  # noqa: A002 (the option's name)
        Format | None, Parameter(help="Default: by the name of the file, else markdown.")
    ] = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write a file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say what was made, what it cost, what failed, and what waits for a person."""
    from flows.weekly.figures import gather
    from flows.weekly.period import choose, today_in, zone_of
    from records.ledger import Ledger

    if len(week) > 1:
        raise UseError(f"--week is given {len(week)} weeks", "give one, or days with --from and --to")
    chosen = _format(format, output, as_json=as_json)
    zone = zone_of(timezone)
    period = choose(week[0] if week else "", first, last, today=today_in(zone), zone=zone)
    settings = Settings()
    with Ledger(settings) as ledger:
        told = gather(ledger, settings, period)
    if chosen == "json" and output is None:
        from flows.weekly.document import as_json as document

        print_json(document(told))
    elif output is None:
        sys.stdout.write(_written(told, chosen))
    else:
        page = _save(_written(told, chosen), output)
        if as_json:
            print_json({"report": str(page), "url": page.as_uri()})
        else:
            console().print(f"report: {page}")
    return OK


def _format(wanted: Format | None, output: Path | None, *, as_json: bool) -> Format:
    if wanted is not None:
        return wanted
    if output is not None:
        return SUFFIXES.get(output.suffix.lower(), "markdown")
    return "json" if as_json else "markdown"


def _written(told: Report, chosen: Format) -> str:
    if chosen == "html":
        from flows.weekly.page import as_page

        return as_page(told)
    if chosen == "json":
        import json

        from flows.weekly.document import as_json as document

        return json.dumps(document(told), ensure_ascii=False, indent=2) + "\n"
    from flows.weekly.markdown import as_markdown

    return as_markdown(told)


def _save(text: str, output: Path) -> Path:
    """Write the file whole or not at all, and return its absolute path."""
    page = output.expanduser().absolute()
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, text)
    except OSError as error:
        raise StorageError(f"{page} cannot be written: {error.strerror}", "give another place with --output") from error
    return page
