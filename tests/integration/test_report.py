"""The report: what a week made, cost and left undone, on both databases and in every format."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cyclopts
import pytest
from ruamel.yaml import YAML

from flows.cli import report as command
from flows.cli.failure import explain
from flows.weekly.document import as_json
from flows.weekly.failures import kind_of
from flows.weekly.figures import Report, gather
from flows.weekly.markdown import NO_VIEWS, as_markdown
from flows.weekly.page import as_page
from flows.weekly.period import Period, choose, today_in
from records.database import now
from records.ledger import Ledger
from records.states import PostState, VideoState
from reelmill.errors import UseError
from reelmill.settings import Settings
from tests.integration.test_figures import Mill

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = dt.date(2026, 11, 25)  # a Wednesday
DAY = dt.timedelta(days=1)


@pytest.fixture
def mill(ledger: Ledger, tmp_path: Path) -> Mill:
    return Mill(ledger, tmp_path / "media")


def last_days(count: int = 7) -> Period:
    today = today_in(None)
    return Period(today - DAY * (count - 1), today, None)


def told(ledger: Ledger, period: Period | None = None, **settings: Any) -> Report:
    return gather(ledger, Settings(**settings), period or last_days())


# What a person asks for


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (("", "", ""), "2026-11-18", "2026-11-24"),  # whole days only: today is not over
        (("2026-W47", "", ""), "2026-11-16", "2026-11-22"),
        (("2026w1", "", ""), "2025-12-29", "2026-01-04"),
        (("", "2026-11-20", ""), "2026-11-20", "2026-11-24"),
        (("", "", "2026-11-10"), "2026-11-04", "2026-11-10"),
        (("", "", "today"), "2026-11-19", "2026-11-25"),
        (("", "today", ""), "2026-11-25", "2026-11-25"),
        (("", "yesterday", ""), "2026-11-24", "2026-11-24"),
    ],
)
def test_the_days_that_a_person_means(asked: tuple[str, str, str], first: str, last: str) -> None:
    period = choose(*asked, today=TODAY, zone=SHANGHAI)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)
    before = period.before
    assert (before.last + DAY, len(before.days)) == (period.first, len(period.days))
    assert before.until == period.since


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("last", "", ""), "'last' is no week"),
        (("2026-W54", "", ""), "is no week"),
        (("2026-W47", "2026-11-01", ""), "both given"),
        (("", "2026-11-20", "2026-11-01"), "is after"),
        (("", "2025-11-20", ""), "too many"),
        (("", "2026-13-01", ""), "--from is '2026-13-01'"),
        (("2026-W49", "", ""), "not here yet"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(asked: tuple[str, str, str], reason: str) -> None:
    with pytest.raises(UseError, match=reason) as caught:
        choose(*asked, today=TODAY, zone=None)
    assert caught.value.instruction


def test_days_begin_at_midnight_where_the_person_is() -> None:
    period = choose("2026-W47", "", "", today=TODAY, zone=SHANGHAI)
    assert period.since == dt.datetime(2026, 11, 15, 16, tzinfo=dt.UTC)
    assert period.day_of(dt.datetime(2026, 11, 15, 15, 59, tzinfo=dt.UTC)) == dt.date(2026, 11, 15)
    assert period.day_of(period.since) == period.first


@pytest.fixture
def machine_in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("machine_in_berlin")
def test_the_zone_of_the_machine_has_summer_time() -> None:
    week = Period(dt.date(2026, 10, 19), dt.date(2026, 10, 25), None)
    assert week.since == dt.datetime(2026, 10, 18, 22, tzinfo=dt.UTC)
    assert week.until - week.since == dt.timedelta(days=7, hours=1)  # the clocks went back on the last day


# What a report says


def test_headlines_are_compared_with_as_many_days_before(ledger: Ledger, mill: Mill) -> None:
    older = mill.run(occasion="2026-11-12", titles=("a", "b"))
    for video in mill.videos(older):
        mill.finish(video, seconds=1800)
    mill.back_then(older, DAY * 8)
    newer = mill.run(occasion="2026-11-22", titles=("a", "b", "c", "d", "e", "f", "g"))
    one, two, three, four, five, six, _ = mill.videos(newer)
    for video in (one, two, three):
        mill.finish(video, ("outbox", "tiktok"), seconds=3600)
    mill.fail(four, "no glyph – choose another font")
    mill.hold(five, VideoState.REJECTED, engine="storyboard", preview=True)
    mill.hold(six, VideoState.IN_REVIEW, seconds=0.5)
    mill.back_then(newer, DAY * 2)
    report = told(ledger, gpu_price=2.5, currency="EUR")
    assert report.now.outcomes == {"done": 3, "failed": 1, "rejected": 1, "in_review": 1, "unfinished": 1}
    assert report.before.outcomes == {"done": 2}
    assert (report.now.posts, report.before.posts) == (6, 2)
    assert (report.now.gpu_seconds, report.before.gpu_seconds) == (10800.5, 3600)
    assert report.before.spend == 2.5
    assert {day: dict(count) for day, count in report.days.items() if count} == {
        today_in(None) - DAY * 2: {"done": 3, "failed": 1, "rejected": 1, "in_review": 1, "unfinished": 1}
    }
    assert report.posts_by_target == {"outbox": 3, "tiktok": 3}
    assert [(stage.stage, stage.count) for stage in report.stages] == [("generate", 5)]
    words = as_markdown(report)
    assert "| videos done | 3 | 2 | +50 % |" in words
    assert "| spend | 7.50 EUR | 2.50 EUR | +200 % |" in words
    assert "1 clip was a preview, drawn without a GPU in 2.5 s (storyboard)." in words


def test_each_pipeline_has_its_share(ledger: Ledger, mill: Mill) -> None:
    terms, products = mill.run("terms", titles=("a", "b")), mill.run("products")
    for video in mill.videos(terms):
        mill.finish(video, seconds=7.0)
    mill.fail(mill.videos(products)[0], "no")
    report = told(ledger)
    assert [(one.name, dict(one.outcomes), one.posts, one.gpu_seconds) for one in report.pipelines] == [
        ("products", {"failed": 1}, 0, 0.0),
        ("terms", {"done": 2}, 2, 14.0),
    ]


def test_without_a_price_there_is_no_amount(ledger: Ledger, mill: Mill) -> None:
    mill.finish(mill.videos(mill.run())[0])
    report = told(ledger)
    assert report.now.spend is None
    assert "| spend | no price set |  | set REELMILL\\_GPU\\_PRICE |" in as_markdown(report)
    assert "0.00" not in as_page(report)


def test_alike_failures_stand_together_with_what_goes_on(ledger: Ledger, mill: Mill) -> None:
    for occasion in ("2026-11-21", "2026-11-22"):
        run = mill.run(occasion=occasion, titles=("茶", "杯", "壶"))
        one, two, three = mill.videos(run)
        mill.fail(one, f"'茶' needs {len(occasion)} glyphs in /fonts/{occasion}.otf – choose another font")
        mill.fail(two, "the picture https://shop.example/1.jpg answers 503 – wait")
        mill.fail(three, f"the picture https://shop.example/{occasion}.jpg answers 404 – mend the feed")
        ledger.runs.close(run.id)
    whole = mill.run("lists", titles=())
    ledger.runs.close(whole.id, failure="the list has no column `prompt` – add it")
    found = {one.reason: one for one in told(ledger).failures}
    assert {one.reason: (one.videos, one.runs, one.open, one.differ) for one in found.values()} == {
        "'茶' needs 10 glyphs in /fonts/2026-11-22.otf": (2, 2, 2, True),
        "the picture https://shop.example/1.jpg answers 503": (2, 2, 2, False),
        "the picture https://shop.example/2026-11-22.jpg answers 404": (2, 2, 2, True),
        "the list has no column `prompt`": (0, 1, 1, False),
    }
    assert list(found)[-1] == "the list has no column `prompt`"  # the rarest kind comes last
    glyphs = found["'茶' needs 10 glyphs in /fonts/2026-11-22.otf"]
    assert (glyphs.titles, glyphs.instruction) == (("茶",), "choose another font")
    assert glyphs.commands == ("reelmill resume terms@2026-11-21", "reelmill resume terms@2026-11-22")
    assert found["the list has no column `prompt`"].commands == ("reelmill resume lists@2026-11-22",)


def test_a_failure_that_was_mended_later_says_so(ledger: Ledger, mill: Mill) -> None:
    run = mill.run()
    (video,) = mill.videos(run)
    mill.fail(video, "the engine fell over")
    mill.back_then(run, DAY * 3)
    ledger.videos.reopen(run.id)
    mill.finish(video)
    earlier = Period(today_in(None) - DAY * 4, today_in(None) - DAY * 2, None)
    (failure,) = told(ledger, earlier).failures
    assert (failure.videos, failure.open, failure.commands) == (1, 0, ())
    assert "mended since" in as_markdown(told(ledger, earlier))
    assert told(ledger).failures == ()
    assert told(ledger).now.outcomes == {"done": 1}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("run 6f1e0f6c-58f5-5c0f-9d4e-6b1c2f0a7d11 broke", "run 0d4e6b1c-58f5-5c0f-9d4e-6b1c2f0a7d11 broke", True),
        ("clip deadbeef01 is gone", "clip 0123456789abcdef is gone", True),
        ("took 3.5 s of 10", "took 12 s of 9", True),
        ("512x900 cannot be made", "300x40 cannot be made", True),
        ("‘龙井’ has no image", "‘普洱’ has no image", True),
        ("it answers 404", "it answers 503", False),
        ("the decade was faded", "the facade was added", False),
    ],
)
def test_reasons_that_differ_only_in_ids_and_numbers_are_alike(one: str, other: str, alike: bool) -> None:
    assert (kind_of(one) == kind_of(other)) is alike


def test_what_waits_for_a_person_is_named_with_its_command(ledger: Ledger, mill: Mill) -> None:
    for video in mill.videos(mill.run("terms", titles=("a", "b"))):
        mill.hold(video, VideoState.IN_REVIEW)
    mill.finish(mill.videos(mill.run("products", "order 7; rm -rf"))[0], ("tiktok",), post=PostState.UNKNOWN)
    stopped = mill.run("lists")
    ledger.runs.close(stopped.id, interrupted="stopped by a person")
    lines = {one.what: one.command for one in told(ledger).waiting}
    assert lines == {
        "1 post to tiktok of products order 7; rm -rf may be public or not: look at the target": (
            "reelmill posts --state unknown --pipeline 'products@order 7; rm -rf'"
        ),
        "2 videos of terms 2026-11-22 to be reviewed": "reelmill show terms@2026-11-22",
        "lists 2026-11-22 was stopped: stopped by a person": "reelmill resume lists@2026-11-22",
    }


def test_posts_are_ranked_only_by_numbers_that_a_target_reports(ledger: Ledger, mill: Mill) -> None:
    one, two, three, four = mill.videos(mill.run(titles=("quiet", "loud", "liked", "silent")))
    mill.finish(one, numbers={"views": 10})
    mill.finish(two, numbers={"views": 900, "likes": 2})
    mill.finish(three, numbers={"likes": 7})
    mill.finish(four, numbers={})
    (loud,) = ledger.posts.of_video(two.id)
    mill.measure(loud.id, views=1200, likes=3)  # newer than what was said at first
    best = told(ledger).best
    assert [(one.post.title, one.views, one.likes) for one in best] == [
        ("loud", 1200, 3),
        ("quiet", 10, None),
        ("liked", None, 7),
    ]
    assert "| loud | outbox | 1,200 | 3 | https://outbox.example/loud |" in as_markdown(told(ledger))


def test_where_no_target_reports_views_the_report_says_so(ledger: Ledger, mill: Mill) -> None:
    mill.finish(mill.videos(mill.run())[0], numbers={})
    report = told(ledger)
    assert report.best == ()
    assert NO_VIEWS in as_markdown(report)
    assert NO_VIEWS in as_page(report)


def test_an_empty_ledger_has_a_report_too(ledger: Ledger) -> None:
    report = told(ledger)
    assert report.empty
    assert "Nothing was made on these days." in as_markdown(report)
    page = as_page(report)
    assert "Nothing was made on these days." in page
    assert "<svg" not in page


def test_today_is_told_beside_a_week_that_ends_yesterday(ledger: Ledger, mill: Mill) -> None:
    mill.finish(mill.videos(mill.run())[0])
    week = choose("", "", "", today=today_in(None), zone=None)
    report = told(ledger, week)
    assert (report.empty, report.today) == (True, {"done": 1})
    assert "Today so far: 1 video, not counted here. `reelmill report --to today` does." in as_markdown(report)


# Formats


EVIL = "茶|<script>alert(1)</script> [x](https://evil.example) ![y](z)\n# h"


def test_foreign_titles_stay_text_in_every_format(ledger: Ledger, mill: Mill) -> None:
    run = mill.run(titles=(EVIL, "小雪 <b>"))
    one, two = mill.videos(run)
    mill.fail(one, EVIL)
    mill.finish(two, numbers={"views": 1})
    report = told(ledger)
    words, page = as_markdown(report), as_page(report)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?<!\\)<script", words)
    assert not re.search(r"(?<!\\)\[x", words)
    assert "\n# h" not in words
    assert json.loads(json.dumps(as_json(report)))["failures"][0]["titles"] == [EVIL]


def test_the_page_loads_nothing_and_runs_nothing(ledger: Ledger, mill: Mill) -> None:
    one, two = mill.videos(mill.run(titles=("小雪", "大雪")))
    mill.finish(one)
    mill.hold(two, VideoState.REJECTED)
    page = as_page(told(ledger))
    assert page.count("<svg") == 3
    assert "小雪" not in page or "font/woff" in page
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|link|iframe|object)|(?:src|href)=|@import|url\((?!\"data:)", page)
    assert '<rect class="done"' in page
    assert '<rect class="rejected"' in page
    for colour in re.findall(r'<rect class="(\w+)"', page):
        assert f"svg rect.{colour} {{ fill: var(--{colour}); }}" in page
        assert page.count(f"--{colour}: #") == 3  # in the light, in the dark, on paper


def test_json_says_what_markdown_says(ledger: Ledger, mill: Mill) -> None:
    mill.finish(mill.videos(mill.run())[0], seconds=36.0)
    document = as_json(told(ledger, gpu_price=100.0))
    assert document["now"]["videos"]["done"] == 1
    assert (document["now"]["gpu_seconds"], document["now"]["spend"]) == (36.0, 1.0)
    assert len(document["days"]) == 7
    assert document["pipelines"][0]["name"] == "terms"


# The command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one video of today, and a folder to be in."""
    home = tmp_path / "home"
    with Ledger(Settings(home=home)) as ledger:
        mill = Mill(ledger, tmp_path / "media")
        mill.finish(mill.videos(mill.run(titles=("小雪",)))[0])
    monkeypatch.setenv("REELMILL_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


def call(*arguments: str) -> int:
    app = cyclopts.App(name="reelmill", exit_on_error=False, print_error=False, result_action="return_value")
    app.command("flows.cli.report:report", name="report")
    try:
        return int(app(["report", *arguments]))
    except UseError as error:
        return explain(error, as_json=False)


@pytest.mark.usefixtures("home")
def test_the_command_prints_markdown_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--to", "today") == 0
    assert "| videos done | 1 | 0 |" in capsys.readouterr().out
    assert call("--to", "today", "--json") == 0
    assert json.loads(capsys.readouterr().out)["now"]["videos"]["done"] == 1
    assert call("--to", "today", "--format", "html") == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("arguments", [(), ("--week",), ("--week", "--timezone", "Asia/Shanghai")])
def test_week_needs_no_value(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments, "--json") == 0
    period = json.loads(capsys.readouterr().out)["period"]
    assert dt.date.fromisoformat(period["last"]) - dt.date.fromisoformat(period["first"]) == DAY * 6
    assert dt.datetime.fromisoformat(period["until"]) <= now()


@pytest.mark.usefixtures("home")
def test_a_file_is_written_whole_in_the_format_of_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, start in (("week.html", "<!doctype"), ("a/week.md", "# Reelmill"), ("week.json", "{")):
        assert call("--to", "today", "--output", name) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
        assert capsys.readouterr().out == f"report: {tmp_path / name}\n"
    assert call("--output", "week.txt", "--format", "html", "--json") == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(tmp_path / "week.txt")
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("arguments", [("--week", "2026-W47", "2026-W48"), ("--week", "x"), ("--timezone", "Mars")])
def test_wrong_use_is_told(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert "→" in capsys.readouterr().err


def test_help_needs_neither_prefect_nor_the_ledger() -> None:
    code = (
        "import sys, cyclopts\n"
        "app = cyclopts.App(name='reelmill', result_action='return_value')\n"
        "app.command('flows.cli.report:report', name='report')\n"
        "app(['report', '--help'])\n"
        "assert not {'prefect', 'sqlalchemy', 'jinja2'} & sys.modules.keys()\n"
    )
    environment = {**os.environ, "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--week" in done.stdout
    assert command.report.__doc__


def test_the_rules_are_what_prometheus_loads() -> None:
    path = Path(__file__).parents[2] / "ops/prometheus/reelmill.rules.yml"
    (group,) = YAML(typ="safe").load(path.read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) >= 5
    assert all(set(rule) <= {"alert", "expr", "for", "labels", "annotations"} for rule in group["rules"])
