"""The database and the Prefect server go away in the middle of the work: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from flows.server import free_port
from records.ledger import Ledger
from records.states import RunState
from reelmill.settings import Settings
from tests.conftest import start_postgres
from tests.line import Project
from tests.operated import eventually, kill

pytestmark = pytest.mark.slow

SCENES = json.dumps([{"name": f"小雪{n}", "prompt": f"a pine ridge number {n}"} for n in range(6)])


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Postgres server of this test's own, which it may kill."""
    server = start_postgres(tmp_path_factory.mktemp("own-postgres"))
    yield server
    server.cleanup()


def test_a_run_waits_for_a_database_that_is_away(project: Project, own_postgres: Any) -> None:
    url = make_url(own_postgres.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    settings = Settings(home=project.folder / ".reelmill", database_url=url)
    with Ledger(settings):
        pass  # builds the schema
    project.write(f"{{type: list, items: {SCENES}}}")
    watcher = create_engine(url)
    run = subprocess.Popen(
        project.command("run", "quick", "--date", "2026-11-22"),
        cwd=project.folder,
        env=project.variables({"REELMILL_DATABASE_URL": url}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def clips() -> int:
        with watcher.connect() as connection:
            found: int = connection.execute(text("select count(*) from clips")).scalar_one()
        return found

    eventually(clips, "the first clip")
    watcher.dispose()
    os.kill(own_postgres.get_pid(), signal.SIGQUIT)  # immediate: as if the power went
    time.sleep(8)  # the outage itself
    assert run.poll() is None, "the run must wait"
    own_postgres.ensure_postgres_running()
    told = run.communicate(timeout=180)[0]
    assert run.returncode == 0, told
    with Ledger(settings) as ledger:
        (ended,) = ledger.runs.recent(limit=5)
        assert ended.state is RunState.DONE
        assert ledger.runs.tallies([ended])[ended.id].holds
    assert len(project.posts()) == 6
    watcher.dispose()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Project]:
    """A project with everything up, on ports of its own."""
    folder = tmp_path / "house"
    folder.mkdir()
    project = Project(
        folder, {"REELMILL_PREFECT_PORT": str(free_port(44200)), "REELMILL_WEB_PORT": str(free_port(44300))}
    )
    project.write(f"{{type: list, items: {SCENES}}}")
    done = project.call("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    yield project
    assert project.call("down", timeout=120).returncode == 0
    assert project.call("status").returncode == 1


def test_whatever_of_a_house_is_killed_comes_back_and_the_run_ends_well(house: Project) -> None:
    started = json.loads((house.folder / ".reelmill" / "prefect" / "reelmill-server.json").read_text())
    client = {"PREFECT_API_URL": started["url"]}
    deployed = subprocess.run(
        [*house.command("deploy")], cwd=house.folder, env=house.variables(client), capture_output=True, check=True
    )
    assert b"nothing has changed" in deployed.stdout
    _start_run(started["url"])
    settings = Settings(home=house.folder / ".reelmill")

    def clips() -> bool:
        with Ledger(settings) as ledger:
            return any(one.clips for run in ledger.runs.recent(limit=1) for one in ledger.accounts.of_run(run.id))

    eventually(clips, "the first clip")
    os.killpg(started["process"], signal.SIGKILL)  # the Prefect server
    for part in json.loads((house.folder / ".reelmill" / "up.json").read_text())["parts"]:
        kill(part["process"])  # the door and the workers; the processes of the runs are orphans now

    def ended() -> Any:
        with Ledger(settings) as ledger:
            run = ledger.runs.recent(limit=1)[0]
            return run if run.state is not RunState.RUNNING else None

    run = eventually(ended, "the end of the run", 240)
    assert run.state is RunState.DONE, run.reason
    assert len(house.posts()) == 6

    def all_run() -> bool:
        parts = json.loads(house.call("status", "--json").stdout)["parts"]
        return bool(parts) and all(part["alive"] for part in parts)

    eventually(all_run, "every part running again")


def _start_run(url: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

    on_it = temporary_settings({PREFECT_API_URL: url, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False})
    with on_it, get_client(sync_client=True) as client:
        client.create_flow_run_from_deployment(client.read_deployment_by_name("run-pipeline/quick").id)
