"""A project whose pipelines are deployed, with workers of its own pools on the session's Prefect server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from records.ledger import Ledger
from records.tables import Run
from reelmill.settings import Settings
from tests.line import Project

T = TypeVar("T")

#: A loaded machine of two cores is slow; a test that waits so long has failed. Seconds.
PATIENCE = 120.0


@dataclass
class Operated(Project):
    """Pools have names of their own, so that no worker takes another test's work."""

    mark: str = field(default_factory=lambda: uuid4().hex[:8])

    @property
    def pool(self) -> str:
        return f"default-{self.mark}"

    @property
    def gpu_pool(self) -> str:
        return f"gpu-{self.mark}"

    @property
    def pipeline(self) -> str:
        """Deployments of one server need names of their own, too."""
        return f"quick-{self.mark}"

    @property
    def settings(self) -> Settings:
        names = {f"REELMILL_{name.upper()}": name for name in Settings.model_fields}
        given = {names[key]: value for key, value in self.environment.items() if key in names}
        return Settings(**{"home": self.folder / ".reelmill", **given})

    def define(self, source: str = "", **keys: str) -> Path:
        """Write the definition with this project's names. Keys replace or add lines of the pipeline."""
        path = self.write(source) if source else self.write()
        text = path.read_text(encoding="utf-8").replace("  quick:", f"  {self.pipeline}:")
        workers = f"    workers: {{pool: {self.pool}, gpu_pool: {self.gpu_pool}}}\n"
        more = workers + "".join(f"    {key}: {value}\n" for key, value in keys.items())
        # The name is another one each time, and so would be the seed, the drawing, and what screening sees in it.
        text = text.replace("seconds: 1,", "seconds: 1, seed: 1,")
        path.write_text(text.replace("    source:", more + "    source:", 1), encoding="utf-8")
        return path

    def deploy(self) -> Any:
        return self.json("deploy")["changes"]

    @contextmanager
    def worker(self, pool: str = "", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process, stopped gently at the end."""
        name = pool or self.pool
        log = (self.folder / f"worker-{name}-{uuid4().hex[:4]}.log").open("wb")
        process = subprocess.Popen(
            self.command("worker", name, "--limit", "1" if name == self.gpu_pool else "3"),
            cwd=self.folder, env=self.variables(environment), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
            log.close()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Ledger(self.settings) as opened:
            yield opened

    def start(self, parameters: dict[str, Any] | None = None, **options: Any) -> UUID:
        """Start the deployed pipeline as the dashboard's button does. Returns the flow run's id."""
        with prefect_client(self) as client:
            deployment = client.read_deployment_by_name(f"run-pipeline/{self.pipeline}")
            made = client.create_flow_run_from_deployment(deployment.id, parameters=parameters, **options)
            found: UUID = made.id
            return found

    def state_of(self, flow_run_id: UUID) -> Any:
        with prefect_client(self) as client:
            return client.read_flow_run(flow_run_id).state

    def run_of(self, occasion: str) -> Run | None:
        with self.ledger() as ledger:
            found = [run for run in ledger.runs.recent(limit=50, pipeline=self.pipeline) if run.occasion == occasion]
        return found[0] if found else None


@contextmanager
def prefect_client(project: Project) -> Iterator[Any]:
    """The session's Prefect server, through its own client."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

    url = project.environment["PREFECT_API_URL"]
    on_it = temporary_settings({PREFECT_API_URL: url, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False})
    with on_it, get_client(sync_client=True) as client:
        yield client


def eventually(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """What `look` gives once it gives something true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.2)
    return found


def decoders() -> list[int]:
    """The ffmpeg processes that this one has started: it may have started servers as well."""
    found = []
    for child in children_of(os.getpid()):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if "ffmpeg" in Path(f"/proc/{child}/comm").read_text(errors="replace"):
                found.append(child)
    return found


def children_of(process: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            child = int(path.parent.name)
            found += [child, *children_of(child)]
    return found


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
