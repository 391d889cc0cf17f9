"""A budget as a person meets it: what fits is made, what does not is told and made another day."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest

from tests.line import TWO_PROMPTS, Project, complain

pytestmark = pytest.mark.slow


def limited(project: Project, budget: str) -> None:
    path = project.write(TWO_PROMPTS)
    path.write_text(path.read_text(encoding="utf-8") + f"budget: {budget}\n", encoding="utf-8")


def test_what_does_not_fit_is_left_out_told_and_made_when_there_is_room(project: Project) -> None:
    limited(project, "{videos: 1, per: day}")
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    assert [video["state"] for video in planned["videos"]] == ["new", "skipped"]
    assert "the budget of the day has no videos left" in planned["videos"][1]["why"]

    done = project.call("run", "quick", "--date", "2026-11-22")

    assert done.returncode == 0, complain(done)
    assert "1 video left out: of 1 video a day, other runs have 0 videos" in done.stderr + done.stdout
    states = [video["state"] for video in project.json("show", "quick")["videos"]]
    assert states == ["done", "skipped"]
    assert len(project.posts()) == 1
    again = project.call("run", "quick", "--date", "2026-11-23")
    assert "other runs have 1 video" in again.stderr + again.stdout
    assert "2 found = 0 done" in again.stdout
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        connection.execute("update spendings set period = ?", ("2020-01-01",))
    third = project.json("run", "quick", "--date", "2026-11-23")
    assert third["count"]["done"] == 1, "yesterday's budget is not today's"


def test_who_comes_first_finds_what_it_took_last(project: Project) -> None:
    limited(project, "{videos: 3, per: day}")
    path = project.folder / "pipelines.yaml"
    text = path.read_text(encoding="utf-8")
    recipe = text.partition("pipelines:\n")[2].partition("budget:")[0]
    now = dt.datetime.now(dt.UTC)
    if (now.hour, now.minute) >= (23, 45):
        pytest.skip("the day is nearly over, and its last minute is to come")
    schedule = "    priority: 1\n    schedule: {cron: '59 23 * * *', timezone: UTC}\n"
    first = recipe.replace("  quick:\n", f"  first:\n{schedule}")
    path.write_text(text.replace("budget:", f"{first}budget:"), encoding="utf-8")
    new = project.json("plan", "quick", "--date", "2026-11-23")
    assert [video["state"] for video in new["videos"]] == ["new", "skipped"]
    assert "and kept are 2 videos for first" in new["told"][0], (
        "it has never run, and its source says what it will make"
    )
    assert project.json("run", "first", "--date", "2026-11-22")["count"]["done"] == 2
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        connection.execute("update spendings set period = ?", ("2020-01-01",))

    done = project.call("run", "quick", "--date", "2026-11-23")

    assert "1 video left out: of 3 videos a day, other runs have 0 videos, and kept are 2 videos for first" in " ".join(
        (done.stderr + done.stdout).split()
    )
    states = [video["state"] for video in project.json("show", "quick")["videos"]]
    assert states == ["done", "skipped"]


def test_a_budget_of_money_needs_a_price(project: Project) -> None:
    limited(project, "{spend: 20 USD}")
    for environment, told in (
        ({}, "set REELMILL_GPU_PRICE"),
        ({"REELMILL_GPU_PRICE": "2", "REELMILL_CURRENCY": "EUR"}, "the price of a GPU in EUR"),
    ):
        done = project.call("plan", "quick", environment=environment)
        assert (done.returncode, told in complain(done)) == (2, True), complain(done)
    priced = {"REELMILL_GPU_PRICE": "2"}
    assert project.json("run", "quick", environment=priced)["count"]["done"] == 2, "a preview costs nothing"


@pytest.mark.parametrize("budget", ["{}", "{per: day}", "{videos: 0}", "{spend: 20}", "{videos: 3, per: year}"])
def test_a_budget_that_cannot_be_read_is_refused(project: Project, budget: str) -> None:
    limited(project, budget)
    done = project.call("check")
    assert done.returncode == 2
    assert "pipelines.yaml:" in complain(done)
    assert "budget" in complain(done)
