"""How an error is told: reason and instruction for ours, a place to look at for a bug."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback

from rich.console import Console
from rich.markup import escape

from flows.cli.app import FAILED, MISUSED
from reelmill.errors import DefinitionError, ReelmillError, UseError


def explain(error: Exception, *, as_json: bool) -> int:
    """Tell an error on standard error (or as JSON on standard output) and return the exit code for it."""
    if isinstance(error, ReelmillError):
        reason, instruction = error.reason, error.instruction
    else:
        reason, instruction = _bug(error)
    if as_json:
        sys.stdout.write(json.dumps({"error": _as_json(error, reason, instruction)}, ensure_ascii=False) + "\n")
    else:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        if isinstance(error, DefinitionError):
            console.print(escape(str(error)))
        else:
            console.print(f"[bold red]error:[/] {escape(reason)}")
            if instruction:
                console.print(f"  [dim]→[/] {escape(instruction)}")
    return MISUSED if isinstance(error, UseError) else FAILED


def _as_json(error: Exception, reason: str, instruction: str) -> dict[str, object]:
    told: dict[str, object] = {"type": type(error).__name__, "reason": reason, "instruction": instruction}
    if isinstance(error, DefinitionError):
        told["problems"] = [problem.to_json() for problem in error.problems]
    return told


def _bug(error: Exception) -> tuple[str, str]:
    """Put the traceback into a file: the person needs a sentence, whoever mends it needs the rest."""
    if os.environ.get("REELMILL_DEBUG"):
        traceback.print_exception(error)
    try:
        with tempfile.NamedTemporaryFile("w", prefix="reelmill-", suffix=".log", delete=False) as log:
            traceback.print_exception(error, file=log)
            where = f"the details are in {log.name}"
    except OSError:  # the very disk that is full
        where = "set REELMILL_DEBUG=1 to see the details"
    return f"unexpected {type(error).__name__}: {error}", f"this is a fault in Reelmill; {where}"
