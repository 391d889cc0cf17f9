"""A page of Facebook as a target, against the simulated platform: what the public sees, and after what goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from reelmill.content import Json
from sandbox.graph.errors import error_body
from sandbox.platforms.facebook import Facebook as Platform
from tasks.publishing.base import Delivery
from tasks.publishing.client import Reply
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.targets.facebook.target import Facebook
from tests.posting import Died, Elsewhen, Memory, delivery_of, sent

KIND = "facebook"

PAGE = "104000000000001"
CONTENT = bytes(range(256)) * 4000


def target(**options: Json) -> Facebook:
    return Facebook.model_validate({"type": "facebook", "page": PAGE, **options})


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, CONTENT, caption="花雪随风不厌看")


# When nothing goes wrong.


def test_a_video_is_not_public_until_finalize_and_then_it_is_with_its_words_cover_and_the_ai_flag(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle, facebook = Memory().handle(), target()
    facebook.prepare(delivery, context)
    facebook.upload(delivery, context, handle)
    facebook.check(delivery, context, handle)
    assert not platform.published
    assert facebook.look_up(delivery, context, handle) is None
    published = facebook.finalize(delivery, context, handle)
    assert not published.settled
    [post] = platform.published
    assert (post.id, post.account) == (published.platform_id, PAGE)
    assert post.text == "小雪\n花雪随风不厌看\n\n#小雪 #节气"
    assert (post.sha256, post.ai) == (sha256(CONTENT).hexdigest(), True)
    assert post.detail["cover"] == delivery.rendition.cover_sha256
    settled = facebook.look_up(delivery, context, handle)
    assert settled is not None
    assert settled.settled
    assert (settled.platform_id, settled.url) == (post.id, post.url)


def test_it_is_read_back_with_its_address(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    facebook = target()
    published = sent(facebook, delivery, context, Memory().handle())
    seen = facebook.read_back(delivery, context, published)
    assert (seen.public, seen.labelled) == (True, None)
    assert seen.detail["url"] == platform.published[0].url


def test_on_the_platform_itself_the_address_is_made_of_the_id(context: Elsewhen, delivery: Delivery) -> None:
    facebook, outside = target(), replace(context, sandbox="")
    assert facebook.shown_at(outside, "7", f"{facebook.site}/reel/7") == "https://www.facebook.com/reel/7"
    assert facebook.account_key(outside) == PAGE
    assert facebook.account_key(context) == f"sandbox:{PAGE}"


def test_the_public_sees_it_when_it_was_processed(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.processing = 60.0
    facebook, handle = target(), Memory().handle()
    published = sent(facebook, delivery, context, handle)
    assert facebook.read_back(delivery, context, published).public is None
    with pytest.raises(Wait):
        facebook.look_up(delivery, context, handle)
    platform.clock.advance(60)
    found = facebook.look_up(delivery, context, handle)
    assert found is not None
    assert found.settled


def test_long_words_are_cut(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    sent(target(), delivery_of(tmp_path, CONTENT, title="t" * 300, caption="雪" * 3000), context, Memory().handle())
    detail = platform.published[0].detail
    assert len(detail["title"]) == 255
    assert len(detail["description"]) <= 2200
    assert detail["description"].endswith("#小雪 #节气")


def test_the_cover_can_be_left_to_the_platform(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    sent(target(cover=False), delivery, context, Memory().handle())
    assert platform.published[0].detail["cover"] is None


def test_a_cover_that_is_refused_does_not_keep_the_video_from_being_posted(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.trouble("cover", status=400, body=error_body(100, "(#100) Invalid image"))
    memory = Memory()
    sent(target(), delivery, context, memory.handle())
    assert memory.commits[-1]["cover"] is False
    assert len(platform.published) == 1


# By its own clock.


def test_a_post_of_a_later_time_is_kept_by_the_platform(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    later = replace(delivery, public_at=context.now() + dt.timedelta(hours=2))
    facebook, handle = target(), Memory().handle()
    published = sent(facebook, later, context, handle)
    assert not platform.published
    assert not published.settled
    found = facebook.look_up(later, context, handle)
    assert found is not None
    assert (found.settled, found.detail["state"]) == (False, "SCHEDULED")
    assert facebook.read_back(later, context, found).public is None
    platform.clock.advance(2 * 3600)
    found = facebook.look_up(later, context, handle)
    assert found is not None
    assert found.settled
    assert len(platform.published) == 1


def test_a_time_too_near_for_its_clock_is_waited_for_and_a_past_one_is_now(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    near = replace(delivery, public_at=context.now() + dt.timedelta(minutes=5))
    facebook, handle = target(), Memory().handle()
    facebook.upload(near, context, handle)
    for step in (facebook.check, facebook.finalize):
        with pytest.raises(Wait) as caught:
            step(near, context, handle)
        assert caught.value.retry_after is not None
        assert 200 < caught.value.retry_after <= 300
    context.ahead = dt.timedelta(minutes=6)
    facebook.check(near, context, handle)
    facebook.finalize(near, context, handle)
    assert platform.published[0].detail["video_state"] == "PUBLISHED"


def test_a_time_that_is_nearly_too_near_is_not_armed_for(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    near = replace(delivery, public_at=context.now() + dt.timedelta(minutes=10, seconds=30))
    facebook, handle = target(), Memory().handle()
    facebook.upload(near, context, handle)
    with pytest.raises(Wait):
        facebook.check(near, context, handle)
    assert not facebook.finalize(near, context, handle).settled


def test_a_time_too_far_away_is_deferred(context: Elsewhen, delivery: Delivery) -> None:
    far = context.now() + dt.timedelta(days=40)
    with pytest.raises(Defer) as caught:
        target().prepare(replace(delivery, public_at=far), context)
    assert caught.value.until == far - dt.timedelta(days=29)


# Continuing.


def test_an_upload_that_is_gone_begins_again(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    handle, facebook = Memory().handle(), target()
    facebook.upload(delivery, context, handle)
    platform.trouble("status", status=400, body=error_body(100, "Unsupported get request", subcode=33))
    with pytest.raises(Restart):
        facebook.check(delivery, context, handle)


# The irreversible call.


def test_trouble_of_the_platform_itself_leaves_it_open(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.trouble("publish", handled=True, status=400, body=error_body(1, "An unknown error occurred"))
    memory, facebook = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(facebook, delivery, context, memory.handle())
    found = facebook.look_up(delivery, context, memory.handle())
    [post] = platform.published
    assert found is not None
    assert (found.platform_id, found.url) == (post.id, post.url)
    again = facebook.finalize(delivery, context, memory.handle())  # the platform would refuse a second one
    assert again.platform_id == post.id


def test_processing_that_fails_after_it_was_taken_is_refused(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.reject_processing = "The aspect ratio is not supported"
    facebook, handle = target(), Memory().handle()
    assert not sent(facebook, delivery, context, handle).settled
    with pytest.raises(Refused, match="aspect ratio"):
        facebook.look_up(delivery, context, handle)


def test_abuse_is_refused_and_too_fast_is_tried_again(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.daily_cap = platform.limit(1, 86_400)
    platform.daily_cap.take(PAGE)
    memory, facebook = Memory(), target()
    with pytest.raises(Retry):
        sent(facebook, delivery, context, memory.handle())
    platform.daily_cap = platform.limit(30, 86_400)
    platform.spam = True
    with pytest.raises(Refused):
        sent(facebook, delivery, context, memory.handle())
    assert not platform.published


# Looking up.


def test_a_video_that_says_nothing_is_looked_for_in_the_list(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, facebook = Memory(), target()
    facebook.upload(delivery, context, memory.handle())
    gone = {"status": 400, "body": error_body(100, "Unsupported get request", subcode=33)}
    silent = {"status": 200, "body": {"status": {"video_status": "ready"}}}
    for answer in (gone, silent):
        platform.trouble("status", **answer)
        assert facebook.look_up(delivery, context, memory.handle()) is None
    facebook.finalize(delivery, context, memory.handle())
    for answer in (gone, silent):
        platform.trouble("status", **answer)
        found = facebook.look_up(delivery, context, memory.handle())
        assert found is not None
        assert found.platform_id == platform.published[0].id


def test_a_question_that_is_refused_says_nothing_of_the_post(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, facebook = Memory(), target()
    sent(facebook, delivery, context, memory.handle())
    for status, body, outcome in (
        (400, error_body(100, "(#100) Tried accessing nonexisting field"), Retry),
        (403, error_body(4, "Application request limit reached", transient=True), Retry),
        (403, error_body(200, "Permissions error"), Reauthorise),
        (200, {}, Retry),
        (200, {"status": "ready"}, Retry),
    ):
        platform.trouble("status", status=status, body=body)
        with pytest.raises(outcome):
            facebook.look_up(delivery, context, memory.handle())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ({"video_status": "upload_failed"}, Restart),
        ({"video_status": "expired"}, Restart),
        ({"video_status": "error", "processing_phase": {"status": "error", "errors": [{"message": "fps"}]}}, Refused),
        ({"video_status": "ready", "publishing_phase": {"status": "error", "publish_status": "error"}}, Refused),
        ({"video_status": "ready", "publishing_phase": {"status": "in_progress"}}, Wait),
    ],
)
def test_what_a_video_may_say_of_itself(
    status: Json, outcome: type[Exception], platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle, facebook = Memory().handle(), target()
    facebook.upload(delivery, context, handle)
    platform.trouble("status", status=200, body={"status": status})
    with pytest.raises(outcome):
        facebook.look_up(delivery, context, handle)


# What the platform's words mean.


@pytest.mark.parametrize(
    ("code", "subcode", "outcome"),
    [
        (6000, 1363040, Refused),
        (6000, 1363128, Refused),
        (368, 1346003, Refused),
        (613, 1390008, Retry),
        (6000, 1363047, Retry),
        (-1, 1609010, Retry),
        (190, 463, Reauthorise),
        (200, 1404078, Reauthorise),
        (100, 0, Refused),
    ],
)
def test_what_its_words_mean(code: int, subcode: int, outcome: type[Exception]) -> None:
    content = json.dumps(error_body(code, "said", subcode=subcode)).encode()
    with pytest.raises(outcome, match="said"):
        target().judge(Reply("asking Facebook", 400, httpx.Headers(), content))


def test_an_offset_that_it_does_not_expect_is_a_resync(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, facebook = Memory(dies_after=1), target()
    with pytest.raises(Died):
        facebook.upload(delivery, context, memory.handle())
    stale = {
        "status": {"video_status": "uploading", "uploading_phase": {"status": "in_progress", "bytes_transfered": 9}}
    }
    platform.trouble("status", status=200, body=stale)
    with pytest.raises(Resync):
        facebook.upload(delivery, context, memory.handle())
    sent(facebook, delivery, context, memory.handle())
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()
