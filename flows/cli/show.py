"""`reelmill show`: one run, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import OK
from flows.cli.execution import closing_words
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, state, table
from flows.cli.run_table import posts_by_target, run_as_json, videos_table
from flows.counting import counted
from flows.experiments.sharing import shares
from flows.post_status import outlook_of
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from records.tables import Run
from reelmill.errors import StorageError
from reelmill.files import write_whole
from reelmill.settings import Settings
from reelmill.subtitles import Subtitles


def show(
    run: Annotated[str, Parameter(help="An id or its beginning, PIPELINE (its newest run), or PIPELINE@DATE.")],
    /,
    *,
    files: Annotated[bool, Parameter(negative="", help="Also where each rendition lies.")] = False,
    history: Annotated[bool, Parameter(negative="", help="Also every state that it has had.")] = False,
    subtitles: Annotated[Path | None, Parameter(help="Write what is spoken into this folder: SRT, VTT, ASS.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show one run: its videos, verdicts, renditions and posts."""
    with Ledger(Settings()) as ledger:
        found = ledger.runs.find(run)
        written = _write_subtitles(ledger, found, subtitles) if subtitles is not None else 0
        if as_json:
            print_json(run_as_json(ledger, found))
            return OK
        out = console()
        name = f"{found.pipeline} {found.occasion}"
        out.print(Text.assemble((name, "bold"), f" · {found.id} · attempt {found.attempt}"))
        out.print(videos_table(ledger, found))
        for line in posts_by_target(ledger, found):
            out.print(line)
        for line in shares(VideoPlan.from_json(video.plan) for video in ledger.videos.of_run(found.id) if video.plan):
            out.print(line)
        if files:
            _files(ledger, found)
        if history:
            _history(ledger, found)
        if subtitles is not None:
            where = f"{counted(written, 'file')} → {subtitles}" if written else "nothing is spoken in its videos"
            out.print(f"subtitles: {where}")
        out.print(state(found.state.value))
        for line in closing_words(found, ledger.runs.tallies([found])[found.id], outlook_of(ledger, found, local=True)):
            out.print(line)
    return OK


def _files(ledger: Ledger, run: Run) -> None:
    rows = [
        (one.video.title, rendition.profile, str(rendition.path))
        for one in ledger.accounts.of_run(run.id)
        for rendition in one.renditions
    ]
    console().print(table({"video": "left", "platform": "left", "file": "!left"}, rows))


def _write_subtitles(ledger: Ledger, run: Run, folder: Path) -> int:
    """Write those of all renditions of a run, called as its posts are. Returns how many files there are."""
    from flows.posting import name_of  # brings what targets need

    texts = {
        f"{name_of(one.video, rendition)}.{kind}": text
        for one in ledger.accounts.of_run(run.id)
        for rendition in one.current
        if (found := Subtitles.of(rendition.record)) is not None
        for kind, text in found.texts.items()
    }
    try:
        if texts:
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}", "name another folder") from error
    return len(texts)


def _history(ledger: Ledger, run: Run) -> None:
    steps = [("run", step) for step in ledger.runs.history(run.id)]
    for video in ledger.videos.of_run(run.id):
        steps += [(video.title, step) for step in ledger.videos.history(video.id)]
        for post in ledger.posts.of_video(video.id):
            name = f"{video.title} → {post.target} ({post.profile})"
            steps += [(name, step) for step in ledger.posts.history(post.id)]
    steps.sort(key=lambda pair: pair[1].id)
    rows = []
    for name, step in steps:
        at = step.at.astimezone().strftime("%m-%d %H:%M:%S")
        rows.append((at, name, state(step.before or ""), state(step.after), step.reason))
    console().print(table({"at": "left", "what": "!left", "from": "left", "to": "left", "why": "!left"}, rows))
