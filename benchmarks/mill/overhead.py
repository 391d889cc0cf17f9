"""What carries a video beside its stages: a run whose stages do nothing, against bare Prefect tasks.

Everything but the four stages is real: the plan, the ledger with its lease and its fence, observers, tasks, the pages
of the dashboard. Both sides run in this process in turns, on the same Prefect server, in pools of as many threads, and
make four tasks a video and one for the plan; the server's own count of them is compared.
"""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import json
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from mill.place import Place, project

ROUNDS = 3
#: Videos of a first round that is not counted: it imports what both sides need.
WARM_UP = 2
#: How long the server may take to write down what it was told, in seconds.
PATIENCE = 120.0
PIPELINE = "nothing"
DEFINITION = """\
version: 1
brand: {{name: 山野茶事}}
targets: {{outbox: {{type: folder, path: outbox}}}}
pipelines:
  nothing:
    timezone: Asia/Shanghai
    source: {{type: list, items: {items}}}
    prompt: {{subject: "{{{{ brief.name }}}}", action: snow falls slowly, environment: a quiet valley, style: ink wash}}
    generate: {{engine: storyboard, seconds: 5, size: 704x1280}}
    caption: {{title: 小雪, lines: [花雪随风不厌看]}}
    deliver: [douyin, tiktok, instagram_reels, youtube_shorts]
    publish: [outbox]
"""


def measure(videos: int) -> dict[str, float]:
    """Seconds a video of both sides, and their ratio: medians of rounds in turns."""
    items = [{"id": f"n-{number}", "name": f"pine ridge {number}"} for number in range(videos)]
    stack = ExitStack()
    place = stack.enter_context(project(DEFINITION.format(items=json.dumps(items))))
    # Prefect sends its last logs when this process ends, so its server outlives this function.
    atexit.register(stack.close)
    ours, bare = _sides(place)
    ours(WARM_UP), bare(WARM_UP)
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(1, ROUNDS + 1):
        for side, run in (("ours", ours), ("bare", bare)):
            taken[side].append(run(videos) / videos)
        print(f"round {number}: " + ", ".join(f"{side} {taken[side][-1]:.4f} s a video" for side in taken))
    medians = {side: statistics.median(seconds) for side, seconds in taken.items()}
    return {
        "videos": videos,
        "ratio": medians["ours"] / medians["bare"],
        **{f"{side}_seconds_per_video": seconds for side, seconds in medians.items()},
    }


def _sides(place: Place) -> tuple[Callable[[int], float], Callable[[int], float]]:
    """Both sides, each as a function from a number of videos to seconds."""
    from flows import server
    from flows.cli.app import RARELY

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

    def ours(videos: int) -> float:
        return _run(place, file, next(days).isoformat(), videos)

    def bare(videos: int) -> float:
        began = time.monotonic()
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):  # as a run has it
            flow_run_id = bare_tasks(videos, settings.parallel)
        seconds = time.monotonic() - began
        _settle(UUID(flow_run_id), videos)
        return seconds

    return ours, bare


def _run(place: Place, file: Path, date: str, videos: int) -> float:
    from flows.cli.execution import execute_watched
    from flows.cli.run import open_run
    from flows.observer import Observer
    from records.ledger import Ledger

    run = open_run(place.settings, file, PIPELINE, date=date, limit=videos)
    began = time.monotonic()
    broken = execute_watched(run, Observer())
    seconds = time.monotonic() - began
    assert broken is None, broken
    with Ledger(place.settings) as ledger:
        ended = ledger.runs.get(run.id)
        assert ended is not None
        tally = ledger.runs.tallies([ended])[ended.id]
    assert tally.holds, tally
    assert tally.states == {"done": videos}, tally
    _settle(UUID(ended.flow_run_id), videos)
    return seconds


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
