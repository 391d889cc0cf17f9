"""The door as an application: every part of it, put together."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from pydantic import BaseModel, Field

from flows.events import emit
from records.ledger import Ledger
from records.tables import OutboxEvent
from reelmill import __version__
from reelmill.settings import Settings
from web import api, desk, desk_media, files, hooks, login, problems, progress, reference, watch
from web.callers import READER_OR_LOCAL
from web.door import Door, Opened
from web.guard import Guard
from web.metrics import metrics_router
from web.problems import documented
from web.resuming import Start


class Health(BaseModel):
    """The door is open."""

    status: str = Field(examples=["ok"])
    version: str
    schema_version: str = Field(description="Of the ledger.")


def build(
    settings: Settings,
    ledger: Ledger,
    *,
    tell: Callable[[OutboxEvent], None] = emit,
    resume: Start | None = None,
) -> FastAPI:
    """The application.

    Parameters
    ----------
    ledger:
        Stays open for as long as the application is served.
    tell:
        Tells Prefect of an event that is in the outbox.
    resume:
        Starts to go on with a run that nobody else goes on with. None: as `reelmill resume` does.
    """
    # Documentation pages of FastAPI's own would load scripts from elsewhere.
    app = FastAPI(title="Reelmill", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.door = Door(settings, ledger, tell=tell, resume=resume)
    for part in (hooks, api, progress, files, watch, desk, desk_media, login, reference):
        app.include_router(part.router)
    app.include_router(metrics_router(ledger), dependencies=[READER_OR_LOCAL])
    app.get("/health", tags=["door"], summary="Is the door open?", responses=documented())(health)
    app.openapi = lambda: reference.document(app)  # type: ignore[method-assign]  # how FastAPI has it overridden
    problems.install(app)
    app.add_middleware(Guard, settings=settings)
    return app


def health(door: Opened) -> Health:
    """Answers as long as the door and its ledger work."""
    return Health(status="ok", version=__version__, schema_version=door.ledger.database.revision() or "")
