"""When posts go out: at their times, within the rules also when they are late, or by the platform's clock."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, loads
from flows.occasion import on_date
from flows.planning import plan_run
from flows.posting import context_for, order_for
from flows.sending import sender
from flows.video_plan import PostPlan, VideoPlan
from records.ledger import Ledger
from records.states import PostState
from records.tables import Post, Run, Video
from reelmill.content import Destination, Rendition
from reelmill.settings import Settings
from sandbox.platform import Platform
from sandbox.platforms.facebook import Facebook as FacebookPlatform
from sandbox.platforms.wordpress import WordPress as WordPressPlatform
from sandbox.platforms.youtube import YouTube as YouTubePlatform
from sandbox.server import sandbox
from tasks.publishing.account import Clockwork
from tasks.publishing.base import Delivery, Published, ReadBack, Target
from tasks.publishing.calendar import Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Wait
from tasks.publishing.stage import Order, publish
from tasks.registry import find, names
from tests.postbox import Postbox, make_postbox, make_rendition, make_target
from tests.simulators.scripted_target import Script, ScriptedTarget, a_script

UTC = ZoneInfo("UTC")
#: A second is two milliseconds here.
PACE = 0.002
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def about(moment: dt.datetime | None, wanted: dt.datetime) -> bool:
    """Whether a time is the wanted one, but for what a test takes."""
    return moment is not None and abs(moment - wanted) < MINUTE


def window(begins: dt.timedelta, ends: dt.timedelta) -> tuple[dt.time, dt.time]:
    """Times of day from now, to the minute."""
    first, last = ((now() + one).replace(second=0, microsecond=0).time() for one in (begins, ends))
    return first, last


@pytest.fixture(scope="module")
def rendition(tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    return make_rendition(tmp_path_factory.mktemp("rendition"))


@dataclass
class Desk:
    """Posts of one video to one account, each of other content."""

    ledger: Ledger
    box: Postbox
    context: TargetContext
    target: ScriptedTarget
    script: Script
    rules: Rules | None = None

    def order(self, number: int = 0, *, due_at: dt.datetime | None = None) -> Order:
        order = self.box.order(self.ledger, self.target, self.context)
        where = Destination("target", self.target.platform, self.target.account, f"{number:064}")
        delivery = replace(order.delivery, post_id=where.post_id)
        return replace(order, destination=where, delivery=delivery, due_at=due_at, rules=self.rules)

    def publish(self, number: int = 0, *, due_at: dt.datetime | None = None) -> Post:
        return publish(self.ledger, self.order(number, due_at=due_at), self.context)

    def went_out(self, ago: dt.timedelta, number: int = 99) -> None:
        """A post of some time ago."""
        rules, self.rules = self.rules, None
        post = self.publish(number)
        self.rules = rules
        with self.ledger.database.begin() as session:
            session.get_one(Post, post.id).live_at = now() - ago
        self.script.public.clear()
        self.script.calls.clear()

    def let_be_due(self, post: Post) -> None:
        with self.ledger.database.begin() as session:
            session.get_one(Post, post.id).due_at = now()


@pytest.fixture
def desk(any_settings: Settings, rendition: Rendition, tmp_path: Path) -> Iterator[Desk]:
    box, account = make_postbox(any_settings, rendition), uuid4().hex
    with a_script(account) as script, Ledger(any_settings) as ledger:
        yield Desk(ledger, box, TargetContext(tmp_path, pace=PACE), ScriptedTarget(account=account), script)


# The pipeline's rules.


def test_a_post_whose_time_passed_while_nobody_was_running_waits_for_the_next_window(desk: Desk) -> None:
    desk.rules = Rules(UTC, window(2 * HOUR, 4 * HOUR))
    post = desk.publish(due_at=now() - 9 * HOUR)
    assert post.state is PostState.PLANNED
    assert about(post.due_at, now() + 2 * HOUR)
    assert post.reason.startswith("not before")
    assert desk.script.calls == []  # not a byte went out


def test_a_late_post_goes_out_now_if_the_window_is_open(desk: Desk) -> None:
    desk.rules = Rules(UTC, window(-1 * HOUR, HOUR))
    assert desk.publish(due_at=now() - 20 * HOUR).state is PostState.LIVE


def test_a_post_of_the_last_minutes_of_a_window_goes_out_though_it_closes(desk: Desk) -> None:
    desk.rules = Rules(UTC, window(-4 * HOUR, -1 * MINUTE))
    assert desk.publish(due_at=now() - 2 * MINUTE).state is PostState.LIVE


def test_a_run_that_takes_long_does_not_post_at_night_either(desk: Desk) -> None:
    desk.rules = Rules(UTC, window(-4 * HOUR, -1 * HOUR))
    post = desk.publish(due_at=now() - 2 * HOUR)  # it was planned for the window, and is made only now
    assert about(post.due_at, now() + 20 * HOUR)


def test_late_posts_keep_the_spacing(desk: Desk) -> None:
    desk.rules = Rules(UTC, spacing=20 * MINUTE)
    posts = [desk.publish(number, due_at=now() - 3 * HOUR) for number in range(3)]
    assert [post.state for post in posts] == [PostState.LIVE, PostState.PLANNED, PostState.PLANNED]
    assert all(about(post.due_at, now() + 15 * MINUTE) for post in posts[1:])  # a quarter may be lost to uploads
    desk.let_be_due(posts[1])
    with desk.ledger.database.begin() as session:
        session.get_one(Post, posts[0].id).live_at = now() - 16 * MINUTE
    assert desk.publish(1, due_at=now() - 3 * HOUR).state is PostState.LIVE
    desk.let_be_due(posts[2])
    assert desk.publish(2, due_at=now() - 3 * HOUR).state is PostState.PLANNED


def test_late_posts_keep_the_cap_of_the_day(desk: Desk) -> None:
    zone = ZoneInfo(f"Etc/GMT{now().hour - 12:+d}")  # where it is midday now
    midnight = dt.datetime.combine(now().astimezone(zone).date() + dt.timedelta(days=1), dt.time(), zone)
    desk.rules = Rules(zone, per_day=1)
    desk.went_out(dt.timedelta(0))
    post = desk.publish(due_at=now() - HOUR)
    assert post.due_at is not None
    assert abs(post.due_at - midnight) < dt.timedelta(seconds=10)
    desk.rules = Rules(zone, per_day=2)
    desk.let_be_due(post)
    assert desk.publish(due_at=now() - HOUR).state is PostState.LIVE


def test_a_post_that_fits_nowhere_is_tried_again_tomorrow(desk: Desk) -> None:
    desk.rules = Rules(UTC, spacing=dt.timedelta(days=40))
    desk.went_out(HOUR)
    assert about(desk.publish().due_at, now() + dt.timedelta(days=1))


def test_two_workers_do_not_post_to_an_account_at_once(desk: Desk, any_settings: Settings, tmp_path: Path) -> None:
    """Both find at the beginning that nothing went out; the upload takes its time; the second one counts the first."""
    desk.rules = Rules(UTC, spacing=20 * MINUTE)
    definition = loads(PLAIN, tmp_path / "pipelines.yaml")
    for _ in range(2):
        desk.script.say("upload", lambda: desk.context.pause(100))

    def work(number: int) -> PostState:
        with Ledger(any_settings) as ledger:
            context = context_for(ledger, definition, any_settings)
            context.pace = PACE
            return replace(desk, ledger=ledger, context=context).publish(number).state

    with ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(work, range(2)))
    assert states == [PostState.LIVE, PostState.UPLOADING]
    assert len(desk.script.public) == 1


def test_a_time_that_has_not_come_is_kept_though_the_upload_had_begun(desk: Desk) -> None:
    """The platform was to keep it, the upload took too long, and what is left is too short for its clock."""
    later = now() + 10 * MINUTE
    desk.script.say("check", Wait("it works", retry_after=7200))
    first = desk.publish()
    assert first.state is PostState.UPLOADING
    desk.let_be_due(first)
    post = desk.publish(due_at=later)
    assert post.state is PostState.UPLOADING
    assert about(post.due_at, later)
    assert desk.script.public == []


def test_what_is_due_is_sent_from_the_ledger_within_the_rules_of_its_run(desk: Desk, tmp_path: Path) -> None:
    """Nobody was running when its time came. It is visited at night, and again in the morning."""
    for begins, ends in ((2 * HOUR, 4 * HOUR), (-1 * HOUR, HOUR)):
        first, last = window(begins, ends)
        text = PLAIN.replace("{to: a, spacing: 20m}", f'{{to: a, between: "{first:%H:%M}-{last:%H:%M}"}}')
        definition = loads(text, tmp_path / "pipelines.yaml")
        order = _order_of(desk, definition, PostPlan("a", "tiktok", now() - 9 * HOUR))
        (made,) = plan_run(definition, "solar-terms", on_date(UTC, "2026-11-22"), Settings(), seen={}).videos
        plan = replace(VideoPlan.from_json(made.plan), posts=(PostPlan("a", "tiktok", order.due_at),))
        with desk.ledger.database.begin() as session:
            video = session.get_one(Video, desk.box.video_id)
            video.plan = plan.to_json()
            session.get_one(Run, video.run_id).definition = definition.snapshot
        post = desk.ledger.posts.plan(
            order.video_id, order.delivery.rendition, order.destination, order.verdict, due_at=order.due_at
        )
        desk.let_be_due(post)
        with sender(desk.box.settings, desk.ledger) as found:
            told = found.send_due()
        post = desk.ledger.posts.get(post.id)
        if begins > dt.timedelta(0):
            assert (told, post.state) == ([], PostState.PLANNED)
            assert about(post.due_at, now() + begins)
            assert not (tmp_path / "a").exists()
    assert post.state is PostState.LIVE
    assert told == [f"a has '小雪' (tiktok): {post.url}"]


# By the platform's clock.


class Keeping(ScriptedTarget):
    """A scripted account that publishes at a time by itself."""

    clockwork: ClassVar[Clockwork | None] = Clockwork(least=15 * MINUTE, most=dt.timedelta(days=30))

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        made = super().finalize(delivery, context, handle)
        return replace(made, settled=delivery.public_at is None)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        self.script.meet("look_up")
        return self._published(delivery, settled=False)


PLAIN = """\
version: 1
brand: {name: 山野茶事}
targets: {a: {type: folder, path: a}, b: {type: folder, path: b}}
pipelines:
  solar-terms:
    source: {type: list, items: [{prompt: a pine, name: clip}]}
    prompt: {subject: a, action: b, environment: c, style: d}
    generate: {engine: storyboard}
    caption: {title: "{{ brief.name }}"}
    deliver: [tiktok]
    publish: [{to: b, between: "18:00-22:00"}, {to: a, spacing: 20m}]
"""


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (-1 * HOUR, False),
        (5 * MINUTE, False),
        (HOUR, True),
        (dt.timedelta(days=29), True),
        (dt.timedelta(days=31), False),
    ],
)
def test_a_time_within_the_clockwork_is_left_to_the_platform_and_another_one_to_us(
    desk: Desk, tmp_path: Path, ahead: dt.timedelta, kept: bool
) -> None:
    target = Keeping(account=desk.target.account)
    definition = loads(PLAIN, tmp_path / "pipelines.yaml")
    definition = replace(definition, targets=definition.targets | {"a": target})
    order = _order_of(desk, definition, PostPlan("a", "tiktok", now() + ahead))
    assert (order.delivery.public_at is not None, order.due_at is None) == (kept, kept)
    assert (order.delivery.public_at or order.due_at) is not None
    assert order.rules == Rules(UTC, spacing=20 * MINUTE)


def test_the_rules_are_those_of_the_entry_that_asked_for_the_post(desk: Desk, tmp_path: Path) -> None:
    definition = loads(PLAIN, tmp_path / "pipelines.yaml")
    assert _order_of(desk, definition, PostPlan("a", "tiktok")).rules == Rules(UTC, spacing=20 * MINUTE)
    assert _order_of(desk, definition, PostPlan("b", "tiktok")).rules == Rules(UTC, (dt.time(18), dt.time(22)))


def _order_of(desk: Desk, definition: Definition, post: PostPlan) -> Order:
    ledger, run_of = desk.ledger, desk.ledger.videos.get(desk.box.video_id).run_id
    run, video = ledger.runs.get(run_of), ledger.videos.get(desk.box.video_id)
    rendition = ledger.media.fetch_rendition(desk.box.rendition_id)
    assert run is not None
    assert rendition is not None
    verdict = ledger.verdicts.latest(rendition.master_sha256)
    assert verdict is not None
    (made,) = plan_run(definition, "solar-terms", on_date(UTC, "2026-11-22"), Settings(), seen={}).videos
    return order_for(run, definition, desk.context, video, VideoPlan.from_json(made.plan), rendition, verdict, post)


def test_a_post_that_the_platform_keeps_is_not_asked_about_before_its_time(desk: Desk) -> None:
    evening = now() + 5 * HOUR
    order = desk.order()
    order = replace(order, target=Keeping(account=desk.target.account), rules=Rules(UTC, window(4 * HOUR, 6 * HOUR)))
    order = replace(order, delivery=replace(order.delivery, public_at=evening))
    post = publish(desk.ledger, order, desk.context)
    assert (post.state, desk.script.calls[-1]) == (PostState.ARMED, "finalized")  # at once, though no window is open
    assert about(post.due_at, evening)
    assert "makes it public when its time comes" in post.reason
    assert desk.ledger.posts.times("scripted", desk.target.account, now()) == [post.due_at]
    assert desk.ledger.slots.taken("scripted", desk.target.account, now()) == []
    assert (
        desk.ledger.runs.close(desk.ledger.videos.get(desk.box.video_id).run_id).state.value == "done"
    )  # nothing of it is left to be done by the run


@pytest.mark.parametrize("revisited", ["before its time", "after its time"])
def test_a_post_that_the_platform_keeps_for_weeks_is_not_given_up(desk: Desk, revisited: str) -> None:
    order = replace(desk.order(), target=Keeping(account=desk.target.account))
    post = publish(desk.ledger, _at(order, now() + dt.timedelta(days=20)), desk.context)
    with desk.ledger.database.begin() as session:
        row = session.get_one(Post, post.id)
        row.armed_at, row.due_at = now() - dt.timedelta(days=20), now()
    again = _at(order, now() + HOUR) if revisited == "before its time" else replace(order, due_at=now() - MINUTE)
    again = replace(again, rules=Rules(UTC, window(2 * HOUR, 4 * HOUR)))  # which say nothing of what is asked
    assert publish(desk.ledger, again, desk.context).state is PostState.ARMED
    assert "look_up" in desk.script.calls


def _at(order: Order, at: dt.datetime) -> Order:
    return replace(order, delivery=replace(order.delivery, public_at=at))


CASES: dict[str, tuple[type[Platform], dict[str, object]]] = {
    "youtube": (YouTubePlatform, {}),
    "facebook": (FacebookPlatform, {"page": "1000000001"}),
    "wordpress": (WordPressPlatform, {"url": "https://blog.example", "user": "editor"}),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_platform_publishes_at_the_time_that_it_was_told(
    kind: str, settings: Settings, rendition: Rendition, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "reelmill.publishing")
    simulated, options = CASES[kind]
    box = make_postbox(settings, rendition)
    at = now() + dt.timedelta(days=5)
    with (
        sandbox([simulated]) as served,
        Ledger(settings) as ledger,
        closing(TargetContext(tmp_path, served[kind].base.removesuffix(f"/{kind}"), pace=0.01)) as context,
    ):
        platform, target = served[kind], make_target(kind, **options)
        if hasattr(platform, "processing"):
            platform.processing = 0.0
        assert target.keeps(at)
        order = _at(box.order(ledger, target, context), at)
        post = publish(ledger, order, context)
        assert (post.state, post.due_at is not None and about(post.due_at, at)) == (PostState.ARMED, True)
        assert platform.published == []
        assert _shown(target, order, context, post).public is None
        _let_be_due(ledger, post)
        assert publish(ledger, order, context).state is PostState.ARMED  # asked before its time
        platform.clock.advance(5 * 24 * 3600 + 60)
        _let_be_due(ledger, post)
        post = publish(ledger, replace(box.order(ledger, target, context), due_at=now() - MINUTE), context)
        assert post.state is PostState.LIVE
        assert post.detail["read_back"]["public"] is True
        assert len(platform.published) == 1
        assert abs(platform.published[0].at - at.timestamp()) < 5
    assert caplog.records == []


def _let_be_due(ledger: Ledger, post: Post) -> None:
    with ledger.database.begin() as session:
        session.get_one(Post, post.id).due_at = now()


def _shown(target: Target, order: Order, context: TargetContext, post: Post) -> ReadBack:
    published = Published(post.url or "", post.platform_id or "", post.detail)
    return target.read_back(order.delivery, context, published)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("youtube", {"privacy": "unlisted"}), ("youtube", {"privacy": "private"}), ("wordpress", {"status": "draft"})],
)
def test_what_is_not_for_all_is_not_left_to_the_platforms_clock(kind: str, options: dict[str, object]) -> None:
    assert not make_target(kind, **CASES[kind][1], **options).keeps(now() + HOUR)


def test_no_other_target_says_that_it_keeps_time() -> None:
    assert {kind for kind in names("targets") if find("targets", kind).clockwork is not None} == set(CASES)
