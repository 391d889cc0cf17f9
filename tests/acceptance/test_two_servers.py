"""Two Prefect API servers on one Postgres, with Redis between them: a run, its workers and an event use both."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flows import server
from records.states import RunState
from tests.operated import Operated, eventually, prefect_client
from tests.simulators.postgres import whole_postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ITEMS = json.dumps(
    [
        {"name": f"小雪{n}", "prompt": scene}
        for n, scene in enumerate(["plum blossoms", "a lake at dusk", "a tea terrace"])
    ]
)


class Servers:
    """Two API servers and one process of background services."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **server.QUIET, **environment, "PREFECT_HOME": str(folder)}
        self._log = folder / "servers.log"
        self.ports = [server.free_port(24200), server.free_port(24300)]
        self._prefect("server", "database", "upgrade", "-y").wait(120)
        self.running: list[subprocess.Popen[bytes]] = []
        for number, port in enumerate(self.ports):
            # One after the other: two that meet an empty database at once both fill it, and one of them gives up.
            self.running.append(self._api(port))
            eventually(lambda number=number: server.answers(self.url(number)), "the API server")
        self.services = self._prefect("server", "services", "start")

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number]}/api"

    def restart(self, number: int) -> None:
        """As if its machine had lost power."""
        os.killpg(self.running[number].pid, signal.SIGKILL)
        self.running[number].wait()
        self.running[number] = self._api(self.ports[number])

    def stop(self) -> None:
        for process in [*self.running, self.services]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in [*self.running, self.services]:
            process.wait(60)

    def _api(self, port: int) -> subprocess.Popen[bytes]:
        return self._prefect("server", "start", "--no-services", "--host", "127.0.0.1", "--port", str(port))

    def _prefect(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments], env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """A Redis server on loopback."""
    program = shutil.which("redis-server")
    assert program is not None, "install redis-server: `apt-get install redis-server`"
    port = server.free_port(26379)
    process = subprocess.Popen(
        [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@pytest.fixture
def servers(tmp_path: Path, redis: str) -> Iterator[Servers]:
    with whole_postgres() as sockets:
        subprocess.run(["createdb", "-h", sockets, "-U", "postgres", "prefect"], check=True)
        with _started(tmp_path, redis, sockets) as made:
            yield made


@contextmanager
def _started(tmp_path: Path, redis: str, sockets: str) -> Iterator[Servers]:
    folder = tmp_path / "prefect"
    folder.mkdir()
    made = Servers(
        folder,
        {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://postgres@/prefect?host={sockets}",
            "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_REDIS_MESSAGING_URL": f"{redis}/0",
            "PREFECT_SERVER_DOCKET_URL": f"{redis}/1",
            "PREFECT_REDIS_MESSAGING_PUBLISHER_PUBLISH_EVERY": "1",
        },
    )
    try:
        yield made
    finally:
        made.stop()


def test_a_run_and_an_event_go_through_both_servers_while_one_of_them_dies(tmp_path: Path, servers: Servers) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    operated = Operated(folder, {"PREFECT_API_URL": servers.url(0)})
    name = f"thing.asked-{operated.mark}"
    operated.define(f"{{type: list, items: {ITEMS}}}", on=f"{{event: {name}}}")
    operated.deploy()
    other = Operated(folder, {"PREFECT_API_URL": servers.url(1)}, mark=operated.mark)
    with operated.worker(), other.worker(other.gpu_pool):
        other.start({"pipeline": operated.pipeline, "date": "2026-11-21"})
        eventually(lambda: operated.run_of("2026-11-21"), "the run")
        servers.restart(0)
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run", 240)
        assert run.state is RunState.DONE, run.reason
        eventually(lambda: server.answers(servers.url(0)), "the first server again")
        identity = uuid4()
        with prefect_client(other) as client:
            event = {
                "id": str(identity),
                "event": name,
                "occurred": dt.datetime.now(dt.UTC).isoformat(),
                "resource": {"prefect.resource.id": "shop.thing"},
                "payload": {},
            }
            client.request("POST", "/events", json=[event])
        again = eventually(lambda: _ended(operated, f"event:{identity}"), "the run of the event", 240)
    assert again.state is RunState.DONE, again.reason
    assert len(operated.posts()) == 3, "the same clips are not posted twice to one place, not even by another run"


def _ended(project: Operated, occasion: str) -> Any:
    run = project.run_of(occasion)
    return run if run is not None and run.state is not RunState.RUNNING else None
