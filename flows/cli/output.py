"""Tables and JSON: how commands report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping

from pydantic_core import PydanticSerializationError, to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reelmill.content import Json

#: Colours of states, the same in every table.
COLOURS = {
    "done": "green",
    "live": "green",
    "pass": "green",
    "ok": "green",
    "running": "cyan",
    "planned": "cyan",
    "uploading": "cyan",
    "armed": "cyan",
    "waiting": "cyan",
    "at_the_platform": "cyan",
    "held_back": "cyan",
    "not_sent_yet": "cyan",
    "tried_again": "yellow",
    "for_a_person": "yellow",
    "paused": "yellow",
    "withdrawn": "dim",
    "in_review": "yellow",
    "review": "yellow",
    "interrupted": "yellow",
    "unknown": "yellow",
    "warning": "yellow",
    "skipped": "dim",
    "rejected": "magenta",
    "block": "magenta",
    "failed": "red",
    "missing": "red",
}


#: Width of tables in a file or a pipe, in characters, unless COLUMNS says otherwise.
PIPED_WIDTH = 160


def console() -> Console:
    """Standard output. Where it is no terminal, lines keep their length and have no colours.

    Brackets mean nothing in it: a product's title is shown as it is. What shall have a colour is a `Text`.
    """
    if sys.stdout.isatty():
        return Console(highlight=False, markup=False)
    return Console(highlight=False, markup=False, soft_wrap=True, width=int(os.environ.get("COLUMNS") or PIPED_WIDTH))


def print_json(value: Json) -> None:
    """One JSON document on standard output."""
    # Python's own encoder takes ten times as long with an indent: seconds, for a plan of thousands of videos.
    try:
        text = to_json(value, indent=2, inf_nan_mode="null", fallback=str).decode()
    except PydanticSerializationError:  # half a character, as of a folder whose name is not UTF-8
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write(text + "\n")


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word.replace("_", " "), style=COLOURS.get(word, ""))


def table(columns: Mapping[str, str], rows: Iterable[Iterable[str | Text]], title: str = "") -> Table:
    """A table.

    Parameters
    ----------
    columns:
        Heading → `left` or `right`; a leading `!` lets the column fold first.
    """
    made = Table(title=title or None, title_justify="left", title_style="bold", header_style="dim")
    made.box, made.pad_edge = None, False
    for heading, side in columns.items():
        made.add_column(
            heading,
            justify="right" if side.endswith("right") else "left",
            overflow="fold",
            no_wrap=not side.startswith("!"),
        )
    for row in rows:
        made.add_row(*row)
    return made
