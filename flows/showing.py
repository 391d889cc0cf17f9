"""Shows a run in the dashboard while it goes on and when it has ended, beside whoever else watches it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from uuid import UUID

from prefect.runtime import flow_run

from flows import dashboard
from flows.cost import to_draw
from flows.forecast import forecast_run
from flows.observer import Observer
from flows.signing import Signer
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.ledger import Ledger
from records.states import ENDED, VideoState
from records.tables import Run, Video
from reelmill.settings import Settings

#: The stages that every video passes, each of which is a step of the run's progress.
PASSED = frozenset({"generate", "screen", "finish", "publish"})
STEPS = len(PASSED)
#: Links in the dashboard open a player for as long as renditions are usually kept.
LINKS_LIVE = dt.timedelta(days=90)


class Showing(Observer):
    """Tells the dashboard how far a run is, and everything to the observer that it is put before.

    To be made in the flow that executes the run.
    """

    def __init__(self, inner: Observer, settings: Settings, run: Run) -> None:
        super().__init__()
        self.cancel = inner.cancel
        self._inner = inner
        self._settings = settings
        self._began = time.monotonic()
        self._forecast: float | None = None
        self._steps: Counter[UUID] = Counter()
        self._part: dict[UUID, float] = {}  #: of the step that a video is in: how far the engine is with its shot
        self._videos = 0
        self._lock = threading.Lock()
        self._progress = dashboard.Progress.of(run)

    def named(self, shop: Workshop) -> None:
        """The plan is there, so the run can be called by what it is about, and be forecast."""
        run = shop.run
        videos = [video for video in shop.ledger.videos.of_run(run.id) if video.state is not VideoState.SKIPPED]
        name = dashboard.flow_run_name(run.pipeline, run.occasion, [video.title for video in videos])
        dashboard.rename(str(flow_run.id), name, dashboard.tags(shop.pipeline, run))
        todo = [VideoPlan.from_json(video.plan) for video in videos if video.state not in ENDED]
        shots = to_draw(shop.ledger, shop.engine, todo)
        lasting = forecast_run(shop.ledger, shop.engine, shop.pipeline, shop.settings, shots)
        self._forecast = lasting.seconds if lasting is not None and not lasting.of_clips else None

    def ended_run(self, ledger: Ledger, run: Run) -> None:
        """The run is closed: show what came of it, and what to do next."""
        if not ledger.runs.tallies([run])[run.id].open:
            self._progress.update(1.0)
        self._progress.finish()
        dashboard.show_end(
            ledger,
            run,
            watch=lambda video_id: Signer(self._settings).watch_url(video_id, LINKS_LIVE),
            forecast_seconds=self._forecast,
            seconds=time.monotonic() - self._began,
        )

    def close(self) -> None:
        """Tell the dashboard no more of how far the run is."""
        self._progress.close()

    def planned(self, videos: int, skipped: int, unchanged: int) -> None:
        self._inner.planned(videos, skipped, unchanged)

    def told(self, words: str) -> None:
        self._inner.told(words)

    def begun(self, videos: int) -> None:
        self._videos = videos
        self._inner.begun(videos)

    def started(self, stage: str, video: Video) -> None:
        self._inner.started(stage, video)

    def advanced(self, video: Video, done: int, total: int) -> None:
        self._inner.advanced(video, done, total)
        with self._lock:
            self._part[video.id] = done / max(total, 1)
        self._tell()

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        self._inner.ended(stage, video, note, seconds)
        self._step(video, int(stage in PASSED))

    def failed(self, video: Video, error: Exception) -> None:
        self._inner.failed(video, error)
        self._step(video, STEPS)

    def _step(self, video: Video, steps: int) -> None:
        with self._lock:
            self._steps[video.id] = min(self._steps[video.id] + steps, STEPS)
            self._part.pop(video.id, None)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            done = sum(self._steps.values()) + sum(self._part.values())
        self._progress.update(done / max(self._videos * STEPS, 1))
