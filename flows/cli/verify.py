"""`reelmill verify`: finished files, opened again, and each promise proven."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import FAILED, OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, state, table
from flows.cli.videos import videos
from flows.counting import counted
from records.ledger import Ledger
from reelmill.content import Rendition
from reelmill.errors import ReelmillError, UseError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.publishing import sidecar

if TYPE_CHECKING:
    from tasks.finishing.verify import Check

#: How the store calls a file: by its content as it was when it was added.
_CONTENT = re.compile(r"[0-9a-f]{64}")


def verify(
    *files: Annotated[Path, Parameter(help="Finished videos, or folders of them.")],
    as_json: AsJson = False,
) -> int:
    """Open finished files again, and prove what was promised of them: pixels, labels, sound, signature, every byte.

    What was promised stands in the sidecar beside a file, or in the ledger. Ends with 1 if a promise is not kept.
    """
    if not files:
        raise UseError("no file is named", "give videos or folders: `reelmill verify outbox`")
    found = [(path, _proven(path)) for path in dict.fromkeys(videos(files))]
    if not found:
        raise UseError(f"there is no video in {', '.join(map(str, files))}", "give the `.mp4` files themselves")
    failed = [path for path, checks in found if not all(check.ok for check in checks)]
    if as_json:
        print_json(
            [
                {
                    "file": str(path),
                    "ok": path not in failed,
                    "checks": [{"name": one.name, "ok": one.ok, "evidence": one.evidence} for one in checks],
                }
                for path, checks in found
            ]
        )
    else:
        _tell(found, failed)
    return FAILED if failed else OK


def _proven(path: Path) -> list[Check]:
    from tasks.finishing.verify import Check, verify  # brings OpenCV

    try:
        rendition = _promised(path)
    except ReelmillError as error:
        return [Check("promise", False, str(error))]
    if rendition is None:
        return [Check("promise", False, "no sidecar lies beside it, and the ledger does not know it")]
    return verify(rendition)


def _promised(path: Path) -> Rendition | None:
    """What was promised of a file, whatever it is now."""
    beside = path.with_suffix(".json")
    if beside.is_file():
        facts = sidecar.read(beside.read_bytes())
        if facts.get("video", {}).get("file") == path.name:
            return sidecar.promised(facts, path.parent)
    with Ledger(Settings()) as ledger:
        known = _CONTENT.fullmatch(path.stem)
        rendition = ledger.media.rendition_of(path.stem if known else sha256_of(path))
    return replace(rendition, path=path) if rendition is not None else None


def _tell(found: list[tuple[Path, list[Check]]], failed: list[Path]) -> None:
    out = console()
    for path, checks in found:
        rows = [
            (check.name, state("ok") if check.ok else Text("failed", style="red"), check.evidence) for check in checks
        ]
        out.print(Text(str(path), style="bold"))
        out.print(table({"promise": "left", "": "left", "what shows it": "!left"}, rows))
        out.print()
    kept = len(found) - len(failed)
    out.print(f"{counted(kept, 'file')} as promised, {len(failed)} not")
