"""The server as an application: its routes, what guards them, and how it refuses."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from wan_engine.server import refusals, routes, standing
from wan_engine.server.bodies import AT_ONCE
from wan_engine.server.desk import Desk
from wan_engine.server.guard import Guard


def build(desk: Desk, *, host: str, token: str) -> FastAPI:
    """The application.

    Parameters
    ----------
    desk:
        What the routes ask.
    host:
        Where it listens.
    token:
        What callers must bear. "": nothing.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.desk, app.state.turns = desk, asyncio.Semaphore(AT_ONCE)
    app.include_router(routes.router)
    app.include_router(standing.router)
    refusals.install(app)
    app.add_middleware(Guard, host=host, token=token)
    return app
