"""`reelmill`: the list of commands, and how errors reach a person.

Only this module and cyclopts are imported to answer `--help`; a command's module comes when the command is called.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence

import cyclopts

from reelmill import __version__
from reelmill.processes import RARELY

#: Exit codes (design: all well, something failed, wrong use or definition).
OK, FAILED, MISUSED = 0, 1, 2

#: Command, what it does, group. The module has the command's name.
COMMANDS = (
    ("init", "Start a project: a definition with four pipelines, and the files that it needs.", "Pipelines"),
    ("check", "Check a definition file and say everything that is wrong with it, with positions.", "Pipelines"),
    ("schema", "Print the JSON Schema of the definition file, for editors.", "Pipelines"),
    ("plan", "Show what a run would make, and make nothing.", "Pipelines"),
    ("prompts", "Look after the library of prompts: list, show, and prove each by its examples.", "Pipelines"),
    ("run", "Run a pipeline: for today, a date, or an event.", "Runs"),
    ("resume", "Go on with a run that was stopped or has failures. Nothing finished is made again.", "Runs"),
    ("runs", "List runs with their counts.", "Runs"),
    ("screen", "Say what screening would do with a file or a text, and why.", "Runs"),
    ("review", "Decide about videos that wait for a person.", "Runs"),
    ("show", "Show one run: its videos, verdicts, renditions and posts.", "Runs"),
    ("verify", "Open finished files again and prove what was promised of them.", "Runs"),
    ("preview", "Make a moving preview and a contact sheet of finished files.", "Runs"),
    ("gallery", "Write one static page with the videos of recent runs.", "Runs"),
    ("report", "Say what a week made, cost and left undone, as Markdown, HTML or JSON.", "Runs"),
    ("up", "Start the Prefect server, the workers and the web door, and keep all of it running.", "Operations"),
    ("status", "Say what is up on this machine.", "Operations"),
    ("down", "Stop `reelmill up` and the local Prefect server.", "Operations"),
    ("deploy", "Hand the pipelines to Prefect; only what changed is touched.", "Operations"),
    ("watch", "Deploy again whenever the definition changes.", "Operations"),
    ("reconcile", "Set going again what dead processes and lost messages left behind.", "Operations"),
    ("worker", "Serve a work pool on this machine.", "Operations"),
    ("posts", "List posts: where they are, when they are due, what stands in their way.", "Publishing"),
    ("targets", "List targets with their health, what they may still post, and the next free time.", "Publishing"),
    ("experiment", "Compare what people did with the values that a pipeline tries out.", "Publishing"),
    ("unpublish", "Take a post down again, where the platform lets us.", "Publishing"),
    ("sandbox", "Serve simulated platforms, to rehearse without an account.", "Publishing"),
    ("web", "Open the web door: signed hooks, an API for callers, players, metrics.", "Operations"),
    ("token", "Make, list and revoke the tokens that let callers in.", "Operations"),
    ("engine", "Look after the models that draw: fetch, probe, measure and serve them.", "Machine"),
    ("labels", "Look after the certificate that the videos are signed with.", "Machine"),
    ("db", "Look after the ledger: its schema and its backups.", "Machine"),
    ("doctor", "Look at this machine and say what is missing.", "Machine"),
)


def build() -> cyclopts.App:
    """The application with every command, none of them imported yet."""
    app = cyclopts.App(
        name="reelmill",
        help="From a source of ideas to finished, labelled, published short videos. Start with `reelmill init`.",
        version=__version__,
        exit_on_error=False,
        print_error=True,
        suppress_keyboard_interrupt=False,  # it would leave without a word
        result_action="return_value",
        help_format="markdown",
    )
    groups = {group: cyclopts.Group.create_ordered(group) for _, _, group in COMMANDS}
    for place, (name, what, group) in enumerate(COMMANDS):
        app.command(f"flows.cli.{name}:{name}", name=name, help=what, group=groups[group], sort_key=place)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    # Imports and models make some 400,000 objects that stay: looking through them for garbage takes a sixth of a start.
    gc.set_threshold(*RARELY)
    for stream in (sys.stdout, sys.stderr):
        # Titles are Chinese, and JSON is UTF-8 wherever it goes. A machine whose locale says ASCII can show both.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = call(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # nor is anything looked through once more on the way out
    sys.exit(code)


def call(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. Every error has become words by then."""
    try:
        result = build()(arguments)
    except cyclopts.CycloptsError:
        return MISUSED  # cyclopts has printed what is wrong
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as `head`, has seen enough
        return OK
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 (the last word of a command is for the terminal)
        return FAILED
    except Exception as error:  # noqa: BLE001 (the last line of defence: nobody sees a traceback)
        from flows.cli.failure import explain

        return explain(error, as_json="--json" in arguments)
    return result if isinstance(result, int) else OK


if __name__ == "__main__":
    main()
