"""`reelmill status`: what is up, and what it is doing."""

from __future__ import annotations

from dataclasses import asdict

from rich.text import Text

from flows import house, server
from flows.cli.app import FAILED, OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, state, table
from flows.house import House, PartState
from reelmill.settings import Settings


def status(*, as_json: AsJson = False) -> int:
    """Say which parts of `reelmill up` run here, and where. Exit code 1 if anything that should run does not."""
    settings = Settings()
    found = house.read(settings)
    local = server.running(settings)
    if as_json:
        up = found is not None and found.alive
        parts = [{**asdict(part), "alive": part.alive} for part in found.parts] if found and up else []
        print_json({"up": up, "prefect": local.page if local else server.configured(), "parts": parts})
        return OK if up and all(part["alive"] for part in parts) else FAILED
    if found is None or not found.alive:
        out = console()
        out.print("not up; start it with `reelmill up`")
        if local is not None:
            out.print(f"a Prefect server is kept at {local.page}; `reelmill down` stops it")
        return FAILED
    return show(found)


def show(found: House) -> int:
    """A line a part."""
    rows = [(part.name, _state(part), part.where, _story(part)) for part in found.parts]
    out = console()
    out.print(table({"part": "left", "state": "left", "where": "left", "": "!left"}, rows))
    out.print(Text(f"up with {found.file}, process {found.process}", style="dim"))
    return OK if all(part.alive for part in found.parts) else FAILED


def _state(part: PartState) -> Text:
    return state("running" if part.alive else "failed")


def _story(part: PartState) -> str:
    return f"ended {part.ends} times without being told to; its log says why" if part.ends else ""
