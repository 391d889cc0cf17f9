"""X as a target, against the simulated platform: what the public sees, and after each thing that goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from reelmill.content import Json
from reelmill.text_length import weighted
from sandbox.platforms.x import X as Platform
from sandbox.x.problems import problem
from tasks.publishing.base import Delivery
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.x.media import SEGMENT
from tasks.publishing.targets.x.target import X
from tests.posting import Died, Elsewhen, Memory, delivery_of, moments, sent

KIND = "x"

#: Two whole segments and a remainder.
CONTENT = bytes(range(256)) * (2 * SEGMENT // 256) + b"the end"
DUPLICATE = problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")


def target(**options: Json) -> X:
    return X.model_validate({"type": "x", **options})


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, CONTENT, caption="花雪随风不厌看 https://shop.example/tea?a=1&b=2")


@pytest.fixture
def small(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, b"a small video", caption="花雪随风不厌看")


# When nothing goes wrong.


def test_a_video_is_not_public_until_finalize_and_then_it_is_with_its_words_and_the_ai_flag(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle, x = Memory().handle(), target()
    x.prepare(delivery, context)
    x.upload(delivery, context, handle)
    x.check(delivery, context, handle)
    assert not platform.published
    assert x.look_up(delivery, context, handle) is None
    published = x.finalize(delivery, context, handle)
    [post] = platform.published
    assert (post.id, post.url) == (published.platform_id, published.url)
    assert post.text == "小雪\n花雪随风不厌看 https://shop.example/tea?a=1&b=2\n\n#小雪 #节气"
    assert (post.sha256, post.ai) == (sha256(CONTENT).hexdigest(), True)
    assert published.settled
    assert moments(platform).count("chunk") == 3
    assert x.look_up(delivery, context, handle) == published


def test_it_is_read_back(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    x = target()
    published = sent(x, small, context, Memory().handle())
    seen = x.read_back(small, context, published)
    assert (seen.public, seen.labelled) == (True, None)
    platform.trouble("read", status=200, body={"data": {"id": "1", "made_with_ai": True}})
    assert x.read_back(small, context, published).labelled is True
    platform.taken_down.add(published.platform_id)
    assert x.read_back(small, context, published).public is False


@pytest.mark.parametrize("settings", ["following", "mentionedUsers", None])
def test_who_may_reply(settings: str | None, platform: Platform, context: Elsewhen, small: Delivery) -> None:
    sent(target(reply_settings=settings), small, context, Memory().handle())
    assert platform.published[0].detail["request"].get("reply_settings") == settings


def test_it_tells_how_many_kept_it(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    x = target()
    published = sent(x, small, context, Memory().handle())
    platform.clock.advance(86_400)
    assert x.metrics(context, published).detail["bookmarks"] > 0


# Words.


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("tea", 3),
        ("茶", 2),
        ("é – “tea”", 9),
        ("e\u0301", 1),  # one letter, once it is composed
        ("https://shop.example/" + "a" * 100, 23),
        ("看https://shop.example/tea，快来", 2 + 23 + 6),
        ("see shop.example", 4 + 23),
        ("me@shop", 7),
        ("🍵", 2),
    ],
)
def test_how_a_text_is_counted(text: str, weight: int) -> None:
    assert weighted(text) == weight


@pytest.mark.parametrize(
    "caption", ["雪" * 500, "snow " * 200, "🍵" * 300, "https://shop.example/a " * 50, "a.co " * 90]
)
def test_what_is_cut_fits(caption: str, platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    sent(target(), delivery_of(tmp_path, b"v", caption=caption), context, Memory().handle())
    text = platform.published[0].text
    assert weighted(text) <= 280
    assert "…" in text
    assert text.endswith("#小雪 #节气")


def test_of_many_hashtags_there_are_three(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    tags = tuple(f"节气{number}" for number in range(20))
    sent(target(), delivery_of(tmp_path, b"v", caption="雪", hashtags=tags), context, Memory().handle())
    assert platform.published[0].text == "小雪\n雪\n\n#节气0 #节气1 #节气2"


def test_an_account_with_premium_has_more_room_and_its_long_post_is_found(
    platform: Platform, context: Elsewhen, tmp_path: Path
) -> None:
    platform.premium = True
    memory, x, delivery = Memory(), target(premium=True), delivery_of(tmp_path, b"v", caption="雪" * 3000)
    published = sent(x, delivery, context, memory.handle())
    assert len(platform.published[0].text) > 3000
    assert x.look_up(delivery, context, memory.handle()) == published


# Continuing.


def test_an_upload_goes_on_with_the_segments_that_it_began_with(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    memory, x = Memory(dies_after=1), target()
    with pytest.raises(Died):
        x.upload(delivery, context, memory.handle())
    memory.commits.append({**memory.commits[-1], "segment_bytes": 3 * 1024 * 1024})  # another version's
    sent(x, delivery, context, memory.handle())
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_an_upload_that_was_put_together_already_is_gone_on_with(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.processing = 10.0
    platform.trouble("finalize", handled=True, drop=True)
    platform.trouble("finalize", status=400, body=problem(400, "Invalid Request", "finalized already"))
    memory, x = Memory(), target()
    with pytest.raises(Retry):
        x.upload(small, context, memory.handle())
    x.upload(small, context, memory.handle())
    assert memory.commits[-1]["uploaded"] is True
    platform.clock.advance(10)
    sent(x, small, context, memory.handle())
    assert len(platform.published) == 1


def test_a_refusal_to_put_it_together_is_one(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.trouble("finalize", status=400, body=problem(400, "Invalid Request", "Segments do not add up"))
    with pytest.raises(Refused, match="do not add up"):
        target().upload(small, context, Memory().handle())


@pytest.mark.parametrize("ours", [True, False])
def test_an_upload_that_has_expired_begins_again(
    ours: bool, platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    memory, x = Memory(), target()
    x.upload(small, context, memory.handle())
    if ours:
        context.ahead = dt.timedelta(days=2)
    else:
        platform.clock.advance(2 * 86_400)
    with pytest.raises(Restart):
        x.check(small, context, memory.handle())


# While it is processed.


def test_processing_is_waited_for_as_long_as_it_says(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.processing, platform.check_after = 100.0, 7
    handle, x = Memory().handle(), target()
    x.upload(small, context, handle)
    for _ in range(2):
        with pytest.raises(Wait) as caught:
            x.check(small, context, handle)
        assert caught.value.retry_after == 7.0
        platform.clock.advance(50)
    platform.clock.advance(1)
    x.check(small, context, handle)


def test_processing_that_fails_is_refused(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.processing, platform.reject_processing = 0.001, "Unsupported video format"
    handle, x = Memory().handle(), target()
    x.upload(small, context, handle)
    platform.clock.advance(1)
    with pytest.raises(Refused, match="InvalidMedia Unsupported video format"):
        x.check(small, context, handle)


# The irreversible call.


@pytest.mark.parametrize("shortens", [True, False])
def test_a_post_is_found_whether_its_links_are_shortened_or_not(
    shortens: bool, platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.shortens_links = shortens
    platform.trouble("publish", handled=True, drop=True)
    memory, x = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(x, delivery, context, memory.handle())
    found = x.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == platform.published[0].id
    assert x.finalize(delivery, context, memory.handle()) == found
    assert len(platform.published) == 1


def test_a_duplicate_of_another_post_is_refused(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.refuse_duplicates = True
    sent(target(), small, context, Memory().handle())
    with pytest.raises(Refused, match="duplicate"):
        sent(target(), small, context, Memory().handle())
    assert len(platform.published) == 1


def test_a_duplicate_of_an_earlier_attempt_is_looked_up_for_as_long_as_the_list_may_lack_it(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.refuse_duplicates, platform.slow_lookup = True, 600.0
    platform.trouble("publish", handled=True, drop=True)
    memory, x = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(x, small, context, memory.handle())
    for _ in range(2):
        assert x.look_up(small, context, memory.handle()) is None
        with pytest.raises(Ambiguous, match="duplicate"):
            x.finalize(small, context, memory.handle())
    platform.slow_lookup = 0.0
    found = x.look_up(small, context, memory.handle())
    assert found is not None
    assert len(platform.published) == 1


def test_a_duplicate_that_is_in_no_list_after_an_hour_is_somebody_elses(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.trouble("publish", drop=True)
    memory, x = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(x, small, context, memory.handle())
    platform.trouble("publish", status=403, body=DUPLICATE)
    context.ahead = dt.timedelta(hours=1, minutes=1)
    with pytest.raises(Refused, match="duplicate"):
        x.finalize(small, context, memory.handle())


def test_media_that_are_gone_at_the_last_moment_begin_again(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle, x = Memory().handle(), target()
    x.upload(small, context, handle)
    platform.clock.advance(2 * 86_400)
    with pytest.raises(Restart, match="media IDs"):
        x.finalize(small, context, handle)


def test_what_was_paid_for_is_used_up(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.usage_capped = True
    with pytest.raises(Defer) as caught:
        sent(target(), small, context, Memory().handle())
    until = caught.value.until
    assert until > context.now()
    assert (until.day, until.hour, until.minute) == (1, 0, 0)


def test_a_full_quarter_of_an_hour_is_tried_again_and_a_full_day_is_deferred(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle, x = Memory().handle(), target()
    x.upload(small, context, handle)
    platform.limits["publish"] = platform.limit(1, 900)
    x.finalize(small, context, handle)
    with pytest.raises(Retry) as caught:
        sent(x, small, context, Memory().handle())
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after < 960
    platform.app_limits["publish"] = platform.limit(1, 86_400)
    platform.app_limits["publish"].take("")
    with pytest.raises(Defer):
        sent(x, small, context, Memory().handle())
    assert len(platform.published) == 1


# Looking up.


def post(**fields: Json) -> dict[str, Json]:
    return {"id": "7", "text": "小雪 花雪随风不厌看 #小雪 #节气 https://t.co/abc", **fields}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"attachments": {"media_keys": ["7_{media}"]}, "text": "another"}, True),  # our video, whatever the words
        ({"attachments": {"media_keys": ["7_42"]}}, False),  # our words, another video
        ({}, True),  # our words, and X does not say which video
        ({"attachments": {"media_keys": []}, "text": "another"}, False),
        ({"text": "another", "note_tweet": {"text": "小雪\n花雪随风不厌看\n\n#小雪 #节气"}}, True),
        ({"created_at": "2026-01-01T00:00:00.000Z"}, False),  # our words of another time
    ],
)
def test_which_post_is_ours(
    listed: dict[str, Json], found: bool, platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.trouble("publish", drop=True)
    memory, x = Memory(), target()
    with pytest.raises(Ambiguous):
        sent(x, small, context, memory.handle())
    one = json.loads(json.dumps(post(**listed)).replace("{media}", memory.commits[-1]["media"]))
    platform.trouble("list", status=200, body={"data": [post(text="before"), one], "meta": {"result_count": 2}})
    seen = x.look_up(small, context, memory.handle())
    assert (seen is not None and seen.platform_id == "7") is found


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"errors": [{"title": "Not Found Error"}]}, Retry),
        (200, {}, Retry),
        (200, {"data": {}}, Retry),
        (400, problem(400, "Invalid Request", "wrong"), Retry),
        (403, problem(403, "Forbidden", "no tweet.read"), Reauthorise),
        (503, {}, Retry),
    ],
)
def test_a_question_that_is_refused_says_nothing_of_the_post(
    status: int, body: Json, outcome: type[Exception], platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    memory, x = Memory(), target()
    sent(x, small, context, memory.handle())
    platform.trouble("list", status=status, body=body)
    with pytest.raises(outcome):
        x.look_up(small, context, memory.handle())


# What the platform's words mean.


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"errors": [{"message": "no such thing"}]}, Refused),
        (401, problem(401, "Unauthorized", "Unauthorized"), Reauthorise),
        (403, problem(403, "Forbidden", "suspended"), Refused),
        (429, problem(429, "Too Many Requests", "Too Many Requests"), Retry),
        (429, problem(429, "UsageCapExceeded", "cap", kind="usage-capped", period="Daily"), Defer),
        (403, problem(403, "UsageCapExceeded", "cap", kind="usage-capped"), Defer),
    ],
)
def test_what_its_words_mean(status: int, body: Json, outcome: type[Exception]) -> None:
    with pytest.raises(outcome):
        target().judge(Reply("asking X", status, httpx.Headers(), json.dumps(body).encode()))


def test_its_own_words_are_told_once() -> None:
    body = {"title": "Forbidden", "detail": "Forbidden", "errors": [{"message": "You may not."}]}
    with pytest.raises(Refused) as caught:
        target().judge(Reply("posting on X", 403, httpx.Headers(), json.dumps(body).encode()))
    assert caught.value.reason == "posting on X: 403 Forbidden – You may not."


# The login. In the sandbox none is read, so the simulated platform is called by its address.


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "login.json"
    path.write_text(
        json.dumps({"client_id": "app", "client_secret": "secret", "refresh_token": "sandbox-refresh-token"})
    )
    return path


def test_a_public_client_shows_its_id_alone(platform: Platform, outside: TargetContext, document: Path) -> None:
    document.write_text(json.dumps({"client_id": "app", "refresh_token": "sandbox-refresh-token"}))
    assert target(url=platform.base, login={"file": str(document)}).identify(outside).name == platform.username
