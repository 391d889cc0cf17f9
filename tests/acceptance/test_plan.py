"""A plan that is looked at before it is done: what it costs, a month at a glance, and a run that holds to it."""

from __future__ import annotations

import json
from typing import Any

import icalendar
import pytest

from records.ledger import Ledger
from reelmill.settings import Settings
from tests.line import Project, complain

pytestmark = pytest.mark.slow

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  terms:
    timezone: Asia/Shanghai
    source: {type: solar_terms, on: term_day}
    matrix: {style: [ink wash, clay]}
    prompt: {subject: "{{ brief.scene }}", action: snow falls, environment: a valley, style: "{{ variant.style }}"}
    generate: {engine: storyboard, seconds: 1, size: 256x448, fps: 12}
    caption: {title: "{{ brief.name }}"}
    deliver: [youtube_shorts]
    publish: [outbox]
  shop:
    timezone: UTC
    source: {type: product_feed, url: feed.csv, images: optional, changes_only: true}
    prompt: {subject: "{{ brief.title }}", action: steam rises, environment: a table, style: clay}
    generate: {engine: storyboard, seconds: 1, size: 256x448, fps: 12}
    caption: {title: "{{ brief.title }}"}
    deliver: [youtube_shorts]
    publish: [outbox]
"""
HEAD = "id,title,price,availability,description\n"


@pytest.fixture
def shop(project: Project) -> Project:
    (project.folder / "pipelines.yaml").write_text(DEFINITION, encoding="utf-8")
    stock(project, "cup,Tea cup", "pot,Tea pot")
    return project


def stock(project: Project, *items: str) -> None:
    rows = [f"{item},20.00 EUR,in_stock,for tea" for item in items]
    (project.folder / "feed.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def planned(project: Project, name: str = "plan.json") -> dict[str, Any]:
    found = project.json("plan", "shop", "--date", "2026-12-01")
    (project.folder / name).write_text(json.dumps(found), encoding="utf-8")
    assert isinstance(found, dict)
    return found


def test_a_run_does_just_what_was_planned(shop: Project) -> None:
    plan = planned(shop)
    assert [video["plan"]["change"] for video in plan["videos"]] == ["created", "created"]
    asked = plan["outlook"]
    assert (asked["gpu_seconds"], asked["basis"], asked["seconds"]) == (0.0, "a preview takes no GPU", None)
    assert asked["free_bytes"] > asked["disk_bytes"] > 0

    ran = shop.json("run", "--plan", "plan.json")

    assert (ran["occasion"], ran["count"]["done"]) == ("2026-12-01", 2)
    with Ledger(Settings(home=shop.folder / ".reelmill")) as ledger:
        run = ledger.runs.find("shop@2026-12-01")
        made = {video.brief_key: dict(video.plan) for video in ledger.videos.of_run(run.id)}
        shots = {key: ledger.media.requested(video.id)[0] for key in made for video in ledger.videos.of_run(run.id)
                 if video.brief_key == key}  # fmt: skip
    assert made == {video["brief"]: video["plan"] for video in plan["videos"]}
    for key, shot in shots.items():
        asked = made[key]["shots"][0]
        assert (shot.prompt, shot.negative_prompt, shot.seed, shot.frames) == (
            asked["prompt"], asked["negative_prompt"], asked["seed"], asked["frames"],
        )  # fmt: skip
    sidecars = [json.loads(path.read_text(encoding="utf-8")) for path in shop.posts()]
    assert sorted(one["title"] for one in sidecars) == ["Tea cup", "Tea pot"]
    stock(shop, "cup,Tea cup", "pot,Tea pot", "tin,Tea tin")
    later = shop.json("plan", "shop", "--date", "2026-12-02")
    assert later["outlook"]["seconds"] > 0, "it was made before, so somebody knows"
    assert later["outlook"]["finish_at"] > "2026"
    told = shop.call("plan", "shop", "--date", "2026-12-02").stdout
    summary = "1 video (1 created, 0 done already, 0 items skipped, 2 unchanged), 1 shot"
    for line in ("Tea tin", "created", summary, "GPU       0.0 min"):
        assert line in told, told


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (("cup,Tea cup",), "gone: pot"),
        (("cup,Tea cup", "pot,Tea pot", "tin,Tea tin"), "new: tin"),
        (("cup,Tea cup", "pot,Kettle"), "other: pot"),
    ],
)
def test_a_run_refuses_what_was_not_planned(shop: Project, items: tuple[str, ...], told: str) -> None:
    planned(shop)
    stock(shop, *items)

    done = shop.call("run", "--plan", "plan.json")

    assert done.returncode == 1
    assert f"the world has changed since it was planned ({told})" in " ".join(complain(done).split())
    assert shop.posts() == []
    assert shop.json("show", "shop@2026-12-01")["videos"] == []
    planned(shop)
    assert shop.json("run", "--plan", "plan.json")["count"]["done"] == len(items)


def test_what_vanishes_after_it_was_planned_is_not_taken_down(shop: Project) -> None:
    """It is unchanged, so the plan makes no video of it, and yet a run that holds to the plan must not touch it."""
    path = shop.folder / "pipelines.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("changes_only: true", "changes_only: true, gone: unpublish"),
        encoding="utf-8",
    )
    assert shop.json("run", "shop", "--date", "2026-11-30")["count"]["done"] == 2
    stock(shop, "cup,Tea cup", "pot,Tea pot", "tin,Tea tin")
    plan = planned(shop)
    assert [video["brief"] for video in plan["videos"]] == ["tin"]
    assert plan["promise"]["gone"] == []
    stock(shop, "cup,Tea cup", "tin,Tea tin")

    done = shop.call("run", "--plan", "plan.json")

    assert done.returncode == 1
    assert "(to be taken down: pot)" in " ".join(complain(done).split())
    assert len(shop.posts()) == 2
    assert {post["state"] for post in shop.json("posts")} == {"live"}
    assert planned(shop)["promise"]["gone"] == ["pot"]
    done = shop.call("run", "--plan", "plan.json")
    assert done.returncode == 0, complain(done)
    assert "pot" in " ".join((done.stdout + done.stderr).split())


def test_what_is_no_plan_of_this_definition_is_refused(shop: Project) -> None:
    planned(shop)
    for arguments, told in (
        (["shop", "--plan", "pipelines.yaml"], "is no plan"),
        (["--plan", "nothing.json"], "cannot be read"),
        (["terms", "--plan", "plan.json"], "is a plan of shop, not of terms"),
        (["--plan", "plan.json", "--limit", "1"], "leave the others out"),
        ([], "name it, or give --plan"),
    ):
        done = shop.call("run", *arguments)
        assert (done.returncode, told in " ".join(complain(done).split())) == (2, True), complain(done)
    path = shop.folder / "pipelines.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("steam rises", "steam drifts"), encoding="utf-8")
    done = shop.call("run", "--plan", "plan.json")
    assert (done.returncode, "has changed since plan.json was planned" in complain(done)) == (2, True)


def test_a_month_at_a_glance_and_in_a_calendar_program(shop: Project) -> None:
    done = shop.call("plan", "terms", "--from", "2026-12-01", "--to", "2026-12-31", "--ics", "terms.ics")
    assert done.returncode == 0, complain(done)
    lines = {line.split()[1]: line for line in done.stdout.splitlines() if line.endswith(tuple("0123456789–"))}
    assert "大雪" in lines["7"]
    assert "冬至" in lines["22"]
    assert "4 videos on 2 days of 31" in done.stdout
    calendar = icalendar.Calendar.from_ical((shop.folder / "terms.ics").read_bytes())
    events = [(event.decoded("dtstart").isoformat(), str(event["summary"])) for event in calendar.walk("VEVENT")]
    assert events == [("2026-12-07", "大雪 (2 videos)"), ("2026-12-22", "冬至 (2 videos)")]
    days = shop.json("plan", "terms", "--from", "2026-12-21", "--to", "2026-12-22")["days"]
    assert [(day["date"], day["titles"], day["videos"]) for day in days] == [
        ("2026-12-21", [], 0), ("2026-12-22", ["冬至"], 2),
    ]  # fmt: skip
    assert shop.call("plan", "terms", "--from", "2026-12-01", "--prompts").returncode == 2


def test_a_month_is_told_with_its_cost_and_what_the_budget_leaves_out(shop: Project) -> None:
    path = shop.folder / "pipelines.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "generate: {engine: storyboard, seconds: 1, size: 256x448, fps: 12}", "generate: {engine: wan, seconds: 5}", 1
    )
    path.write_text(text + "budget: {videos: 3, per: month, timezone: Asia/Shanghai}\n", encoding="utf-8")
    priced = {"REELMILL_GENERATION": "pool", "REELMILL_GPU_PRICE": "3.6", "REELMILL_CURRENCY": "USD"}
    asked = ("plan", "terms", "--from", "2026-12-06", "--to", "2026-12-22")
    told = shop.json(*asked, environment=priced)
    days = {day["date"]: day for day in told["days"] if day["videos"]}
    first, second = days["2026-12-07"], days["2026-12-22"]
    assert (first["left_out"], second["left_out"], told["currency"]) == (0, 1, "USD")
    assert first["gpu_seconds"] > 1000, "two clips of 50 steps on a GPU that one can buy"
    assert first["spend"] == pytest.approx(first["gpu_seconds"] / 1000, abs=0.01)
    assert second["spend"] == pytest.approx(first["spend"] / 2, abs=0.01), "one of two is let in"
    shown = shop.call(*asked, environment=priced).stdout
    assert "the budget has no room for 1 video of them" in shown
    assert f"{first['spend']:.2f} USD" in shown


def test_a_day_with_nothing_in_the_calendar_is_no_failure(shop: Project) -> None:
    done = shop.call("run", "terms", "--date", "2026-12-10")
    assert done.returncode == 0, complain(done)
    assert "nothing is on 2026-12-10; the next is on 2026-12-22" in complain(done)
    assert "done in" in done.stdout
    assert "the next is on 2026-12-22" in shop.call("plan", "terms", "--date", "2026-12-10").stdout
