"""A run holds to its plan in everything that it does: what it makes and with what, and what it takes down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows import promise
from flows.experiments.allocation import Allocation
from flows.planning import Plan
from records.videos import PlannedVideo
from reelmill.errors import UseError

TRIAL = {"of": "copy", "value": "calm", "arm": "07:00-09:00"}
VIDEO = PlannedVideo(
    "cup", "copy=calm", "Tea cup", "mark", {"posts": [{"target": "a", "profile": "tiktok", "at": None, "trial": TRIAL}]}
)
LATER = replace(VIDEO, plan={"posts": [{**VIDEO.plan["posts"][0], "trial": {**TRIAL, "arm": "12:00-14:00"}}]})
PLAN = Plan(
    [VIDEO],
    gone=("pot",),
    model="wan wan22-ti2v-5b@b8fff7315c76",
    allocation=Allocation("copy", {"calm": 0.7, "gift": 0.3}),
)


def written(plan: Plan) -> Any:
    """What a plan promises, once through a file."""
    return json.loads(json.dumps(promise.promised(plan)))


def other(**changes: Any) -> Plan:
    return replace(PLAN, **changes)


def test_a_plan_that_is_the_same_holds() -> None:
    promise.hold(PLAN, written(PLAN))
    promise.hold(replace(PLAN, gone=("pot", "tin")), written(replace(PLAN, gone=("tin", "pot"))))
    slightly = Allocation("copy", {"calm": 0.701, "gift": 0.299})
    promise.hold(replace(PLAN, allocation=slightly), written(PLAN)), "shares are held as they were told"


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (other(gone=("pot", "tin")), "to be taken down: tin"),
        (other(gone=()), "not to be taken down any more: pot"),
        (other(doubtful=True), "so much is gone that nothing is taken down"),
        (other(model="wan turbo22-5b@1"), "drawn by wan turbo22-5b@1 and not by wan wan22-ti2v-5b@b8fff7315c76"),
        (other(allocation=Allocation("copy", {"calm": 0.4, "gift": 0.6})), "by what is best so far: gift 60"),
        (other(allocation=None), "its values are drawn alike"),
        (other(videos=[LATER]), "other: cup copy=calm"),
    ],
)  # fmt: skip
def test_whatever_is_other_is_refused_and_told(plan: Plan, told: str) -> None:
    with pytest.raises(UseError) as refused:
        promise.hold(plan, written(PLAN))
    assert told in refused.value.reason


def test_a_run_that_was_opened_with_a_promise_of_videos_alone_is_held_to_that() -> None:
    """Runs of before it said more are in ledgers."""
    before = written(PLAN)["videos"]
    promise.hold(other(model="storyboard storyboard@1"), before)
    with pytest.raises(UseError, match="gone: cup copy=calm"):
        promise.hold(other(videos=[]), before)


def test_a_file_that_promises_videos_alone_is_no_plan_any_more(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    whole = {"pipeline": "shop", "occasion": "2026-12-01", "definition": "d", "limit": None, "event": None}
    path.write_text(json.dumps({**whole, "promise": written(PLAN)}), encoding="utf-8")
    assert promise.read(path).held == written(PLAN)
    path.write_text(json.dumps({**whole, "promise": written(PLAN)["videos"]}), encoding="utf-8")
    with pytest.raises(UseError, match="is no plan"):
        promise.read(path)
