"""A run as it goes on, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from records.ledger import Ledger
from records.tables import OutboxEvent, Run
from reelmill.errors import TransientError
from web.callers import READER
from web.door import Door, Opened
from web.lookups import Step, find_run, steps
from web.problems import Refusal, documented, unavailable
from web.reports import RunState, VideoState, state_of

router = APIRouter(tags=["runs"])

#: Streams that may be open at once.
MOST_STREAMS = 64
#: Seconds between two looks at the ledger, and between two signs of life to a caller.
EVERY, HEARTBEAT = 0.5, 15.0
#: A stream ends after so many seconds, and its reader comes back by itself: that is when its token is looked at again.
LONGEST = 3600.0
#: Milliseconds after which a reader comes back.
RETRY = 2000


class VideoProgress(BaseModel):
    """A video that has changed."""

    id: UUID
    title: str
    state: VideoState
    reason: str


class Progress(BaseModel):
    """What an event of a stream says, as JSON in its `data`."""

    run_id: UUID
    state: RunState
    reason: str
    found: int
    states: dict[VideoState, int] = Field(description="Videos by state.")
    videos: list[VideoProgress] = Field(description="Those that changed since the last event; at first, all.")


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


async def _place(door: Opened) -> AsyncIterator[None]:
    """One of the places for streams, given back when the answer has ended, however it does."""
    if door.streams >= MOST_STREAMS:
        raise unavailable("too many callers follow runs at the moment", "come back later, or ask for the run itself")
    door.streams += 1
    try:
        yield
    finally:
        door.streams -= 1


_STREAM: dict[str, Any] = {
    "description": "`event: progress` for each change, `event: end` when the run has ended; `data` is a `Progress`.",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "object",
                "properties": {
                    "event": {"enum": ["progress", "end"]},
                    "id": {"type": "string"},
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/Progress"},
                    },
                },
                "required": ["event", "data"],
            }
        }
    },
}


@router.get(
    "/runs/{run_id}/events",
    summary="Follow a run",
    response_class=EventStream,
    responses={
        200: _STREAM,
        **documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
    },
    dependencies=[READER],
)
async def events(run_id: UUID, door: Opened, _place: Annotated[None, Depends(_place)]) -> EventStream:
    """Server-sent events: where the run and its videos stand, first all of it and then each change.

    A reader that comes back, with or without `Last-Event-ID`, is told everything once more.
    """
    first = await run_in_threadpool(_look, door.ledger, run_id)
    if first is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "there is no run of this id", "look for the id of the run again")
    return EventStream(_stream(door, run_id), headers={"X-Accel-Buffering": "no"})


async def _stream(door: Door, run_id: UUID) -> AsyncIterator[str]:
    known: dict[UUID, Step] = {}
    before: Progress | None = None
    number, began, spoken = 0, time.monotonic(), time.monotonic()
    while not door.closing.is_set() and time.monotonic() - began < LONGEST:
        try:
            seen = await run_in_threadpool(_look, door.ledger, run_id)
        except TransientError:
            return  # the reader comes back by itself
        if seen is None:
            return
        run, all_steps = seen
        changed = [step for step in all_steps if known.get(step.id) != step]
        now = _progress(run_id, run, all_steps, changed)
        known.update((step.id, step) for step in changed)
        if before is None or now.videos or (now.state, now.found) != (before.state, before.found):
            number, before, spoken = number + 1, now, time.monotonic()
            retry = f"retry: {RETRY}\n" if number == 1 else ""
            yield f"{retry}id: {number}\nevent: progress\ndata: {now.model_dump_json()}\n\n"
        if now.state not in {"waiting", "running"}:
            last = now.model_copy(update={"videos": []})
            yield f"id: {number + 1}\nevent: end\ndata: {last.model_dump_json()}\n\n"
            return
        if time.monotonic() - spoken >= HEARTBEAT:
            spoken = time.monotonic()
            yield ": still there\n\n"
        await asyncio.sleep(EVERY)


def _look(ledger: Ledger, run_id: UUID) -> tuple[Run | OutboxEvent, list[Step]] | None:
    with ledger.moment():
        run = find_run(ledger, run_id)
        if run is None:
            return None
        return run, steps(ledger, run_id) if isinstance(run, Run) else []


def _progress(run_id: UUID, run: Run | OutboxEvent, all_steps: list[Step], changed: list[Step]) -> Progress:
    opened = run if isinstance(run, Run) else None
    return Progress(
        run_id=run_id,
        state=state_of(opened),
        reason=opened.reason if opened else "",
        found=opened.found if opened else 0,
        states=dict(Counter(step.state.value for step in all_steps)),
        videos=[
            VideoProgress(id=step.id, title=step.title, state=step.state.value, reason=step.reason) for step in changed
        ],
    )
