"""The Prefect API that a run talks to: the one that is configured, or a local one that is started once and kept.

A server of our own listens on loopback only, keeps its data in the home folder, calls nobody, and outlives the command
that started it, because an embedded one would cost seconds at each command and lose task rows when it ends.
`reelmill down` stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from reelmill.errors import ServerUnavailable, StorageError, UseError
from reelmill.processes import start_of
from reelmill.settings import Settings

#: How long a first start may take: it builds a database. Seconds.
START_SECONDS = 90.0
#: How many ports are tried after the configured one.
PORTS = 20
#: Addresses that only this machine reaches.
LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: What every process of ours tells Prefect. Nothing leaves the machine, and the terminal is ours.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}

#: What only the server that we start is told.
SERVER = {
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # A run that waits for its turn is looked at this often; the default is half a minute.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


#: Servers that this process started. They outlive it on purpose; Python would complain of a forgotten child.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server of ours, as its file in the home folder describes it."""

    url: str  #: of the API, ending in /api
    process: int
    started: str  #: start time of the process, so that a reused process id is not taken for it

    @property
    def page(self) -> str:
        """Where a person looks at it."""
        return self.url.removesuffix("/api")

    @property
    def port(self) -> int:
        return int(self.page.rpartition(":")[2])

    def alive(self) -> bool:
        return start_of(self.process) == self.started and answers(self.url)


def configured() -> str | None:
    """The Prefect API that the user has configured, by PREFECT_API_URL or by the active Prefect profile."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return None
    active = os.environ.get("PREFECT_PROFILE", profiles.get("active", ""))
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return url if isinstance(url, str) else None


def answers(url: str) -> bool:
    """Whether a Prefect API is alive at this URL."""
    try:
        return httpx.get(f"{url}/health", timeout=3, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def connect(settings: Settings) -> str:
    """Make this process talk to a Prefect API, starting a local one if none is configured. Returns the API's URL.

    Call it before prefect is imported: Prefect reads its settings then.

    Raises
    ------
    ServerUnavailable
        If the configured server does not answer, or the local one does not start.
    """
    url = configured()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if password := os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        os.environ.setdefault("PREFECT_API_AUTH_STRING", password)
    if url is not None:
        if not answers(url):
            raise ServerUnavailable(
                f"the Prefect API {url} does not answer", "start it, or unset PREFECT_API_URL to use a local one"
            )
        return url
    server = ensure(settings)
    os.environ["PREFECT_API_URL"] = server.url
    os.environ["PREFECT_HOME"] = str(_home(settings))
    return server.url


def ensure(settings: Settings, *, port: int = 0) -> LocalServer:
    """The local server, started if it does not run. Two commands at once start one server.

    Parameters
    ----------
    port:
        Where it must listen, if it is started: where it did before, for those who know it there. 0: a free one.

    Raises
    ------
    ServerUnavailable
        If it does not answer in time; the reason holds the end of its log.
    UseError
        If it would listen beyond this machine without a password.
    """
    home = _home(settings)
    with _locked(home):
        server = running(settings)
        return server if server is not None else _start(settings, home, port or free_port(settings.prefect_port))


def running(settings: Settings) -> LocalServer | None:
    """The local server, if it is alive."""
    try:
        server = LocalServer(**json.loads((_home(settings) / "reelmill-server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.alive() else None


def stop(settings: Settings) -> LocalServer | None:
    """Stop the local server. Returns what was stopped, or None if there was none."""
    server = running(settings)
    if server is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process, signal.SIGTERM)
    deadline = time.monotonic() + 15
    while start_of(server.process) == server.started and time.monotonic() < deadline:
        time.sleep(0.1)
    if start_of(server.process) == server.started:
        os.killpg(server.process, signal.SIGKILL)
    for process in _started:
        process.poll()  # or Python complains of it when this process ends
    (_home(settings) / "reelmill-server.json").unlink(missing_ok=True)
    return server


def _home(settings: Settings) -> Path:
    return settings.folder / "prefect"


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "reelmill-server.lock").open("w")
    except OSError as error:
        raise StorageError(
            f"{home} cannot be written: {error.strerror}", "set REELMILL_HOME to a folder that you may write"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(settings: Settings, home: Path, port: int) -> LocalServer:
    _refuse_open_doors(settings.prefect_host)
    anywhere = settings.prefect_host in (*LOOPBACK, "0.0.0.0", "::")  # noqa: S104 (it is asked for, with a password)
    url = f"http://{'127.0.0.1' if anywhere else settings.prefect_host}:{port}/api"
    origin = {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": url.removesuffix("/api")}
    log = home / "server.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", settings.prefect_host, "--port", str(port)],
            env={
                **os.environ,
                **QUIET,
                **SERVER,
                **origin,
                **_pages(home),
                "PREFECT_HOME": str(home),
                "PREFECT_API_URL": url,
            },
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            cwd=home,
        )
    _started.append(process)
    server = LocalServer(url=url, process=process.pid, started=start_of(process.pid))
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            tail = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise ServerUnavailable(f"the local Prefect server did not start: {tail[0]}", f"read {log}")
        time.sleep(0.1)
    (home / "reelmill-server.json").write_text(json.dumps(asdict(server)) + "\n")
    return server


def _pages(home: Path) -> dict[str, str]:
    """Prefect unpacks its pages into its own package, which may be read-only: here they go into the home folder."""
    name = "PREFECT_SERVER_UI_STATIC_DIRECTORY"
    return {name: os.environ.get(name, str(home / "ui"))}


def _refuse_open_doors(host: str) -> None:
    """Prefect's API can do anything, so nobody but this machine reaches it without a password."""
    if host in LOOPBACK or os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        return
    raise UseError(
        f"the Prefect server would listen on {host} without a password",
        "set PREFECT_SERVER_API_AUTH_STRING=user:password, or leave REELMILL_PREFECT_HOST at 127.0.0.1",
    )


def free_port(first: int) -> int:
    """The first free port of this machine from `first` on.

    Raises
    ------
    ServerUnavailable
        If the next ports are all taken.
    """
    for port in range(first, min(first + PORTS, 65536)):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerUnavailable(
        f"no port from {first} on is free", "set REELMILL_PREFECT_PORT and REELMILL_WEB_PORT to free ones"
    )
