"""Secrets in blocks of a real Prefect API: read, written back, and told to nobody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from flows.blocks import SecretBlocks
from flows.definition import Definition, loads
from flows.posting import context_for
from flows.server import LocalServer
from records.ledger import Ledger
from reelmill.errors import ServerUnavailable, UseError
from reelmill.settings import Settings
from sandbox.platforms.tiktok import TikTok as Platform
from sandbox.server import sandbox
from tasks.publishing.outcome import Reauthorise
from tasks.secret import Secret
from tests.line import Project, complain
from tests.operated import Operated, eventually, prefect_client
from tests.simulators.webhook_receiver import SECRET, Receiver, a_receiver

CANARY = "canary-0123456789"
DEFINITION = """\
version: 1
brand: {{name: Tea}}
targets:
  main: {{type: tiktok, url: "{url}", login: {{block: {block}}}}}
pipelines:
  p:
    source: {{type: list, items: [{{name: a}}]}}
    prompt: {{subject: a, action: a, environment: a, style: a}}
    generate: {{engine: storyboard}}
    deliver: [tiktok]
    publish: [main]
"""


@pytest.fixture
def api(prefect_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """This process works with the session's server."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server.url)
    return prefect_server.url


@pytest.fixture
def blocks(api: str) -> SecretBlocks:
    return SecretBlocks(patience=0.0)


@pytest.fixture
def platform() -> Iterator[Platform]:
    """TikTok, whose refresh tokens are good for one time."""
    with sandbox([Platform]) as box:
        found = cast("Platform", box["tiktok"])
        found.strict = True
        yield found


def save(api: str, value: object, name: str = "") -> str:
    """Make a block as a person does with Prefect. Returns its name."""
    from prefect.blocks.system import Secret as Block

    name = name or f"block-{uuid4().hex[:8]}"
    with prefect_client(Project(Path(), {"PREFECT_API_URL": api})):
        Block(value=value).save(name, overwrite=True, _sync=True)
    return name


def load(api: str, name: str) -> Any:
    """What Prefect's own class finds in it."""
    from prefect.blocks.system import Secret as Block

    with prefect_client(Project(Path(), {"PREFECT_API_URL": api})):
        return Block.load(name, _sync=True).value.get_secret_value()


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("a token", "a token"),
        ("0012345", "0012345"),
        ("1e5", "1e5"),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": {"b": [1, "节气"]}}, '{"a": {"b": [1, "节气"]}}'),
        (17, "17"),
    ],
)
def test_a_text_is_read_as_it_is_and_everything_else_as_json(
    api: str, blocks: SecretBlocks, kept: object, told: str
) -> None:
    assert blocks.read(save(api, kept)) == told


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("old", "new", "new"),
        ('{"a": 1}', '{"a": 2}', '{"a": 2}'),
        ({"a": 1, "gone": {"x": 1}}, '{"a": {"y": 2}}', {"a": {"y": 2}}),
        ({"a": 1}, "no json", "no json"),
    ],
)
def test_a_new_value_replaces_the_old_one_and_json_stays_json(
    api: str, blocks: SecretBlocks, before: object, value: str, after: object
) -> None:
    name = save(api, before)
    assert blocks.write(name, value)
    assert load(api, name) == after


def test_a_block_that_is_not_there_is_no_secret_and_is_not_made(api: str, blocks: SecretBlocks) -> None:
    assert blocks.read("no-such-block") is None
    assert not blocks.write("no-such-block", "x")
    assert blocks.read("no-such-block") is None


def test_whoever_needs_it_hears_which_block_is_missing_and_what_to_do(api: str, tmp_path: Path) -> None:
    definition = loads(DEFINITION.format(url="http://127.0.0.1:9", block="no-such-block"), tmp_path / "pipelines.yaml")
    secret = Secret(block="no-such-block")
    with pytest.raises(UseError, match="the secret the block no-such-block is not set") as caught:
        secret.read()
    assert "a block of the type Secret that is called no-such-block" in caught.value.instruction
    settings = Settings(home=tmp_path / "home")
    with (
        Ledger(settings) as ledger,
        closing(context_for(ledger, definition, settings)) as context,
        pytest.raises(Reauthorise, match="the block no-such-block is not set") as missed,
    ):
        definition.targets["main"].identify(context)
    assert "Prefect's dashboard" in missed.value.instruction


def test_a_server_that_is_away_is_told_as_such_and_the_next_attempt_finds_it(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, blocks = save(api, "kept"), SecretBlocks(patience=0.0)
    assert blocks.read(name) == "kept"
    away = SecretBlocks(patience=0.0)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ServerUnavailable, match="does not answer") as caught:
        away.read(name)
    assert caught.value.instruction
    assert not away.write(name, "x")
    monkeypatch.setenv("PREFECT_API_URL", api)
    assert away.read(name) == "kept"


class _Closed(BaseHTTPRequestHandler):
    """A Prefect API that lives, and answers everything else with a status, repeating what it was sent."""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        server = cast("_Server", self.server)
        healthy = self.path.endswith("/health")
        status, told = (200, "true") if healthy else server.answers.get(self.command, (500, ""))
        body = (told or json.dumps({"detail": f"not taken: {sent} {CANARY}"})).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_POST = _answer  # noqa: N815 (the names of the standard library)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    answers: dict[str, tuple[int, str]]


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    made = _Server(("127.0.0.1", 0), _Closed)
    made.answers = {}
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{made.server_port}/api")
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("status", "body", "reason", "instruction"),
    [
        (401, "", "does not let us read the block", "PREFECT_API_AUTH_STRING"),
        (422, "", "answers 422", "log"),
        (200, json.dumps({"data": CANARY}), "does not give the block", "doctor"),
    ],
)
def test_a_server_that_refuses_is_told_without_a_word_of_its_answer(
    strange: _Server, caplog: pytest.LogCaptureFixture, status: int, body: str, reason: str, instruction: str
) -> None:
    strange.answers["GET"] = (status, body)
    blocks = SecretBlocks(patience=0.0)
    with caplog.at_level(logging.DEBUG), pytest.raises(ServerUnavailable, match=reason) as caught:
        blocks.read("some-block")
    assert instruction in caught.value.instruction
    assert caught.value.__suppress_context__
    with caplog.at_level(logging.DEBUG):
        assert not blocks.write("some-block", CANARY)
    assert "the block some-block cannot be written" in caplog.text
    assert CANARY not in caplog.text + str(caught.value)


def read_definition(platform: Platform, block: str, folder: Path) -> Definition:
    return loads(DEFINITION.format(url=platform.base, block=block), folder / "pipelines.yaml")


def login(**more: str) -> dict[str, str]:
    return {"client_id": "app", "client_secret": f"{CANARY}-app", "refresh_token": "sandbox-refresh-token", **more}


@pytest.mark.parametrize("as_text", [False, True], ids=["an object", "a text"])
def test_a_login_in_a_block_is_renewed_and_written_back(
    api: str, platform: Platform, tmp_path: Path, *, as_text: bool
) -> None:
    name = save(api, json.dumps(login(open_id="me")) if as_text else login(open_id="me"))
    definition, settings = read_definition(platform, name, tmp_path), Settings(home=tmp_path / "home")
    with Ledger(settings) as ledger, closing(context_for(ledger, definition, settings)) as context:
        assert definition.targets["main"].identify(context) is not None
    kept = load(api, name)
    written = json.loads(kept) if as_text else kept
    assert written["refresh_token"] not in {"sandbox-refresh-token", ""}
    assert written["access_token"]
    assert written["open_id"] == "me"
    with Ledger(settings) as ledger, closing(context_for(ledger, definition, settings)) as context:
        assert definition.targets["main"].identify(context) is not None, "another process goes on with it"
    assert load(api, name) == kept


def test_several_that_find_a_login_ended_renew_it_once(api: str, platform: Platform, tmp_path: Path) -> None:
    """Each as a process of its own has it: its ledger, its tokens. A refresh token that is used twice would be void."""
    name = save(api, login())
    definition, settings = read_definition(platform, name, tmp_path), Settings(home=tmp_path / "home")
    Ledger(settings).close()
    together = threading.Barrier(4)

    def ask(_: int) -> bool:
        with Ledger(settings) as ledger, closing(context_for(ledger, definition, settings)) as context:
            together.wait(30)
            return definition.targets["main"].identify(context) is not None

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))
    assert platform.spent == {"sandbox-refresh-token"}
    assert load(api, name)["refresh_token"] in platform.refresh_tokens


def test_no_log_shows_a_login_that_is_in_a_block(
    api: str, platform: Platform, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one that masks nothing, as those of this process do."""
    name = save(api, login(access_token=f"{CANARY}-access", expires_at="2020-01-01T00:00:00+00:00"))
    definition, settings = read_definition(platform, name, tmp_path), Settings(home=tmp_path / "home")
    with (
        caplog.at_level(logging.DEBUG),
        Ledger(settings) as ledger,
        closing(context_for(ledger, definition, settings)) as context,
    ):
        definition.targets["main"].identify(context)
    written = load(api, name)
    told = caplog.text + "".join(capsys.readouterr())
    for value in (CANARY, written["access_token"], written["refresh_token"]):
        assert value not in told


def test_a_definition_costs_no_prefect_until_a_block_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pipelines.yaml"
    path.write_text(DEFINITION.format(url="http://127.0.0.1:9", block="some-block"))
    program = f"import sys, flows.definition; flows.definition.load({str(path)!r}); assert 'prefect' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def hooked(text: str, receiver: Receiver, block: str) -> str:
    """A definition that posts to a webhook, whose secret is in a block."""
    hook = f'  hook: {{type: webhook, url: "{receiver.url}", secret: {{block: {block}}}, accept_previews: true}}\n'
    return text.replace("pipelines:\n", f"{hook}pipelines:\n", 1).replace("publish: [outbox]", "publish: [hook]")


def with_hook(project: Project, receiver: Receiver, block: str) -> Path:
    """A project with such a definition."""
    path = project.write(source="{type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}")
    path.write_text(hooked(path.read_text(encoding="utf-8"), receiver, block), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_run_at_a_terminal_signs_with_a_block(project: Project, api: str) -> None:
    with a_receiver() as receiver:
        name = save(api, SECRET)
        with_hook(project, receiver, name)
        done = project.call("run", "quick", "--date", "2026-11-22")
        assert done.returncode == 0, complain(done)
        assert len(receiver.taken) == 1
    told = done.stdout + done.stderr + "".join(
        path.read_text(errors="replace") for path in project.folder.rglob("*.log")
    )  # fmt: skip
    assert SECRET not in told
    assert SECRET.removeprefix("whsec_") not in told


@pytest.mark.slow
def test_a_run_of_a_worker_signs_with_a_block(project: Project, api: str) -> None:
    operated = Operated(project.folder, project.environment)
    with a_receiver() as receiver:
        path = operated.define("{type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}")
        path.write_text(hooked(path.read_text(encoding="utf-8"), receiver, save(api, SECRET)), encoding="utf-8")
        operated.deploy()
        with operated.worker(REELMILL_GENERATION="inline"):
            operated.start({"pipeline": operated.pipeline, "date": "2026-11-22"})
            eventually(lambda: receiver.taken, "the message")
    assert SECRET not in "".join(log.read_text(errors="replace") for log in project.folder.rglob("*.log"))


@pytest.mark.slow
def test_a_terminal_without_a_server_starts_its_own_and_finds_its_blocks_there(tmp_path: Path) -> None:
    project = Project(tmp_path)
    with a_receiver() as receiver:
        path = with_hook(project, receiver, "hook-secret")
        main = '  main: {type: tiktok, url: "http://127.0.0.1:9", login: {block: no-login}}\npipelines:\n'
        path.write_text(path.read_text(encoding="utf-8").replace("pipelines:\n", main, 1), encoding="utf-8")
        try:
            missing = project.call("targets", "main")
            assert missing.returncode == 1
            assert "the block no-login is not set" in complain(missing)
            started = json.loads((tmp_path / ".reelmill" / "prefect" / "reelmill-server.json").read_text())
            save(started["url"], SECRET, "hook-secret")
            done = project.call("run", "quick", "--date", "2026-11-22")
            assert done.returncode == 0, complain(done)
            assert len(receiver.taken) == 1
        finally:
            project.call("down")
