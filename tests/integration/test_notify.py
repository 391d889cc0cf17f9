"""Whoever is named hears of a run that failed, through a real automation and a real Apprise URL on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import pytest
from prefect.events import AutomationCore

from flows.automations import FAILURES, ensure_automations
from flows.deploying import ensure_services
from flows.notify import body_of, send
from flows.operation_options import NotifyOptions
from flows.server import LocalServer
from records.ledger import Ledger
from records.notices import end_key
from records.tables import Run
from tests.line import Project
from tests.operated import Operated, eventually, prefect_client


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
        asked = operated.start({"pipeline": operated.pipeline, "event_id": "", "event": {"colour": "red"}})
        eventually(lambda: [one for one in ear.heard if operated.pipeline in one["title"]], "the message")
        again = tell_again(operated, asked)  # as Prefect does when its own database was busy
        eventually(lambda: operated.state_of(again).is_final(), "the end of the second try")
        assert operated.state_of(again).name == "Skipped", operated.state_of(again)
    heard = [one for one in ear.heard if operated.pipeline in one["title"]]
    assert len(heard) == 1, heard
    (told,) = heard
    assert "failed" in told["title"]
    assert "the event has no 'prompt'" in told["message"]
    assert f"reelmill resume {operated.pipeline}@event:" in told["message"]


def tell_again(operated: Operated, flow_run_id: UUID) -> UUID:
    with prefect_client(operated) as client:
        service = client.read_deployment_by_name("notify/notify")
        words = {"flow_run_id": str(flow_run_id), "state": "Failed", "message": ""}
        again: UUID = client.create_flow_run_from_deployment(service.id, parameters=words).id
    return again


def test_an_end_is_told_by_whoever_claims_it_first(ledger: Ledger) -> None:
    end = end_key("a flow run", "its state")
    assert ledger.notices.claim(end, "terms", "terms failed")
    assert not ledger.notices.claim(end, "terms", "terms failed")
    assert ledger.notices.claim(end_key("a flow run", "another state"), "terms", "terms failed")
    ledger.notices.forget(end)
    assert ledger.notices.claim(end, "terms", "terms failed"), "nobody heard of it, so the next one may tell"
    assert ledger.notices.untold() == [], "the reconciler has nothing to do with it"


@pytest.mark.slow
def test_of_automations_with_one_name_one_is_left(prefect_server: LocalServer) -> None:
    with prefect_client(Project(Path(), {"PREFECT_API_URL": prefect_server.url})) as client:
        notify_id = ensure_services(client, ["default"], [])
        ensure_automations(client, notify_id)
        (made,) = client.read_automations_by_name(FAILURES)
        client.create_automation(AutomationCore.model_validate(made.model_dump(exclude={"id"})))
        assert len(client.read_automations_by_name(FAILURES)) == 2, "two that deployed at once"
        assert ensure_automations(client, notify_id) == []
        assert len(client.read_automations_by_name(FAILURES)) == 1


def test_a_run_that_waits_says_where_it_is_decided_about() -> None:
    run = Run(pipeline="terms", occasion="2026-11-22")
    told = body_of(run, "InReview", "2 in review", "https://door.example/reelmill/").splitlines()
    assert told[0] == "2 in review"
    assert told[2:] == ["Decide: https://door.example/reelmill/review?pipeline=terms", "Or: reelmill review list"]
    assert body_of(run, "InReview", "", "").splitlines()[1:] == ["Decide: reelmill review list"]
    assert body_of(run, "Failed", "", "").splitlines()[1:] == ["Go on: reelmill resume terms@2026-11-22"]
