"""A project in a folder of its own, and the commands as a person types them there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reelmill.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """A project with a home, a ledger, a Prefect server and ports that nobody else uses."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / ".reelmill", database_url=self.environment.get("REELMILL_DATABASE_URL", ""))

    def variables(self) -> dict[str, str]:
        """What a command sees: nothing that this machine says of another Reelmill or Prefect."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELMILL_", "PREFECT_"))}
        return {**kept, "NO_COLOR": "1", **self.environment}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli.app", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type `reelmill …` in the folder."""
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.variables(), capture_output=True, text=True, check=False
        )

    def call(self, *arguments: str) -> str:
        """What `reelmill …` prints. It must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def seconds(self, *arguments: str) -> float:
        """How long a command takes, from the shell's view."""
        began = time.monotonic()
        self.call(*arguments)
        return time.monotonic() - began


@contextmanager
def project(definition: str = "", **environment: str) -> Iterator[Place]:
    """A new project, removed at the end of the block with everything that runs in it.

    Parameters
    ----------
    definition:
        Its pipelines.yaml. Empty: the one that ships.
    """
    root = Path(tempfile.mkdtemp(prefix="reelmill-bench-"))
    prefect_port, web_port = free_ports(2)
    ours = {
        "PREFECT_HOME": str(root / "prefect"),
        "REELMILL_PREFECT_PORT": str(prefect_port),
        "REELMILL_WEB_PORT": str(web_port),
    }
    made = Place(root / "shop", {**ours, **environment})
    made.folder.mkdir()
    try:
        made.call("init")
        if definition:
            (made.folder / "pipelines.yaml").write_text(definition, encoding="utf-8")
        yield made
    finally:
        made.run("down")
        shutil.rmtree(root, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports of this machine on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
