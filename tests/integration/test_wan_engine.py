"""The engine as others see it: shots in, clips and failures out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted
from tests.simulators import tiny_wan
from wan_engine.base import CancelToken, Failure
from wan_engine.wan.device import Device
from wan_engine.wan.engine import Premises, WanEngine
from wan_engine.wan.naming import ModelName
from wan_engine.wan.profiles import PROFILES

PROFILE = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine", 16 << 30, 16 << 30, 16 << 30, bf16=True, fp8=False)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WanEngine]:
    models = tmp_path_factory.mktemp("models")
    tiny_wan.save(PROFILE.architecture, models / PROFILE.name, shift=PROFILE.shift)
    made = WanEngine(ModelName(PROFILE.name), Premises(models, models / "kept", picky=False), device=CPU)
    yield made
    made.close()


def shot(engine: WanEngine, **changes: object) -> Shot:
    made = Shot("wan", engine.model, "a red square", "blue", 256, 256, 5, 24, 1, 5.0, 7)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_shots_of_one_shape_come_together_and_a_bad_one_fails_alone(engine: WanEngine, tmp_path: Path) -> None:
    asked = [shot(engine), shot(engine, width=288), shot(engine, seed=8), shot(engine, frames=6)]
    outcomes = list(engine.generate(asked, tmp_path, images={}))
    clips = [one for one in outcomes if isinstance(one, Clip)]
    assert [clip.width for clip in clips] == [256, 256, 288]
    assert [one.shot_id for one in outcomes if isinstance(one, Failure)] == [asked[3].id]
    assert all(clip.path == tmp_path / f"{clip.shot_id}.mp4" and clip.path.is_file() for clip in clips)
    assert not clips[0].preview


def test_progress_ends_with_the_whole_clip(engine: WanEngine, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    list(engine.generate([shot(engine)], tmp_path, images={}, progress=lambda _, *told: heard.append(told)))
    assert heard == sorted(set(heard))
    assert heard[-1] == (1000, 1000)


def test_a_cancel_leaves_nothing_in_the_folder(engine: WanEngine, tmp_path: Path) -> None:
    token = CancelToken()
    with pytest.raises(Interrupted):
        list(engine.generate([shot(engine)], tmp_path, images={}, progress=lambda *_: token.cancel(), cancel=token))
    assert not list(tmp_path.iterdir())


def test_a_shot_for_other_weights_is_refused(engine: WanEngine) -> None:
    with pytest.raises(EngineError, match="not wan22-ti2v-5b@other"):
        engine.check(shot(engine, model="wan22-ti2v-5b@other"))


def test_without_a_model_it_says_what_is_missing(tmp_path: Path) -> None:
    reason = WanEngine(ModelName(PROFILE.name), Premises(tmp_path, tmp_path), device=CPU).unavailable()
    assert reason is not None
    assert "there is no Wan2.2-TI2V-5B" in reason
