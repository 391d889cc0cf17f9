"""`reelmill screen`: what screening would say of a file or a text, and how right it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, state, table
from flows.counting import counted
from records.ledger import Ledger
from reelmill.content import Decision, Verdict
from reelmill.errors import UseError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from reelmill.text_verdict import TextVerdict

if TYPE_CHECKING:
    from tasks.screening.options import ScreenOptions

screen = App(name="screen", help="Say what screening would do with a file or a text, and why.")

#: Endings of what cameras, editors and platforms write. No text ends so.
_MEDIA = re.compile(
    r"\.(mp4|m4v|mov|mkv|webm|avi|flv|wmv|mpe?g|m?ts|3gp|ogv|gif|png|jpe?g|webp|heic|avif"
    r"|mp3|wav|m4a|aac|flac|ogg|opus|srt|vtt|ass)$",
    re.IGNORECASE,
)
#: A folder, and a name with an ending.
_PATH = re.compile(r"[/\\][^/\\]+\.[A-Za-z0-9]{1,5}$")
_SPACE = re.compile(r"\s")
#: Verdicts that the report reads, the newest.
MOST = 20_000


@screen.default
def look(
    *wanted: Annotated[str, Parameter(help="Videos, or texts: what is no file and looks like none is a text.")],
    pipeline: Annotated[str, Parameter(help="As this pipeline screens. Default: the policy `default`.")] = "",
    policy: Annotated[str, Parameter(help="Another policy: a name, or a file that ends in .yaml.")] = "",
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Say what screening would do with videos and texts, and why. Nothing is recorded. Ends with 1 unless all pass."""
    if not wanted:
        raise UseError("nothing to screen", 'give a video or a text: `reelmill screen outbox/a.mp4 "a text"`')
    options, folder, platforms = _options(pipeline, policy, file)
    verdicts = _verdicts(wanted, options, folder, platforms)
    if as_json:
        print_json([{"what": what, **asdict(said)} for what, said in verdicts])
    else:
        for what, said in verdicts:
            _tell(what, said)
    return OK if all(said.decision is Decision.PASS for _, said in verdicts) else FAILED


@screen.command
def report(*, as_json: AsJson = False) -> int:
    """Say how often screening was right, by what people decided, and what other thresholds would have changed."""
    from flows.precision import precisions, shifts, would_wait

    with Ledger(Settings()) as ledger:
        judged = ledger.reviews.judged()
        passed = ledger.verdicts.passed(limit=MOST)
    found, moved, waiting = precisions(judged), shifts(judged), would_wait(passed)
    if as_json:
        print_json(
            {
                "precision": [{**asdict(one), "share": one.share, "interval": one.interval} for one in found],
                "thresholds": [asdict(one) for one in moved],
                "would_wait": {
                    name: {str(at): count for at, count in counts.items()} for name, counts in waiting.items()
                },
                "passed": len(passed),
            }
        )
        return OK
    out = console()
    if not found:
        out.print("nobody has decided about a picture yet: there is nothing to reckon with")
    else:
        rows = [
            (one.category, str(one.count), str(one.right), f"{one.share:.0%}", "{:.0%} to {:.0%}".format(*one.interval))
            for one in found
        ]
        columns = {
            "category": "left",
            "decided": "right",
            "not shown": "right",
            "precision": "right",
            "19 of 20": "left",
        }
        out.print(table(columns, rows, title="Videos that waited, and what people decided"))
    if moved:
        moves = [(one.detector, one.label, f"{one.threshold:.2f}", str(one.spared), str(one.missed)) for one in moved]
        columns = {"detector": "left", "label": "left", "review from": "right", "spared": "right", "missed": "right"}
        out.print(table(columns, moves, title="With a higher threshold"))
    lower = [(name, f"{at:.2f}", str(count)) for name, counts in waiting.items() for at, count in counts.items()]
    if lower:
        columns = {"detector": "left", "review from": "right", "would wait": "right"}
        out.print(table(columns, lower, title=f"With a lower one, of {counted(len(passed), 'master')} that passed"))
    return OK


def _options(pipeline: str, policy: str, file: Path) -> tuple[ScreenOptions, Path, frozenset[str]]:
    from tasks.screening.options import ScreenOptions

    if pipeline:
        from flows.definition import load

        definition = load(file)
        options, folder = definition.pipeline(pipeline).screen, definition.folder
        platforms = definition.platforms(pipeline)
    else:
        options, folder, platforms = ScreenOptions(), Path(), frozenset[str]()
    if policy:
        options, folder = options.model_copy(update={"policy": policy}), Path()
    return options, folder, platforms


def _verdicts(
    wanted: Sequence[str], options: ScreenOptions, folder: Path, platforms: frozenset[str]
) -> list[tuple[str, Verdict | TextVerdict]]:
    from flows.screening import screener_of
    from tasks.screening.policy import load
    from tasks.screening.texts.screen import TextScreen

    files = [name for name in wanted if _is_file(name)]
    said: dict[str, Verdict | TextVerdict] = {}
    if files:
        with closing(screener_of(options, folder, platforms)) as screener:
            said |= {name: screener.screen(Path(name), sha256_of(Path(name))) for name in files}
    texts = [name for name in wanted if name not in said]
    if texts:
        reader = TextScreen(load(options.policy, folder).tightened(platforms), options.words, options.guard)
        said |= {text: reader.screen({"text": text}) for text in texts}
    return [(name, said[name]) for name in wanted]


def _is_file(name: str) -> bool:
    """Whether it is a file; otherwise it is a text.

    Raises
    ------
    UseError
        If it is a folder, or looks like a file and is none: read as a text, a typing error would pass.
    """
    path = Path(name)
    try:
        if path.is_file():
            return True
        there = path.exists()
    except OSError:  # a text of some length is no name that a file system takes
        there = False
    if there:
        raise UseError(f"{name} is no file", f"name its videos, such as {path / '*.mp4'}; a text has a space in it")
    named = _MEDIA.search(name) or ("://" not in name and _PATH.search(name))
    if named and not _SPACE.search(name):
        raise UseError(
            f"there is no video {name}", "look for a typing error; a text that looks like this needs a space"
        )
    return False


def _tell(what: str, said: Verdict | TextVerdict) -> None:
    out = console()
    out.print(Text.assemble((what, "bold"), "  ", state(said.decision.value), f"  {said.policy} {said.policy_version}"))
    for reason in said.reasons:
        out.print(f"  {reason}")
    if isinstance(said, TextVerdict):
        return
    if said.hits:
        rows = [
            (hit.category, hit.level.value, hit.detector, hit.label, f"{hit.score:.2f}", f"{hit.seconds:.2f} s")
            for hit in said.hits
        ]
        columns = {
            "category": "left",
            "level": "left",
            "detector": "left",
            "label": "left",
            "score": "right",
            "at": "right",
        }
        out.print(table(columns, rows))
    looked = ", ".join(f"{one.detector} {one.version} (at most {one.worst:.2f})" for one in said.examinations)
    out.print(
        f"  {said.examined} of {counted(said.frames, 'frame')} looked at in {said.seconds_taken:.1f} s: {looked}",
        style="dim",
    )
