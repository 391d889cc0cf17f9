"""`reelmill up`: everything that one machine needs, kept running."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows import house, server
from flows.cli.app import FAILED, OK
from flows.cli.options import DEFINITION, File
from flows.cli.output import console
from flows.cli.reconcile import keep_reconciling
from flows.definition import Definition, load
from flows.supervisor import Part, Running, Supervisor
from records.ledger import Ledger
from reelmill.errors import ReelmillError
from reelmill.settings import Settings

log = logging.getLogger("reelmill.up")

#: How long runs may take to put their work down, in seconds.
DRAIN = 300.0
#: Seconds between two looks for what was left behind.
RECONCILE_EVERY = 30.0
#: Seconds between two looks at whether the server answers.
MIND_EVERY = 2.0
#: How long everything may take to come up in the background, in seconds.
LONGEST_START = 180.0


def up(
    *,
    detach: Annotated[bool, Parameter(negative="", help="Go on in the background.")] = False,
    watch: Annotated[bool, Parameter(negative="", help="Deploy again whenever the definition changes.")] = False,
    workers: Annotated[int, Parameter(help="Runs of pipelines at once.")] = 2,
    file: File = DEFINITION,
) -> int:
    """Start the Prefect server, the workers and the web door, deploy every pipeline, and keep all of it running.

    Ctrl-C stops it: runs put their work down after the clip in hand, and the next `reelmill up` goes on with them.
    """
    settings = Settings()
    definition = load(file)
    if detach:
        return _detach(settings, file, watch=watch, workers=workers)
    with house.sole_supervisor(settings):
        return _up(settings, definition, watch=watch, workers=workers)


def _up(settings: Settings, definition: Definition, *, watch: bool, workers: int) -> int:
    from flows.cli.deploy import deploy_file
    from flows.cli.worker import at_home

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    out = console()
    out.print("ledger: " + _migrate(settings))
    at_home(settings)
    url = server.connect(settings)
    out.print(f"Prefect: {url.removesuffix('/api')}")
    deploy_file(settings, definition, dry_run=False)
    door = settings.web_url or f"http://127.0.0.1:{server.free_port(settings.web_port)}"
    where = {"web": door, "server": url.removesuffix("/api")}
    os.environ["REELMILL_WEB_URL"] = door  # what workers write into the dashboard's links
    parts = _parts(settings, door, workers)

    def told(running: Sequence[Running]) -> None:
        started = all(one.process is not None for one in running)
        house.write(settings, definition.path, running, where, ready=started and not stop.is_set())

    supervisor = Supervisor(parts, told)
    helpers = [
        threading.Thread(target=keep_reconciling, args=(settings, RECONCILE_EVERY, stop), name="reconcile"),
        threading.Thread(target=_send, args=(settings, stop), name="posts"),
        threading.Thread(target=_mind_server, args=(settings, stop), name="server"),
    ]
    if watch:
        from flows.cli.watch import keep_watching

        helpers.append(threading.Thread(target=keep_watching, args=(settings, definition.path, stop), name="watch"))
    for helper in helpers:
        helper.start()
    for part in parts:
        out.print(f"{part.name}: " + (where.get(part.name) or f"log in {part.log}"))
    out.print(f"review desk: {door}/review")
    out.print(Text("up; Ctrl-C stops it", style="bold"))
    try:
        supervisor.run(stop)
    finally:
        stop.set()
        for helper in helpers:
            helper.join()
        server.stop(settings)
    out.print("stopped: everything finished is kept, and the next `reelmill up` goes on with the rest")
    return OK


def _parts(settings: Settings, door: str, workers: int) -> list[Part]:
    def part(name: str, *arguments: str, stop_seconds: float) -> Part:
        command = [sys.executable, "-m", "flows.cli.app", *arguments]
        return Part(name, command, settings.folder / "logs" / f"{name.replace(' ', '-')}.log", stop_seconds)

    drain = ("--drain-seconds", str(DRAIN))
    port = door.rpartition(":")[2] if not settings.web_url else str(settings.web_port)
    parts = [
        part("web", "web", "--host", settings.web_host, "--port", port, stop_seconds=10),
        part("worker default", "worker", "default", "--limit", str(workers), *drain, stop_seconds=DRAIN + 15),
    ]
    if settings.generation != "inline":
        parts.append(part("worker gpu", "worker", "gpu", "--limit", "1", *drain, stop_seconds=DRAIN + 15))
    return parts


def _send(settings: Settings, stop: threading.Event) -> None:
    """Send posts whose time has come. What publishes is brought in once there are any."""
    while not stop.wait(RECONCILE_EVERY):
        try:
            with Ledger(settings) as ledger:
                any_to_mind = ledger.posts.any_to_mind()
        except ReelmillError as error:
            log.warning("could not look for posts that are due: %s", error)
            continue
        if any_to_mind:
            from flows.sending import keep_sending

            keep_sending(settings, RECONCILE_EVERY, stop)


def _mind_server(settings: Settings, stop: threading.Event) -> None:
    """Start the Prefect server of ours again if it ends, where it was, so that all who know it find it."""
    ours = server.running(settings)
    while ours is not None and not stop.wait(MIND_EVERY):
        try:
            if not ours.alive():
                log.warning("the Prefect server does not answer; it is started again")
                ours = server.ensure(settings, port=ours.port)
        except ReelmillError as error:
            log.warning("%s", error)


def _migrate(settings: Settings) -> str:
    """Bring the ledger's schema up to date."""
    from records.database import HEAD, Database
    from records.schema import upgrade

    database = Database(settings.ledger_url)
    try:
        found = database.revision()
        if found != HEAD:
            upgrade(database)
        return f"{database.name}, schema {HEAD}" + (f" (was {found})" if found not in {HEAD, None} else "")
    finally:
        database.close()


def _detach(settings: Settings, file: Path, *, watch: bool, workers: int) -> int:
    """Start the same command in the background, and wait until it is up."""
    log = settings.folder / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "flows.cli.app", "up", "--file", str(file), "--workers", str(workers)]
    with log.open("ab") as stream:
        child = subprocess.Popen(
            [*command, *(["--watch"] if watch else [])],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    deadline = time.monotonic() + LONGEST_START
    while not ((found := house.read(settings)) and found.process == child.pid and found.ready):
        if child.poll() is not None or time.monotonic() > deadline:
            told = log.read_bytes()[begin:].decode(errors="replace").strip()
            console().print(told or f"it did not come up; read {log}")
            return child.poll() or FAILED
        time.sleep(0.1)
    from flows.cli.status import show

    return show(found)
