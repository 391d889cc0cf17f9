"""`reelmill gallery`: one static page with the videos of recent runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from flows.gallery import write_gallery
from records.ledger import Ledger
from reelmill.settings import Settings


def gallery(
    *runs: Annotated[str, Parameter(help="Runs to show: an id, PIPELINE, or PIPELINE@DATE. Default: the newest ones.")],
    out: Annotated[Path | None, Parameter(help="The page. Default: gallery/index.html in the home folder.")] = None,
    limit: Annotated[int, Parameter(help="How many runs, where none is named.")] = 10,
    as_json: AsJson = False,
) -> int:
    """Write one static page: players, covers, verdicts, labels, prompts. Open it in any browser."""
    settings = Settings()
    with Ledger(settings) as ledger:
        chosen = [ledger.runs.find(run) for run in runs] or ledger.runs.recent(limit=limit)
        page = write_gallery(ledger, chosen, out or settings.folder / "gallery" / "index.html")
    if as_json:
        print_json({"page": str(page), "url": page.as_uri()})
    else:
        console().print(f"gallery: {page}")
    return OK
