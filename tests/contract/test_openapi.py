"""The OpenAPI document is the door's contract: whatever a caller sends, the answer is one that the document names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from records.ledger import Ledger
from records.states import VideoState
from records.tokens import Scope
from reelmill.settings import Settings
from tests.held import hold
from tests.integration.test_web import Made, Running, deploy, make, opened

#: A hook that takes any object, so that everything that the document allows must be accepted.
HOOK = {"anything": "on: {event: something.happened}"}
#: Cases of each operation that are made up, beside those at the edges of its parameters. The seed makes them the same.
EXAMPLES, SEED = 10, 1
#: What answers people, or a player: with a page or a line of text, also when it refuses.
PAGES = frozenset(
    {"/login", "/files/{content}", "/", "/watch/{video_id}"}
    | {"/review", "/review/{video_id}", "/review/{video_id}/master", "/review/decide"}
)


@pytest.fixture
def door(settings: Settings, tmp_path: Path) -> Iterator[Running]:
    with Ledger(settings) as ledger:
        deploy(ledger, tmp_path, HOOK)
        with opened(ledger, settings) as running:
            yield running


@pytest.fixture
def made(door: Running, tmp_path: Path) -> Made:
    """A run that has ended, with a video that can be seen."""
    made = make(door.ledger, tmp_path)
    door.ledger.videos.move(made.video.id, VideoState.DONE)
    door.ledger.runs.close(made.run.id, interrupted="told to stop")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("caller", ["nobody", Scope.HOOK, Scope.READ, Scope.REVIEW])
def test_whatever_is_sent_is_answered_as_the_document_says(door: Running, caller: str, tmp_path: Path) -> None:
    schemathesis(door, caller, tmp_path)


@pytest.mark.slow
def test_so_it_is_for_things_that_exist(door: Running, made: Made, tmp_path: Path) -> None:
    """Ids at random never get past the first 404: here runs, videos, files and hooks are real."""
    (waiting,) = hold(door.ledger, tmp_path, "小雪")
    file = urlsplit(door.signer.file_url(made.rendition.sha256, ".mp4", "fox"))
    query = {f"query.{name}": values[0] for name, values in parse_qs(file.query).items()}
    known = {
        "/hooks/{pipeline}": {"path.pipeline": "anything"},
        "/runs/{run_id}": {"path.run_id": str(made.run.id)},
        "/runs/{run_id}/events": {"path.run_id": str(made.run.id)},
        "/videos/{video_id}": {"path.video_id": str(made.video.id)},
        "/watch/{video_id}": {"path.video_id": str(made.video.id)},
        "/review/{video_id}": {"path.video_id": str(waiting.id)},
        "/review/{video_id}/master": {"path.video_id": str(waiting.id)},
        "/files/{content}": {"path.content": file.path.rpartition("/")[2], **query},
    }
    lines = [
        f"[[operations]]\ninclude-path = {json.dumps(path)}\n[operations.parameters]\n"
        + "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in values.items())
        for path, values in known.items()
    ]
    # The last one is a link. On its way through mailboxes it gets parameters added (`utm_source`), and opens what it
    # opens: whoever follows it from the report of a video sends nothing wrong with them.
    lines.append('[operations.phases.stateful.generation]\nmode = "positive"\n')
    (tmp_path / "schemathesis.toml").write_text("\n".join(lines))
    schemathesis(door, Scope.ADMIN, tmp_path)
    assert door.events(), "no event was accepted"


def schemathesis(door: Running, caller: str, folder: Path) -> None:
    """Have the door tried by somebody who has only read its document."""
    options = ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--checks", "all", "--no-color"]
    if caller not in {"nobody", Scope.ADMIN}:
        # The edges of parameters are the same whatever a token opens: two callers try them, half a minute each.
        options += ["--phases", "fuzzing,stateful"]
    if caller != "nobody":
        token = door.ledger.tokens.make(f"for {caller}", [Scope(caller)])
        options += ["--header", f"Authorization: Bearer {token}"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{door.url}/openapi.json", *options],
        cwd=folder, env={**os.environ, "HTTP_PROXY": "", "http_proxy": ""}, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_says_what_it_does_and_what_it_answers(door: Running) -> None:
    document = door.client.get("/openapi.json").json()
    assert len(document["paths"]) >= 10
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}, where
            names.add(operation["operationId"])
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if int(status) >= 400 and path not in PAGES:
                    schema = content["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, where
                assert content or int(status) in {303}, f"{where} {status}"
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
    assert "HTTPValidationError" not in json.dumps(document)
