"""Shows the end of a run in the Prefect UI: the last lines of its log, and five artifacts under the pipeline's name."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from prefect.logging import get_run_logger

from flows.counting import counted
from flows.dashboard import closing, timing
from flows.dashboard.calling import attempt
from flows.dashboard.last_words import last_words
from flows.dashboard.law import equation_of_posts
from flows.dashboard.markdown import escaped
from flows.dashboard.posts import posts_by_target, posts_table
from flows.dashboard.progress import key
from flows.dashboard.sheet import contact_sheet
from flows.dashboard.standing import standings
from flows.dashboard.videos import videos_table
from records.ledger import Ledger
from records.tables import Run


def show_end(
    ledger: Ledger, run: Run, *, watch: Callable[[UUID], str], forecast_seconds: float | None, seconds: float
) -> None:
    """Show what came of a run. To be called in the flow that executed it, after the run is closed.

    Parameters
    ----------
    watch:
        The address of a video's player.
    forecast_seconds:
        How long it was expected to take; None if nobody could say.
    seconds:
        How long it took.
    """
    what = f"the end of {run.pipeline} {run.occasion}"
    attempt(what, lambda: _show(ledger, run, watch, forecast_seconds, seconds))


def _show(
    ledger: Ledger, run: Run, watch: Callable[[UUID], str], forecast_seconds: float | None, seconds: float
) -> None:
    run = ledger.runs.get(run.id) or run
    tally = ledger.runs.tallies([run])[run.id]
    stood = standings(ledger, run)
    log = get_run_logger()
    for level, line in last_words(run, tally, stood, watch):
        log.log(level, line)
    # A description is Markdown: a card shows its lines, and the page behind the card all of it.
    when = f" · {escaped(run.occasion)}"  # at the end: a card cuts each line off after some thirty characters
    # The summary comes first: if the API goes away in between, it is what a person needs most.
    pages: list[Callable[[], object]] = [
        lambda: _markdown(
            run, "summary", closing.closing(run, tally, stood, watch), closing.gist(run, tally, stood, watch)
        ),
        lambda: _markdown(
            run,
            "timing",
            timing.timing(ledger.work.sums(run_id=run.id), seconds, forecast_seconds, run.attempt),
            f"{timing.headline(seconds, forecast_seconds)}{when}",
        ),
    ]
    if stood:
        pages += [
            lambda: _markdown(
                run,
                "contact-sheet",
                contact_sheet(stood, watch, closing.command("gallery", run)),
                f"{counted(len(stood), 'video')} at a glance{when}",
            ),
            lambda: _table(run, "videos", videos_table(stood), f"{tally}{when}"),
            lambda: _markdown(
                run,
                "posts",
                posts_table(stood, f"{closing.command('show', run)} --json"),
                f"{equation_of_posts(stood) or 'nothing was posted'}{when}\n\n{posts_by_target(stood)}".strip(),
            ),
        ]
    # One after the other: of several at once, SQLite lets one through, and Prefect tries the others two seconds later.
    for send in pages:
        send()


def _markdown(run: Run, noun: str, content: str, gist: str) -> object:
    from prefect.artifacts import create_markdown_artifact

    return create_markdown_artifact(content, key=key(noun, run.pipeline), description=gist)


def _table(run: Run, noun: str, rows: list[dict[str, str]], gist: str) -> object:
    from prefect.artifacts import create_table_artifact

    return create_table_artifact(rows, key=key(noun, run.pipeline), description=gist)
