"""The guide to two machines is true: its blocks run as they are written, one shell for each machine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.server import free_port
from records.ledger import Ledger
from records.states import RunState
from records.tables import Chunk
from reelmill.settings import Settings
from tests.line import Project
from tests.operated import children_of, eventually
from tests.simulators.bucket import Bucket, a_bucket, an_object_store
from tests.simulators.postgres import whole_postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

GUIDE = (Path(__file__).parents[2] / "docs" / "machines.md").read_text(encoding="utf-8")


def blocks(heading: str, language: str = "sh") -> list[str]:
    """The code blocks of this language below a heading, up to the next one."""
    section = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", GUIDE, re.DOTALL | re.MULTILINE)
    assert section is not None, f"the guide has no heading {heading!r}"
    found = re.findall(rf"```{language}\n(.*?)```", section[1], re.DOTALL)
    assert found, f"nothing is written in {language} below {heading!r}"
    return found


class Machine:
    """A shell on a machine with a home of its own, in which a person types what the guide says."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        home = folder.with_name(f"home of {folder.name}")
        home.mkdir()
        self._said = folder.with_suffix(".log").open("w+b")
        self._typed = 0
        self.shell = subprocess.Popen(
            ["bash", "-eu"], cwd=folder, env={**environment, "HOME": str(home)},
            stdin=subprocess.PIPE, stdout=self._said, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def type(self, *lines: str) -> None:
        """Type blocks and wait until they have come to their end. Any command that fails ends the shell."""
        assert self.shell.stdin is not None
        self._typed += 1
        self.shell.stdin.write("".join([*lines, f"echo end of block {self._typed}\n"]).encode())
        self.shell.stdin.flush()
        ended = f"end of block {self._typed}\n"
        eventually(lambda: ended in self.said or self.shell.poll() is not None, f"the end of {lines}", 240)
        assert ended in self.said, self.said

    @property
    def said(self) -> str:
        return Path(self._said.name).read_text(encoding="utf-8")

    def leave(self) -> int:
        assert self.shell.stdin is not None
        self.shell.stdin.close()
        return self.shell.wait(30)

    def unplug(self) -> None:
        """End whatever is left of it."""
        for process in [*self.processes(), self.shell.pid]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.shell.wait()
        if self.shell.stdin is not None:
            self.shell.stdin.close()
        self._said.close()

    def processes(self) -> list[int]:
        """What the shell has started and still runs."""
        return children_of(self.shell.pid)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with an_object_store() as store, a_bucket(store) as made:
        yield made


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[str]:
    """The databases, as the guide makes them."""
    psql = shutil.which("psql")
    assert psql is not None, "install Postgres: `apt-get install postgresql`"
    (making,) = blocks("Two machines", "sql")
    with whole_postgres() as folder:
        subprocess.run(
            [psql, "-h", folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1"], input=making, text=True, check=True,
            capture_output=True,
        )  # fmt: skip
        yield folder


@pytest.fixture
def environment(tmp_path: Path, sockets: str, bucket: Bucket) -> dict[str, str]:
    """What is installed, and what a person has put in the place of `change-me` and of the usual ports."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("reelmill", "flows.cli.app"), ("prefect", "prefect")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (programs / name).chmod(0o755)
    (tmp_path / "shop").mkdir()
    ours = {
        **bucket.environment,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PREFECT_PORT": str(free_port(34200)),
        "REELMILL_WEB_PORT": str(free_port(34300)),
        "REELMILL_DATABASE_URL": f"postgresql://reelmill@/reelmill?host={sockets}",
        "REELMILL_STORE_URL": bucket.url,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://reelmill@/prefect?host={sockets}",
    }
    shop = Project(tmp_path / "shop", ours)
    assert shop.call("init").returncode == 0
    return shop.variables(ours)


def test_two_machines_are_set_up_and_stopped_as_it_is_written(
    tmp_path: Path, environment: dict[str, str], bucket: Bucket
) -> None:
    (tmp_path / "b").mkdir()
    a, b = Machine(tmp_path / "shop", environment), Machine(tmp_path / "b", environment)
    try:
        a.type(*blocks("Settings that both machines have"), *blocks("Machine A"))
        b.type(*blocks("Settings that both machines have"), *blocks("Machine B"))
        a.type(*blocks("Try it"))
        on_b, on_a = blocks("Stop")
        assert "solar-terms-daily" in a.said
        b.type(on_b)
        a.type(on_a)
        assert (a.processes(), b.processes()) == ([], [])
        assert (a.leave(), b.leave()) == (0, 0)
    finally:
        a.unplug()
        b.unplug()
    with Ledger(Settings(home=tmp_path, database_url=environment["REELMILL_DATABASE_URL"])) as ledger:
        (run,) = ledger.runs.recent(limit=2)
        assert run.state in {RunState.DONE, RunState.IN_REVIEW}  # what is drawn depends on today's date
        (one,) = ledger.accounts.of_run(run.id)
        with ledger.database.read() as session:
            (chunk,) = session.scalars(select(Chunk).where(Chunk.run_id == run.id))
        assert chunk.flow_run_id is not None, "the clip was made on B"
    assert any(key.endswith(f"{one.video.master_sha256}.mp4") for key in bucket.objects()), "and is where A found it"
