"""How long an event takes from the web door to the first stage of its run, with everything that `reelmill up` runs.

Events are sent one after the other, each when the run of the one before has ended. The moments are the ledger's own:
when the run was opened, and when its first stage, the plan, had written its videos down – so that stage was running
before. Prefect's moments between them say where the time goes.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import httpx

from mill.place import Place, project
from records.ledger import Ledger
from records.states import RunState

#: Seconds between two looks at the ledger while a run begins, and while it goes on.
LOOK, GLANCE = 0.02, 0.2
#: Seconds between the end of a run and the next event: its process ends as well.
PAUSE = 2.0
#: How long anything may take, in seconds.
PATIENCE = 180.0
#: Small, so that a run is over soon: what is measured lies before the first clip.
DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  sentence:
    on: {event: sentence.submitted}
    timezone: Asia/Shanghai
    source: {type: event, require: [sentence], title_from: sentence}
    prompt: {subject: "{{ brief.sentence }}", action: snow falls slowly, environment: a quiet valley, style: ink wash}
    generate: {engine: storyboard, seconds: 1, size: 256x448}
    caption: {lines: ["{{ brief.sentence }}"]}
    deliver: [douyin]
    publish: [outbox]
"""

T = TypeVar("T")


def measure(events: int) -> dict[str, float]:
    """Median and worst, in seconds from the sending of the event."""
    with project(DEFINITION) as place:
        place.run("up", "--detach")
        told = _eventually(lambda: _house(place), "a house with all its parts", GLANCE)
        door = next(part["where"] for part in told["parts"] if part["name"] == "web")
        token = json.loads(place.call("token", "make", "bench", "--scope", "hook", "--json"))["token"]
        sender = httpx.Client(base_url=door, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        prefect = httpx.Client(base_url=f"{told['prefect'].removesuffix('/api')}/api", trust_env=False)
        taken: list[dict[str, float]] = []
        with sender, prefect, Ledger(place.settings) as ledger:
            _eventually(lambda: _is_open(sender), "an open door", GLANCE)
            for number in range(events + 1):
                steps = _send(sender, prefect, ledger, number)
                told_of = "warming up" if number == 0 else f"event {number}"
                print(f"{told_of}: " + ", ".join(f"{step} {seconds:.2f}" for step, seconds in steps.items()))
                taken += [steps] if number else []
                time.sleep(PAUSE)
    figures: dict[str, float] = {"events": events}
    for step in taken[0]:
        seconds = [one[step] for one in taken]
        figures[f"{step}_median_seconds"] = statistics.median(seconds)
        figures[f"{step}_worst_seconds"] = max(seconds)
    return figures


def _send(sender: httpx.Client, prefect: httpx.Client, ledger: Ledger, number: int) -> dict[str, float]:
    """Send an event, follow its run to its end, and say when each step was reached."""
    event = {"sentence": f"雪落在山谷里 {number}"}
    began = dt.datetime.now(dt.UTC)
    answer = sender.post("/hooks/sentence", json=event, headers={"Idempotency-Key": f"bench-{number}"})
    answered = dt.datetime.now(dt.UTC)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    run_id = UUID(answer.json()["run_id"])
    opened = _eventually(lambda: ledger.runs.get(run_id), "its run", LOOK)
    planned = _eventually(lambda: ledger.videos.of_run(run_id), "its plan", LOOK)[0]
    ended = _eventually(
        lambda: run if (run := ledger.runs.get(run_id)) and run.closed_at is not None else None, "its end", GLANCE
    )
    assert ended.state in {RunState.DONE, RunState.IN_REVIEW}, ended.reason
    about = {"flow_run_id": ended.flow_run_id}
    states = prefect.get("/flow_run_states/", params=about).raise_for_status().json()
    entered = {state["type"]: dt.datetime.fromisoformat(state["timestamp"]) for state in reversed(states)}
    moments = {
        "answer": answered,
        "scheduled": entered["SCHEDULED"],  # the trigger has made a flow run
        "taken": entered["PENDING"],  # by a worker
        "running": entered["RUNNING"],  # in a process of its own
        "opened": opened.opened_at,
        "first_stage": planned.created_at,
    }
    return {step: (moment - began).total_seconds() for step, moment in moments.items()}


def _house(place: Place) -> Any:
    """What `reelmill status` says, once every part is up."""
    done = place.run("status", "--json")
    return json.loads(done.stdout) if done.returncode == 0 else None


def _is_open(door: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return door.get("/health").status_code == httpx.codes.OK
    return False


def _eventually(look: Callable[[], T | None], what: str, every: float) -> T:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(every)
    return found
