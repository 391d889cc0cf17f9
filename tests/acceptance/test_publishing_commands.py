"""What a person types about posts: a run that posts to simulated platforms, and what the commands say of it."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from flows.server import LocalServer
from tests.line import Project, complain

DEFINITION = """\
version: 1
brand: {{name: 山野茶事}}
targets:
  outbox: {{type: folder, path: outbox}}
  tiktok-main: {{type: tiktok, token: {{env: TIKTOK}}, accept_previews: true}}
  board: {{type: pinterest, board: "1", token: {{env: PINTEREST}}, accept_previews: true}}
  channel: {{type: telegram, token: {{env: TELEGRAM}}, chat: "@mountain", accept_previews: true}}
  timeline: {{type: x, token: {{env: TWITTER}}, accept_previews: true}}
  hands: {{type: handoff, path: hands, accept_previews: true}}
pipelines:
  tea:
    timezone: UTC
    source: {{type: list, items: [{{prompt: a cup of tea, name: 小雪}}]}}
    prompt:
      {{subject: "{{{{ brief.prompt }}}}", action: snow falls slowly, environment: a quiet valley, style: ink wash}}
    generate: {{engine: storyboard, seconds: 4, size: 256x448, fps: 12}}
    caption: {{title: "{{{{ brief.name }}}}"}}
    deliver: [tiktok]
    publish:
      - outbox
      - {{to: tiktok-main, between: "{window}", days: 2}}
      - board
      - channel
      - timeline
      - {{to: hands, profile: tiktok}}
"""
TELEGRAM_TOKEN = "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghi"
TOKENS = {"TIKTOK": "a", "PINTEREST": "b", "TELEGRAM": TELEGRAM_TOKEN, "TWITTER": "c"}


def window() -> str:
    """Times of day that begin in three hours."""
    begin = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    return f"{begin:%H:%M}-{begin + dt.timedelta(hours=2):%H:%M}"


@dataclass
class Published:
    """A project after its run, with the platforms that it posts to."""

    project: Project
    sandbox: str
    ran: subprocess.CompletedProcess[str]

    def posts(self, *arguments: str) -> list[dict[str, Any]]:
        found = self.project.json("posts", *arguments)
        assert isinstance(found, list)
        return found

    def post(self, target: str) -> dict[str, Any]:
        (found,) = self.posts("--target", target)
        return found

    def trouble(self, platform: str, **how: object) -> None:
        httpx.post(f"{self.sandbox}/{platform}/_trouble", json=how).raise_for_status()

    def public(self, platform: str) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.sandbox}/published.json").json()[platform]
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, prefect_server: LocalServer) -> Iterator[Published]:
    """One video: to a folder, to an account for later, to one that wants a login, to one whose answer is lost."""
    project = Project(tmp_path_factory.mktemp("project"), {"PREFECT_API_URL": prefect_server.url, **TOKENS})
    (project.folder / "pipelines.yaml").write_text(DEFINITION.format(window=window()), encoding="utf-8")
    command = project.command("sandbox", "--port", "0")
    with subprocess.Popen(
        command, cwd=project.folder, env=project.variables(), stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        address = next(line.partition("=")[2].strip() for line in serving.stdout if "export REELMILL_SANDBOX=" in line)
        project.environment = {**project.environment, "REELMILL_SANDBOX": address}
        made = Published(project, address, subprocess.CompletedProcess([], 0))
        made.trouble("telegram", at="publish", handled=True, drop=True)
        made.trouble("x", at="*", status=401, body={"status": 401, "detail": "Unauthorized"}, times=10**6)
        made.ran = project.call("run", "tea", "--date", "2026-11-22")
        yield made
        serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 0


def test_a_run_tells_what_is_still_to_come_of_its_posts(published: Published) -> None:
    told = complain(published.ran)
    assert published.ran.returncode == 1, "nobody knows whether one was posted"
    assert "1 found = 0 done + 1 failed" in told
    assert "1 post may be public or not, 1 post waits for a login, 1 post waits for a person to publish it" in told
    assert "1 post waits for its video" in told
    assert "what needs you, and what to type: `reelmill posts --pipeline tea@2026-11-22`" in told


def test_posts_are_listed_with_what_to_type(published: Published) -> None:
    done = published.project.call("posts", environment={"COLUMNS": "100"})
    assert done.returncode == 0, complain(done)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "video", "target", "how", "it", "stands", "since"]
    assert max(len(line) for line in lines if not line.startswith(" ")) <= 100
    channel = published.post("channel")
    assert f"          → reelmill reconcile {channel['id'][:8]} --live URL, or --not-posted" in lines
    assert "          → reelmill targets timeline" in lines
    (place,) = {post["url"] for post in published.posts("--target", "outbox")}
    assert f"          {place}" in lines, "whole, on a line of its own"


def test_posts_are_chosen_by_state_target_and_pipeline(published: Published) -> None:
    assert {post["target"] for post in published.posts("--pipeline", "tea")} == {
        "outbox", "tiktok-main", "board", "channel", "timeline", "hands",
    }  # fmt: skip
    assert {post["target"] for post in published.posts("--waiting")} >= {"tiktok-main", "hands"}
    assert [post["target"] for post in published.posts("--state", "planned", "--target", "tiktok-main")] == [
        "tiktok-main"
    ]
    assert published.posts("--pipeline", "tea@2026-11-23") == []
    assert "no such posts" in published.project.call("posts", "--pipeline", "other").stdout
    assert len(published.posts("--limit", "2")) == 2
    waiting = published.post("tiktok-main")
    assert (waiting["state"], waiting["status"], waiting["url"]) == ("planned", "held_back", None)
    assert waiting["due_at"] is not None


def test_one_post_is_shown_with_its_history(published: Published) -> None:
    outbox = published.post("outbox")
    shown = published.project.call("posts", outbox["id"][:6])
    assert shown.returncode == 0, complain(shown)
    assert shown.stdout.startswith("小雪 (tiktok) → outbox · ")
    assert [line.split()[2] for line in shown.stdout.splitlines()[-4:]] == ["planned", "uploading", "armed", "live"]
    told = published.project.json("posts", outbox["id"])
    assert [step["after"] for step in told["history"]] == ["planned", "uploading", "armed", "live"]
    assert told["read_back"]["whole"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["posts", "ffffffff"], "there is no post 'ffffffff'"),
        (["posts", "tea"], "name at least 4 characters of an id"),
        (["posts", "%%%%"], "there is no post '%%%%'"),
        (["posts", "--state", "lvie"], 'Invalid value "lvie" for --state'),
        (["posts", "--target", "tiktok-mian"], "did you mean `tiktok-main`?"),
        (["posts", "--limit", "0"], "Must be >= 1"),
        (["posts", "abcdef", "--waiting"], "a post is named, and others are asked for"),
        (["posts", "--state", "live", "--waiting"], "both choose by state"),
        (["targets", "tiktok-mian"], "did you mean `tiktok-main`?"),
        (["reconcile", "--not-posted"], "say of which post"),
        (["reconcile", "ffffffff"], "say of which post, and what is true of it"),
        (["reconcile", "ffffffff", "--live", "https://x.example", "--not-posted"], "say of which post"),
        (["reconcile", "ffffffff", "--live", "there"], "'there' is no address"),
        (["reconcile", "ffffffff", "--not-posted"], "there is no post 'ffffffff'"),
        (["unpublish", "ffffffff", "--yes"], "there is no post 'ffffffff'"),
        (["sandbox", "--port", "70000"], "Must be <= 65535"),
    ],
)
def test_wrong_input_is_refused_with_a_reason(published: Published, arguments: list[str], words: str) -> None:
    refused = published.project.call(*arguments)
    told = complain(refused)
    assert refused.returncode == 2, told
    assert words in " ".join(told.replace("│", " ").split()), told


def test_a_port_that_is_taken_is_told(published: Published) -> None:
    port = published.sandbox.rpartition(":")[2]
    refused = published.project.call("sandbox", "--port", port)
    assert refused.returncode == 2
    assert "--port 0 takes any that is free" in complain(refused)


def test_a_post_is_taken_down_once_and_a_question_needs_an_answer(published: Published) -> None:
    board = published.post("board")
    silent = published.project.call("unpublish", board["id"])
    assert silent.returncode == 2, "nobody said yes"
    assert "nothing was taken down" in complain(silent)
    assert published.project.json("unpublish", board["id"][:8], "--yes")["state"] == "withdrawn"
    assert published.post("board")["status"] == "withdrawn"
    assert httpx.get(board["url"]).status_code == 200, "the sandbox still shows what was public"
    assert "taken down" in httpx.get(published.sandbox).text
    again = published.project.call("unpublish", board["id"], "--yes")
    assert "the post is withdrawn, not live" in complain(again)
    for target, words in (("tiktok-main", "planned, not live"), ("outbox", "cannot be taken down")):
        refused = published.project.call("unpublish", published.post(target)["id"], "--yes")
        assert refused.returncode == 2
        assert words in complain(refused)


def test_a_person_says_what_is_true_and_renews_a_login_and_the_run_goes_on(published: Published) -> None:
    project, channel, hands = published.project, published.post("channel"), published.post("hands")
    assert (channel["state"], len(published.public("telegram"))) == ("unknown", 1)
    ill = project.call("targets")
    assert ill.returncode == 1, "one wants a login"
    assert "log in at X again" in complain(ill)
    assert published.post("timeline")["next_command"] == "reelmill targets timeline"
    assert published.post("timeline")["words"] == "paused: login"

    live = project.call("reconcile", channel["id"][:8], "--live", "https://t.me/mountain/1")
    assert live.returncode == 0, complain(live)
    assert "go on with `reelmill resume tea@2026-11-22`" in live.stdout
    assert project.json("reconcile", hands["id"], "--live", "https://hands.example/1")["state"] == "live"
    settled = project.call("reconcile", channel["id"], "--not-posted")
    assert "the post is live, which is no question" in complain(settled)

    httpx.delete(f"{published.sandbox}/x/_trouble").raise_for_status()
    healthy = project.json("targets", "timeline")
    assert [(one["well"], one["identity"] != "") for one in healthy] == [(True, True)]

    done = project.call("resume", "tea")
    assert done.returncode == 0, complain(done)
    assert "1 found = 1 done" in done.stdout
    assert "1 done, 1 post waits for its time (next " in done.stdout
    assert "`reelmill up` sends them when their time comes" in done.stdout
    assert published.post("timeline")["status"] == "live"
    assert published.post("tiktok-main")["words"].startswith("waiting until ")
    assert [len(published.public(name)) for name in ("telegram", "x", "tiktok")] == [1, 1, 0]
    (row,) = [line for line in project.call("runs").stdout.splitlines() if "2026-11-22" in line]
    assert "1 waiting (next " in row
