"""The file with an effect's function, looked at without running any of it."""

from __future__ import annotations

import ast
from pathlib import Path

from reelmill.errors import FinishingError


def named(call: str, folder: Path) -> tuple[Path, str]:
    """The file and the function that `call` names."""
    file, _, function = call.rpartition(":")
    return folder / file, function


def examine(code: Path, function: str) -> None:
    """See that a file has a function that takes a clip, without running any of it.

    Raises
    ------
    FinishingError
        If it has not.
    """
    try:
        tree = ast.parse(code.read_bytes(), filename=code.name)
    except OSError as error:
        raise FinishingError(
            f"the effect {code} cannot be read: {error.strerror}", "correct `assemble.effect`"
        ) from None
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
        raise FinishingError(f"{code.name} is not Python: {line}{error}", "correct the file") from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            if not (node.args.posonlyargs or node.args.args or node.args.vararg):
                raise FinishingError(f"{code.name}:{function} takes no clip", f"write `def {function}(clip): …`")
            return
    known = ", ".join(node.name for node in tree.body if isinstance(node, ast.FunctionDef)) or "none"
    raise FinishingError(f"{code.name} has no function {function!r}", f"its functions: {known}")
