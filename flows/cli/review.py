"""`reelmill review`: decide about videos that wait for a person."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from cyclopts import App, Parameter
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, table
from flows.cli.review_evidence import SHORT, as_plain, decision_as_plain, show_decisions, show_evidence
from flows.cli.web import review_desk
from flows.counting import counted
from records.ledger import Ledger
from records.reviews import Waiting
from reelmill.errors import UseError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from flows.deciding import Outcome
    from flows.rewording import Rewording

review = App(name="review", help="Decide about videos that wait for a person.")

# The desk is a page of the door.
review.command(review_desk, name="serve")

Wanted = Annotated[
    tuple[str, ...],
    Parameter(help="Videos: ids, or beginnings of them; or PIPELINE, or PIPELINE@DATE for all that wait there."),
]
Note = Annotated[str, Parameter(help="Why, for whoever looks later.")]
#: Decisions among which `show` finds a video.
MOST = 10_000
Who = Annotated[str, Parameter(name="--as", help="Who decides. Default: the name that you are logged in with.")]


@review.command(name="list")
def list_(
    *,
    pipeline: Annotated[str, Parameter(help="Only those of this pipeline.")] = "",
    decided: Annotated[bool, Parameter(negative="", help="Those that somebody has decided about, instead.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show the videos that wait, and why: the one that has waited longest first."""
    from flows.deciding import expire

    settings = Settings()
    if decided:
        return _list_decided(settings, pipeline, as_json=as_json)
    with Ledger(settings) as ledger:
        for line in expire(settings, ledger):
            console().print(line, style="dim")
        waiting = ledger.reviews.waiting(pipeline=pipeline)
    if as_json:
        print_json([as_plain(one) for one in waiting])
        return OK
    out = console()
    if not waiting:
        out.print("nothing waits for you")
        return OK
    rows = [
        (
            str(one.video.id)[:SHORT],
            f"{one.run.pipeline}@{one.run.occasion}",
            one.video.title,
            one.about,
            f"{one.since.astimezone():%Y-%m-%d %H:%M}",
            "; ".join(one.reasons),
        )
        for one in waiting
    ]
    columns = {"id": "left", "run": "!left", "video": "!left", "about": "left", "since": "left", "why": "!left"}
    out.print(table(columns, rows))
    out.print(f"{counted(len(waiting), 'video')}; see `reelmill review show ID`, then `approve ID` or `reject ID`")
    return OK


def _list_decided(settings: Settings, pipeline: str, *, as_json: bool) -> int:
    with Ledger(settings) as ledger:
        made = ledger.reviews.decisions(pipeline=pipeline)
        titles = {str(key): title for key, title in ledger.reviews.titles([one.video_id for one in made]).items()}
    if as_json:
        print_json([decision_as_plain(one, titles.get(str(one.video_id), "")) for one in made])
    elif made:
        show_decisions(console(), made, titles)
    else:
        console().print("nobody has decided about anything yet")
    return OK


@review.command
def show(
    video: Annotated[str, Parameter(help="An id, or its beginning; it may have been decided about.")],
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Show why a video waits, or did: each moment and each word of the evidence, and who has decided what."""
    with Ledger(Settings()) as ledger:
        one = ledger.reviews.look(_any(ledger, video))
        made = ledger.reviews.decisions(video_id=one.video.id)
    if as_json:
        print_json({**as_plain(one), "decisions": [decision_as_plain(each, one.video.title) for each in made]})
    else:
        show_evidence(console(), one, made)
    return OK


@review.command
def approve(
    *wanted: str,
    note: Note = "",
    title: Annotated[str | None, Parameter(help="Another title on the picture and beside it.")] = None,
    line: Annotated[tuple[str, ...] | None, Parameter(help="Other lines on the picture; once for each.")] = None,
    caption: Annotated[str | None, Parameter(help="Another text beside the video.")] = None,
    hashtags: Annotated[str | None, Parameter(help="Other hashtags, with spaces between them.")] = None,
    who: Who = "",
    as_json: AsJson = False,
) -> int:
    """Let videos go on, with other words if you give any, and go on with their runs."""
    from flows.rewording import Rewording, tags

    words = Rewording(title, line, caption, tags(hashtags) if hashtags is not None else None)
    return _decide("approve", wanted, note, who, as_json=as_json, words=words)


@review.command
def reject(*wanted: str, note: Note = "", who: Who = "", as_json: AsJson = False) -> int:
    """End videos: they are never published."""
    return _decide("reject", wanted, note, who, as_json=as_json)


@review.command
def regenerate(*wanted: str, note: Note = "", who: Who = "", as_json: AsJson = False) -> int:
    """Have videos made again, with another seed."""
    return _decide("regenerate", wanted, note, who, as_json=as_json)


def _decide(
    action: str, wanted: Sequence[str], note: str, who: str, *, as_json: bool, words: Rewording | None = None
) -> int:
    from flows.deciding import Desk

    settings = Settings()
    if not wanted:
        raise UseError("which videos?", "`reelmill review list` has those that wait")
    with Ledger(settings) as ledger:
        videos = found(ledger, wanted)
        if words is not None and not words.says_nothing and len(videos) > 1:
            raise UseError("several videos cannot have the same new words", "name one video")
        desk = Desk(settings, ledger, who or getpass.getuser())
        more = {"words": words} if words is not None else {}
        outcome: Outcome = getattr(desk, action)(videos, note, **more)
    return _report(settings, outcome, as_json=as_json)


def found(ledger: Ledger, wanted: Sequence[str]) -> list[UUID]:
    """The videos that a person means, of those that wait.

    Raises
    ------
    UseError
        If none or more than one fits a name.
    """
    waiting = ledger.reviews.waiting()
    videos: list[UUID] = []
    for name in wanted:
        fits = [one for one in waiting if _is_meant(one, name)]
        by_id = [one for one in fits if str(one.video.id).startswith(name.lower())]
        if not fits:
            raise UseError(f"no video that waits is called {name!r}", "`reelmill review list` has those that do")
        if by_id and len(by_id) > 1:
            raise UseError(f"{counted(len(by_id), 'video')} begin with {name!r}", "give more of the id")
        videos += [one.video.id for one in fits]
    return videos


def _any(ledger: Ledger, name: str) -> UUID:
    """A video that waits, or has waited, by the beginning of its id.

    Raises
    ------
    UseError
        If none or more than one fits.
    """
    known = [*ledger.reviews.queue(), *(one.video_id for one in ledger.reviews.decisions(limit=MOST))]
    fits = [one for one in dict.fromkeys(known) if str(one).startswith(name.lower())]
    if not fits:
        raise UseError(f"no video that waits or has waited is called {name!r}", "`reelmill review list` has the ids")
    if len(fits) > 1:
        raise UseError(f"{counted(len(fits), 'video')} begin with {name!r}", "give more of the id")
    return fits[0]


def _is_meant(one: Waiting, name: str) -> bool:
    if name in {one.run.pipeline, f"{one.run.pipeline}@{one.run.occasion}"}:
        return True
    return len(name) >= 4 and str(one.video.id).startswith(name.lower())


def _report(settings: Settings, outcome: Outcome, *, as_json: bool) -> int:
    code = FAILED if outcome.problems else OK
    if as_json:
        print_json(
            {
                "decided": [{"video": str(one.video_id), "action": one.action} for one in outcome.decided],
                "problems": [{"reason": one.reason, "instruction": one.instruction} for one in outcome.problems],
                "runs": [{"run": one.name, "how": one.how} for one in outcome.continued],
            }
        )
    else:
        out = console()
        for made in outcome.decided:
            out.print(f"{made.action} {str(made.video_id)[:SHORT]}: decided by {made.who}")
        for problem in outcome.problems:
            out.print(Text.assemble((problem.reason, "red"), f" – {problem.instruction}"))
        for one in outcome.continued:
            if one.how != "here":
                out.print(one.words)
    # With --json the answer is one document, and a program goes on with the run itself.
    for one in outcome.continued if not as_json else ():
        if one.how == "here":
            from flows.cli.execution import execute

            with Ledger(settings) as ledger:
                run = ledger.runs.resume(one.run.id, "somebody has decided")
            code = execute(settings, run, as_json=False) or code
    return code
