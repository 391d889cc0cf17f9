"""`reelmill doctor`: what this machine has, what is missing, and how to mend it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from flows import house, server
from flows.cli.app import FAILED, OK
from flows.cli.doors import look_at_doors, look_at_secrets
from flows.cli.finding import Finding
from flows.cli.labels import look_at_credentials
from flows.cli.options import DEFINITION, AsJson, File
from flows.cli.output import console, print_json, state, table
from flows.counting import counted
from reelmill.errors import ReelmillError
from reelmill.settings import Settings

#: Below this a day's batch may not fit, in bytes.
LITTLE_SPACE = 2 * 1024**3


def doctor(*, file: File = DEFINITION, as_json: AsJson = False) -> int:
    """Look at this machine and say what is missing. Changes nothing."""
    findings = list(_look(Settings(), file))
    healthy = all(finding.state != "missing" for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(one.what, state(one.state), one.found, one.instruction) for one in findings]
        out = console()
        out.print(table({"part": "left", "state": "left", "found": "!left", "what to do": "!left"}, rows))
        out.print("all that is needed is there" if healthy else "something is missing", style="bold")
    return OK if healthy else FAILED


def _look(settings: Settings, file: Path) -> Iterator[Finding]:
    yield Finding("python", "ok", sys.version.split()[0])
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("home", lambda: _home(settings)),
        ("ledger", lambda: _ledger(settings)),
        ("ffmpeg", _ffmpeg),
        ("fonts", _fonts),
        ("engines", _engines),
        ("detectors", _detectors),
        ("prefect", lambda: _prefect(settings)),
        ("doors", lambda: look_at_doors(settings)),
        ("definition", lambda: _definition(file)),
        ("credentials", lambda: look_at_credentials(settings, file)),
        ("secrets", lambda: look_at_secrets(file)),
    )
    for name, look in parts:
        try:
            yield from look()
        except ReelmillError as error:
            yield Finding(name, "missing", error.reason, error.instruction)


def _home(settings: Settings) -> Iterator[Finding]:
    nearest = next(place for place in (settings.folder, *settings.folder.parents) if place.exists())
    if not os.access(nearest, os.W_OK):
        yield Finding("home", "missing", f"{nearest} is read-only", "set REELMILL_HOME to a folder that you may write")
        return
    free = shutil.disk_usage(nearest).free
    little = free < LITTLE_SPACE
    found = f"{settings.folder}, {free / 1024**3:.1f} GiB free"
    yield Finding("home", "warning" if little else "ok", found, "make room" if little else "")


def _ledger(settings: Settings) -> Iterator[Finding]:
    from records.database import HEAD, Database

    if not settings.database_url and not (settings.folder / "ledger.db").exists():
        yield Finding("ledger", "ok", "none yet; the first run makes it")
        return
    database = Database(settings.ledger_url)
    try:
        found = database.revision()
    finally:
        database.close()
    current = found in {None, HEAD}
    yield Finding(
        "ledger",
        "ok" if current else "missing",
        f"{database.name}, schema {found or 'empty'}",
        "" if current else "run `reelmill db upgrade`",
    )


def _ffmpeg() -> Iterator[Finding]:
    from reelmill import ffmpeg

    path = ffmpeg.binary()

    def ask(option: str) -> str:
        command = [path, "-hide_banner", option]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

    version = ask("-version").split(" Copyright")[0].removeprefix("ffmpeg version ").strip()
    lacking = [name for name in ("libx264", "aac") if f" {name} " not in ask("-encoders")]
    lacking += [name for name in ("ass", "overlay") if f" {name} " not in ask("-filters")]
    yield Finding(
        "ffmpeg",
        "missing" if lacking else "ok",
        f"{version}" + (f", without {', '.join(lacking)}" if lacking else ""),
        "unset REELMILL_FFMPEG to use the one that ships" if lacking else "",
    )


def _fonts() -> Iterator[Finding]:
    from tasks.finishing import fonts

    fonts.check("山野茶事 AI生成 AI GENERATED")
    yield Finding("fonts", "ok", "the shipped ones, Chinese included")


def _engines() -> Iterator[Finding]:
    from tasks.registry import find, names

    usable = 0
    for name in names("engines"):
        engine = find("engines", name).drawing()
        reason = engine.unavailable()
        usable += reason is None
        yield Finding(f"engine {name}", "warning" if reason else "ok", reason or f"ready ({engine.model})")
    if not usable:
        yield Finding("engines", "missing", "no engine can run here", "see the reasons above")


def _detectors() -> Iterator[Finding]:
    from tasks.registry import find, names
    from tasks.screening.policy import load

    required = load("default", Path()).required
    for name in names("detectors"):
        detector = find("detectors", name)
        missing = detector.missing()
        found = "installed" if missing is None else "not installed"
        lacking: Literal["missing", "warning"] = "missing" if name in required else "warning"
        yield Finding(f"detector {name}", "ok" if missing is None else lacking, found, missing or "")
    from tasks.screening.ocr import RapidOcr

    missing = RapidOcr.missing()
    found = "installed" if missing is None else "not installed; only `screen: {ocr: true}` needs it"
    yield Finding("reader of text in pictures", "ok", found, missing or "")


def _prefect(settings: Settings) -> Iterator[Finding]:
    if url := server.configured():
        alive = server.answers(url)
        yield Finding(
            "prefect",
            "ok" if alive else "missing",
            f"{url} {'answers' if alive else 'does not answer'}",
            "" if alive else "start it, or unset PREFECT_API_URL to use a local one",
        )
        return
    local = server.running(settings)
    yield Finding("prefect", "ok", f"local server at {local.page}" if local else "none runs; the next run starts one")
    found = house.read(settings)
    if found is not None and found.alive:
        dead = [part.name for part in found.parts if not part.alive]
        state: Literal["ok", "warning"] = "warning" if dead else "ok"
        yield Finding("house", state, f"up with {found.file}" + (f", but not {', '.join(dead)}" if dead else ""))


def _definition(file: Path) -> Iterator[Finding]:
    from flows.definition import load

    if not file.exists():
        yield Finding("definition", "warning", f"{file} is not there", "`reelmill init` writes one")
        return
    definition = load(file)
    yield Finding("definition", "ok", f"{file}: {counted(len(definition.pipelines), 'pipeline')}")
