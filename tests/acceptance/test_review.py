"""Videos that wait for a person, by the commands as that person types them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from flows import events
from flows.server import LocalServer
from records.ledger import Ledger
from reelmill.settings import Settings
from tasks.screening.review import SAMPLED
from tests.crash.test_resume import clips_made
from tests.integration.test_web import event_in_prefect
from tests.line import Project, complain
from tests.simulators.video_server import video_server

ITEMS = (
    "{type: list, items: [{prompt: a dark pine ridge, name: 小雪}, {prompt: plum blossoms, name: 天下第一茶}, "
    "{prompt: a cup of tea, name: 在线赌场}]}"
)
WAITS = "    screen: {review: {deadline: 24h}}\n"
#: Holds whatever it sees: OpenNSFW gives every picture some score.
DOUBTFUL = """\
name: doubtful
version: "1"
required: [opennsfw]
optional: []
rules: {opennsfw: {nsfw: {category: sexual, review: 0.000001, block: 1.0}}}
agreement: {seconds: 0}
isolated: {score_below: 0, seconds: 1}
black: {level_below: 0, share_above: 0.99}
frozen: {change_below: 0, share_above: 0.99}
"""


def states(project: Project) -> dict[str, str]:
    return {video["title"]: video["state"] for video in project.json("show", "quick")["videos"]}


def titles(project: Project) -> list[str]:
    return sorted(json.loads(path.read_text(encoding="utf-8"))["title"] for path in project.posts())


def test_texts_wait_before_anything_is_made_and_a_person_brings_them_on(
    project: Project, prefect_server: LocalServer
) -> None:
    project.write(ITEMS)
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    assert [video["state"] for video in planned["videos"]] == ["new", "in_review", "rejected"]

    run = project.json("run", "quick", "--date", "2026-11-22")

    assert run["state"] == "in_review"
    assert run["count"] == {"found": 3, "done": 1, "in_review": 1, "rejected": 1, "unfinished": 0, "holds": True}
    assert len(clips_made(project)) == 1, "no picture of what is not going to be shown"
    (waits,) = project.json("review", "list")
    assert (waits["title"], waits["about"], waits["categories"]) == ("天下第一茶", "texts", ["absolutes"])
    again = project.json("run", "quick", "--date", "2026-11-22")
    assert again["count"]["in_review"] == 1, "asking again is no way around it"

    done = project.call("review", "approve", waits["id"][:8], "--as", "老陈", "--note", "our slogan")

    assert done.returncode == 0, complain(done)
    assert "3 found = 2 done" in done.stdout
    with Ledger(Settings(home=project.folder / ".reelmill")) as ledger:
        (decision,) = ledger.reviews.decisions()
    event = event_in_prefect(prefect_server, str(events.identity(decision)))
    assert event["event"] == "reelmill.review.approve"
    assert event["payload"] == {"run": "quick@2026-11-22", "video_id": waits["id"], "about": "texts"}
    assert titles(project) == ["天下第一茶", "小雪"]
    third = project.json("run", "quick", "--date", "2026-11-22")
    assert third["state"] == "done", "what a person has read is not asked about again"
    assert "nothing waits for you" in project.call("review", "list").stdout


def test_other_words_are_screened_and_drawn_and_kept(project: Project) -> None:
    project.write("{type: list, items: [{prompt: plum blossoms, name: 天下第一茶}]}")
    project.json("run", "quick", "--date", "2026-11-22")
    blocked = project.call("review", "approve", "quick", "--title", "在线赌场")
    assert blocked.returncode == 1
    assert "these words are blocked: title: gambling" in complain(blocked)
    assert states(project) == {"天下第一茶": "in_review"}

    done = project.call("review", "approve", "quick", "--title", "好茶", "--caption", "山里的茶", "--as", "anna",
                        "--hashtags", "#好茶 山野")  # fmt: skip

    assert done.returncode == 0, complain(done)
    (sidecar,) = [json.loads(path.read_text(encoding="utf-8")) for path in project.posts()]
    assert (sidecar["title"], sidecar["caption"], sidecar["hashtags"]) == ("好茶", "山里的茶", ["好茶", "山野"])
    again = project.json("run", "quick", "--date", "2026-11-22", "--remake")
    assert again["state"] == "done"
    assert titles(project) == ["好茶"], "a plan that a person has changed is kept"


def test_what_is_seen_waits_and_is_approved_rejected_or_made_again(project: Project) -> None:
    (project.folder / "doubtful.yaml").write_text(DOUBTFUL, encoding="utf-8")
    names = ["小雪", "大雪", "冬至"]
    listed = ", ".join(f"{{prompt: a pine ridge number {index}, name: {name}}}" for index, name in enumerate(names))
    project.write(f"{{type: list, items: [{listed}]}}", more="    screen: {policy: doubtful.yaml}\n")
    run = project.json("run", "quick", "--date", "2026-11-22")
    assert run["count"]["in_review"] == 3
    made = clips_made(project)
    waiting = {one["title"]: one for one in project.json("review", "list")}
    assert {one["about"] for one in waiting.values()} == {"frames"}
    assert project.posts() == []

    shown = project.json("review", "show", waiting["大雪"]["id"][:8])
    assert shown["state"] == "in_review"
    assert {(one["category"], one["detector"], one["label"]) for one in shown["evidence"]} == {
        ("sexual", "opennsfw", "nsfw")
    }
    assert shown["evidence"] == waiting["大雪"]["evidence"]

    project.json("review", "reject", waiting["大雪"]["id"], "--as", "anna", "--note", "no")
    project.json("review", "regenerate", waiting["冬至"]["id"], "--as", "anna")
    done = project.call("review", "approve", waiting["小雪"]["id"], "--as", "anna")

    assert done.returncode == 0, complain(done)
    assert states(project) == {"小雪": "done", "大雪": "rejected", "冬至": "in_review"}
    assert titles(project) == ["小雪"]
    assert len(clips_made(project)) == 4
    assert made.items() <= clips_made(project).items()
    (another,) = project.json("review", "list")
    assert another["master"] != waiting["冬至"]["master"]
    assert [one["title"] for one in project.json("review", "list", "--decided")] == ["小雪", "冬至", "大雪"]
    late = project.call("review", "approve", waiting["大雪"]["id"])
    assert late.returncode == 2
    assert "no video that waits is called" in complain(late)
    sidecar = json.loads(project.posts()[0].read_text(encoding="utf-8"))
    assert sidecar["verdict"]["decision"] == "pass"


def test_a_sample_of_what_passes_is_looked_at_and_then_posted(project: Project) -> None:
    with video_server(seconds=0.05) as server:  # its clips are no previews, of which none is sampled
        project.environment = {**project.environment, "REELMILL_VIDEO_API_URL": server.url}
        path = project.write(
            "{type: list, items: [{prompt: a pine ridge, name: 小雪}]}", more="    screen: {review: {sample: 1}}\n"
        )
        text = path.read_text(encoding="utf-8").replace("engine: storyboard", "engine: video_api")
        path.write_text(text, encoding="utf-8")
        run = project.json("run", "quick", "--date", "2026-11-22")
        assert run["count"]["in_review"] == 1
        assert project.posts() == []
        (waits,) = project.json("review", "list")
        assert (waits["reasons"], waits["evidence"]) == ([SAMPLED], [])

        done = project.call("review", "approve", waits["id"], "--as", "mei")

    assert done.returncode == 0, complain(done)
    assert states(project) == {"小雪": "done"}
    assert titles(project) == ["小雪"]
    (made,) = project.json("review", "list", "--decided")
    assert (made["who"], made["action"]) == ("mei", "approve")


@pytest.mark.slow
def test_who_waits_longer_than_the_deadline_is_rejected(project: Project) -> None:
    project.write("{type: list, items: [{prompt: plum blossoms, name: 天下第一茶}]}", more=WAITS)
    project.json("run", "quick", "--date", "2026-11-22")
    assert len(project.json("review", "list")) == 1
    ledger: Path = project.folder / ".reelmill" / "ledger.db"
    with sqlite3.connect(ledger) as connection:
        connection.execute("update videos set updated_at = datetime(updated_at, '-25 hours')")

    told = project.call("review", "list").stdout

    assert "rejected 天下第一茶 of quick 2026-11-22: nobody decided in time" in told
    assert states(project) == {"天下第一茶": "rejected"}
    assert project.json("show", "quick")["state"] == "done"
