"""`reelmill engine serve` as a process: whatever ends it, no order is lost and none is made twice."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelmill.content import Clip, Shot
from tests.gated import gated
from tests.served import PATIENCE, Served, command, served, variables
from wan_engine.storyboard.engine import StoryboardEngine
from wan_engine.video_api.address import Address
from wan_engine.video_api.engine import VideoApiEngine

#: Some seconds of drawing, so that there is a middle to be killed in.
LONG = {"prompt": "a quiet lake under the moon", "size": "480x832", "num_frames": "241", "seed": "7"}
SHORT = {"prompt": "a cup of tea", "size": "256x448", "num_frames": "9", "seed": "8"}


def order(server: Served, fields: dict[str, str], **headers: str) -> str:
    answer = httpx.post(f"{server.url}/v1/videos", data=fields, files={"none": b""}, headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def job(server: Served, identity: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/v1/videos/{identity}", trust_env=False)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def until(server: Served, identity: str, *statuses: str, percent: int = 0) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (found := job(server, identity))["status"] not in statuses or found["progress"] < percent:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def film(server: Served, identity: str) -> bytes:
    answer = httpx.get(f"{server.url}/v1/videos/{identity}/content", trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.content


def drawn(fields: dict[str, str], folder: Path) -> str:
    """The sha256 of what the engine draws itself."""
    width, height = (int(side) for side in fields["size"].split("x"))
    shot = Shot(
        "storyboard", "storyboard@2", fields["prompt"], "", width, height, int(fields["num_frames"]), 24, 1, 1.0,
        int(fields["seed"]),
    )  # fmt: skip
    (clip,) = StoryboardEngine().generate([shot], folder, images={})
    assert isinstance(clip, Clip)
    return clip.sha256


@pytest.mark.slow
def test_a_server_that_is_killed_in_mid_shot_goes_on_where_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with served(home) as first:
        done = order(first, SHORT)
        until(first, done, "completed")
        before = film(first, done)
        running, waiting = order(first, LONG, **{"Idempotency-Key": "long"}), order(first, SHORT)
        until(first, running, "in_progress", percent=10)
        first.kill()
    left = list((home / "engine" / "work").iterdir())

    with served(home) as second:
        assert order(second, LONG, **{"Idempotency-Key": "long"}) == running
        ends = [until(second, one, "completed") for one in (running, waiting)]
        listed = httpx.get(f"{second.url}/v1/videos", trust_env=False).json()["data"]

        assert [one["id"] for one in listed] == [waiting, running, done]
        assert ends[0]["completed_at"] <= ends[1]["completed_at"]
        assert film(second, done) == before
        assert hashlib.sha256(film(second, running)).hexdigest() == drawn(LONG, tmp_path)
        assert hashlib.sha256(film(second, waiting)).hexdigest() == drawn(SHORT, tmp_path)
        assert len(left) == 1, "it was not killed in the middle"
        assert list((home / "engine" / "work").iterdir()) == []


def children(process: int) -> list[int]:
    """The processes that a process has started: field 4 of proc(5) is the parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, "to all"])
def test_a_server_that_is_told_to_stop_puts_its_shot_down_and_ends_well(
    tmp_path: Path, sent: signal.Signals | str
) -> None:
    home = tmp_path / "home"
    with served(home) as first:
        running = order(first, LONG)
        until(first, running, "in_progress", percent=5)
        if isinstance(sent, str):  # as systemd does, and the encoder hears it first
            (encoder,) = children(first.process.pid)
            os.kill(encoder, signal.SIGTERM)
        first.process.send_signal(signal.SIGTERM if isinstance(sent, str) else sent)
        assert first.process.wait(PATIENCE) == 0
        assert "Traceback" not in first.log.read_text()
    assert list((home / "engine" / "work").iterdir()) == []
    kept = sqlite3.connect(home / "engine" / "jobs.db")
    assert kept.execute("select status, starts from jobs").fetchall() == [("queued", 0)]
    kept.close()

    with served(home) as second:
        until(second, running, "completed")
        assert hashlib.sha256(film(second, running)).hexdigest() == drawn(LONG, tmp_path)


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        second = subprocess.run(
            command("--port", "0"),
            env=variables(tmp_path),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert httpx.get(f"{first.url}/health", trust_env=False).status_code == 200

    assert second.returncode == 2
    assert f"another server works in {tmp_path / 'engine'}" in second.stderr
    assert "REELMILL_HOME" in second.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "0.0.0.0"), "REELMILL_ENGINE_TOKEN is not set"),  # noqa: S104 (it is refused)
        (("--queue", "0"), "--queue"),
        (("--port", "70000"), "70000"),
    ],
)
def test_what_cannot_be_served_is_said_so(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    done = subprocess.run(
        command(*options), env=variables(tmp_path), capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_our_client_bears_the_token_and_marks_a_preview(tmp_path: Path) -> None:
    token = "canary-0123456789"
    with served(tmp_path / "home", REELMILL_ENGINE_TOKEN=token) as server:
        closed, opened = VideoApiEngine(Address(server.url)), VideoApiEngine(Address(server.url, token))
        shot = Shot("video_api", "storyboard@2", "a cup of tea", "", 256, 448, 9, 24, 1, 1.0, 8)

        assert "401" in str(closed.unavailable())
        assert (opened.unavailable(), opened.model) == (None, "storyboard@2")
        (clip,) = opened.generate([shot], tmp_path, images={})
        log = server.log.read_text()

    assert isinstance(clip, Clip)
    assert clip.preview, "a drawing could be published as the product"
    assert token not in log
    assert "POST /v1/videos 200" in log


@pytest.mark.slow
def test_a_table_that_cannot_be_written_holds_the_server_up_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with gated(tmp_path) as server:
        job = server.ordered()
        server.wait_for_shots(1)
        other = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
        other.execute("begin immediate")  # as a full disk would
        server.stage.gate.set()
        refused = server.order()
        server.until(lambda: caplog.text, lambda text: text.count("the table of jobs cannot be used") >= 2)
        other.execute("rollback")
        other.close()

        assert refused.status_code == 503
        assert server.ended(job)["status"] == "completed"
        assert len(server.stage.began) == 1
