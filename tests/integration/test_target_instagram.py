"""Instagram as a target, against the simulated platform: what the public sees, and after each thing that goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from reelmill.content import Json
from sandbox.graph.errors import error_body
from sandbox.platforms.instagram import Instagram as Platform
from tasks.publishing.base import Delivery
from tasks.publishing.client import Reply
from tasks.publishing.graph import MEANINGS
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.targets.instagram import Instagram
from tests.posting import Died, Elsewhen, Memory, delivery_of, sent

KIND = "instagram"

USER = "17841400000000001"
CONTENT = bytes(range(256)) * 4000
CAPTION = "小雪\n小雪 – 花雪随风不厌看\n\n#小雪 #节气"


def target(**options: Json) -> Instagram:
    return Instagram.model_validate({"type": "instagram", "ig_user": USER, **options})


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, CONTENT, caption="小雪 – 花雪随风不厌看")


# When nothing goes wrong.


def test_a_container_is_not_public_until_finalize_and_then_it_is_with_its_words_and_the_ai_flag(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle, instagram = Memory().handle(), target()
    instagram.prepare(delivery, context)
    instagram.upload(delivery, context, handle)
    instagram.check(delivery, context, handle)
    assert not platform.published
    assert instagram.look_up(delivery, context, handle) is None
    published = instagram.finalize(delivery, context, handle)
    [post] = platform.published
    assert (post.id, post.account, post.text) == (published.platform_id, USER, CAPTION.split("\n", 1)[1])
    assert (post.sha256, post.ai) == (sha256(CONTENT).hexdigest(), True)
    assert published.settled


def test_it_is_read_back_with_its_address_and_its_ai_flag(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    instagram = target()
    published = sent(instagram, delivery, context, Memory().handle())
    seen = instagram.read_back(delivery, context, published)
    assert (seen.public, seen.labelled) == (True, True)
    assert seen.detail["url"] == platform.published[0].url
    platform.taken_down.add(published.platform_id)
    assert instagram.read_back(delivery, context, published).public is False


def test_what_the_container_is_asked_for(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    rendition = replace(delivery.rendition, record={"cover_frame": 36})
    options = {"share_to_feed": False, "collaborators": ["tea", "snow"]}
    sent(target(**options), replace(delivery, rendition=rendition), context, Memory().handle())
    detail = platform.published[0].detail
    assert {key: detail[key] for key in ("media_type", "upload_type", "share_to_feed", "is_ai_generated")} == {
        "media_type": "REELS",
        "upload_type": "resumable",
        "share_to_feed": "false",
        "is_ai_generated": "true",
    }
    assert detail["thumb_offset"] == "1500"  # frame 36 at 24 frames a second
    assert json.loads(detail["collaborators"]) == ["tea", "snow"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"thumb_offset": 2000}, {"thumb_offset": "2000"}),
        ({"cover_url": "https://cdn.example/{sha256}.jpg"}, {"cover_url": "https://cdn.example/{hash}.jpg"}),
        ({}, {}),
    ],
)
def test_the_cover_is_a_moment_or_an_address(
    options: dict[str, Json], expected: dict[str, str], platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    sent(target(**options), delivery, context, Memory().handle())
    found = {key: value for key, value in platform.published[0].detail.items() if key in {"thumb_offset", "cover_url"}}
    assert found == {key: value.replace("{hash}", delivery.rendition.cover_sha256) for key, value in expected.items()}


def test_a_long_caption_is_cut_and_keeps_at_most_thirty_hashtags(
    platform: Platform, context: Elsewhen, tmp_path: Path
) -> None:
    tags = tuple(f"tag{number}" for number in range(40))
    sent(target(), delivery_of(tmp_path, CONTENT, caption="雪" * 3000, hashtags=tags), context, Memory().handle())
    text = platform.published[0].text
    assert len(text) <= 2200
    assert text.count("#") == 30
    assert "…\n\n#tag0 " in text


def test_another_version_of_the_api_is_asked(context: Elsewhen, platform: Platform) -> None:
    assert target(version="v27.0").quota(context).total == 50
    with pytest.raises(ValueError, match="version"):
        target(version="27")


def test_the_account_is_identified_and_its_key_tells_the_sandbox(context: Elsewhen, tmp_path: Path) -> None:
    assert target().identify(context).name == "sandbox"
    assert target().account_key(context) == f"sandbox:{USER}"
    assert target().account_key(replace(context, sandbox="")) == USER


# What can be known before a byte is sent.


def test_a_full_day_is_deferred_before_the_upload(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.daily_cap = platform.limit(1, 86_400)
    instagram = target()
    assert instagram.quota(context).left == 1
    sent(instagram, delivery, context, Memory().handle())
    with pytest.raises(Defer) as caught:
        instagram.prepare(delivery, context)
    assert caught.value.until > context.now()


# Continuing.


def test_an_offset_that_it_does_not_expect_is_a_resync(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    body = {"debug_info": {"retriable": False, "type": "OffsetInvalidError", "message": "Request starting offset"}}
    platform.trouble("chunk", status=400, body=body)
    memory, instagram = Memory(), target()
    with pytest.raises(Resync):
        instagram.upload(delivery, context, memory.handle())
    sent(instagram, delivery, context, memory.handle())
    assert len(platform.published) == 1


@pytest.mark.parametrize("uploaded", [False, True])
def test_a_container_that_has_expired_begins_again(
    uploaded: bool, platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, instagram = Memory(dies_after=0 if uploaded else 1), target()
    with suppress(Died):
        instagram.upload(delivery, context, memory.handle())
    platform.clock.advance(86_401)
    with pytest.raises(Restart):
        (instagram.check if uploaded else instagram.upload)(delivery, context, memory.handle())
    with pytest.raises(Restart):
        instagram.look_up(delivery, context, memory.handle())


# While it is processed.


def test_processing_is_waited_for(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.processing = 100.0
    handle, instagram = Memory().handle(), target()
    instagram.upload(delivery, context, handle)
    with pytest.raises(Wait) as caught:
        instagram.check(delivery, context, handle)
    assert caught.value.retry_after == 60.0
    platform.clock.advance(100)
    instagram.check(delivery, context, handle)


def test_some_processing_that_fails_is_worth_another_upload(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.reject_processing = "2207053"
    handle, instagram = Memory().handle(), target()
    instagram.upload(delivery, context, handle)
    with pytest.raises(Restart, match="2207053"):
        instagram.check(delivery, context, handle)


# The irreversible call.


@pytest.mark.parametrize(("code", "subcode"), [(1, 0), (2, 0), (-1, 2207032), (-2, 2207003), (99, 0)])
def test_trouble_of_the_platform_itself_leaves_it_open(
    code: int, subcode: int, platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    body = error_body(code, "An unexpected error", subcode=subcode, transient=True)
    platform.trouble("publish", handled=True, status=400, body=body)
    memory, instagram = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(instagram, delivery, context, memory.handle())
    again = instagram.finalize(delivery, context, memory.handle())
    [post] = platform.published
    assert again.platform_id == post.id


@pytest.mark.parametrize("knob", ["restricted", "spam"])
def test_a_definite_refusal_is_one(knob: str, platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    setattr(platform, knob, True)
    with pytest.raises(Refused):
        sent(target(), delivery, context, Memory().handle())
    assert not platform.published


def test_a_cap_that_is_met_at_the_last_moment_is_deferred(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, instagram = Memory(), target()
    handle = memory.handle()
    instagram.upload(delivery, context, handle)
    platform.daily_cap = platform.limit(1, 86_400)
    platform.daily_cap.take(USER)
    with pytest.raises(Defer):
        instagram.finalize(delivery, context, handle)


def test_one_that_is_not_ready_after_all_waits(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.processing = 100.0
    handle, instagram = Memory().handle(), target()
    instagram.upload(delivery, context, handle)
    with pytest.raises(Wait):
        instagram.finalize(delivery, context, handle)


# Looking up.


def test_a_post_that_is_not_listed_yet_is_waited_for_and_then_believed_without_its_page(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.slow_lookup = 3600.0
    platform.trouble("publish", handled=True, drop=True)
    memory, instagram = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(instagram, delivery, context, memory.handle())
    with pytest.raises(Wait):
        instagram.look_up(delivery, context, memory.handle())
    context.ahead = dt.timedelta(minutes=11)
    found = instagram.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == ""
    assert instagram.read_back(delivery, context, found).public is True


def test_a_post_with_other_words_or_of_another_time_is_not_ours(
    platform: Platform, context: Elsewhen, delivery: Delivery, tmp_path: Path
) -> None:
    platform.clock.advance(-3600)  # the same words, an hour before
    earlier = sent(target(), delivery, context, Memory().handle())
    platform.clock.advance(3600)
    (tmp_path / "other").mkdir()
    other = delivery_of(tmp_path / "other", b"another", caption="other words")
    sent(target(), other, context, Memory().handle())
    platform.trouble("publish", handled=True, drop=True)
    memory, instagram = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(instagram, delivery, context, memory.handle())
    found = instagram.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == platform.published[-1].id != earlier.platform_id


def test_a_question_that_is_refused_says_nothing_of_the_post(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, instagram = Memory(), target()
    sent(instagram, delivery, context, memory.handle())
    platform.trouble("status", status=400, body=error_body(100, "(#100) Tried accessing nonexisting field"))
    with pytest.raises(Retry):
        instagram.look_up(delivery, context, memory.handle())
    platform.trouble("status", status=403, body=error_body(10, "(#10) no permission"))
    with pytest.raises(Reauthorise):
        instagram.look_up(delivery, context, memory.handle())
    platform.trouble("status", status=200, body={})
    with pytest.raises(Retry):
        instagram.look_up(delivery, context, memory.handle())
    platform.trouble("list", status=200, body={})
    with pytest.raises(Retry):
        instagram.look_up(delivery, context, memory.handle())


def test_a_container_that_is_gone_leaves_the_list_to_tell(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, instagram = Memory(), target()
    published = sent(instagram, delivery, context, memory.handle())
    platform.trouble("status", status=400, body=error_body(100, "Unsupported get request", subcode=33), times=2)
    found = instagram.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == published.platform_id
    platform.taken_down.add(published.platform_id)
    assert instagram.look_up(delivery, context, memory.handle()) is None


# What the platform's words mean.


def reply(status: int, body: Json, **headers: str) -> Reply:
    return Reply("asking Instagram", status, httpx.Headers(headers), json.dumps(body).encode())


@pytest.mark.parametrize("number", sorted(MEANINGS))
def test_each_code_that_is_known_has_its_outcome_with_any_status(number: int) -> None:
    for status in (200, 400, 403):
        with pytest.raises(MEANINGS[number]):
            target().judge(reply(status, error_body(number, "said")))
        with pytest.raises(MEANINGS[number]):
            target().judge(reply(status, error_body(99, "said", subcode=number)))


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, error_body(-1, "spam", subcode=2207001), Refused),  # the subcode, not its code
        (400, error_body(4, "blocked", subcode=2207051), Refused),
        (400, error_body(-2, "expired", subcode=2207020), Restart),
        (403, error_body(10, "no permission"), Reauthorise),
        (403, error_body(299, "no permission"), Reauthorise),
        (400, error_body(99, "passes", transient=True), Retry),
        (400, error_body(100, "invalid parameter"), Refused),
        (400, {"debug_info": {"type": "PartialRequestError", "message": "m", "retriable": False}}, Resync),
        (400, {"debug_info": {"type": "ProcessingFailedError", "message": "m", "retriable": True}}, Retry),
        (400, {"debug_info": {"type": "ProcessingFailedError", "message": "m", "retriable": False}}, Refused),
    ],
)
def test_what_its_words_mean(status: int, body: Json, outcome: type[Exception]) -> None:
    with pytest.raises(outcome):
        target().judge(reply(status, body))


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_where_its_words_mean_nothing_the_status_speaks(status: int) -> None:
    target().judge(reply(status, error_body(99, "something")))
    target().judge(reply(status, {}))


def test_a_token_in_its_words_is_not_repeated() -> None:
    with pytest.raises(Reauthorise) as caught:
        target().judge(reply(400, error_body(190, "Malformed access token EAAGm0PX4ZCpsBAKZCo1ZBZAbcdefgh")))
    assert "EAAG" not in str(caught.value)
    assert "developers.facebook.com" in caught.value.instruction


def test_an_expired_token_pauses_the_target(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    for status in (400, 401):
        platform.auth_status = status
        platform.expire_tokens()
        with pytest.raises(Reauthorise):
            target().prepare(delivery, context)
        with pytest.raises(Reauthorise):
            target().upload(delivery, context, Memory().handle())
