"""What people did with posts, on both databases: asked at sensible ages, never too often, and shown."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast
from uuid import uuid4

import pytest

from flows.cli.posts import posts as posts_command
from flows.definition import loads
from flows.measuring import measure
from flows.posting import context_for
from flows.sending import sender
from records.ledger import Ledger
from records.post_metrics import AGES, OLDEST, another_try, next_measure
from records.states import PostState
from records.tables import Post, Run
from reelmill.content import Destination, Rendition
from reelmill.errors import PublishingError, ReelmillError
from reelmill.settings import Settings
from sandbox.platforms.tiktok import TikTok as Platform
from sandbox.server import sandbox
from tasks.publishing.base import Metrics, Published, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused, Retry
from tasks.publishing.stage import publish
from tests.postbox import Postbox, make_postbox, make_rendition
from tests.simulators.scripted_target import SCRIPTS, Script, ScriptedTarget

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class MeasuredTarget(ScriptedTarget):
    """Tells numbers, as its script says."""

    tells_metrics: ClassVar[bool] = True

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        self.script.meet("metrics")
        return Metrics(views=10 * len(self.script.calls), likes=0, watch_seconds=7200.0)


@pytest.fixture(scope="module")
def rendition(tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    return make_rendition(tmp_path_factory.mktemp("rendition"))


@dataclass
class Desk:
    """Live posts to scripted accounts, and the clock as they see it."""

    ledger: Ledger
    box: Postbox
    context: TargetContext
    settings: Settings
    mark: str

    def account(self, name: str = "a") -> MeasuredTarget:
        return MeasuredTarget(account=f"{name}-{self.mark}")

    def script(self, name: str = "a") -> Script:
        return SCRIPTS[self.account(name).account]

    def publish(self, name: str = "a", edition: str = "") -> Post:
        """A post that goes live now."""
        target = self.account(name)
        order = self.box.order(self.ledger, target, self.context)
        where = Destination("target", "scripted", target.account, order.destination.content, edition)
        passed = order.verdict
        post = self.ledger.posts.plan(self.box.video_id, order.delivery.rendition, where, passed)
        for state in (PostState.UPLOADING, PostState.ARMED, PostState.LIVE):
            post = self.ledger.posts.move(post.id, state)
        return post

    def age(self, by: dt.timedelta) -> None:
        """Have all posts be older, and everything that was noted of them."""
        with self.ledger.database.begin() as session:
            for post in session.query(Post):
                post.live_at = post.live_at - by if post.live_at else None
                post.measure_at = post.measure_at - by if post.measure_at else None

    def find(self, post: Post) -> tuple[Target, TargetContext]:
        if post.target == "gone":
            raise PublishingError("the definition has no target 'gone'", "")
        return MeasuredTarget(account=post.account), self.context

    def measure(self, **how: object) -> int:
        return measure(self.ledger, self.find, ["scripted"], **how)  # type: ignore[arg-type]

    def asked(self, name: str = "a") -> int:
        return self.script(name).calls.count("metrics")


@pytest.fixture
def desk(any_settings: Settings, rendition: Rendition, tmp_path: Path) -> Iterator[Desk]:
    box, mark = make_postbox(any_settings, rendition), uuid4().hex
    with Ledger(any_settings) as ledger:
        yield Desk(ledger, box, TargetContext(tmp_path, pace=0.002), any_settings, mark)
    for account in [one for one in SCRIPTS if one.endswith(mark)]:
        SCRIPTS.pop(account)


def test_a_post_is_measured_once_at_each_age_and_then_never(desk: Desk) -> None:
    desk.publish()
    assert desk.measure() == 0, "not before it is an hour old"
    past = dt.timedelta(0)
    for number, age in enumerate(AGES, start=1):
        desk.age(age - past + dt.timedelta(seconds=1))
        past = age + dt.timedelta(seconds=1)
        assert desk.measure() == 1
        assert desk.measure() == 0
        assert desk.asked() == number
    for _ in range(40):
        desk.age(DAY)
        desk.measure()
    assert desk.asked() == len(AGES) == 6


def test_ages_that_nobody_was_there_for_are_one_question(desk: Desk) -> None:
    post = desk.publish()
    desk.age(8 * DAY)
    assert [desk.measure() for _ in range(3)] == [1, 0, 0]
    after = desk.ledger.posts.get(post.id)
    assert after.live_at is not None
    assert after.measure_at == after.live_at + 30 * DAY


def test_a_post_that_is_too_old_or_was_taken_down_is_not_asked_about(desk: Desk) -> None:
    desk.publish()
    down = desk.publish(edition="down")
    desk.ledger.posts.move(down.id, PostState.WITHDRAWN, "by hand")
    desk.age(OLDEST + HOUR)
    assert desk.measure() == 0
    assert desk.asked() == 0


@pytest.mark.parametrize("outcome", [Retry("busy"), Retry("429", retry_after=5), Reauthorise("revoked")])
def test_one_that_does_not_answer_is_left_alone_and_asked_again_later(desk: Desk, outcome: ReelmillError) -> None:
    desk.publish()
    desk.age(HOUR)
    desk.script().say("metrics", outcome)
    for _ in range(10):
        desk.measure()
    assert desk.asked() == 1, "not in every round"
    assert desk.ledger.standings.all() == [], "posts go out all the same"
    desk.age(HOUR)
    assert desk.measure() == 1


def test_one_that_refuses_for_good_waits_for_its_next_age(desk: Desk) -> None:
    desk.publish()
    desk.age(HOUR)
    desk.script().say("metrics", Refused("the scope is missing"))
    desk.measure()
    desk.age(4 * HOUR)
    assert desk.measure() == 0
    desk.age(HOUR)
    assert desk.measure() == 1


def test_a_platform_that_never_answers_is_asked_a_few_times_in_all(desk: Desk) -> None:
    desk.publish()
    desk.script().say("metrics", *[Retry("busy")] * 1000)
    for _ in range(24 * 40):
        desk.age(HOUR)
        desk.measure()
    assert len(AGES) < desk.asked() <= 24


def test_another_try_never_comes_after_the_next_age_and_has_an_end() -> None:
    born = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert another_try(born, born + HOUR) == born + 2 * HOUR
    assert another_try(born, born + 5 * HOUR) == next_measure(born, born + 5 * HOUR) == born + 6 * HOUR
    assert another_try(born, born + 4 * DAY) == born + 6 * DAY
    assert another_try(born, born + 30 * DAY) is None
    assert next_measure(born, born + 30 * DAY) is None


def test_an_account_that_does_not_answer_keeps_no_other_one_back(desk: Desk) -> None:
    for number in range(5):
        desk.publish("silent", edition=str(number))
    desk.publish("a")
    desk.age(HOUR)
    desk.script("silent").say("metrics", *[Retry("busy")] * 5)
    assert desk.measure(most=5) == 0
    assert desk.asked("silent") == 1, "its other posts would hear the same"
    assert desk.measure(most=5) == 1
    assert desk.asked("a") == 1


def test_an_account_whose_login_waits_for_a_person_is_not_asked(desk: Desk) -> None:
    desk.publish()
    desk.age(HOUR)
    until = dt.datetime.now(dt.UTC) + DAY
    desk.ledger.standings.pause("scripted", desk.account().account, "t", until, "log in", needs_person=True)
    assert desk.measure() == 0
    assert desk.asked() == 0
    desk.ledger.standings.clear("scripted", desk.account().account)
    desk.age(HOUR)
    assert desk.measure() == 1


def test_a_target_that_is_gone_from_the_definition_is_no_question(desk: Desk) -> None:
    post = desk.publish()
    desk.age(HOUR)
    with desk.ledger.database.begin() as session:
        session.get_one(Post, post.id).target = "gone"
    assert desk.measure() == 0
    assert desk.ledger.measurements.due(["scripted"]) == []


def test_a_round_has_an_end(desk: Desk) -> None:
    for number in range(7):
        desk.publish(edition=str(number))
    desk.age(HOUR)
    assert desk.measure(longest=-1.0) == 0
    assert desk.measure(stopped=lambda: True) == 0
    assert [desk.measure(most=3) for _ in range(4)] == [3, 3, 1, 0]


def test_posts_shows_the_newest_numbers(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELMILL_HOME", str(desk.settings.home))
    monkeypatch.setenv("COLUMNS", "200")
    if desk.settings.database_url:
        monkeypatch.setenv("REELMILL_DATABASE_URL", desk.settings.database_url)
    measured, new = desk.publish(), desk.publish(edition="new")
    assert posts_command() == 0
    assert "views" not in capsys.readouterr().out, "nothing is known yet"
    for views, likes in ((5, 1), (12_345, 67)):
        desk.ledger.measurements.add(
            measured.id, views=views, likes=likes, comments=None, shares=3, watch_seconds=7200.0, detail={}
        )
    assert posts_command() == 0
    told = capsys.readouterr().out
    assert "views" in told
    assert "12,345" in told
    assert "shares" not in told
    assert posts_command(str(measured.id)[:8]) == 0
    told = capsys.readouterr().out
    assert "watch seconds" in told
    assert "7,200" in told
    posts_command(as_json=True)
    by_id = {one["id"]: one["metrics"] for one in json.loads(capsys.readouterr().out)}
    assert by_id[str(new.id)] is None
    assert by_id[str(measured.id)]["views"] == 12_345
    assert by_id[str(measured.id)]["comments"] is None


DEFINITION = """\
version: 1
brand: {{name: Tea}}
targets:
  target: {{type: tiktok, url: "{url}", token: {{env: TOKEN_OF_A_TEST}}}}
pipelines:
  solar-terms:
    source: {{type: list, items: [{{name: a}}]}}
    prompt: {{subject: a, action: a, environment: a, style: a}}
    generate: {{engine: storyboard}}
    deliver: [tiktok]
    publish: [target]
"""


def test_a_sender_asks_the_platform_of_a_post(
    settings: Settings, rendition: Rendition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make_postbox(settings, rendition)
    with sandbox([Platform]) as platforms, Ledger(settings) as ledger:
        platform = cast("Platform", platforms["tiktok"])
        platform.processing = 0.0
        monkeypatch.setenv("TOKEN_OF_A_TEST", platform.issue())
        definition = loads(DEFINITION.format(url=platform.base), tmp_path / "pipelines.yaml")
        with closing(context_for(ledger, definition, settings)) as context:
            post = publish(ledger, box.order(ledger, definition.targets["target"], context), context)
        assert post.state is PostState.LIVE, post.reason
        platform.clock.advance(12 * HOUR.total_seconds())  # its tokens live for a day
        with ledger.database.begin() as session:
            session.get_one(Run, ledger.videos.get(box.video_id).run_id).definition = definition.snapshot
            session.get_one(Post, post.id).measure_at = dt.datetime.now(dt.UTC)
        with sender(settings, ledger) as made:
            assert [made.measure(), made.measure()] == [1, 0]
        numbers = ledger.measurements.newest([post.id])[post.id]
        assert (numbers.views or 0) > 0
