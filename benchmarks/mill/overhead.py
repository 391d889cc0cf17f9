"""What carries a video beside its stages: a run whose stages do nothing, against bare Prefect tasks.

Everything but the four stages is real: the plan, the ledger with its lease and its fence, observers, tasks, the pages
of the dashboard. Both sides run in this process in turns, on the same Prefect server, in pools of as many threads, and
make four tasks a video and one for the plan; the server's own count of them is compared.

A side is through when its process has told the server everything and could end: Prefect sends what it has to say of
task runs from a thread behind them, and the shorter a flow is, the more of that comes after its end. What a side took
until its flow returned is told as well, and so is what it took until the server had written all of it down.
"""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mill.place import Place, project

ROUNDS = 5
#: Videos of a first round that is not counted: it imports what both sides need.
WARM_UP = 2
#: How long the server may take to write down what it was told, in seconds.
PATIENCE = 120.0
PIPELINE = "nothing"
DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  nothing:
    timezone: Asia/Shanghai
    source: {type: list, path: ridges.csv}
    prompt: {subject: "{{ brief.name }}", action: snow falls slowly, environment: a quiet valley, style: ink wash}
    generate: {engine: storyboard, seconds: 5, size: 704x1280}
    caption: {title: 小雪, lines: [花雪随风不厌看]}
    deliver: [douyin, tiktok, instagram_reels, youtube_shorts]
    publish: [outbox]
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds from the beginning of a flow."""

    returned: float  #: until the flow had ended
    told: float  #: until this process had nothing more to tell the server
    known: float  #: until the server had written it down


def measure(videos: int) -> dict[str, float]:
    """Seconds a video of both sides, and their ratio: medians of rounds in turns."""
    stack = ExitStack()
    place = stack.enter_context(project(DEFINITION))
    lines = ["id,name", *(f"n-{number},pine ridge {number}" for number in range(videos))]
    (place.folder / "ridges.csv").write_text("\n".join(lines), encoding="utf-8")
    # Prefect sends its last logs when this process ends, so its server outlives this function.
    atexit.register(stack.close)
    ours, bare = _sides(place)
    ours(WARM_UP), bare(WARM_UP)
    taken: dict[str, list[Taken]] = {"ours": [], "bare": []}
    for number in range(1, ROUNDS + 1):
        for side, run in (("ours", ours), ("bare", bare)):
            taken[side].append(run(videos))
        print(
            f"round {number}: " + ", ".join(f"{side} {taken[side][-1].told / videos:.4f} s a video" for side in taken)
        )

    def median(side: str, until: str) -> float:
        return statistics.median(getattr(one, until) for one in taken[side]) / videos

    return {
        "videos": videos,
        "ratio": median("ours", "told") / median("bare", "told"),
        "ratio_until_returned": median("ours", "returned") / median("bare", "returned"),
        "ratio_until_known": median("ours", "known") / median("bare", "known"),
        **{f"{side}_seconds_per_video": median(side, "told") for side in taken},
        **{f"{side}_seconds_per_video_until_known": median(side, "known") for side in taken},
    }


def _sides(place: Place) -> tuple[Callable[[int], Taken], Callable[[int], Taken]]:
    """Both sides, each as a function of a number of videos."""
    from flows import server
    from flows.workshop import AHEAD
    from reelmill.processes import RARELY

    os.environ.update(place.environment)
    os.environ["REELMILL_HOME"] = str(place.settings.folder)
    server.connect(place.settings)
    gc.set_threshold(*RARELY)  # as the command does
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from mill import idle_stages
    from mill.bare_tasks import bare_tasks

    idle_stages.install()
    settings, file = place.settings, place.folder / "pipelines.yaml"
    days = iter(dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365))

    def ours(videos: int) -> Taken:
        return _run(place, file, next(days).isoformat(), videos)

    def bare(videos: int) -> Taken:
        began = time.monotonic()
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):  # as a run has it
            flow_run_id = bare_tasks(videos, settings.parallel + AHEAD)
        return _taken(began, UUID(flow_run_id), videos)

    return ours, bare


def _run(place: Place, file: Path, date: str, videos: int) -> Taken:
    from flows.cli.execution import execute_watched
    from flows.cli.run import open_run
    from flows.observer import Observer
    from records.ledger import Ledger

    run = open_run(place.settings, file, PIPELINE, date=date, limit=videos)
    began = time.monotonic()
    broken = execute_watched(run, Observer())
    with Ledger(place.settings) as ledger:
        ended = ledger.runs.get(run.id)
        assert ended is not None
        taken = _taken(began, UUID(ended.flow_run_id), videos)
        tally = ledger.runs.tallies([ended])[ended.id]
    assert broken is None, broken
    assert tally.holds, tally
    assert tally.states == {"done": videos}, tally
    return taken


def _taken(began: float, flow_run_id: UUID, videos: int) -> Taken:
    """What a flow took that has just returned. Comes back when the next one does not pay for it any more."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    returned = time.monotonic() - began
    for teller in (EventsWorker, APILogWorker):
        _, left = teller.drain_all(timeout=PATIENCE)  # type: ignore[misc]
        assert not left, f"{len(left)} senders had more to tell after {PATIENCE:.0f} s"
    told = time.monotonic() - began
    _settle(flow_run_id, videos)
    return Taken(returned, told, time.monotonic() - began)


def _settle(flow_run_id: UUID, videos: int) -> None:
    """Wait until the server has written down every task run, so that the next side does not pay for it."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    wanted, page = 4 * videos + 1, 200
    about, deadline = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])), time.monotonic() + PATIENCE
    with get_client(sync_client=True) as client:
        while True:
            done = 0
            for offset in range(0, wanted + page, page):
                found = client.read_task_runs(flow_run_filter=about, limit=page, offset=offset)
                done += sum(one.state is not None and one.state.is_completed() for one in found)
            assert done <= wanted, f"{done} task runs where {wanted} were expected"
            if done == wanted:
                return
            assert time.monotonic() < deadline, f"the server knows {done} of {wanted} task runs"
            time.sleep(0.2)
