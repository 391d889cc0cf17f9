"""The server in numbers, as Prometheus reads them. Totals begin with the process, as Prometheus expects of them."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from reelmill import __version__
from reelmill.content import Clip

#: Upper bounds in seconds: a preview takes one or two, a shot of five seconds in 720p minutes, and a queue is hours.
SHOT_SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1800)
WAIT_SECONDS = (0.1, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800)
#: How a job ends.
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"


class Figures:
    """What is counted, in a registry of its own."""

    def __init__(self, engine: str, model: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._waiting = Gauge("reelmill_engine_queued", "Jobs that wait.", registry=registry)
        self._running = Gauge("reelmill_engine_running", "Jobs that are being made.", registry=registry)
        self._ended = Counter(
            "reelmill_engine_jobs", "Jobs that have ended, by how they did.", ("outcome",), registry=registry
        )
        self._seconds = Histogram(
            "reelmill_engine_shot_seconds", "Seconds that a film took.", buckets=SHOT_SECONDS, registry=registry
        )
        self._frames = Counter("reelmill_engine_frames", "Frames of finished films.", registry=registry)
        self._wait = Histogram(
            "reelmill_engine_wait_seconds", "Seconds that a job waited.", buckets=WAIT_SECONDS, registry=registry
        )
        self._registered_memory: Gauge | None = None
        info = Gauge(
            "reelmill_engine_info", "What is served, as labels.", ("engine", "model", "version"), registry=registry
        )
        info.labels(engine, model, __version__).set(1)
        for outcome in (DONE, FAILED, CANCELLED):
            self._ended.labels(outcome)

    def count_waiting(self, waiting: Callable[[], float]) -> None:
        """Where the number of jobs that wait is found, at each scrape."""
        self._waiting.set_function(waiting)

    def began(self, waited: float) -> None:
        """A job is taken up after so many seconds."""
        self._running.set(1)
        self._wait.observe(max(waited, 0.0))

    def rested(self) -> None:
        """Nothing is being made."""
        self._running.set(0)

    def ended(self, outcome: str) -> None:
        """A job has ended as `DONE`, `FAILED` or `CANCELLED`."""
        self._ended.labels(outcome).inc()

    def made(self, clip: Clip, seconds: float) -> None:
        """A film is finished, after so many seconds."""
        self._seconds.observe(seconds)
        self._frames.inc(clip.frames)
        memory = clip.record.get("peak_memory_mb")
        if isinstance(memory, int | float):
            self._memory.set(memory * 1e6)

    @property
    def _memory(self) -> Gauge:
        """Not there before it is known: an engine without a GPU has none."""
        if self._registered_memory is None:
            self._registered_memory = Gauge(
                "reelmill_engine_gpu_memory_bytes", "Memory of the GPU at its highest, in the last film.",
                registry=self.registry,
            )  # fmt: skip
        return self._registered_memory
