"""`reelmill engine serve`: a resident server that keeps a model warm."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.output import console
from reelmill.errors import UseError
from reelmill.settings import Settings

log = logging.getLogger("reelmill.engine")


def serve(
    *,
    engine: Annotated[str, Parameter(help="What draws: `wan`, `storyboard`, or the engine of a plug-in.")] = "wan",
    model: Annotated[str, Parameter(help="Its model. Default: the one of this machine's settings.")] = "",
    host: Annotated[str, Parameter(help="Where it listens. Beyond this machine REELMILL_ENGINE_TOKEN is needed.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, Parameter(help="Its port. 0: any free one.")] = 8000,
    queue: Annotated[int, Parameter(help="Orders that may wait; the next one is told when to come again.")] = 64,
) -> int:
    """Serve a model as an OpenAI-shaped video API until SIGTERM or Ctrl-C: one process for each GPU.

    Orders and films survive a restart: they lie in the folder `engine` of REELMILL_HOME.
    """
    from reelmill import logs
    from tasks.registry import find
    from wan_engine.server import serving

    if queue < 1:
        raise UseError(f"--queue {queue} lets nobody wait", "say 1 or more")
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    place = serving.Place(
        settings.folder / "engine", host, port, settings.engine_token.get_secret_value().strip(), queue
    )
    if not serving.serve(partial(find("engines", engine).drawing, model), place, ready=_say):
        log.warning("the shot in the making could not be put down in time; the next start makes it anew")
        logging.shutdown()
        os._exit(OK)  # a thread deep in a kernel must not keep the process
    return OK


def _say(address: str, model: str) -> None:
    out = console()
    out.print(f"{model} is served at {address}")
    out.print(f"Elsewhere: REELMILL_VIDEO_API_URL={address} and `engine: video_api`. Ctrl-C stops it.", style="dim")
