"""A pipeline that a Wan model films, from the definition to the outbox. The model is tiny, its parts are real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.line import Project, complain
from tests.simulators import tiny_wan
from wan_engine.wan.profiles import PROFILES

#: It has 4 steps.
TINY = PROFILES["turbo22-5b"]


@pytest.fixture
def shop(project: Project, tmp_path: Path) -> Project:
    tiny_wan.save(TINY.architecture, tmp_path / "models" / TINY.name, shift=TINY.shift)
    project.environment = {  # it was never trained, and is no good to look at
        **project.environment, "REELMILL_MODELS": str(tmp_path / "models"), "REELMILL_WAN_QUALITY": "report",
    }  # fmt: skip
    return project


def write(shop: Project, generate: str) -> None:
    file = shop.write(source="{type: list, items: [{prompt: a red square, name: 小雪}]}")
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("generate: {engine: storyboard, seconds: 1, size: 256x448, fps: 12}", f"generate: {{{generate}}}"),
        encoding="utf-8",
    )


@pytest.mark.slow
def test_auto_means_the_model_where_there_is_one(shop: Project) -> None:
    write(shop, f"model: {TINY.name}, seconds: 1.2, size: 256x448, fps: 30")
    (planned,) = shop.json("plan", "quick", "--date", "2026-11-22")["videos"]
    done = shop.call("run", "quick", "--date", "2026-11-22")
    assert done.returncode == 0, complain(done)
    (sidecar,) = (json.loads(path.read_text(encoding="utf-8")) for path in shop.posts())
    assert sidecar["preview"] is False
    assert planned["plan"]["engine"] == "wan"
    (run,) = shop.json("runs")
    assert run["count"] == {**run["count"], "found": 1, "done": 1}


def test_where_others_render_a_plan_needs_no_weights(project: Project) -> None:
    write(project, "engine: wan, seconds: 5, size: 720p-portrait")
    (planned,) = project.json("plan", "quick", environment={"REELMILL_GENERATION": "pool"})["videos"]
    plan = planned["plan"]
    assert (plan["engine"], plan["width"], plan["height"], plan["steps"]) == ("wan", 704, 1280, 50)
    done = project.call("plan", "quick", environment={"REELMILL_GENERATION": "inline"})
    assert done.returncode == 1
    told = complain(done)
    assert "the engine 'wan' cannot run here" in told
    assert "reelmill engine fetch wan22-ti2v-5b" in told


def test_a_shot_that_the_model_cannot_make_is_told_by_the_plan(shop: Project) -> None:
    write(shop, f"engine: wan, model: {TINY.name}, seconds: 8")
    done = shop.call("plan", "quick")
    assert done.returncode == 1
    assert "ask for at most 5 seconds" in complain(done)
