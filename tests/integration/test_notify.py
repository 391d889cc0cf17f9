"""Whoever is named hears of a run that failed, through a real automation and a real Apprise URL on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.notify import body_of, send
from flows.operation_options import NotifyOptions
from records.tables import Run
from tests.line import Project
from tests.operated import Operated, eventually


class Ear:
    """Takes what Apprise's `json://` sends."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                ear.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.server.shutdown()
    made.server.server_close()


def options(*names: str) -> NotifyOptions:
    return NotifyOptions.model_validate_json(json.dumps({"to": [{"env": name} for name in names]}))


@pytest.mark.expects_errors  # Apprise logs one for the address that it does not know
def test_a_message_goes_to_everybody_and_a_missing_address_is_told_by_its_name(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRST", ear.url)
    assert send(options("FIRST"), "a title", "a body").is_completed()
    assert [(one["title"], one["message"]) for one in ear.heard] == [("a title", "a body")]
    monkeypatch.setenv("WRONG", "no-such-thing")
    failed = send(options("FIRST", "SECOND", "WRONG"), "t", "b")
    assert failed.is_failed()
    assert "$SECOND not set here" in (failed.message or "")
    assert "$WRONG no Apprise URL" in (failed.message or "")
    assert "no-such-thing" not in (failed.message or ""), "an address holds secrets and is never shown"


@pytest.mark.slow
def test_a_failed_run_is_told_of_with_the_next_command(project: Project, ear: Ear) -> None:
    operated = Operated(project.folder, project.environment)
    path = operated.define("{type: event, require: [prompt]}", on="{event: thing.asked}")
    text = path.read_text().replace("pipelines:", "notify: {to: [{env: EAR}]}\npipelines:")
    path.write_text(text.replace("{{ brief.name }}", "{{ brief.prompt }}"))
    operated.deploy()
    with operated.worker(REELMILL_GENERATION="inline"), operated.worker("default", EAR=ear.url):
        operated.start({"pipeline": operated.pipeline, "event_id": "", "event": {"colour": "red"}})
        eventually(lambda: [one for one in ear.heard if operated.pipeline in one["title"]], "the message")
    heard = [one for one in ear.heard if operated.pipeline in one["title"]]
    assert len(heard) == 1, heard
    (told,) = heard
    assert "failed" in told["title"]
    assert "the event has no 'prompt'" in told["message"]
    assert f"reelmill resume {operated.pipeline}@event:" in told["message"]


def test_a_run_that_waits_says_where_it_is_decided_about() -> None:
    run = Run(pipeline="terms", occasion="2026-11-22")
    told = body_of(run, "InReview", "2 in review", "https://door.example/reelmill/").splitlines()
    assert told[0] == "2 in review"
    assert told[2:] == ["Decide: https://door.example/reelmill/review?pipeline=terms", "Or: reelmill review list"]
    assert body_of(run, "InReview", "", "").splitlines()[1:] == ["Decide: reelmill review list"]
    assert body_of(run, "Failed", "", "").splitlines()[1:] == ["Go on: reelmill resume terms@2026-11-22"]
