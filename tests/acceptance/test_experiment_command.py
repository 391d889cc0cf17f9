"""An experiment from the definition to its table, as a person types it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from records.database import now
from records.ledger import Ledger
from records.tables import Post, PostMetrics
from reelmill.settings import Settings
from tests.line import Project, complain

MORE = """\
    matrix: {copy: [calm, gift]}
    experiment: {of: copy, over: accounts}
"""


def tried_out(project: Project, more: str = MORE) -> None:
    project.write("{type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}", more=more)
    path = project.folder / "pipelines.yaml"
    text = path.read_text(encoding="utf-8").replace("publish: [outbox]", "publish: [{to: [outbox, archive]}]")
    path.write_text(
        text.replace("targets:\n", "targets:\n  archive: {type: folder, path: archive}\n"), encoding="utf-8"
    )


def test_each_copy_goes_to_an_account_and_the_commands_say_to_which(project: Project) -> None:
    tried_out(project)
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    given = {video["variant"]: video["plan"]["posts"][0]["trial"] for video in planned["videos"]}
    assert {(trial["of"], trial["value"]) for trial in given.values()} == {("copy", "calm"), ("copy", "gift")}
    assert {trial["arm"] for trial in given.values()} == {"outbox", "archive"}
    assert "nothing of its experiment is live yet" in project.call("experiment", "quick").stdout

    done = project.call("run", "quick", "--date", "2026-11-22")
    assert done.returncode == 0, complain(done)
    shown = project.call("show", "quick").stdout
    for trial in given.values():
        assert f"copy {trial['value']}: {trial['arm']} 1" in shown
        assert len(list((project.folder / trial["arm"]).rglob("*.mp4"))) == 1
    told = project.json("show", "quick")
    assert {video["variant"]: video["experiment"] for video in told["videos"]} == {
        variant: [trial] for variant, trial in given.items()
    }

    results = project.json("experiment", "quick")
    assert [(one["value"], one["posts"], one["measured"], one["views"]) for one in results["values"]] == [
        ("calm", 1, 0, None),
        ("gift", 1, 0, None),
    ]
    assert (results["of"], results["comparison"], results["png"]) == ("copy", None, None)
    said = project.call("experiment", "quick").stdout
    assert "quick by copy" in said
    assert "nothing can be compared yet" in said

    # A day later the platform has told what people did.
    with Ledger(Settings(home=project.folder / ".reelmill")) as ledger, ledger.database.begin() as session:
        for post in session.scalars(select(Post)).all():
            post.live_at -= dt.timedelta(days=2)
            numbers = {"views": 1000, "likes": 80 if post.target == given_to(given, "calm") else 40}
            session.add(PostMetrics(post_id=post.id, at=now(), detail={}, **numbers))
    said = project.call("experiment", "quick").stdout
    assert "likes of a view, 1d after each post went live; 2 posts" in said
    assert "no winner yet: calm is ahead" in said
    assert "A winner needs 20 to 1" in said
    drawn = project.folder / ".reelmill" / "experiments" / "quick.png"
    assert f"drawn: {drawn}" in said
    with Image.open(drawn) as picture:
        assert (picture.format, picture.width) == ("PNG", 1200)
        assert picture.convert("L").getextrema()[0] < 40, "something is drawn on it"
    results = project.json("experiment", "quick", "--png", "mine.png")
    assert results["comparison"]["leader"] == "calm"
    assert results["comparison"]["winner"] is None
    calm, gift = results["values"]
    assert 0.02 < gift["low"] < gift["rate"] < calm["rate"] < calm["high"] < 0.2
    assert calm["best"] + gift["best"] == pytest.approx(1)
    assert Path(results["png"]).read_bytes()[:4] == b"\x89PNG"


def given_to(given: dict[str, dict[str, str]], value: str) -> str:
    return next(trial["arm"] for trial in given.values() if trial["value"] == value)


def test_a_pipeline_without_an_experiment_is_told(project: Project) -> None:
    tried_out(project, more="")
    done = project.call("experiment", "quick")
    assert done.returncode == 2
    assert "quick makes no experiment" in done.stderr


def test_the_shipped_test_of_ad_copies_is_one_that_the_command_knows(project: Project) -> None:
    done = project.call("experiment", "ad-copy-test", "--file", str(Path(__file__).parents[2] / "pipelines.yaml"))
    assert done.returncode == 0, complain(done)
    assert "nothing of its experiment is live yet" in done.stdout
