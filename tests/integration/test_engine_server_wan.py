"""The engine `wan` behind the engine server: real classes with tiny weights, on this machine's processor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelmill.content import Clip, Shot
from tests.gated import Gated, gated
from tests.simulators import tiny_wan
from wan_engine.video_api.address import Address
from wan_engine.video_api.engine import VideoApiEngine
from wan_engine.wan.device import Device
from wan_engine.wan.engine import Premises, WanEngine
from wan_engine.wan.naming import ModelName
from wan_engine.wan.profiles import PROFILES

PROFILE = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine", 16 << 30, 16 << 30, 16 << 30, bf16=True, fp8=False)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny_wan.save(PROFILE.architecture, folder / PROFILE.name, shift=PROFILE.shift)
    return folder


def engine(models: Path) -> WanEngine:
    return WanEngine(ModelName(PROFILE.name), Premises(models, models / "kept", picky=False), device=CPU)


@pytest.fixture
def server(models: Path, tmp_path: Path) -> Iterator[Gated]:
    with gated(tmp_path / "engine", lambda: engine(models)) as running:
        yield running


@pytest.mark.slow
def test_a_shot_is_the_same_here_and_there(server: Gated, models: Path, tmp_path: Path) -> None:
    there, here = VideoApiEngine(Address(server.url)), engine(models)
    shot = Shot("wan", here.model, "a red square", "blue", 256, 256, 5, 24, 1, 5.0, 7)

    (fetched,) = there.generate([shot], tmp_path, images={})
    (made,) = here.generate([shot], tmp_path, images={})
    here.close()

    assert there.model == here.model
    assert (there.recommended_steps, there.recommended_guidance) == (PROFILE.steps, PROFILE.guidance)
    assert isinstance(fetched, Clip)
    assert isinstance(made, Clip)
    assert fetched.sha256 == made.sha256
    assert not fetched.preview


def test_a_job_that_is_deleted_in_mid_shot_frees_the_model_for_the_next(server: Gated) -> None:
    shape = {"size": "256x256", "num_frames": "5"}
    stopped = server.ordered("a fox", num_inference_steps="200", **shape)
    following = server.ordered("a red square", num_inference_steps="1", seed="7", **shape)
    server.until(lambda: server.job(stopped), lambda job: job["progress"] > 0)

    server.client.delete(f"/v1/videos/{stopped}")

    assert server.ended(following)["status"] == "completed"
    film = server.client.get(f"/v1/videos/{following}/content")
    assert film.headers["etag"] == f'"{hashlib.sha256(film.content).hexdigest()}"'


def test_what_the_model_cannot_make_is_refused_with_the_nearest_that_it_can(server: Gated) -> None:
    refused = server.order(size="720x1280")

    assert refused.status_code == 400
    assert "the nearest size is 704x1280" in refused.json()["error"]["message"]
