"""A batch gets its times before anything is made: windows, caps, what is taken, what is left out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from flows.allotting import Allotment, keep_times
from flows.definition import Definition, loads
from flows.experiments.allocation import Allocation
from flows.occasion import on_date
from flows.opening import opening
from flows.planning import Plan, plan_run
from flows.video_plan import PostPlan, VideoPlan
from records.ledger import Ledger
from records.posts import Sight
from records.states import PostState, VideoState
from records.tables import Post, Run, Video
from reelmill.content import Decision, Destination, Examination, Rendition, Verdict
from reelmill.settings import Settings
from tasks.publishing.account import Limits, Quota
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise
from tests.simulators.scripted_target import ScriptedTarget, a_script

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Six in the morning of a Sunday, and the day of the runs.
NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=SHANGHAI).astimezone(dt.UTC)
TODAY = "2026-11-29"
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)

DEFINITION = """\
version: 1
brand: {{name: 山野茶事}}
targets: {{a: {{type: folder, path: a}}, b: {{type: folder, path: b}}}}
pipelines:
  clips:
    timezone: Asia/Shanghai
    source: {{type: list, items: [{items}]}}
    prompt: {{subject: "{{{{ brief.prompt }}}}", action: snow falls, environment: a valley, style: ink wash}}
    generate: {{engine: storyboard, seconds: 1, size: 256x448, fps: 12}}
    caption: {{title: "{{{{ brief.name }}}}"}}
    deliver: [tiktok, douyin]
    publish: [{publish}]
"""


class Account(ScriptedTarget):
    """A scripted account whose limits a test sets, and which may tell what is left."""

    told: Quota | None = None
    known: Limits = Limits()

    def quota(self, context: TargetContext) -> Quota | None:
        self.script.meet("quota")
        return self.told


class Short(Account):
    """One that takes a profile of its own."""

    profiles: ClassVar[tuple[str, ...]] = ("tiktok",)


@pytest.fixture
def account() -> Iterator[str]:
    name = uuid4().hex
    with a_script(f"{name}a"), a_script(f"{name}b"):
        yield name


class Desk:
    """Pipelines that publish to two accounts, and their ledger."""

    def __init__(self, ledger: Ledger, account: str, folder: Path) -> None:
        self.ledger, self.context = ledger, TargetContext(folder)
        self.targets: dict[str, Account] = {name: Short(account=account + name) for name in "ab"}
        self._folder = folder

    def definition(self, publish: str, count: int = 30) -> Definition:
        items = ", ".join(f"{{prompt: a pine, name: clip {number}}}" for number in range(count))
        text = DEFINITION.format(items=items, publish=publish)
        return replace(loads(text, self._folder / "pipelines.yaml"), targets=self.targets)

    def plan(
        self,
        publish: str,
        count: int = 30,
        *,
        date: str = TODAY,
        at: dt.datetime = NOW,
        remake: bool = False,
        allocation: Allocation | None = None,
    ) -> tuple[Run, Plan]:
        """What a run does at its beginning."""
        definition = self.definition(publish, count)
        pipeline, about = definition.pipeline("clips"), on_date(SHANGHAI, date)
        run = self.ledger.runs.open(opening(definition, "clips", about))
        allotment = Allotment(self.ledger, definition, pipeline, self.context, about.date, run.id, remake=remake, at=at)
        plan = plan_run(definition, "clips", about, Settings(), seen={}, allot=allotment.posts, allocation=allocation)
        self.ledger.videos.plan(run.id, plan.videos, unchanged=0, remake=remake)
        keep_times(self.ledger, definition, self.context, run.id)
        return run, plan

    def posts(self, run: Run) -> list[PostPlan]:
        """All posts that the ledger has planned for a run."""
        videos = [video for video in self.ledger.videos.of_run(run.id) if video.plan]
        return [post for video in videos for post in VideoPlan.from_json(video.plan).posts]

    def times(self, run: Run, target: str = "a") -> list[dt.datetime]:
        return sorted(post.at for post in self.posts(run) if post.at is not None and post.target == target)

    def clock(self, run: Run, target: str = "a") -> list[str]:
        return [f"{at.astimezone(SHANGHAI):%d %H:%M}" for at in self.times(run, target)]

    def close(self, run: Run, state: VideoState = VideoState.DONE) -> Run:
        """Every video that is to be made is, and the run ends."""
        for video in self.ledger.videos.of_run(run.id, (VideoState.PLANNED,)):
            self.carry(video.id, state)
        return self.ledger.runs.close(run.id)

    def carry(self, video_id: UUID, state: VideoState = VideoState.DONE) -> None:
        way = [VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE]
        for step in [VideoState.GENERATED, state] if state not in way else way[: way.index(state) + 1]:
            self.ledger.videos.move(video_id, step)

    def hand_over(
        self, video: Video, target: str = "a", *, due_at: dt.datetime | None = None, live_at: dt.datetime | None = None
    ) -> Post:
        """A post of a video as the publishing stage leaves it: put off, or live since some time."""
        master = video.id.hex * 2
        looked = (Examination("d", "1.0", "e" * 64, 5, 0.1),)
        told = self.ledger.verdicts.record(Verdict(master, "default", "1", Decision.PASS, (), (), looked, 5, 5, 0.1))
        file = self._folder / "file"
        file.write_bytes(b"file")
        rendition = Rendition(
            master, "tiktok", "r" * 64, file, "a" * 64, file, "b" * 64, 1080, 1920, 73, 24, 5, {}, preview=False
        )  # fmt: skip
        self.ledger.media.record_rendition(rendition)
        where = Destination(target, "scripted", self.targets[target].account, rendition.id)
        post = self.ledger.posts.plan(video.id, rendition, where, told, due_at=due_at)
        if live_at is not None:
            for step in (PostState.UPLOADING, PostState.ARMED, PostState.LIVE):
                post = self.ledger.posts.move(post.id, step)
            with self.ledger.database.begin() as session:
                session.get_one(Post, post.id).live_at = live_at
        return post


@pytest.fixture
def desk(ledger: Ledger, account: str, tmp_path: Path) -> Desk:
    return Desk(ledger, account, tmp_path)


EVENING = 'between: "18:00-22:00", spacing: 20m'


# A batch.


def test_a_batch_is_spread_over_accounts_and_times(desk: Desk) -> None:
    run, plan = desk.plan(f"{{to: [a, b], {EVENING}, per_day: 12}}")
    assert desk.clock(run, "a") == desk.clock(run, "b")
    assert desk.clock(run)[:2] == ["29 18:00", "29 18:20"]
    assert desk.clock(run)[-1] == "29 21:40"
    assert (len(plan.to_make), plan.skipped) == (24, 6)
    assert Counter(post.profile for post in desk.posts(run)) == {"tiktok": 24}


def test_what_does_not_fit_is_not_made_and_is_told_and_counted(desk: Desk) -> None:
    run, plan = desk.plan(f"{{to: [a, b], {EVENING}, per_day: 5}}")
    assert (len(plan.to_make), plan.skipped) == (10, 20)
    skipped = desk.ledger.videos.of_run(run.id, (VideoState.SKIPPED,))
    assert {video.reason for video in skipped} == {
        "no free time on 2026-11-29: a has its 5 posts of the day, b has its 5 posts of the day"
    }
    assert desk.close(run).reason == "30 found = 10 done + 0 failed + 0 in review + 0 rejected + 20 skipped"


def test_a_post_that_does_not_fit_leaves_the_video_its_other_one(desk: Desk) -> None:
    run, plan = desk.plan(f"{{to: a, {EVENING}, per_day: 1}}, b", 2)
    assert (len(plan.to_make), plan.skipped) == (2, 0)
    first, second = (VideoPlan.from_json(video.plan) for video in plan.videos)
    assert [post.target for post in first.posts] == ["a", "b"]
    assert [post.target for post in second.posts] == ["b"]
    assert second.misfits == ("no free time on 2026-11-29: a has its 1 post of the day",)
    assert desk.times(run, "b") == []  # at once


def test_several_days_take_what_one_cannot(desk: Desk) -> None:
    run, plan = desk.plan(f"{{to: a, {EVENING}, per_day: 12, days: 3}}")
    assert plan.skipped == 0
    assert Counter(one[:2] for one in desk.clock(run)) == {"29": 12, "30": 12, "01": 6}


def test_without_rules_everything_goes_out_at_once_and_nothing_is_kept(desk: Desk) -> None:
    run, _ = desk.plan("a, b", 3)
    assert {post.at for post in desk.posts(run)} == {None}
    assert desk.ledger.slots.of_run(run.id) == []


def test_only_a_time_of_day_waits_for_the_day_that_the_run_is_about(desk: Desk) -> None:
    run, _ = desk.plan(f"{{to: a, {EVENING}}}, {{to: b, spacing: 20m}}", 2, date="2026-12-22")
    assert desk.clock(run, "a") == ["22 18:00", "22 18:20"]
    assert desk.times(run, "b") == [NOW, NOW + 20 * MINUTE]
    run, _ = desk.plan("a, b", 1, date="2026-12-23")
    assert {post.at for post in desk.posts(run)} == {None}


def test_the_zone_of_an_entry_is_its_own(desk: Desk) -> None:
    run, _ = desk.plan('{to: a, between: "18:00-22:00", timezone: America/New_York}', 1)
    # The 29th begins in New York when it is one in the afternoon in Shanghai; it is still the 28th there now.
    assert desk.clock(run) == ["30 07:00"]


def test_today_is_the_day_of_the_zone_that_the_times_are_in(desk: Desk) -> None:
    late = dt.datetime(2026, 11, 28, 20, 0, tzinfo=dt.UTC)  # four in the morning of the 29th in Shanghai
    run, plan = desk.plan(
        '{to: a, between: "10:00-11:00", timezone: Pacific/Kiritimati}', 1, date="2026-11-28", at=late
    )
    assert plan.skipped == 0  # there the 29th, at ten in the morning
    assert desk.times(run) == [late]
    _, plan = desk.plan('{to: b, between: "06:00-07:00", timezone: America/New_York}', 1, date="2026-11-27", at=late)
    assert plan.skipped == 1  # there the 28th, at three in the afternoon
    run, _ = desk.plan('{to: b, between: "18:00-22:00", timezone: America/New_York}', 1, date="2026-11-26", at=late)
    assert desk.clock(run, "b") == ["29 07:00"]  # the evening of the 28th


def test_a_run_for_a_day_that_is_over_takes_today(desk: Desk) -> None:
    run, _ = desk.plan(f"{{to: a, {EVENING}}}", 1, date="2026-11-20")
    assert desk.clock(run) == ["29 18:00"]


# What is taken already.


def test_caps_that_are_partly_used_leave_the_rest(desk: Desk) -> None:
    run, _ = desk.plan("a", 5)
    videos = desk.ledger.videos.of_run(run.id)
    for hours, video in zip((-1, -2, -30), videos, strict=False):
        desk.hand_over(video, live_at=NOW + dt.timedelta(hours=hours))
    desk.hand_over(videos[3], due_at=NOW + dt.timedelta(hours=12))  # 18:00
    desk.hand_over(videos[4], due_at=NOW - dt.timedelta(hours=3))  # late: it comes any time now
    for video in videos:
        desk.carry(video.id)
    other, plan = desk.plan(f"{{to: a, {EVENING}, per_day: 6}}", date="2026-11-28")
    # Two of this morning, one late, one at six in the evening: two are left of six. The day before does not count.
    assert desk.clock(other) == ["29 18:20", "29 18:40"]
    assert plan.skipped == 28


def test_two_runs_that_are_planned_one_after_the_other_share_the_times(desk: Desk) -> None:
    entry = f"{{to: [a, b], {EVENING}, per_day: 12}}"
    first, _ = desk.plan(entry, 10)
    second, plan = desk.plan(entry, 20, date="2026-11-28")
    assert plan.skipped == 6
    for target in "ab":
        times = sorted([*desk.times(first, target), *desk.times(second, target)])
        assert len(times) == 12
        assert all(later - earlier >= 20 * MINUTE for earlier, later in pairwise(times))


def test_two_runs_that_go_out_at_once_share_the_cap(desk: Desk) -> None:
    _, first = desk.plan("{to: a, per_day: 5}", 3)
    _, second = desk.plan("{to: a, per_day: 5}", 3, date="2026-11-28", at=NOW + 10 * MINUTE)
    assert (first.skipped, second.skipped) == (0, 1)


def test_a_plan_knows_what_others_have_taken_of_each_account(desk: Desk) -> None:
    """And what its own posts take is not among it. Nobody is asked who gets none of them."""
    desk.targets["a"] = Short(account=desk.targets["a"].account, told=Quota(12, 5))
    desk.plan('{to: a, between: "18:00-22:00", spacing: 1h}', count=3)
    definition = desk.definition('{to: a, between: "18:00-23:00", per_day: 9}, {to: b}', count=2)
    about = on_date(SHANGHAI, "2026-11-30")
    allotment = Allotment(
        desk.ledger, definition, definition.pipeline("clips"), desk.context, about.date, uuid4(), at=NOW
    )
    day = dt.date.fromisoformat(TODAY)

    before = {room.target: room for room in allotment.rooms()}
    assert desk.targets["b"].script.calls == []
    allotment.posts("one", "", "mark")
    a, b = allotment.rooms()

    assert (a.taken(day), a.taken(day + DAY), b.taken(day)) == (3, 0, 0)
    assert (before["a"].quota, a.quota) == (None, Quota(12, 5))
    assert (a.window, a.a_day, b.a_day) == ("18:00-23:00", 9, None)
    told = a.as_json([dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC), None], NOW)
    assert told["days"] == [
        {"date": "2026-11-29", "posts": 1, "taken": 3}, {"date": "2026-11-30", "posts": 1, "taken": 0},
    ]  # fmt: skip
    assert (told["posts"], told["at_once"], told["left"], told["platform_allows"]) == (2, 1, 7, 12)


def test_two_names_of_an_account_are_one_account(desk: Desk) -> None:
    desk.targets["b"] = Short(account=desk.targets["a"].account)
    run, plan = desk.plan(f"{{to: [a, b], {EVENING}}}")
    times = sorted([*desk.times(run, "a"), *desk.times(run, "b")])
    assert plan.skipped == 18
    assert all(later - earlier == 20 * MINUTE for earlier, later in pairwise(times))


def test_the_times_of_what_is_given_up_are_free_again(desk: Desk) -> None:
    entry = f"{{to: a, {EVENING}, per_day: 3}}"
    first, _ = desk.plan(entry, 3)
    one, two, _ = desk.ledger.videos.of_run(first.id)
    desk.ledger.videos.move(one.id, VideoState.FAILED, "broken")
    desk.carry(two.id, VideoState.REJECTED)
    second, _ = desk.plan(entry, 3, date="2026-11-28")
    assert desk.clock(second) == ["29 18:00", "29 18:20"]


def test_a_run_that_nobody_works_on_keeps_no_times_that_are_over(desk: Desk) -> None:
    entry = "{to: a, per_day: 3}"
    first, _ = desk.plan(entry, 3)
    later = NOW + dt.timedelta(hours=1)
    _, plan = desk.plan(entry, 3, date="2026-11-28", at=later)
    assert plan.skipped == 3  # its videos are being made
    desk.ledger.runs.close(first.id, interrupted="Ctrl-C")
    _, plan = desk.plan(entry, 3, date="2026-11-28", at=later)
    assert plan.skipped == 0


def test_a_time_that_the_platform_keeps_is_taken_and_the_moment_of_the_upload_is_not(desk: Desk) -> None:
    run, _ = desk.plan("a", 1)
    (video,) = desk.ledger.videos.of_run(run.id)
    post = desk.hand_over(video)
    evening = NOW + dt.timedelta(hours=12)
    for step in (PostState.UPLOADING, PostState.ARMED):
        desk.ledger.posts.move(post.id, step)
    desk.ledger.posts.accept(post.id, Sight("", "", {}))
    desk.ledger.posts.put_off(post.id, evening, "it has it")
    desk.carry(video.id)
    assert desk.ledger.posts.times("scripted", desk.targets["a"].account, NOW - 2 * DAY) == [evening]
    other, _ = desk.plan(f"{{to: a, {EVENING}}}", 1, date="2026-11-28")
    assert desk.clock(other) == ["29 18:20"]
    other, _ = desk.plan("{to: a, spacing: 2h}", 1, date="2026-11-27")
    assert desk.times(other) == [NOW]


# A run that is planned again.


def test_a_run_that_is_planned_again_keeps_its_times(desk: Desk) -> None:
    entry = f"{{to: [a, b], {EVENING}}}"
    run, _ = desk.plan(entry, 6)
    before = [VideoPlan.from_json(video.plan).posts for video in desk.ledger.videos.of_run(run.id)]
    again, _ = desk.plan(entry, 8, at=NOW + 30 * MINUTE)
    after = [VideoPlan.from_json(video.plan).posts for video in desk.ledger.videos.of_run(run.id)]
    assert again.id == run.id
    assert after[:6] == before
    assert desk.clock(run, "a") == ["29 18:00", "29 18:20", "29 18:40", "29 19:00"]


def test_a_resumed_run_keeps_its_times(desk: Desk) -> None:
    run, _ = desk.plan(f"{{to: a, {EVENING}}}", 3)
    before = desk.times(run)
    one = desk.ledger.videos.of_run(run.id)[0]
    desk.ledger.videos.move(one.id, VideoState.FAILED, "broken")
    desk.ledger.runs.close(run.id, interrupted="Ctrl-C")
    desk.ledger.runs.resume(run.id)
    desk.ledger.videos.reopen(run.id)
    assert desk.times(run) == before
    assert [kept.at for kept in desk.ledger.slots.of_run(run.id)] == before


def test_a_time_that_is_over_or_not_wanted_any_more_is_given_anew(desk: Desk) -> None:
    run, _ = desk.plan(f"{{to: a, {EVENING}}}", 2)
    desk.plan(f"{{to: a, {EVENING}}}", 2, at=NOW + dt.timedelta(hours=12, minutes=10))  # 18:10
    assert desk.clock(run) == ["29 18:20", "29 18:40"]
    desk.plan('{to: a, between: "20:00-21:00", spacing: 20m}', 2)
    assert desk.clock(run) == ["29 20:00", "29 20:20"]
    assert [kept.at for kept in desk.ledger.slots.of_run(run.id)] == desk.times(run)  # and the old ones are free


def test_a_video_that_is_done_takes_no_place_again(desk: Desk) -> None:
    entry = f"{{to: a, {EVENING}, per_day: 3}}"
    run, _ = desk.plan(entry, 3)
    one, two, _ = desk.ledger.videos.of_run(run.id)
    desk.hand_over(one, live_at=NOW)
    desk.hand_over(two, due_at=desk.times(run)[1])
    desk.carry(one.id)
    desk.carry(two.id)
    before = desk.clock(run)
    _, plan = desk.plan(entry, 3, at=NOW + MINUTE)
    assert (plan.skipped, desk.clock(run)) == (0, before)


def test_a_video_that_has_its_post_goes_to_no_second_account(desk: Desk) -> None:
    entry = "{to: [a, b], spacing: 20m}"
    run, _ = desk.plan(entry, 1)
    (video,) = desk.ledger.videos.of_run(run.id)
    desk.hand_over(video, live_at=NOW)
    desk.ledger.videos.move(video.id, VideoState.FAILED, "after the post")
    desk.plan(entry, 1, at=NOW + MINUTE)
    assert [post.target for post in desk.posts(run)] == ["a"]
    desk.plan(entry, 1, at=NOW + MINUTE, remake=True)
    assert [post.target for post in desk.posts(run)] == ["b"]


@pytest.mark.parametrize("state", [VideoState.REJECTED, VideoState.IN_REVIEW])
def test_what_screening_has_spoken_about_is_not_asked_again_for_another_time(desk: Desk, state: VideoState) -> None:
    entry = f"{{to: a, {EVENING}}}"
    run, _ = desk.plan(entry, 2)
    one, _ = desk.ledger.videos.of_run(run.id)
    desk.carry(one.id, state)
    desk.plan(entry, 2, at=NOW + dt.timedelta(hours=12, minutes=10))
    assert desk.ledger.videos.get(one.id).state is state


# What a platform says and knows.


def test_what_a_platform_has_left_is_asked_once_a_run(desk: Desk) -> None:
    desk.targets["a"] = desk.targets["a"].model_copy(update={"told": Quota(total=50, used=47)})
    run, plan = desk.plan("{to: a, days: 1}", 10)
    assert desk.targets["a"].script.calls == ["quota"]
    assert (len(plan.to_make), plan.skipped) == (3, 7)
    assert desk.ledger.videos.of_run(run.id)[-1].reason.endswith(": a takes 3 more posts in 24 hours")
    _, plan = desk.plan("{to: a, days: 1}", 10, date="2026-11-28")
    assert plan.skipped == 10  # what the first run keeps is promised


def test_what_it_says_now_is_truer_than_what_is_known(desk: Desk, account: str) -> None:
    class Cautious(Short):
        limits = Limits(per_day=2)

    desk.targets["a"] = Cautious(account=account + "a")
    _, plan = desk.plan("a", 5)
    assert plan.skipped == 3
    desk.targets["b"] = Cautious(account=account + "b", told=Quota(total=100, used=0))
    _, plan = desk.plan("b", 5, date="2026-11-28")
    assert plan.skipped == 0


@pytest.mark.parametrize("trouble", [Reauthorise("the login has ended", "log in")])
def test_a_platform_that_cannot_be_asked_keeps_nothing_from_being_made(
    desk: Desk, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    desk.targets["a"].script.say("quota", trouble)
    _, plan = desk.plan("a", 2)
    assert len(plan.to_make) == 2
    assert "a does not say what may still be posted: the login has ended" in caplog.text


def test_a_run_that_is_taken_up_asks_nobody(desk: Desk) -> None:
    run, _ = desk.plan(f"{{to: a, {EVENING}}}", 1)
    asked = list(desk.targets["a"].script.calls)
    desk.ledger.runs.close(run.id, interrupted="Ctrl-C")
    desk.ledger.videos.reopen(desk.ledger.runs.resume(run.id).id)
    assert desk.targets["a"].script.calls == asked


def test_a_cap_of_the_platform_and_of_the_pipeline_hold_together(desk: Desk, account: str) -> None:
    class Slow(Short):
        limits = Limits(per_day=4, spacing=45 * MINUTE)

    desk.targets["a"] = Slow(account=account + "a")
    run, plan = desk.plan(f"{{to: a, {EVENING}, per_day: 12}}")
    assert desk.clock(run) == ["29 18:00", "29 18:45", "29 19:30", "29 20:15"]
    assert plan.skipped == 26
