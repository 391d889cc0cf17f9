"""`reelmill engine bench` with a small model: what it measures, and what it says where there is nothing to measure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli.app import FAILED, MISUSED, OK, call
from tests.simulators import tiny_wan
from wan_engine.wan.profiles import PROFILES

SMALL = ["--size", "256x256", "--frames", "5", "--steps", "2", "--shots", "1"]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REELMILL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("REELMILL_WAN_QUALITY", "report")  # weights that were never trained make no good clips
    return tmp_path / "models"


def save(models: Path, name: str) -> None:
    profile = PROFILES[name]
    tiny_wan.save(profile.architecture, models / name, shift=profile.shift)


def test_it_measures_ours_and_the_bare_pipeline(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(models, "wan22-ti2v-5b")
    assert call(["engine", "bench", *SMALL, "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["model"].startswith("wan22-ti2v-5b@")
    assert (told["size"], told["frames"], told["steps"]) == ("256x256", 5, 2)
    assert set(told["stages"]) == {"encode", "denoise", "decode"}
    for way in ("reelmill", "diffusers"):
        assert told[way]["frames_per_second"] == pytest.approx(5 / told[way]["seconds_per_clip"], rel=0.01)
        assert told[way]["peak_memory_bytes"] >= 0  # of this process: what it took for earlier work is used again
    assert told["ratio"] == pytest.approx(
        told["reelmill"]["seconds_per_clip"] / told["diffusers"]["seconds_per_clip"], rel=0.01
    )


def test_a_distilled_model_has_nothing_to_be_compared_with(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(models, "fastwan22-5b")
    assert call(["engine", "bench", "fastwan22-5b", "--size", "256x256", "--frames", "5", "--shots", "1"]) == OK
    out = capsys.readouterr().out
    assert "frames/s" in out
    assert "no ratio to bare diffusers: diffusers alone cannot make a clip of FastWan2.2-TI2V-5B" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--size", "256x250"], FAILED, "the nearest size is 256x256"),
        (["--size", "large"], MISUSED, "this is no size in pixels"),
        (["--shots", "0"], MISUSED, "nothing would be measured"),
        (["wan23"], MISUSED, "there is no model 'wan23'"),
        (["fastwan22-5b"], FAILED, "reelmill engine fetch fastwan22-5b"),
    ],
)
def test_what_cannot_be_measured_is_told(
    models: Path, capsys: pytest.CaptureFixture[str], *, arguments: list[str], code: int, words: str
) -> None:
    save(models, "wan22-ti2v-5b")
    assert call(["engine", "bench", *arguments]) == code
    assert words in capsys.readouterr().err
