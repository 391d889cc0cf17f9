"""`reelmill plan` as a person sees it: which post goes where and when, and what will not fit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.line import Project

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets:
  main: {type: tiktok, account: main, token: {env: NO_SUCH_TOKEN}}
  tea: {type: tiktok, account: tea, token: {env: NO_SUCH_TOKEN}}
  tube: {type: youtube, account: me, token: {env: NO_SUCH_TOKEN}}
  outbox: {type: folder, path: outbox}
pipelines:
  clips:
    timezone: Asia/Shanghai
    source: {type: list, items: [{prompt: pine, name: 小雪}, {prompt: plum, name: 大雪}, {prompt: a hut, name: 冬至}]}
    prompt: {subject: "{{ brief.prompt }}", action: snow falls, environment: a valley, style: ink wash}
    generate: {engine: storyboard, seconds: 3, size: 256x448, fps: 24}
    caption: {title: "{{ brief.name }}"}
    deliver: [tiktok, youtube_shorts]
    publish: [{{PUBLISH}}]
"""
#: What the platforms allow a day.
TIKTOK, YOUTUBE = "15", "100"
#: Tomorrow in Shanghai, so that nothing of it is over.
DAY = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date() + dt.timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    return Project(tmp_path)


def plan(project: Project, publish: str) -> str:
    (project.folder / "pipelines.yaml").write_text(DEFINITION.replace("{{PUBLISH}}", publish), encoding="utf-8")
    done = project.call("plan", "clips", "--date", DAY.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_says_where_and_when_each_post_goes_and_what_will_not_fit(folder: Project) -> None:
    told = plan(
        folder,
        '{to: [main, tea], between: "18:00-22:00", spacing: 20m, per_day: 1}, '
        '{to: tube, between: "23:40-01:00", spacing: 20m}, outbox',
    )
    day, date = f"{DAY.day} {DAY:%b}", f"{DAY:%a} {DAY.day} {DAY:%b}"
    assert f"main {day} 18:00, tube {day} 23:40, outbox" in told
    assert f"tea {day} 18:00, tube" in told
    rows = [line.split() for line in told.splitlines()]
    assert ["main", *date.split(), "18:00", "1", "0", "1", "18:00-22:00", "Asia/Shanghai", "Reelmill"] in rows
    assert [
        "tube",
        *date.split(),
        "23:40",
        "1",
        "0",
        YOUTUBE,
        "23:40-01:00",
        "Asia/Shanghai",
        "the",
        "platform",
    ] in rows
    night = DAY + dt.timedelta(days=1)
    assert [*f"{night:%a} {night.day} {night:%b}".split(), "00:00", "–", "00:20", "2", "0", YOUTUBE,
            "23:40-01:00", "Asia/Shanghai", "the", "platform"] in rows  # fmt: skip
    assert ["outbox", "at", "once", "6", "0"] in rows
    full = "has its 1 post of the day"
    assert f"1 post will not fit: no free time on {DAY}: main {full}, tea {full}" in told
    assert "give them more room with `days`" in told


def test_accounts_without_times_are_shown_with_what_is_taken_of_their_limits(folder: Project) -> None:
    told = plan(folder, "main, {to: tea, per_day: 2}, outbox")
    rows = [line.split() for line in told.splitlines()]
    assert ["account", "day", "times", "posts", "taken", "a", "day", "zone", "kept", "by"] in rows
    (main,) = (row for row in rows if row[:1] == ["main"])
    assert main[-5:-2] == ["3", "0", TIKTOK]
    assert ["outbox", "at", "once", "6", "0"] in rows
    found = folder.json("plan", "clips", "--date", DAY.isoformat())
    assert list(found["accounts"]) == ["main", "tea", "outbox"]
    tea = found["accounts"]["tea"]
    assert (tea["posts"], tea["per_day"], tea["a_day"], tea["platform_allows"]) == (2, 2, 2, int(TIKTOK))
    assert (tea["platform"], tea["account"], tea["between"], tea["timezone"]) == (
        "tiktok",
        "tea",
        None,
        "Asia/Shanghai",
    )
    assert sum(day["posts"] for day in tea["days"]) == 2
    assert found["misfits"] == [{"reason": found["misfits"][0]["reason"], "posts": 1}]
    assert "tea has its 2 posts of the day" in found["misfits"][0]["reason"]


def test_what_nobody_would_see_is_not_made(folder: Project) -> None:
    told = plan(folder, '{to: main, between: "18:00-22:00", per_day: 2, timezone: America/New_York}')
    assert "3 briefs → 2 videos (0 done already, 1 item skipped, 0 unchanged)" in told
    assert f"no free time on {DAY}: main has its 2 posts of the day" in told
    assert "America/New_York" in told


def test_without_times_it_does_not_speak_of_them(folder: Project) -> None:
    told = plan(folder, "outbox")
    assert "outbox" not in told
    assert "kept by" not in told
    assert "6 posts" in told


def test_it_tells_programs_the_same(folder: Project) -> None:
    plan(folder, '{to: main, between: "18:00-22:00", per_day: 2}')
    found = folder.json("plan", "clips", "--date", DAY.isoformat())["videos"]
    at = dt.datetime.combine(DAY, dt.time(18), ZoneInfo("Asia/Shanghai")).astimezone(dt.UTC)
    assert dt.datetime.fromisoformat(found[0]["plan"]["posts"][0]["at"]) == at
    assert [(video["state"], bool(video["why"])) for video in found] == [
        ("new", False),
        ("new", False),
        ("skipped", True),
    ]
