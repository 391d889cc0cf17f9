"""The publishing stage on both databases: what each outcome means, and who may be at a post."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import text

from flows.post_status import clock, status_of
from records import schema
from records.ledger import Ledger
from records.posts import Sight
from records.states import PostState
from records.tables import Post
from reelmill.content import Rendition
from reelmill.errors import LeaseHeld, PublishingError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.publishing.base import Delivery, Published
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Defer, MayNotAsk, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.stage import Order, publish
from tasks.publishing.tempo import Tempo
from tests.damage import MUTATIONS, alter
from tests.postbox import Postbox, make_postbox, make_rendition
from tests.simulators.scripted_target import SCRIPTS, Script, ScriptedTarget, SilentTarget

#: A second is two milliseconds here.
PACE = 0.002


@pytest.fixture(scope="module")
def rendition(tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    return make_rendition(tmp_path_factory.mktemp("rendition"))


@dataclass
class Desk:
    """One post to one scripted account."""

    ledger: Ledger
    box: Postbox
    context: TargetContext
    target: ScriptedTarget
    script: Script

    @property
    def order(self) -> Order:
        return self.box.order(self.ledger, self.target, self.context)

    def publish(self, tempo: Tempo | None = None) -> Post:
        return publish(self.ledger, self.order, self.context, tempo)

    def states(self) -> list[str]:
        (post,) = self.ledger.posts.of_video(self.box.video_id)
        return [step.after for step in self.ledger.posts.history(post.id)]

    def let_time_pass(self) -> None:
        with self.ledger.database.begin() as session:
            session.execute(text("update posts set due_at = null"))
            session.execute(text("update standings set paused_until = null"))


@pytest.fixture
def desk(any_settings: Settings, rendition: Rendition, tmp_path: Path) -> Iterator[Desk]:
    box = make_postbox(any_settings, rendition)
    account = uuid4().hex
    with Ledger(any_settings) as ledger:
        target = ScriptedTarget(account=account)
        yield Desk(ledger, box, TargetContext(tmp_path, pace=PACE), target, SCRIPTS[account])
    SCRIPTS.pop(account)


def test_a_post_goes_its_way_and_is_read_back(desk: Desk) -> None:
    post = desk.publish()
    assert (post.state, post.url) == (PostState.LIVE, f"https://scripted.example/{post.id}")
    assert desk.script.calls == ["prepare", "upload", "check", "finalize", "finalized", "read_back"]
    assert desk.states() == ["planned", "uploading", "armed", "live"]
    assert post.detail["read_back"]["labelled"] is True
    assert post.handle == {"parts": 1}
    assert post.live_at is not None
    assert post.seen_at is not None


def test_what_is_live_is_not_posted_again(desk: Desk) -> None:
    desk.publish()
    assert desk.publish().state is PostState.LIVE
    assert len(desk.script.public) == 1


@pytest.mark.parametrize("call", ["prepare", "upload", "check"])
@pytest.mark.parametrize(
    "outcome",
    [Retry("busy"), Retry("limited", retry_after=3), Resync("offset"), Restart("expired"), Wait("processing")],
)
def test_what_may_be_tried_again_is_tried_in_place(desk: Desk, call: str, outcome: Exception) -> None:
    desk.script.say(call, outcome)
    assert desk.publish().state is PostState.LIVE
    assert desk.script.calls.count(call) == 2
    assert len(desk.script.public) == 1


def test_a_lost_session_is_forgotten_before_it_begins_again(desk: Desk) -> None:
    desk.script.say("check", Restart("the container expired"))
    seen: list[object] = []
    desk.script.say("upload", None, lambda: seen.append(desk.ledger.posts.of_video(desk.box.video_id)[0].handle))
    desk.publish()
    assert seen == [{}]


def test_what_needs_longer_is_put_off_and_goes_on_from_there(desk: Desk) -> None:
    desk.script.say("check", Wait("processing", retry_after=600))
    post = desk.publish()
    assert (post.state, post.reason) == (PostState.UPLOADING, "processing")
    assert post.due_at is not None
    assert post.attempts == 0
    assert desk.publish().state is PostState.UPLOADING, "not before its time"
    assert desk.script.calls.count("check") == 1
    desk.let_time_pass()
    assert desk.publish().state is PostState.LIVE


def test_a_platform_that_stays_away_is_asked_ever_more_seldom_until_it_is_given_up(desk: Desk) -> None:
    tempo = Tempo(in_place=0, most_attempts=3)
    desk.script.say("upload", *[Retry("the line broke")] * 3)
    delays = []
    for _ in range(2):
        post = desk.publish(tempo)
        assert post.due_at is not None
        delays.append((post.due_at - dt.datetime.now(dt.UTC)).total_seconds() / PACE)
        desk.let_time_pass()
    assert delays[1] > 1.5 * delays[0] > 0
    with pytest.raises(PublishingError, match="given up after 3 visits: the line broke"):
        desk.publish(tempo)
    assert desk.states()[-1] == "failed"


def test_a_limit_of_the_day_defers_the_account(desk: Desk) -> None:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    desk.script.say("prepare", Defer("15 posts today", until=until))
    post = desk.publish()
    assert post.due_at == until
    standing = desk.ledger.standings.get("scripted", desk.target.account)
    assert standing is not None
    assert (standing.paused_until, standing.needs_person) == (until, False)


def test_a_login_that_ended_pauses_its_account_and_no_other_one(desk: Desk) -> None:
    desk.script.say("upload", Reauthorise("the token was revoked", "log in again"))
    post = desk.publish()
    assert (post.state, post.reason) == (PostState.UPLOADING, "the token was revoked – log in again")
    standing = desk.ledger.standings.get("scripted", desk.target.account)
    assert standing is not None
    assert standing.needs_person
    other = ScriptedTarget(account=f"other-{desk.target.account}")
    assert replace(desk, target=other).publish().state is PostState.LIVE
    SCRIPTS.pop(other.account)
    desk.let_time_pass()
    assert desk.publish().state is PostState.LIVE, "and once the login is good again, it goes on"


def test_a_renewed_login_lets_go_of_the_posts_that_it_kept_back_and_of_no_others(desk: Desk) -> None:
    desk.script.say("upload", Reauthorise("the token was revoked", "log in again"))
    post = desk.publish()
    about = "scripted", desk.target.account
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    desk.ledger.standings.pause(*about, "target", later, "asked whose it is: 401", needs_person=True)
    paused = desk.ledger.posts.get(post.id)
    assert status_of(paused, desk.ledger.standings.pauses([paused])).command == "reelmill targets target"
    assert desk.ledger.standings.clear(*about)
    free = desk.ledger.posts.get(post.id)
    assert (free.due_at, free.reason) == (None, "")
    assert desk.ledger.standings.pauses([free]) == {}
    desk.ledger.posts.put_off(post.id, later, "not before its time")
    desk.ledger.standings.pause(*about, "target", later, "401", needs_person=True)
    desk.ledger.standings.clear(*about)
    assert desk.ledger.posts.get(post.id).due_at == later


def test_a_refusal_fails_the_post_and_a_second_run_begins_anew(desk: Desk) -> None:
    desk.script.say("check", Refused("the duration is wrong", "make it shorter"))
    with pytest.raises(PublishingError, match="the duration is wrong"):
        desk.publish()
    assert desk.ledger.posts.of_video(desk.box.video_id)[0].state is PostState.FAILED
    post = desk.publish()
    assert post.state is PostState.LIVE
    assert desk.states() == ["planned", "uploading", "failed", "planned", "uploading", "armed", "live"]


def test_an_answer_that_never_came_is_looked_up_and_never_sent_again(desk: Desk) -> None:
    desk.script.say("finalized", Ambiguous("the connection broke"))
    post = desk.publish()
    assert post.state is PostState.LIVE
    assert desk.script.calls.count("finalize") == 1
    assert len(desk.script.public) == 1


def test_a_call_that_certainly_did_not_happen_is_sent_again_once_the_look_up_is_believed(desk: Desk) -> None:
    desk.script.say("finalize", Ambiguous("the connection broke"))
    post = desk.publish()
    assert post.state is PostState.LIVE
    assert len(desk.script.public) == 1
    assert desk.script.calls.count("look_up") >= 2, "one look is not enough"


def test_a_platform_that_shows_late_is_not_believed_too_early(desk: Desk) -> None:
    def hide() -> None:
        hidden = desk.script.public.pop()
        threading.Timer(PACE * 1.2, desk.script.public.append, [hidden]).start()

    desk.script.say("finalized", lambda: (hide(), (_ for _ in ()).throw(Ambiguous("no answer")))[0])  # type: ignore[func-returns-value]
    assert desk.publish().state is PostState.LIVE
    time.sleep(0.05)
    assert len(desk.script.public) == 1


def test_a_look_up_that_cannot_tell_leaves_it_to_a_person(desk: Desk) -> None:
    desk.script.say("finalized", Ambiguous("the connection broke"))
    desk.script.say("look_up", Ambiguous("there are more posts than are looked through", "look at the account"))
    post = desk.publish()
    assert post.state is PostState.UNKNOWN
    assert "more posts than are looked through" in post.reason
    assert desk.publish().state is PostState.UNKNOWN
    assert len(desk.script.public) == 1


def test_a_look_up_that_shows_another_post_of_the_ledger_leaves_it_to_a_person(desk: Desk) -> None:
    first = desk.publish()
    assert first.platform_id
    other = replace(desk, target=SiblingTarget(account=desk.target.account)).order
    edition = replace(other.destination, edition="second")
    order = replace(other, destination=edition, delivery=replace(other.delivery, post_id=edition.post_id))
    desk.script.say("finalized", Ambiguous("the connection broke"))
    post = publish(desk.ledger, order, desk.context)
    assert post.state is PostState.UNKNOWN
    assert f"{first.platform_id}, which is another post" in post.reason
    assert desk.ledger.posts.get(first.id).state is PostState.LIVE


@pytest.mark.parametrize("again", [False, True], ids=["the first call", "one that was made again"])
def test_a_login_that_may_not_look_up_leaves_the_post_to_a_person_and_goes_on(desk: Desk, again: bool) -> None:
    """It may be good for posting: the account has its other posts to make."""
    refusal = MayNotAsk("looking the post up: 403", "give the login the permission to read")
    if again:  # the target itself looks what became of the call before
        desk = replace(desk, target=RememberingTarget(account=desk.target.account))
        desk.script.say("finalize", refusal)
    else:
        desk.script.say("finalized", Ambiguous("the connection broke"))
        desk.script.say("look_up", refusal)
    post = desk.publish()
    assert post.state is PostState.UNKNOWN
    assert "may not ask" in post.reason
    assert "give the login the permission" in post.reason
    where = desk.order.destination
    assert desk.ledger.standings.get(where.platform, where.account) is None, "nothing is paused"
    assert desk.publish().state is PostState.UNKNOWN
    desk.ledger.posts.move(post.id, PostState.PLANNED, "a person says that it was not posted")


def test_a_login_that_may_not_look_and_has_not_posted_takes_the_arms_back(desk: Desk) -> None:
    desk.script.say("finalize", MayNotAsk("looking the post up: 403"))
    assert desk.publish().state is PostState.PLANNED
    assert desk.states()[:4] == ["planned", "uploading", "armed", "planned"]


def test_a_login_that_nobody_renews_does_not_hide_an_armed_post_for_ever(desk: Desk) -> None:
    _arm(desk, by="", ago=4 * 86400.0, public=True)
    desk.script.say("look_up", Reauthorise("the token was revoked", "log in again"))
    post = desk.publish()
    assert post.state is PostState.UNKNOWN
    assert "the token was revoked" in post.reason
    where = desk.order.destination
    assert desk.ledger.standings.get(where.platform, where.account) is not None, "and the account is paused"


def test_what_nobody_can_look_up_is_for_a_person(desk: Desk) -> None:
    silent = replace(desk, target=SilentTarget(account=desk.target.account))
    desk.script.say("finalized", Ambiguous("the connection broke"))
    post = silent.publish()
    assert (post.state, post.reason) == (PostState.UNKNOWN, "the connection broke")
    assert silent.publish().state is PostState.UNKNOWN
    assert "look_up" not in desk.script.calls
    desk.ledger.posts.move(post.id, PostState.PLANNED, "a person says that it was not posted")
    assert silent.publish().state is PostState.LIVE


@pytest.mark.parametrize("outcome", [Retry("429"), Wait("not ready"), Restart("expired"), Reauthorise("401")])
def test_a_refused_call_takes_the_arms_back(desk: Desk, outcome: Exception) -> None:
    desk.script.say("finalize", outcome)
    post = desk.publish()
    if not isinstance(outcome, Reauthorise):
        assert post.state is PostState.LIVE
    assert "unknown" not in desk.states()
    assert desk.states()[:4] == ["planned", "uploading", "armed", "planned"]
    assert "look_up" not in desk.script.calls


def test_a_platform_that_works_on_after_it_took_the_post_is_asked_until_it_has_done(desk: Desk) -> None:
    desk.script.say("look_up", Wait("under review", retry_after=1), Wait("under review", retry_after=900))
    post = desk.publish()
    assert post.state is PostState.ARMED
    assert post.accepted_at is not None
    assert post.due_at is not None
    desk.let_time_pass()
    assert desk.publish().state is PostState.LIVE
    assert desk.script.calls.count("finalize") == 1


def test_a_platform_that_refuses_after_its_review_fails_the_post(desk: Desk) -> None:
    desk.script.say("look_up", Refused("the review says no"))
    with pytest.raises(PublishingError, match="the review says no"):
        desk.publish()
    assert desk.states()[-1] == "failed"


def test_a_platform_that_never_decides_leaves_it_to_a_person(desk: Desk) -> None:
    desk.script.say("look_up", *[Wait("under review", retry_after=900)] * 2)
    desk.publish()
    with desk.ledger.database.begin() as session:
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=4)
        session.get_one(Post, desk.order.destination.post_id).armed_at = long_ago
    desk.let_time_pass()
    post = desk.publish()
    assert post.state is PostState.UNKNOWN
    assert "has not decided for days" in post.reason


class SiblingTarget(ScriptedTarget):
    """The same, whose posts cannot be told apart: it shows the first one."""

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        self.script.meet("look_up")
        return Published("https://scripted.example/first", self.script.public[0])


class RememberingTarget(ScriptedTarget):
    """The same, with a call of which it is not known what came."""

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        super().upload(delivery, context, handle)
        handle.remember(armed=context.now().isoformat())


class LookingTarget(ScriptedTarget):
    """The same, which says what it looked for."""

    seen: ClassVar[list[str]] = []

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        self.seen.append(delivery.rendition.id)
        return super().look_up(delivery, context, handle)


class KeepingTarget(ScriptedTarget):
    """The same, which keeps a post until its time."""

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        self.script.meet("look_up")
        return Published("https://scripted.example/kept", "kept", settled=False)


@pytest.mark.parametrize("days", [0, 4])
def test_a_post_that_the_platform_keeps_is_left_alone_until_its_time(desk: Desk, days: int) -> None:
    """It is not asked for every half minute, and days of waiting for its own time are no indecision."""
    keeping = replace(desk, target=KeepingTarget(account=desk.target.account))
    at = dt.datetime.now(dt.UTC) + dt.timedelta(days=5)
    order = replace(keeping.order, delivery=replace(keeping.order.delivery, public_at=at))
    _arm(keeping, by="", ago=days * 86400.0, public=True)
    post = publish(desk.ledger, order, desk.context)
    assert post.state is PostState.ARMED
    assert post.due_at is not None
    assert abs(post.due_at - at) < dt.timedelta(minutes=1)
    assert desk.script.calls.count("look_up") == 1
    assert status_of(post, {}).words == f"public at {clock(at)}, by the platform's clock"


def test_a_kept_post_counts_at_its_time_however_late_somebody_looks(desk: Desk) -> None:
    """A calendar that counted it at the look, a day later, would take a place of that day."""
    keeping = replace(desk, target=KeepingTarget(account=desk.target.account))
    platform, account = keeping.order.destination.platform, keeping.order.destination.account
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    _arm(keeping, by="", ago=0, public=True)
    (post,) = desk.ledger.posts.of_video(desk.box.video_id)
    sight = Sight("https://scripted.example/kept", "kept", {"public_at": at.isoformat()})
    desk.ledger.posts.accept(post.id, sight)  # and the process dies
    assert desk.ledger.posts.times(platform, account, at - dt.timedelta(days=2)) == [at]

    at -= dt.timedelta(hours=25)
    kept = replace(sight, detail={"public_at": at.isoformat()})
    post = desk.ledger.posts.move(post.id, PostState.LIVE, sight=kept)
    assert desk.ledger.posts.times(platform, account, at - dt.timedelta(days=2)) == [at]
    assert post.measure_at is not None
    assert post.measure_at > dt.datetime.now(dt.UTC), "an age that is over is not asked for"


def test_a_target_that_cannot_show_the_post_now_leaves_it_live(desk: Desk) -> None:
    desk.script.say("read_back", Retry("busy"))
    post = desk.publish()
    assert post.state is PostState.LIVE
    assert post.seen_at is None
    unseen = desk.ledger.posts.unseen(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    assert [one.id for one in unseen] == [post.id]


@pytest.mark.parametrize(
    "mutation",
    [
        "one bit is another", "the streams are copied", "the streams are copied with their metadata",
        "it is encoded again", "the picture is cropped", "the file is cut", "frames are missing", "the file is empty",
        "the label goes after the first second", "it was never labelled", "somebody else has signed it",
    ],
)  # fmt: skip
@pytest.mark.parametrize("recorded", [False, True], ids=["", "and its hash with it"])
def test_a_file_that_is_not_what_was_finished_does_not_go_out(desk: Desk, mutation: str, recorded: bool) -> None:
    """Also if somebody has written the hash of the spoilt file into the records: the labels are what counts."""
    order = desk.order
    rendition = order.delivery.rendition
    rendition.path.chmod(0o644)
    spoil = MUTATIONS[mutation][0] if mutation in MUTATIONS else partial(alter, place=0.9999)
    spoil(rendition)
    if recorded:
        spoilt = replace(rendition, sha256=sha256_of(rendition.path), size_bytes=rendition.path.stat().st_size)
        order = replace(order, delivery=replace(order.delivery, rendition=spoilt))
    with pytest.raises(PublishingError, match="is not the file that was finished"):
        publish(desk.ledger, order, desk.context)
    assert desk.script.public == []
    assert "upload" not in desk.script.calls


@pytest.fixture
def anew(desk: Desk) -> Order:
    """The same post, of which the file was finished anew."""
    order = desk.order
    other = replace(order.delivery.rendition, recipe="f" * 64)
    desk.ledger.media.record_rendition(other)
    return replace(order, delivery=replace(order.delivery, rendition=other))


def test_a_rendition_that_was_finished_anew_does_not_go_on_with_the_upload_of_another(desk: Desk, anew: Order) -> None:
    desk.script.say("check", Wait("processing", retry_after=600))
    before = desk.publish()
    assert (before.state, before.handle) == (PostState.UPLOADING, {"parts": 1})
    post = publish(desk.ledger, anew, desk.context)
    assert (post.id, post.rendition_id, post.handle) == (before.id, anew.delivery.rendition.id, {}), "before its time"
    desk.let_time_pass()
    seen: list[object] = []
    desk.script.say("upload", lambda: seen.append(desk.ledger.posts.get(post.id).handle))
    assert publish(desk.ledger, anew, desk.context).state is PostState.LIVE
    assert seen == [{}], "it began from nothing"


@pytest.mark.parametrize("public", [True, False])
def test_an_armed_post_is_looked_up_as_it_was_sent(desk: Desk, anew: Order, public: bool) -> None:
    import socket

    sent = desk.order.delivery.rendition.id
    LookingTarget.seen.clear()
    post = _arm(desk, by=f"{socket.gethostname()}:999999999:1", ago=60, public=public)
    desk.ledger.posts.remember(post.id, {"parts": 1, "of": "the one before"})
    looking = replace(anew, target=LookingTarget(account=desk.target.account))
    after = publish(desk.ledger, looking, desk.context)
    assert after.state is PostState.LIVE
    assert set(LookingTarget.seen) == {sent}
    assert (after.rendition_id, "of" in after.handle) == (
        (sent, True) if public else (anew.delivery.rendition.id, False)
    )
    assert len(desk.script.public) == 1


def test_two_workers_make_one_post(desk: Desk, any_settings: Settings) -> None:
    """Each with a ledger of its own, all at once: the others wait for what the first one does."""
    desk.script.say("upload", lambda: time.sleep(0.3))

    def work(_: int) -> PostState:
        with Ledger(any_settings) as ledger:
            return replace(desk, ledger=ledger).publish(Tempo(other=60 / PACE)).state

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(4))) == {PostState.LIVE}
    assert len(desk.script.public) == 1
    assert desk.states() == ["planned", "uploading", "armed", "live"]


def _take_over(settings: Settings, post_id: str) -> None:
    """Another machine holds the lease from now on, as it may once this one has slept too long."""
    with Ledger(settings) as ledger, ledger.database.begin() as session:
        session.execute(
            text("update leases set holder = 'elsewhere:1:1', epoch = epoch + 1 where name = :name"),
            {"name": f"post:{post_id}"},
        )


@pytest.mark.parametrize("call", ["upload", "check"])
def test_a_worker_that_slept_and_lost_its_lease_does_not_finalize(
    desk: Desk, any_settings: Settings, call: str
) -> None:
    identity = str(desk.order.destination.post_id)
    desk.script.say(call, lambda: _take_over(any_settings, identity))
    with suppress(LeaseHeld):
        replace(desk, context=replace(desk.context, pace=0.0)).publish()
    assert desk.script.public == []
    assert "finalize" not in desk.script.calls


def _arm(desk: Desk, *, by: str, ago: float, public: bool) -> Post:
    """A post as a process leaves it that died at the call, some seconds ago."""
    order = desk.order
    post = desk.ledger.posts.plan(desk.box.video_id, order.delivery.rendition, order.destination, order.verdict)
    desk.ledger.posts.move(post.id, PostState.UPLOADING)
    post = desk.ledger.posts.move(post.id, PostState.ARMED, by=by)
    with desk.ledger.database.begin() as session:
        session.get_one(Post, post.id).armed_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago)
    if public:
        desk.script.public.append(str(post.id))
    return post


@pytest.mark.parametrize("public", [True, False])
def test_a_post_that_a_dead_process_armed_ends_up_public_once(desk: Desk, public: bool) -> None:
    import socket

    _arm(desk, by=f"{socket.gethostname()}:999999999:1", ago=60, public=public)
    assert desk.publish().state is PostState.LIVE
    assert len(desk.script.public) == 1


def test_a_call_that_another_machine_may_still_have_under_way_is_waited_for(desk: Desk) -> None:
    _arm(desk, by="elsewhere:1:1", ago=0, public=False)
    began = time.monotonic()
    post = desk.publish(Tempo(in_place=400))
    assert post.state is PostState.LIVE
    assert time.monotonic() - began >= 150 * PACE, "the platform was believed before the other call could have ended"


@pytest.mark.parametrize("ago", [-3600.0, 7 * 86400.0], ids=["set back", "set ahead"])
def test_a_clock_that_jumps_makes_no_second_post(desk: Desk, ago: float) -> None:
    """The platform shows the post only later. A clock that was set ahead must not shorten the doubt to nothing."""
    import socket

    post = _arm(desk, by=f"{socket.gethostname()}:999999999:1", ago=ago, public=False)
    show = threading.Timer(PACE, desk.script.public.append, [str(post.id)])
    show.start()
    found = desk.publish()
    show.join()
    if found.state is PostState.ARMED:  # it waits until the clock has come to where it was
        with desk.ledger.database.begin() as session:
            session.get_one(Post, post.id).armed_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=60)
        desk.let_time_pass()
        found = desk.publish()
    assert found.state is PostState.LIVE
    assert len(desk.script.public) == 1


def test_the_same_content_goes_to_an_account_once_whoever_asks(desk: Desk) -> None:
    first = desk.publish()
    order = desk.order
    elsewhere = replace(order, destination=replace(order.destination, target="another-name"))
    again = publish(desk.ledger, elsewhere, desk.context)
    assert (again.id, again.state) == (first.id, PostState.LIVE)
    assert len(desk.script.public) == 1
    edition = replace(order.destination, edition="second")
    repost = replace(order, destination=edition, delivery=replace(order.delivery, post_id=edition.post_id))
    assert publish(desk.ledger, repost, desk.context).id != first.id
    assert len(desk.script.public) == 2


def test_a_post_to_an_account_that_was_written_otherwise_is_the_same_post(desk: Desk) -> None:
    """Earlier versions took `@TeaShop` and `teashop` for two accounts."""
    order = desk.order
    before = replace(order.destination, account="@TeaShop")
    first = publish(desk.ledger, replace(order, destination=before), desk.context)
    assert first.state is PostState.LIVE
    now = replace(order.destination, account="teashop", named=True)
    again = publish(desk.ledger, replace(order, destination=now), desk.context)
    assert (again.id, again.account) == (first.id, "@TeaShop")
    assert len(desk.script.public) == 1
    folder = replace(order.destination, account="@teashop")  # nobody says that it is a name
    assert publish(desk.ledger, replace(order, destination=folder), desk.context).id != first.id


def test_a_post_that_is_due_later_is_left_for_later(desk: Desk) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    post = publish(desk.ledger, replace(desk.order, due_at=later), desk.context)
    assert (post.state, post.due_at) == (PostState.PLANNED, later)
    assert desk.script.calls == []
    assert desk.ledger.posts.due() == []
    assert [one.id for one in desk.ledger.posts.waiting()] == [post.id]
    desk.let_time_pass()
    assert [one.id for one in desk.ledger.posts.due()] == [post.id]
    assert desk.publish().state is PostState.LIVE
    assert desk.ledger.posts.waiting() == []


def test_what_was_taken_down_stays_down_until_a_person_says_otherwise(desk: Desk) -> None:
    post = desk.publish()
    desk.ledger.posts.move(post.id, PostState.WITHDRAWN, "by hand")
    assert desk.publish().state is PostState.WITHDRAWN
    assert len(desk.script.public) == 1


def test_posts_of_the_version_before_are_measured_after_the_upgrade(desk: Desk) -> None:
    """The step from the third to the fourth version of the schema, with a post that is live and one that waits."""
    posts, order = desk.ledger.posts, desk.order
    live = desk.publish()
    other = replace(order.destination, account="another")
    waiting = posts.plan(desk.box.video_id, order.delivery.rendition, other, order.verdict)
    with desk.ledger.database.engine.begin() as connection:
        configuration = schema._configuration()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0003")
    schema.upgrade(desk.ledger.database)
    assert posts.get(live.id).measure_at == posts.get(live.id).live_at, "it is due"
    assert posts.get(live.id).url == live.url
    assert (posts.get(waiting.id).state, posts.get(waiting.id).measure_at) == (PostState.PLANNED, None)


def test_what_a_person_says_of_an_unknown_post_is_kept(desk: Desk) -> None:
    post = _arm(desk, by="x", ago=0, public=False)
    desk.ledger.posts.move(post.id, PostState.UNKNOWN, "?")
    live = desk.ledger.posts.move(post.id, PostState.LIVE, "seen", sight=Sight("https://x.example/1", "", {}))
    assert live.url == "https://x.example/1"
    assert desk.publish().state is PostState.LIVE
    assert desk.script.public == []
