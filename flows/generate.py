"""A chunk of shots on the GPU pool: one process, one load of the model, each clip committed as it is done."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed

from flows import dashboard
from flows.observer import Observer
from flows.outset import PATIENCE, settle
from flows.putting_down import heeding
from flows.wanted import is_running, while_wanted
from records.ledger import Ledger
from records.tables import Chunk
from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted, LeaseHeld, ReelmillError, TransientError, UseError
from reelmill.settings import Settings
from tasks.generation.stage import render
from tasks.registry import find
from wan_engine.base import Engine


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
    try:
        engine = _engine(chunk.engine, shots)
    except (EngineError, UseError) as error:
        for shot in shots:
            ledger.chunks.fail(chunk.id, shot.id, _failure(error))
        return Completed(message=f"no clip: {error.reason}")
    folder = settings.scratch / f"chunk-{chunk.id}"
    made = failed = 0
    parts = dict.fromkeys((shot.id for shot in shots), 0.0)
    told, began = get_run_logger(), time.monotonic()
    run = ledger.runs.get(chunk.run_id)
    assert run is not None, "a chunk is of a run"
    title = f"{run.pipeline} {run.occasion} #{chunk.position + 1}"
    try:
        with (
            while_wanted(observer, lambda: _wanted(ledger, chunk)),
            dashboard.Progress(title, dashboard.key("clips", run.pipeline)) as shown,
        ):

            def progress(shot_id: str, done: int, total: int) -> None:
                parts[shot_id] = done / max(total, 1)
                shown.update(sum(parts.values()) / len(parts))

            for outcome in render(ledger, engine, shots, folder, progress=progress, cancel=observer.cancel):
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


def _engine(name: str, shots: Sequence[Shot]) -> Engine:
    """The engine for these shots, which are all of one model.

    Raises
    ------
    EngineError, UseError
        If it cannot run on this machine.
    """
    engine: Engine = find("engines", name).drawing(shots[0].model if shots else "")
    if (reason := engine.unavailable()) is not None:
        raise EngineError(f"the engine {name!r} cannot run here: {reason}", "see `reelmill doctor` there")
    return engine


def _failure(error: ReelmillError) -> dict[str, Any]:
    return {"reason": error.reason, "instruction": error.instruction}


def _wanted(ledger: Ledger, chunk: Chunk) -> bool:
    now = ledger.chunks.get(chunk.id)
    return now is not None and now.closed_at is None and is_running(ledger, chunk.run_id)
