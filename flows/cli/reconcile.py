"""`reelmill reconcile`: set going again what dead processes and lost messages left behind."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Annotated

from cyclopts import Parameter

from flows import server, tracing
from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from records.ledger import Ledger
from reelmill.errors import ReelmillError
from reelmill.settings import Settings

log = logging.getLogger("reelmill.reconcile")


def reconcile(
    *,
    every: Annotated[float | None, Parameter(help="Do it again after so many seconds, until stopped.")] = None,
    as_json: AsJson = False,
) -> int:
    """Find runs whose process died, events without a run and days that were missed, and set them going again."""
    settings = Settings()
    server.connect(settings)
    if every is not None:
        from reelmill import logs

        logs.configure(settings.log_format, settings.log_level)
        tracing.configure("reelmill-reconcile")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        keep_reconciling(settings, every, stop)
        return OK
    done = once(settings)
    if as_json:
        print_json({"done": done})
    else:
        out = console()
        for line in done or ["nothing was left behind"]:
            out.print(line)
    return OK


def once(settings: Settings) -> list[str]:
    """Reconcile once. Returns what was done, in words."""
    from prefect.client.orchestration import get_client

    from flows.reconciling import reconcile as reconcile_all

    with Ledger(settings) as ledger, get_client(sync_client=True) as client:
        return reconcile_all(settings, ledger, client)


def keep_reconciling(settings: Settings, every: float, stop: threading.Event) -> None:
    """Reconcile again and again. A ledger or a server that is away is asked again next time."""
    import httpx
    from prefect.exceptions import PrefectException

    while not stop.is_set():
        try:
            once(settings)
        except (ReelmillError, httpx.HTTPError, PrefectException) as error:
            log.warning("could not look for what was left behind: %s", error)
        stop.wait(every)
