"""A shop's feed from day to day: videos of what is new or cheaper, none of what is as it was; what is gone goes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.acceptance.test_publishing_commands import TELEGRAM_TOKEN
from tests.line import Project, complain

pytestmark = pytest.mark.slow

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets:
  channel: {type: telegram, token: {env: TELEGRAM}, chat: "@mountain", accept_previews: true}
pipelines:
  shop:
    timezone: UTC
    source:
      {type: product_feed, url: feed.csv, images: optional, changes_only: true, on: [created, price_drop, changed],
       baseline: skip, gone: unpublish}
    prompt: {subject: "{{ brief.title }}", action: steam rises, environment: a table, style: clay}
    generate: {engine: storyboard, seconds: 4, size: 256x448, fps: 12}
    caption: {title: "{{ brief.title }}"}
    deliver: [telegram]
    publish: [channel]
"""
HEAD = "id,title,price,availability,description\n"


@contextmanager
def platforms(project: Project) -> Iterator[str]:
    """The simulated platforms; their address."""
    command = project.command("sandbox", "--port", "0")
    with subprocess.Popen(
        command, cwd=project.folder, env=project.variables(), stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        address = next(line for line in serving.stdout if "http://" in line).split()[-1].rstrip("/")
        try:
            yield address
        finally:
            serving.terminate()


def test_a_feed_from_day_to_day(project: Project) -> None:
    (project.folder / "pipelines.yaml").write_text(DEFINITION, encoding="utf-8")
    with platforms(project) as address:
        told = {"TELEGRAM": TELEGRAM_TOKEN, "REELMILL_SANDBOX": address}

        def day(number: int, *rows: str) -> dict[str, Any]:
            (project.folder / "feed.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
            found = project.json("run", "shop", "--date", f"2026-12-{number:02}", environment=told)
            assert isinstance(found, dict)
            return {
                video["title"]: video["state"] for video in project.json("show", f"shop@{found['occasion']}")["videos"]
            }

        cup, pot = "cup,Tea cup,20.00 EUR,in_stock,a cup", "pot,Tea pot,80.00 EUR,in_stock,a pot"
        assert day(1, cup, pot) == {}, "what was there before is known from now on"
        assert day(2, cup, pot.replace("80", "70"), "tin,Tea tin,8.00 EUR,in_stock,new") == {
            "Tea pot": "done", "Tea tin": "done",
        }  # fmt: skip
        pot, tin = pot.replace("80", "70"), "tin,Tea tin,8.00 EUR,in_stock,new"
        assert day(3, cup.replace("in_stock,a cup", "out_of_stock,the cup"), pot, tin) == {}, "no template uses these"
        planned = project.json("plan", "shop", "--date", "2026-12-04", environment=told)
        assert (planned["briefs"], planned["unchanged"], planned["videos"]) == (3, 3, [])
        assert len(public(address)) == 2

        assert day(4, cup, pot) == {}

        states = {post["video"]: post["state"] for post in project.json("posts")}
        assert states == {"Tea pot": "live", "Tea tin": "withdrawn"}
        assert day(5, cup, pot, tin) == {"Tea tin": "done"}, "it came back, so it is new"


def public(address: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{address}/published.json").json()["telegram"]
    assert isinstance(found, list)
    return found


def test_a_feed_that_breaks_takes_nothing_down(project: Project) -> None:
    (project.folder / "pipelines.yaml").write_text(DEFINITION.replace("publish: [channel]", "publish: []"), "utf-8")
    rows = [f"cup{number},Tea cup {number},20.00 EUR,in_stock,a cup" for number in range(12)]
    for date, count in (("2026-12-01", 12), ("2026-12-02", 5), ("2026-12-03", 12)):
        (project.folder / "feed.csv").write_text(HEAD + "\n".join(rows[:count]) + "\n", encoding="utf-8")
        done = project.call("run", "shop", "--date", date, environment={"TELEGRAM": TELEGRAM_TOKEN})
        assert done.returncode == 0, complain(done)
        assert ("nothing is taken down" in complain(done)) == (count == 5)
        assert project.json("show", f"shop@{date}")["videos"] == []


def test_what_is_shown_decides_and_not_what_is_counted(project: Project) -> None:
    """A changed title makes a new video, a changed stock count does not; nor does a template that shows more."""
    text = DEFINITION.replace("publish: [channel]", "publish: []")
    text = text.replace("on: [created, price_drop, changed]", "on: [created, back_in_stock, changed]")
    text = text.replace("gone: unpublish", "columns: {sold: condition}")
    (project.folder / "pipelines.yaml").write_text(text, encoding="utf-8")

    def day(number: int, *rows: str) -> tuple[dict[str, str], str]:
        feed = "id,title,price,availability,brand,sold,image_link\n" + "\n".join(rows) + "\n"
        (project.folder / "feed.csv").write_text(feed, encoding="utf-8")
        date = f"2026-12-{number:02}"
        done = project.call("run", "shop", "--date", date, environment={"TELEGRAM": TELEGRAM_TOKEN})
        assert done.returncode == 0, complain(done)
        videos = project.json("show", f"shop@{date}")["videos"]
        return {video["title"]: video["state"] for video in videos}, complain(done)

    tin, cup, pot = (
        "tin,Tea tin,8 EUR,in_stock,Shanye,{},",
        "cup,Tea cup,20 EUR,{},Shanye,2,",
        "pot,{},80 EUR,,Shanye,3,",
    )
    assert day(1, tin.format(1), cup.format("out_of_stock"), pot.format("Tea pot"))[0] == {}
    made, _ = day(2, tin.format(9), cup.format("in_stock"), pot.format("Blue tea pot"))
    assert made == {"Tea cup": "done", "Blue tea pot": "done"}, "of the tin, more were sold"
    shown = text.replace('{title: "{{ brief.title }}"}', '{title: "{{ brief.title }}", lines: ["{{ brief.brand }}"]}')
    (project.folder / "pipelines.yaml").write_text(shown, encoding="utf-8")
    made, told = day(3, tin.format(9), cup.format("in_stock"), pot.format("Blue tea pot"))
    assert made == {}
    assert "other fields than before (brand): that is no change of 3 items" in " ".join(told.split())
