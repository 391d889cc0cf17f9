"""Several machines finish one batch together: a hub with everything up, and a second host with workers.

The hosts have networks, host names and process ids of their own, homes of their own, and share what real ones would
share: a Postgres ledger, a bucket, and the Prefect API of the hub, behind a password.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from records.ledger import Ledger
from records.states import RunState
from records.tables import Run
from reelmill.settings import Settings
from tests.conftest import start_postgres
from tests.line import Project
from tests.operated import children_of, eventually
from tests.simulators.hosts import Host, hosts, kill_all, worker_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Drawings that screening lets pass.
SCENES = (
    "a dark pine ridge", "plum blossoms", "a lake at dusk", "a snowy bridge", "a mountain village", "a bamboo grove",
    "a lotus pond", "a river in spring mist", "a field of wheat", "a temple on a hill", "red maple leaves",
    "a moonlit lake", "a tea terrace", "a winding path", "willows by a canal", "a frozen lake",
)  # fmt: skip
ITEMS = json.dumps([{"name": f"小雪{n}", "prompt": scene} for n, scene in enumerate(SCENES)])
VIDEOS = len(SCENES)
BUCKET = "import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1]).create_bucket(Bucket='media')"


@dataclass
class Centre:
    """Two hosts, and what they share."""

    hub: Host
    east: Host
    project: Project
    shared: dict[str, str]  #: the environment of every host
    postgres: Any

    def environment(self, host: Host) -> dict[str, str]:
        home = self.project.folder / f"home-{host.name}"
        return self.project.variables({**self.shared, "REELMILL_HOME": str(home)})

    def call(self, host: Host, *arguments: str, timeout: float = 120) -> str:
        return host.call(
            self.project.command(*arguments),
            cwd=self.project.folder,
            environment=self.environment(host),
            timeout=timeout,
        )

    def start(self, host: Host, *arguments: str) -> Any:
        return host.start(self.project.command(*arguments), cwd=self.project.folder, environment=self.environment(host))

    def run(self) -> Run | None:
        with Ledger(self.settings, patience=30) as ledger:
            return next(iter(ledger.runs.recent(limit=1)), None)

    def ended(self) -> Run | None:
        run = self.run()
        return run if run is not None and run.state is not RunState.RUNNING else None

    def done(self) -> int:
        """How many videos are at their end."""
        with Ledger(self.settings, patience=30) as ledger:
            runs = ledger.runs.recent(limit=1)
            return sum(ledger.runs.tallies(runs)[runs[0].id].states.values()) - _open(ledger, runs) if runs else 0

    @property
    def settings(self) -> Settings:
        return Settings(home=self.project.folder / "home-test", database_url=self.shared["REELMILL_DATABASE_URL"])


def _open(ledger: Ledger, runs: list[Run]) -> int:
    return ledger.runs.tallies(runs)[runs[0].id].open


@pytest.fixture
def centre(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    postgres = start_postgres(tmp_path_factory.mktemp("postgres"))
    url = make_url(postgres.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    folder = tmp_path / "project"
    folder.mkdir()
    project = Project(folder)
    with hosts(tmp_path, ["hub", "east"]) as (hub, east):
        bucket = f"http://{hub.address}:19000"
        shared = {
            "REELMILL_DATABASE_URL": url,
            "REELMILL_STORE_URL": "s3://media/reelmill",
            "REELMILL_SIGNING_KEY": "the same on every host",
            "REELMILL_PREFECT_HOST": hub.address,
            "REELMILL_PREFECT_PORT": "14200",
            "REELMILL_WEB_PORT": "14300",
            "PREFECT_SERVER_API_AUTH_STRING": "mill:of the hub",
            "PREFECT_API_AUTH_STRING": "mill:of the hub",
            "AWS_ENDPOINT_URL": bucket,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        made = Centre(hub, east, project, shared, postgres)
        plain = made.environment(hub)
        hub.start(
            [sys.executable, "-m", "moto.server", "-H", hub.address, "-p", "19000"], cwd=folder, environment=plain
        )

        def has_bucket() -> bool:
            try:
                hub.call([sys.executable, "-c", BUCKET, bucket], cwd=folder, environment=plain)
            except AssertionError:
                return False
            return True

        eventually(has_bucket, "the bucket")
        project.write(f"{{type: list, items: {ITEMS}}}")
        yield made
    postgres.cleanup()


def test_two_hosts_finish_a_batch_while_their_parts_are_killed(centre: Centre) -> None:
    chance = random.Random(20261125)
    house = centre.start(centre.hub, "up")
    state = centre.project.folder / "home-hub" / "up.json"
    eventually(lambda: state.exists() and json.loads(state.read_text())["ready"], "everything up on the hub")
    api = f"http://{centre.hub.address}:14200/api"
    centre.shared["PREFECT_API_URL"] = api
    workers = [centre.start(centre.east, "worker", pool) for pool in ("default", "gpu")]
    eventually(lambda: all(worker_of(worker) for worker in workers), "the workers of the second host")
    start = [sys.executable, "-m", "prefect", "deployment", "run", "run-pipeline/quick"]
    centre.hub.call(start, cwd=centre.project.folder, environment=centre.environment(centre.hub))
    eventually(lambda: centre.done() >= 1, "the first video")

    # One after the other goes, each at a moment that the seed says, and is mended as an operator or a service would.
    def kill_a_worker() -> None:
        which = chance.randrange(2)
        kill_all(workers[which])
        workers[which] = centre.start(centre.east, "worker", ("default", "gpu")[which])

    def kill_a_run_process() -> None:
        victims = [child for worker in workers for child in worker_of(worker)[1:]]
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)

    def kill_the_server() -> None:
        os.killpg(_server_of(house.pid), signal.SIGKILL)  # the hub starts it again

    def kill_the_door() -> None:
        os.kill(next(pid for pid in worker_of(house) if _is(pid, "web")), signal.SIGKILL)

    def stop_postgres() -> None:
        os.kill(centre.postgres.get_pid(), signal.SIGQUIT)
        time.sleep(8)  # the outage itself
        centre.postgres.ensure_postgres_running()

    troubles = [kill_a_worker, kill_a_run_process, kill_the_server, kill_the_door, stop_postgres]
    chance.shuffle(troubles)
    for trouble in troubles:
        time.sleep(chance.uniform(0.5, 4))  # when it happens is the point
        trouble()
    run = eventually(centre.ended, "the end of the run", 400)
    with Ledger(centre.settings) as ledger:
        left = [(one.title, one.reason) for one in ledger.videos.of_run(run.id) if one.state.value != "done"]
    assert run.state is RunState.DONE, left
    with Ledger(centre.settings) as ledger:
        tally = ledger.runs.tallies([run])[run.id]
        assert tally.holds
        posts = [post.state.value for video in ledger.videos.of_run(run.id) for post in ledger.posts.of_video(video.id)]
    assert tally.states == {"done": VIDEOS}
    assert Counter(posts) == {"live": VIDEOS}
    titles = [json.loads(path.read_text())["video_title"] for path in centre.project.posts()]
    assert sorted(titles) == sorted(f"小雪{n}" for n in range(VIDEOS)), "each is in the outbox exactly once"


def _is(process: int, word: str) -> bool:
    try:
        return word in Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except OSError:
        return False


def _server_of(house: int) -> int:
    return next(pid for pid in children_of(house) if _is(pid, "server") and _is(pid, "start"))
