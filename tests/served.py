"""`reelmill engine serve` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: A loaded machine of two cores is slow; a test that waits so long has failed. Seconds.
PATIENCE = 60.0


@dataclass
class Served:
    """A server that takes orders."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """As Ctrl-C and systemd do; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "flows.cli.app", "engine", "serve", "--engine", "storyboard", *options]


def variables(home: Path, **environment: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REELMILL_")}
    return {**kept, "REELMILL_HOME": str(home), **environment}


@contextmanager
def served(home: Path, *options: str, **environment: str) -> Iterator[Served]:
    """The storyboard on a free port, with its state in a home folder; stopped at the end."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "served.log"
    with log.open("a") as written:
        process = subprocess.Popen(
            command("--port", "0", *options), env=variables(home, **environment),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=written, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, log.read_text()
        yield Served(found[0], process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
        process.stdout.close()
