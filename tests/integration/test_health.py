"""How things stand with the targets of a definition: whether they can be posted to, what is left, what is free next."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli.targets import targets
from flows.definition import Definition, loads
from flows.health import Health, health_of
from flows.posting import context_for
from records.database import now
from records.ledger import Ledger
from reelmill.settings import Settings
from tasks.publishing.calendar import DAY

HEAD = "version: 1\nbrand: {name: 山野茶事}\ntargets:\n"
PIPELINE = """\
    timezone: UTC
    source: {type: list, items: [{id: a, title: A}]}
    prompt: {subject: a, action: b, environment: c, style: d}
    generate: {engine: auto, seconds: 5, size: 704x1280}
    deliver: [tiktok, youtube_shorts]
"""


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_A_TEST", "a")


def definition(folder: Path, target: str, *publish: str) -> Definition:
    """One target `main`, and a pipeline for each way to publish to it."""
    pipelines = "".join(
        f"  p{number}:\n{PIPELINE}    publish: [{entry}]\n" for number, entry in enumerate(publish or ["main"], 1)
    )
    return loads(f"{HEAD}  main: {target}\npipelines:\n{pipelines}", folder / "pipelines.yaml")


def health(settings: Settings, made: Definition, *, offline: bool = False) -> Health:
    with Ledger(settings) as ledger:
        context = context_for(ledger, made, settings)
        try:
            return health_of(ledger, made, context, "main", offline=offline)
        finally:
            context.close()


def away(nobody: str) -> str:
    return f'{{type: tiktok, token: {{env: TOKEN_OF_A_TEST}}, url: "{nobody}/tiktok"}}'


# Whether it can be posted to.


def test_a_platform_that_cannot_be_reached_is_not_well(settings: Settings, tmp_path: Path, nobody: str) -> None:
    found = health(settings, definition(tmp_path, away(nobody)))
    told = found.as_json()
    assert (told["well"], told["health"], told["next_command"]) == (False, "not reachable", "reelmill targets main")
    assert "it cannot be reached" in str(told["reason"])
    with Ledger(settings) as ledger:
        assert ledger.standings.all() == [], "a line that is down holds no post back, nor lets one go"


def test_a_line_that_is_down_ends_no_pause(settings: Settings, tmp_path: Path, nobody: str) -> None:
    made, until = definition(tmp_path, away(nobody)), now() + DAY / 2
    target = made.targets["main"]
    with Ledger(settings) as ledger:
        key = target.platform, target.account_key(context_for(ledger, made, settings))
        ledger.standings.pause(*key, "main", until, "15 posts a day", needs_person=False)
    found = health(settings, made)
    assert (found.state, found.free) == ("not reachable", until)
    assert health(settings, made, offline=True).state == "paused"


def test_a_login_that_is_over_counts_for_more_than_the_line(settings: Settings, tmp_path: Path, nobody: str) -> None:
    made = definition(tmp_path, away(nobody))
    target = made.targets["main"]
    with Ledger(settings) as ledger:
        key = target.platform, target.account_key(context_for(ledger, made, settings))
        ledger.standings.pause(*key, "main", now() + DAY, "401 – log in again", needs_person=True)
    told = health(settings, made).as_json()
    assert (told["well"], told["health"], told["reason"]) == (False, "login", "401 – log in again")


def test_the_command_says_which_target_is_not_reachable(
    tmp_path: Path, nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = definition(tmp_path, away(nobody))
    made.path.write_text(made.text, encoding="utf-8")
    monkeypatch.setenv("REELMILL_HOME", str(tmp_path / "home"))
    assert targets(file=made.path) == 1
    told = capsys.readouterr().out
    assert "not reachable" in told
    assert "main: " in told
    assert "it cannot be reached" in told
    assert "then `reelmill targets main`" in told
    assert targets(file=made.path, as_json=True) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["well"] is False
    assert targets(file=made.path, offline=True) == 0, "nobody was asked"
