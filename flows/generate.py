"""A chunk of shots on the GPU pool: one process, one load of the model, each clip committed as it is done."""

from __future__ import annotations

import shutil
import time
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed

from flows.observer import Observer
from flows.outset import PATIENCE, settle
from flows.putting_down import heeding
from flows.wanted import is_running, while_wanted
from records.ledger import Ledger
from records.tables import Chunk
from reelmill.content import Clip
from reelmill.errors import EngineError, Interrupted, LeaseHeld, ReelmillError, TransientError
from reelmill.settings import Settings
from tasks.generation.stage import render
from tasks.registry import find


def lease_of(chunk_id: UUID) -> str:
    """The name of the lease that the process which renders a chunk holds."""
    return f"chunk:{chunk_id}"


@flow(name="generate", flow_run_name="generate {title}", persist_result=False)
def generate_chunk(chunk_id: str, title: str = "") -> State[Any]:  # noqa: ARG001 (Prefect names the run by it)
    """Render the shots of a chunk that are missing. The clips, and why any is missing, are in the ledger.

    Parameters
    ----------
    chunk_id:
        The chunk's id in the ledger.
    title:
        For people.
    """
    settings, observer, identity = settle("reelmill-generate"), Observer(), UUID(chunk_id)
    with heeding(observer), Ledger(settings, patience=PATIENCE) as ledger:
        chunk = ledger.chunks.get(identity)
        if chunk is None or chunk.closed_at is not None:
            return Completed(name="Skipped", message="nobody waits for these clips any more")
        try:
            with ledger.leases.hold(lease_of(identity), f"chunk {chunk_id}", lost=observer.cancel.cancel):
                return _render(settings, ledger, chunk, observer)
        except LeaseHeld as error:
            return Completed(name="Skipped", message=error.reason)
        except Interrupted:
            if not observer.cancel.cancelled:
                raise  # not by us: the run orders the rest again
            if observer.put_down:
                return Completed(name="PutDown", message="put down: the next worker goes on with the missing clips")
            return Cancelled(message="nobody waits for these clips any more; what is finished is kept")


def _render(settings: Settings, ledger: Ledger, chunk: Chunk, observer: Observer) -> State[Any]:
    ledger.chunks.begin(chunk.id)
    shots = ledger.chunks.missing(chunk.id)
    titles = ledger.chunks.titles(chunk.id)
    engine = find("engines", chunk.engine).drawing(shots[0].model if shots else "")
    reason = engine.unavailable()
    if reason is not None:
        error = EngineError(f"the engine {chunk.engine!r} cannot run here: {reason}", "see `reelmill doctor` there")
        for shot in shots:
            ledger.chunks.fail(chunk.id, shot.id, _failure(error))
        return Completed(message=f"no clip: {reason}")
    folder = settings.scratch / f"chunk-{chunk.id}"
    made = failed = 0
    told, began = get_run_logger(), time.monotonic()
    try:
        with while_wanted(observer, lambda: _wanted(ledger, chunk)):
            for outcome in render(ledger, engine, shots, folder, cancel=observer.cancel):
                spent, began = time.monotonic() - began, time.monotonic()
                ledger.work.note(chunk.run_id, None, "generate", spent)
                name = titles.get(outcome.shot_id, outcome.shot_id[:8])
                if isinstance(outcome, Clip):
                    made += 1
                    told.info("%s: %.1f s of film (%d of %d)", name, outcome.seconds, made + failed, len(shots))
                elif isinstance(outcome.error, TransientError):
                    told.warning("%s: %s; the run orders it again", name, outcome.error)
                else:
                    failed += 1
                    told.error("%s: %s", name, outcome.error)
                    ledger.chunks.fail(chunk.id, outcome.shot_id, _failure(outcome.error))
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
    return Completed(message=f"{made} clips" + (f", {failed} failed" if failed else ""))


def _failure(error: ReelmillError) -> dict[str, Any]:
    return {"reason": error.reason, "instruction": error.instruction}


def _wanted(ledger: Ledger, chunk: Chunk) -> bool:
    now = ledger.chunks.get(chunk.id)
    return now is not None and now.closed_at is None and is_running(ledger, chunk.run_id)
