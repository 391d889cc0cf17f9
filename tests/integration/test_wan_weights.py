"""A folder that is no model, half a model or another model is refused before anything is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reelmill.errors import EngineError
from tests.simulators import tiny_wan
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.weights import MANIFEST, Weights

PROFILE = PROFILES["wan22-ti2v-5b"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_wan.save(PROFILE.architecture, tmp_path_factory.mktemp("model"), shift=PROFILE.shift)


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def refused(folder: Path) -> EngineError:
    with pytest.raises(EngineError) as error:
        Weights(folder, PROFILE)
    return error.value


def test_a_folder_without_a_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    assert "reelmill engine fetch wan22-ti2v-5b" in refused(tmp_path).instruction


def test_a_part_that_is_missing_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "vae")
    assert "has no vae" in str(refused(folder))


def test_weights_that_could_run_code_are_not_read(folder: Path) -> None:
    for file in (folder / "transformer").glob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))
    error = refused(folder)
    assert "no weights in safetensors" in str(error)
    assert "run code" in error.instruction


@pytest.mark.parametrize(("key", "value"), [("image_dim", 1280), ("in_channels", 16), ("added_kv_proj_dim", 5120)])
def test_a_look_alike_is_refused_by_what_differs(folder: Path, key: str, value: int) -> None:
    file = folder / "transformer" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    assert f"its transformer has {key} {value}" in str(refused(folder))


def test_the_other_family_is_refused(folder: Path) -> None:
    with pytest.raises(EngineError, match=r"is no Wan2\.1-T2V-1\.3B"):
        Weights(folder, PROFILES["wan21-t2v-1.3b"])


def test_the_revision_is_of_these_very_weights(folder: Path) -> None:
    first = Weights(folder, PROFILE).revision
    assert Weights(folder, PROFILE).revision == first
    file = next((folder / "vae").glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert Weights(folder, PROFILE).revision != first


def test_a_fetched_model_has_the_revision_of_its_commit(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps({"revision": "b8fff7315c768468a5333511427288870b2e9635"}))
    assert Weights(folder, PROFILE).revision == "b8fff7315c76"


def test_half_a_download_is_noticed(folder: Path) -> None:
    file = next((folder / "transformer").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:6])
    with pytest.raises(EngineError, match="only a part"):
        _ = Weights(folder, PROFILE).revision
