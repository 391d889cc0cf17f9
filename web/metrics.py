"""`GET /metrics`: the ledger in numbers, as Prometheus reads them.

Everything comes from the ledger, so it does not matter which process is asked, and a restart loses nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from fastapi import APIRouter, Header, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from flows.labels import QUEUES
from records.database import now
from records.figures import Figures, Snapshot, Totals
from records.ledger import Ledger
from reelmill import __version__
from reelmill.errors import ReelmillError

#: Figures that are younger are not read again, so that nobody can hammer the ledger with scrapes. Seconds.
FRESH = 2.0
#: A scrape waits this long for the ledger, then answers without it. Prometheus itself gives up after 10 s. Seconds.
PATIENCE = 5.0

Samples = Iterable[tuple[tuple[str, ...], float]]

log = logging.getLogger("reelmill.metrics")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the ledger found."""

    snapshot: Snapshot
    totals: Totals


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: its name, what it means, its labels, and where its samples are found."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    samples: Callable[[Reading], Samples]

    def family(self, reading: Reading | None) -> Metric:
        """The metric with its samples, or, without a reading, with none."""
        kind = CounterMetricFamily if self.name.endswith("_total") else GaugeMetricFamily
        family = kind(self.name, self.meaning, labels=self.labels)
        for labels, value in self.samples(reading) if reading is not None else ():
            family.add_metric(labels, value)
        return family


def _by_engine(reading: Reading, count: Callable[[bool, int, float], float]) -> Samples:
    sums: dict[str, float] = {}
    for one in reading.totals.renderings:
        sums[one.engine] = sums.get(one.engine, 0.0) + count(one.preview, one.clips, one.seconds)
    return [((engine,), value) for engine, value in sums.items()]


def _by_queue(chunks: Mapping[str, float]) -> Samples:
    return [((queue,), value) for queue, value in (dict.fromkeys(QUEUES, 0.0) | dict(chunks)).items()]


def _oldest(reading: Reading) -> float:
    return _age(reading.snapshot.oldest_event) if reading.snapshot.oldest_event is not None else 0.0


def _age(at: dt.datetime) -> float:
    return max((now() - at).total_seconds(), 0.0)


FIGURES = (
    Figure(
        "reelmill_videos",
        "Videos in the ledger, by state.",
        ("state",),
        lambda seen: [((state.value,), count) for state, count in seen.snapshot.videos.items()],
    ),
    Figure(
        "reelmill_runs",
        "Runs in the ledger, by state.",
        ("state",),
        lambda seen: [((state.value,), count) for state, count in seen.snapshot.runs.items()],
    ),
    Figure(
        "reelmill_posts",
        "Posts in the ledger, by target and state.",
        ("target", "state"),
        lambda seen: [((target, state.value), count) for (target, state), count in seen.snapshot.posts.items()],
    ),
    Figure(
        "reelmill_posts_overdue_seconds",
        "How long the oldest post of a target has been due; nobody sends posts where this grows.",
        ("target",),
        lambda seen: [((target,), _age(at)) for target, at in seen.snapshot.accounts.overdue.items()],
    ),
    Figure(
        "reelmill_target_paused",
        "1 if a target's account waits until a person renews its login, else 0.",
        ("target",),
        lambda seen: [((target,), int(paused)) for target, paused in seen.snapshot.accounts.paused.items()],
    ),
    Figure(
        "reelmill_quota_left",
        "Posts that a target still takes today, as its platform said within the last day.",
        ("target",),
        lambda seen: [((target,), left) for target, left in seen.snapshot.accounts.quota.items()],
    ),
    Figure(
        "reelmill_verdicts_total",
        "Verdicts of screening, by decision.",
        ("decision",),
        lambda seen: [((decision.value,), count) for decision, count in seen.snapshot.verdicts.items()],
    ),
    Figure(
        "reelmill_stage_seconds_total",
        "Seconds that a stage has worked, without what carries it.",
        ("stage",),
        lambda seen: [((one.stage,), one.seconds) for one in seen.totals.stages],
    ),
    Figure(
        "reelmill_stage_runs_total",
        "How often a stage has worked on something.",
        ("stage",),
        lambda seen: [((one.stage,), one.count) for one in seen.totals.stages],
    ),
    Figure(
        "reelmill_clips_total",
        "Clips that were made, by engine.",
        ("engine",),
        lambda seen: _by_engine(seen, lambda _preview, clips, _seconds: clips),
    ),
    Figure(
        "reelmill_render_seconds_total",
        "Seconds that an engine took for its clips, with or without a GPU.",
        ("engine",),
        lambda seen: _by_engine(seen, lambda _preview, _clips, seconds: seconds),
    ),
    Figure(
        "reelmill_gpu_seconds_total",
        "Seconds of GPU that went into clips. Previews are drawn without one and count nothing.",
        ("engine",),
        lambda seen: _by_engine(seen, lambda preview, _clips, seconds: 0.0 if preview else seconds),
    ),
    Figure(
        "reelmill_queue_chunks",
        "Chunks of shots that wait for a GPU worker or are being rendered, by queue.",
        ("queue",),
        lambda seen: _by_queue({one.queue: one.chunks for one in seen.snapshot.queues}),
    ),
    Figure(
        "reelmill_queue_forecast_seconds",
        "Seconds of rendering that the chunks of a queue were forecast to take.",
        ("queue",),
        lambda seen: _by_queue({one.queue: one.forecast for one in seen.snapshot.queues}),
    ),
    Figure(
        "reelmill_outbox_waiting",
        "Events that came in and have no run yet.",
        (),
        lambda seen: [((), seen.snapshot.events_waiting)],
    ),
    Figure(
        "reelmill_outbox_oldest_seconds",
        "Age of the oldest event without a run; 0 if none waits.",
        (),
        lambda seen: [((), _oldest(seen))],
    ),
    Figure("reelmill_leases", "Leases that are held now.", (), lambda seen: [((), seen.snapshot.leases)]),
)


class LatestReading:
    """The newest figures: read by one thread at a time, and kept for `FRESH` seconds, also if there are none."""

    def __init__(self, read: Callable[[], Reading], *, fresh: float = FRESH, patience: float = PATIENCE) -> None:
        self._read, self._fresh, self._patience = read, fresh, patience
        self._lock = threading.Lock()
        self._asked: Future[Reading | None] = Future()
        self._asked.set_result(None)
        self._ended = float("-inf")

    def get(self) -> Reading | None:
        """The figures, or None if the ledger does not answer in time. A later call may find what this one asked for."""
        with self._lock:
            if self._asked.done() and time.monotonic() - self._ended >= self._fresh:
                self._asked = Future()
                threading.Thread(target=self._fill, args=(self._asked,), name="figures", daemon=True).start()
            asked = self._asked
        try:
            return asked.result(self._patience)
        except TimeoutError:
            return None

    def _fill(self, asked: Future[Reading | None]) -> None:
        found: Reading | None = None
        try:
            found = self._read()
        except (ReelmillError, SQLAlchemyError) as error:
            log.warning("no figures: %s", error)
        finally:
            self._ended = time.monotonic()
            asked.set_result(found)


class LedgerCollector(Collector):
    """Gives Prometheus the figures of a ledger.

    While the ledger does not answer, `reelmill_up` is 0 and its metrics have no samples: old numbers would look fine.
    """

    def __init__(self, latest: LatestReading) -> None:
        self._latest = latest

    def describe(self) -> Iterator[Metric]:
        """Every metric without samples."""
        for figure in FIGURES:
            yield figure.family(None)
        yield from self._about_us(up=None)

    def collect(self) -> Iterator[Metric]:
        reading = self._latest.get()
        for figure in FIGURES:
            yield figure.family(reading)
        yield from self._about_us(up=reading is not None)

    def _about_us(self, *, up: bool | None) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "reelmill_up", "1 if the ledger answers, else 0.", value=None if up is None else int(up)
        )
        build = GaugeMetricFamily("reelmill_build_info", "The version that runs, as a label.", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build


def metrics_router(ledger: Ledger) -> APIRouter:
    """The route `GET /metrics`, in the format that the scraper asks for."""
    figures = Figures(ledger.database)
    registry = CollectorRegistry()
    registry.register(LedgerCollector(LatestReading(lambda: Reading(figures.snapshot(), figures.totals()))))
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    def metrics(accept: str = Header("")) -> Response:
        encode, kind = choose_encoder(accept)
        return Response(encode(registry), media_type=None, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return router
