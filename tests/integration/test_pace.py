"""How long clips take and what they cost before they are made: by clips like them, by others, by the architecture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.cost import Costs, to_draw
from flows.definition import loads
from flows.forecast import forecast_run
from flows.occasion import on_date
from flows.pace import UNKNOWN_PACE, Certainty, Pace
from flows.planning import plan_run
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from reelmill.content import Clip, Shot
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from tests.integration.test_ledger import planned, run_with
from wan_engine.wan.device import named_by_driver
from wan_engine.wan.pace import GPUS, seconds
from wan_engine.wan.profiles import PROFILES

FULL, TURBO = PROFILES["wan22-ti2v-5b"], PROFILES["turbo22-5b"]
SHOT = Shot("wan", f"{FULL.name}@1", "snow", "", 704, 1280, 121, 24, 50, 5.0, 1)
SLOWEST = min(GPUS, key=lambda gpu: gpu.teraflops)

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  films:
    timezone: UTC
    source: {type: list, items: [{prompt: a pine, name: one}, {prompt: a plum, name: two}]}
    prompt: {subject: "{{ brief.prompt }}", action: snow falls, environment: a valley, style: ink wash}
    generate: {engine: wan, seconds: 5, size: 704x1280, seed: 7}
    caption: {title: "{{ brief.name }}"}
    deliver: [douyin]
    publish: [outbox]
"""


class Archive:
    """Clips that were made before, the newest last."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._folder, self._count = ledger, folder, 0
        self.run = run_with(ledger, planned("brief-1"))
        (self._video,) = ledger.videos.of_run(self.run.id)

    def add(self, shot: Shot, taken: Iterable[float], device: str = "NVIDIA H200") -> None:
        """Clips like that of a shot."""
        for seconds_taken in taken:
            self.put(replace(shot, seed=1000 + self._count), seconds_taken, device)

    def put(self, shot: Shot, taken: float, device: str = "") -> None:
        """The clip of this very shot."""
        self._count += 1
        path, sha256 = self._folder / "clip.mp4", f"{self._count:064x}"
        path.write_bytes(shot.id.encode())
        self._ledger.media.request(self._video.id, [shot])
        self._ledger.store.add(path, sha256, ".mp4")
        record = {"seconds_taken": taken} | ({"device": device} if device else {})
        where = self._ledger.store.path(sha256, ".mp4")
        shape = shot.width, shot.height, shot.frames, shot.fps
        self._ledger.media.record_clip(Clip(shot.id, where, sha256, *shape, False, record))


@pytest.fixture
def archive(ledger: Ledger, tmp_path: Path) -> Archive:
    return Archive(ledger, tmp_path)


def test_clips_of_the_same_kind_say_it_and_how_sure_they_are(ledger: Ledger, archive: Archive) -> None:
    archive.add(SHOT, [100.0, 160.0, 110.0])
    few = Pace(ledger)
    assert few.seconds(SHOT) == 110.0
    assert few.basis([SHOT]).certainty is Certainty.SEEN
    assert few.basis([SHOT]).words == "by 3 clips like these that were made here on NVIDIA H200, which are few"
    archive.add(SHOT, [100.0, 110.0, 120.0, 110.0, 110.0, 110.0])
    assert "9 clips like these" in Pace(ledger).basis([SHOT]).words
    assert "give or take" in Pace(ledger).basis([SHOT]).words
    assert Pace(ledger).seconds(replace(SHOT, model=f"{FULL.name}@2")) == 110.0, "other weights of the same shape"


def test_a_model_of_few_steps_says_nothing_of_one_of_many(ledger: Ledger, archive: Archive) -> None:
    """Nor do one that leaves work out, an adapter on it, another engine, or hundreds of newer clips of others."""
    archive.add(SHOT, [300.0])
    quick = replace(SHOT, model=f"{TURBO.name}@1", steps=4, guidance=1.0)
    archive.add(quick, [12.0] * 3)
    archive.add(replace(SHOT, model=f"{FULL.name}@1~fast"), [150.0])
    archive.add(replace(SHOT, model=f"{FULL.name}@1+ink@2*0.8"), [170.0])
    archive.add(Shot("storyboard", "storyboard@1", "snow", "", 704, 1280, 121, 24, 1, 1.0, 1), [2.0] * 210, "")
    pace = Pace(ledger)
    assert (pace.seconds(SHOT), pace.seconds(quick)) == (300.0, 12.0)
    assert pace.seconds(replace(SHOT, model=f"{FULL.name}@9~fast")) == 150.0
    assert pace.seconds(replace(SHOT, model=f"{FULL.name}@9+ink@2*0.8")) == 170.0


def test_clips_of_other_sizes_lengths_and_steps_are_taken_in_proportion(ledger: Ledger, archive: Archive) -> None:
    archive.add(SHOT, [200.0])
    pace = Pace(ledger)
    half = replace(SHOT, steps=25)
    assert pace.seconds(half) == pytest.approx(100.0, rel=0.1), "decoding stays"
    assert pace.seconds(replace(SHOT, frames=61)) < 100.0, "attention grows faster than length"
    assert pace.basis([SHOT, half]).certainty is Certainty.SCALED
    assert "by 1 clip of other sizes, lengths or steps on NVIDIA H200, in proportion" in pace.basis([half]).words


def test_clips_of_another_gpu_say_nothing_of_one_that_is_known(ledger: Ledger, archive: Archive) -> None:
    archive.add(SHOT, [534.0], "NVIDIA GeForce RTX 4090")
    here = Pace(ledger, "NVIDIA H200")
    (h200,) = (gpu for gpu in GPUS if gpu.name == "H200")
    assert here.seconds(SHOT) == pytest.approx(seconds(FULL, h200))
    assert here.basis([SHOT]).certainty is Certainty.COMPUTED
    unknown = Pace(ledger, "NVIDIA L40S")
    assert unknown.seconds(SHOT) == pytest.approx(534.0)
    assert unknown.basis([SHOT]).certainty is Certainty.SCALED
    assert "of another machine on NVIDIA GeForce RTX 4090" in unknown.basis([SHOT]).words
    assert Pace(ledger).seconds(SHOT) == 534.0, "a pool may have any"


def test_without_clips_the_architecture_says_it_at_the_steps_and_the_size_that_are_asked(ledger: Ledger) -> None:
    pace = Pace(ledger)
    assert pace.seconds(SHOT) == pytest.approx(seconds(FULL, SLOWEST))
    assert pace.seconds(replace(SHOT, steps=25)) == pytest.approx(seconds(FULL, SLOWEST) / 2, rel=0.1)
    assert pace.seconds(replace(SHOT, width=352, height=640)) < seconds(FULL, SLOWEST) / 4
    assert pace.basis([SHOT]).certainty is Certainty.COMPUTED
    assert pace.basis([SHOT]).words.startswith(
        "computed for an RTX 4090, since this model has made no clip on one here"
    )


def test_what_nobody_knows_is_called_a_guess(ledger: Ledger) -> None:
    unknown = Shot("video_api", "their-own", "snow", "", 704, 1280, 121, 24, 50, 5.0, 1)
    pace = Pace(ledger)
    assert pace.seconds(unknown) == pytest.approx(UNKNOWN_PACE * 704 * 1280 * 121 / 1e6)
    assert pace.basis([unknown]).certainty is Certainty.GUESSED
    assert pace.basis([SHOT, unknown]).words.startswith("a guess, since nothing is known of their-own")
    assert pace.basis([]).certainty is None


@pytest.fixture
def planning(settings: Settings, tmp_path: Path) -> tuple[Settings, list[VideoPlan]]:
    """The plans of two videos that share a shot of the real model, as a machine without a GPU makes them."""
    settings = settings.model_copy(update={"generation": "pool", "gpu_price": 3.6, "currency": "USD"})
    definition = loads(DEFINITION.replace("a plum", "a pine"), tmp_path / "pipelines.yaml")
    pipeline = definition.pipeline("films")
    plan = plan_run(definition, "films", on_date(pipeline.zone, "2026-12-01"), settings, seen={})
    return settings, [VideoPlan.from_json(video.plan) for video in plan.videos]


def test_money_is_what_the_seconds_cost_and_a_clip_is_paid_once(
    ledger: Ledger, archive: Archive, planning: tuple[Settings, list[VideoPlan]], tmp_path: Path
) -> None:
    settings, plans = planning
    definition = loads(DEFINITION, tmp_path / "pipelines.yaml")
    pipeline = definition.pipeline("films")
    engine = engine_of(pipeline.generate, settings)

    first, second = Costs(ledger, engine, settings).of(to_draw(ledger, engine, plans))
    assert first.gpu_seconds == pytest.approx(seconds(FULL, SLOWEST))
    assert first.spend == pytest.approx(first.gpu_seconds / 1000), "3.60 an hour are a tenth of a cent a second"
    assert (second.gpu_seconds, second.spend) == (0.0, 0.0)
    assert Costs(ledger, engine, settings).basis(to_draw(ledger, engine, plans)).certainty is Certainty.COMPUTED

    archive.add(replace(SHOT, model=engine.model), [100.0] * 5)
    again = Costs(ledger, engine, settings)
    assert [round(one.spend, 3) for one in again.of(to_draw(ledger, engine, plans))] == [0.1, 0.0]
    assert again.basis(to_draw(ledger, engine, plans)).certainty is Certainty.SEEN
    lasting = forecast_run(ledger, engine, pipeline, settings, to_draw(ledger, engine, plans))
    assert lasting is not None
    assert (lasting.seconds, lasting.of_clips) == (100.0, True), "what comes after the clips nobody knows yet"


def test_a_run_that_was_never_made_is_forecast_and_clips_that_are_there_take_no_time(
    ledger: Ledger, archive: Archive, planning: tuple[Settings, list[VideoPlan]], tmp_path: Path
) -> None:
    settings, plans = planning
    pipeline = loads(DEFINITION, tmp_path / "pipelines.yaml").pipeline("films")
    engine = engine_of(pipeline.generate, settings)
    lasting = forecast_run(ledger, engine, pipeline, settings, to_draw(ledger, engine, plans))
    assert lasting is not None
    assert lasting.seconds == pytest.approx(seconds(FULL, SLOWEST)), "one clip, which both videos have"

    (shot,) = plans[0].requests(engine.model)
    archive.put(shot, 100.0)
    for stage in ("screen", "finish", "publish"):
        ledger.work.note(archive.run.id, None, stage, 2.0)
    lasting = forecast_run(ledger, engine, pipeline, settings, to_draw(ledger, engine, plans))
    assert lasting is not None
    assert (lasting.seconds, lasting.of_clips) == (pytest.approx(2 * 6.0 / settings.parallel), False)


def test_the_driver_says_which_gpu_is_here_without_torch(tmp_path: Path) -> None:
    assert named_by_driver(tmp_path) == ""
    for place, model in (("0000:01:00.0", "NVIDIA H200"), ("0000:02:00.0", "NVIDIA H200")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 42\n", encoding="utf-8")
    assert named_by_driver(tmp_path) == "NVIDIA H200"
    (tmp_path / place / "information").write_text("Model: \t\t NVIDIA L4\n", encoding="utf-8")
    assert named_by_driver(tmp_path) == "", "of several kinds nobody knows which draws"
