"""`reelmill web` and `reelmill review serve`: serve the web door on this machine."""

from __future__ import annotations

import logging
import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows import server
from flows.cli.app import OK
from flows.server import LOOPBACK
from reelmill.errors import ServerUnavailable, UseError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from records.tables import Token

#: How long Prefect may take to send what is on its way when the door closes, in seconds.
GOODBYE = 3.0

log = logging.getLogger("reelmill.web")


Host = Annotated[str, Parameter(help="Where it listens. Default: REELMILL_WEB_HOST, or this machine only.")]
Port = Annotated[int | None, Parameter(help="Its port. Default: REELMILL_WEB_PORT, or the next free one.")]
Public = Annotated[bool, Parameter(negative="", help="Listen beyond this machine although there is no token yet.")]


def web(*, host: Host = "", port: Port = None, public: Public = False) -> int:
    """Serve webhooks, the API, the player pages and the review desk until SIGTERM or Ctrl-C."""
    return serve(_settled(host, port), public=public)


def review_desk(*, host: Host = "", port: Port = None, public: Public = False) -> int:
    """Serve the review desk with the rest of the web door, and say where it is, until SIGTERM or Ctrl-C."""
    from flows.cli.output import console
    from flows.signing import base_url

    settings = _settled(host, port)
    _refuse_open_doors(settings, public=public)
    out = console()
    out.print(f"the review desk: {base_url(settings)}/review", style="bold")
    if not _any_reviewer(settings):
        out.print("log in with a token: make one with `reelmill token make NAME --scope review`")
    return serve(settings, public=public)


def serve(settings: Settings, *, public: bool) -> int:
    """Serve the door of these settings until it is told to close."""
    from reelmill import logs

    logs.configure(settings.log_format, settings.log_level)
    _refuse_open_doors(settings, public=public)
    try:
        server.connect(settings)
    except ServerUnavailable as error:
        # Events are written down in any case, and the reconciler starts their runs once Prefect is back.
        log.warning("the door opens without Prefect: %s", error)
    import_module("prefect.events")  # takes a second, for which the first sender shall not wait
    # The door is the floor above: this command calls it by its name, and imports nothing of it.
    import_module("web.serving").serve(settings)
    _leave_soon()
    return OK


def _settled(host: str, port: int | None) -> Settings:
    """The settings with what the command line says, for this process: links name the port that it really has."""
    if host:
        os.environ["REELMILL_WEB_HOST"] = host
    settings = Settings()
    if port is None and not settings.web_url:
        port = server.free_port(settings.web_port)
    if port is not None:
        os.environ["REELMILL_WEB_PORT"] = str(port)
    return Settings()


def _leave_soon() -> None:
    """End even if Prefect is still waiting for a server that is away: the outbox has what it has not been told."""
    timer = threading.Timer(GOODBYE, os._exit, (OK,))
    timer.daemon = True
    timer.start()


def _refuse_open_doors(settings: Settings, *, public: bool) -> None:
    """Beyond this machine the door opens only when somebody holds a key to it, or when a person says so.

    Raises
    ------
    UseError
    """
    if settings.web_host in LOOPBACK:
        return
    if not _usable(settings) and not public:
        raise UseError(
            f"the door would listen on {settings.web_host}, and there is no token",
            "make one with `reelmill token make NAME --scope read`, or say --public if signed webhooks are enough",
        )
    if not settings.web_url.startswith("https://"):
        log.warning(
            "tokens would cross the network in the clear: put a proxy with TLS before the door, and set "
            "REELMILL_WEB_URL to its https address"
        )


def _any_reviewer(settings: Settings) -> bool:
    """Whether anybody holds a token that decides."""
    from records.tokens import Scope, allows

    return any(allows(one, Scope.REVIEW) for one in _usable(settings))


def _usable(settings: Settings) -> list[Token]:
    """The tokens that open something."""
    from records.database import now
    from records.ledger import Ledger

    with Ledger(settings) as ledger:
        return [
            one
            for one in ledger.tokens.all()
            if one.revoked_at is None and (one.expires_at is None or one.expires_at > now())
        ]
