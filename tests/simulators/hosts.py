"""Machines of a small data centre, each with a network, a host name and processes of its own.

Where this process may make namespaces, a host is one of the network, one of host names and one of process ids, and
all hosts hang on one bridge that leads nowhere else. Where it may not, a host is a home folder on this machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.operated import children_of

#: How long a process may take to end, in seconds.
PATIENCE = 60.0


@dataclass
class Host:
    """One machine."""

    name: str
    address: str  #: of the hub's network; every host reaches it
    space: str  #: the network namespace, empty without
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, command: Sequence[str]) -> list[str]:
        """The same command, as it is typed on this host."""
        if not self.space:
            return list(command)
        inside = 'hostname "$0" && exec "$@"'
        own = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", inside, self.name]
        return ["ip", "netns", "exec", self.space, *own, *command]

    def start(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a process that goes on."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(command),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def call(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float = 120) -> str:
        """Run a process to its end and return what it said. It must succeed."""
        done = subprocess.run(
            self.command(command), cwd=cwd, env=dict(environment), capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def worker_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that do the work: all below the wrappers that put them on their host."""
    return [child for child in children_of(process.pid) if _name(child) not in {"ip", "unshare", "sh"}]


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Pull the plug: the process and everything that it started."""
    for one in [*children_of(process.pid), process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait(PATIENCE)


def stop_all(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, as its service manager would."""
    targets = worker_of(process)[:1] or [process.pid]
    for one in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        kill_all(process)


@contextmanager
def hosts(folder: Path, names: Sequence[str]) -> Iterator[list[Host]]:
    """Hosts on one network. The first is the hub, and its address is what the others reach it by."""
    mark = uuid4().hex[:5]
    with ExitStack() as made:
        spaces = [f"rm{mark}{number}" for number in range(len(names))]
        isolated = _make_network(made, mark, spaces)
        found = [
            Host(name, "10.77.0.1" if isolated else "127.0.0.1", space if isolated else "", folder / f"{name}.log")
            for name, space in zip(names, spaces, strict=True)
        ]
        try:
            yield found
        finally:
            for host in reversed(found):
                for process in reversed(host.running):
                    if process.poll() is None:
                        stop_all(process)


def _make_network(made: ExitStack, mark: str, spaces: Sequence[str]) -> bool:
    """Lay the cables. Says whether this process may."""
    for space in spaces:
        if not _ip("netns", "add", space):
            return False
        made.callback(_ip, "netns", "del", space)
    hub = spaces[0]
    steps = [("link", "add", "br0", "type", "bridge"), ("addr", "add", "10.77.0.1/24", "dev", "br0"),
             ("link", "set", "br0", "up"), ("link", "set", "lo", "up")]  # fmt: skip
    fine = all(_ip("-n", hub, *step) for step in steps)
    for number, space in enumerate(spaces[1:], start=2):
        near, far = f"v{mark}{number}a", f"v{mark}{number}b"
        cables = [
            ("link", "add", near, "netns", hub, "type", "veth", "peer", "name", far, "netns", space),
            ("-n", hub, "link", "set", near, "master", "br0"),
            ("-n", hub, "link", "set", near, "up"),
            ("-n", space, "addr", "add", f"10.77.0.{number}/24", "dev", far),
            ("-n", space, "link", "set", far, "up"),
            ("-n", space, "link", "set", "lo", "up"),
        ]
        fine = fine and all(_ip(*cable) for cable in cables)
    return fine


def _ip(*arguments: str) -> bool:
    try:
        return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
