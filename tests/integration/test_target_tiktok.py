"""TikTok as a target, against the simulated platform: what the public sees, and after each thing that goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import closing, suppress
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from reelmill.content import Json
from reelmill.errors import ReelmillError
from reelmill.text_length import utf16
from sandbox.platforms.tiktok import TikTok as Platform
from sandbox.request import Request
from sandbox.server import sandbox
from sandbox.tiktok.errors import CODES, envelope, error
from tasks.publishing.base import Delivery, Published
from tasks.publishing.client import Reply, by_status
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Resync, Retry
from tasks.publishing.targets.tiktok.chunks import Chunks
from tasks.publishing.targets.tiktok.target import TikTok
from tests.posting import Elsewhen, Memory, delivery_of, moments, sent

KIND = "tiktok"

CHUNK = 5 * 1024 * 1024
#: Three chunks, of which the last one has the remainder too.
CONTENT = bytes(range(256)) * (3 * CHUNK // 256) + b"the end"
HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, CONTENT)


@pytest.fixture
def small(tmp_path: Path) -> Delivery:
    """One chunk."""
    return delivery_of(tmp_path, b"a video")


def target(**options: Json) -> TikTok:
    return TikTok.model_validate({"type": "tiktok", "chunk_size": CHUNK, **options})


def uploaded(delivery: Delivery, context: Elsewhen, memory: Memory | None = None) -> Handle:
    """A handle when everything is there but the last chunk."""
    handle = (memory or Memory()).handle()
    target().upload(delivery, context, handle)
    return handle


# When nothing goes wrong.


def test_the_last_chunk_publishes_and_no_other_one(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    tiktok = target()
    handle = Memory().handle()
    tiktok.prepare(delivery, context)
    tiktok.upload(delivery, context, handle)
    tiktok.check(delivery, context, handle)
    assert not platform.published
    assert tiktok.look_up(delivery, context, handle) is None
    first = tiktok.finalize(delivery, context, handle)
    assert (first.settled, first.platform_id) == (False, handle["publish_id"])
    [post] = platform.published
    assert (post.sha256, post.ai) == (sha256(CONTENT).hexdigest(), True)
    assert post.text == "小雪 – 花雪随风不厌看\n\n#小雪 #节气"
    found = tiktok.look_up(delivery, context, handle)
    assert found is not None
    assert (found.settled, found.platform_id, found.url) == (True, post.id, post.url)
    told = tiktok.read_back(delivery, context, first)
    assert (told.public, told.detail["url"]) == (True, post.url)
    assert moments(platform)[:5] == ["creator_info", "creator_info", "init", "chunk", "chunk"]


def test_a_small_file_is_one_chunk_which_publishes(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    sent(target(), small, context, Memory().handle())
    assert moments(platform) == ["creator_info", "creator_info", "init", "publish"]
    assert platform.published[0].sha256 == sha256(b"a video").hexdigest()


def test_everything_that_the_options_say_is_told(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    options = {"privacy": "MUTUAL_FOLLOW_FRIENDS", "disable_comment": True, "cover_at": 1.5, "own_brand": True}
    platform.duet_disabled = True
    sent(target(**options), small, context, Memory().handle())
    told = platform.published[0].detail
    assert told["privacy_level"] == "MUTUAL_FOLLOW_FRIENDS"
    assert (told["disable_comment"], told["disable_duet"], told["disable_stitch"]) == (True, True, False)
    assert (told["brand_organic_toggle"], told["brand_content_toggle"]) == (True, False)
    assert told["video_cover_timestamp_ms"] == 1500


@pytest.mark.parametrize("cover_at", [None, 0, 9999.0])
def test_a_cover_is_a_moment_of_the_video(
    platform: Platform, context: Elsewhen, small: Delivery, cover_at: float | None
) -> None:
    sent(target(cover_at=cover_at), small, context, Memory().handle())
    told = platform.published[0].detail.get("video_cover_timestamp_ms")
    assert told == {None: None, 0: 0, 9999.0: 5042}[cover_at]


def test_a_post_in_moderation_is_not_settled_and_has_no_address(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.processing, platform.moderation = 10.0, 100.0
    handle = Memory().handle()
    tiktok = target()
    published = sent(tiktok, small, context, handle)
    assert tiktok.look_up(small, context, handle) == published
    platform.clock.advance(11)
    found = tiktok.look_up(small, context, handle)
    assert found is not None
    assert (found.settled, found.url) == (False, "")
    assert tiktok.read_back(small, context, published).public is None
    platform.clock.advance(100)
    found = tiktok.look_up(small, context, handle)
    assert found is not None
    assert (found.settled, found.url) == (True, platform.published[0].url)


def test_a_post_for_its_creator_alone_is_settled_without_an_address(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    tiktok = target(privacy="SELF_ONLY")
    handle = Memory().handle()
    published = sent(tiktok, small, context, handle)
    found = tiktok.look_up(small, context, handle)
    assert found is not None
    assert (found.settled, found.url) == (True, "")
    assert tiktok.read_back(small, context, published).public is False
    assert tiktok.metrics(context, found).views is None
    assert not platform.published


@pytest.mark.parametrize(
    ("total", "size", "count", "last"),
    [
        (4_000_000, 4_000_000, 1, 4_000_000),
        (7_000_000, 7_000_000, 1, 7_000_000),
        (10_000_000, 10_000_000, 1, 10_000_000),
        (19_999_999, 10_000_000, 1, 19_999_999),
        (20_000_000, 10_000_000, 2, 10_000_000),
        (50_000_123, 10_000_000, 5, 10_000_123),
        (4_000_000_000, 10_000_000, 400, 10_000_000),
    ],
)
def test_what_is_left_over_goes_into_the_last_chunk(total: int, size: int, count: int, last: int) -> None:
    chunks = Chunks.of(Path("x.mp4"), total, 10_000_000)
    assert (chunks.size, chunks.count, total - chunks.last_start) == (size, count, last)
    assert chunks.at(chunks.last_start).size == last
    assert chunks.at(total - 5).size == 5
    assert chunks.at(0).size == (last if count == 1 else size)


@pytest.mark.parametrize("size", [5_000_000, 64 * 1024 * 1024])
def test_a_chunk_size_that_tiktok_may_refuse_is_none(size: int) -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        target(chunk_size=size)


# The upload is continued.


def test_the_publish_id_is_remembered_before_the_first_byte(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    seen: list[list[str]] = []
    handle = Handle({}, lambda _: seen.append(moments(platform)))
    target().upload(small, context, handle)
    assert seen[0] == ["creator_info", "init"]
    assert {"publish_id", "upload_url"} <= set(handle)


def test_a_chunk_of_which_a_part_came_goes_on_where_tiktok_says(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.keeps_cut_chunks = True
    platform.trouble("chunk", cut=1_000_000, after=1)
    handle = Memory().handle()
    with pytest.raises(Retry):
        target().upload(delivery, context, handle)
    sent(target(), delivery, context, handle)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()
    assert len(platform.tasks) == 1


def test_tiktok_that_is_elsewhere_is_asked(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.trouble("chunk", status=416, after=1)
    handle = Memory().handle()
    with pytest.raises(Resync):
        target().upload(delivery, context, handle)
    sent(target(), delivery, context, handle)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_another_chunk_size_in_the_definition_is_for_the_next_post(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    assert handle["chunk_size"] == CHUNK
    platform.trouble("chunk", status=503)
    other = Memory().handle()
    with pytest.raises(Retry):
        target().upload(delivery, context, other)
    sent(target(chunk_size=2 * CHUNK), delivery, context, other)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_an_upload_that_is_done_is_not_asked_about_again(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle = uploaded(small, context)
    platform.calls.clear()
    target().upload(small, context, handle)
    target().check(small, context, handle)
    assert not platform.calls


@pytest.mark.parametrize("status", [403, 404])
def test_an_address_that_is_over_in_the_middle_begins_again(
    platform: Platform, context: Elsewhen, delivery: Delivery, status: int
) -> None:
    platform.trouble("chunk", status=status, after=1)
    handle = Memory().handle()
    with pytest.raises(Restart):
        target().upload(delivery, context, handle)
    handle.forget()
    sent(target(), delivery, context, handle)
    assert len(platform.published) == 1


def test_an_address_that_died_before_the_last_chunk_is_found_out_without_sending_it(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    platform.clock.advance(HOUR + 1)
    context.ahead = dt.timedelta(hours=1)
    platform.calls.clear()
    with pytest.raises(Restart):
        target().check(delivery, context, handle)
    assert moments(platform) == ["status"]


def test_bytes_go_to_tiktok_only(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    told = {"publish_id": "v_pub_file~1", "upload_url": "https://elsewhere.example/video/?upload_token=hush"}
    platform.trouble("init", status=200, body=envelope(told))
    handle = uploaded(small, context)
    with pytest.raises(Refused, match=r"elsewhere\.example") as caught:
        target().finalize(small, context, handle)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("open-upload.tiktokapis.com", True),
        ("open-upload-sg.tiktokapis.com", True),
        ("upload.us.tiktokapis.com", True),
        ("open.tiktokapis.com", False),
        ("open-upload.tiktokapis.com.elsewhere.example", False),
        ("open-upload-tiktokapis.com", False),
    ],
)
def test_the_hosts_of_uploads_are_known(host: str, good: bool) -> None:
    assert any(fnmatch(host, pattern) for pattern in TikTok.upload_hosts) is good


class Watched(Platform):
    """Keeps the headers of what comes to upload addresses."""

    def answer(self, request: Request) -> Any:
        if request.method == "PUT":
            self.__dict__.setdefault("seen", []).append(request.headers)
        return super().answer(request)


def test_an_upload_address_gets_no_token(small: Delivery, tmp_path: Path) -> None:
    with sandbox([Watched]) as box, closing(Elsewhen(folder=tmp_path, sandbox=box.url)) as context:
        sent(target(), small, context, Memory().handle())
        [headers] = cast("Any", box["tiktok"]).seen
    assert "authorization" not in headers
    assert headers["content-range"] == "bytes 0-6/7"


# The call that publishes.


def test_a_last_chunk_that_did_not_come_is_sent_to_the_same_post(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    platform.trouble("publish", cut=300_000)
    with pytest.raises(Ambiguous):
        target().finalize(delivery, context, handle)
    assert target().look_up(delivery, context, handle) is None
    sent(target(), delivery, context, handle)
    assert len(platform.published) == len(platform.tasks) == 1


def test_a_last_chunk_of_which_a_part_came_is_completed(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.keeps_cut_chunks = True
    handle = uploaded(delivery, context)
    platform.trouble("publish", cut=300_000)
    with pytest.raises(Ambiguous):
        target().finalize(delivery, context, handle)
    sent(target(), delivery, context, handle)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_bytes_that_turn_up_after_a_look_up_do_not_post_twice(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle = uploaded(small, context)
    platform.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        target().finalize(small, context, handle)
    # The answer of a moment ago, which said that nothing had come, was believed.
    published = sent(target(), small, context, handle)
    assert published.platform_id == handle["publish_id"]
    assert len(platform.published) == len(platform.tasks) == 1


def test_tiktok_that_has_other_bytes_at_the_end_is_asked_before_anything_is_sent(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    platform.trouble("publish", status=416)
    with pytest.raises(Retry):
        target().finalize(delivery, context, handle)
    platform.trouble("publish", status=416, handled=True)  # it came, in another request
    published = sent(target(), delivery, context, handle)
    assert not published.settled
    assert len(platform.published) == 1


def test_a_post_is_begun_anew_when_its_address_is_dead_and_nothing_is_under_way(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    context.ahead = dt.timedelta(minutes=59)
    platform.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        target().finalize(delivery, context, handle)
    platform.clock.advance(HOUR + 60)
    context.ahead = dt.timedelta(minutes=61)
    for call in (target().look_up, target().upload):
        with pytest.raises(Retry):  # its bytes may still turn up
            call(delivery, context, handle)
    context.ahead = dt.timedelta(minutes=70)
    with pytest.raises(Restart):
        target().look_up(delivery, context, handle)
    handle.forget()
    sent(target(), delivery, context, handle)
    assert len(platform.published) == 1
    assert len(platform.tasks) == 2


def test_an_address_that_is_dead_when_the_last_chunk_comes_is_a_definite_refusal(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = uploaded(delivery, context)
    platform.clock.advance(HOUR + 1)
    with pytest.raises(Restart):
        target().finalize(delivery, context, handle)
    assert not platform.published


def test_a_post_that_cannot_be_asked_about_is_neither_found_nor_begun_anew(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle = uploaded(small, context)
    platform.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        target().finalize(small, context, handle)
    silent = envelope({"status": "PROCESSING_UPLOAD"})
    platform.trouble("status", status=200, body=silent, times=2)
    context.ahead = dt.timedelta(days=3)
    for call in (target().look_up, target().upload):
        with pytest.raises(Retry):
            call(small, context, handle)
    platform.trouble("status", status=503)
    with pytest.raises(Retry):
        target().look_up(small, context, handle)
    assert target().look_up(small, context, handle) is not None


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("file_format_check_failed", Refused),
        ("duration_check_failed", Refused),
        ("picture_size_check_failed", Refused),
        ("frame_rate_check_failed", Refused),
        ("spam_risk_text", Refused),
        ("spam_risk_user_banned_from_posting", Refused),
        ("internal", Restart),
        ("auth_removed", Restart),
        ("spam_risk_too_many_posts", Restart),
    ],
)
def test_a_post_that_failed_afterwards_says_why(
    platform: Platform, context: Elsewhen, small: Delivery, reason: str, outcome: type[Exception]
) -> None:
    platform.reject_processing = reason
    handle = Memory().handle()
    published = sent(target(), small, context, handle)
    assert not published.settled
    with pytest.raises(outcome, match=reason):
        target().look_up(small, context, handle)
    told = target().read_back(small, context, published)
    assert told.public is False
    assert reason in told.detail["why"]
    assert not platform.published


def test_a_full_day_is_met_again_by_the_account_and_not_by_the_post(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.daily_cap = 1
    handles = [uploaded(small, context) for _ in range(2)]
    for handle in handles:
        target().finalize(small, context, handle)
    with pytest.raises(Restart):
        target().look_up(small, context, handles[1])
    with pytest.raises(Defer) as caught:
        target().prepare(small, context)
    assert dt.timedelta(hours=23) < caught.value.until - context.now() <= dt.timedelta(days=1)
    platform.clock.advance(DAY)
    target().prepare(small, context)
    assert len(platform.published) == 1


# What TikTok's words mean.


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("spam_risk_too_many_posts", Defer),
        ("reached_active_user_cap", Defer),
        ("rate_limit_exceeded", Retry),
        ("internal_error", Retry),
        ("access_token_invalid", Reauthorise),
        ("scope_not_authorized", Reauthorise),
        ("spam_risk_user_banned_from_posting", Refused),
        ("unaudited_client_can_only_post_to_private_accounts", Refused),
        ("privacy_level_option_mismatch", Refused),
        ("invalid_param", Refused),
        ("invalid_params", Refused),
    ],
)
@pytest.mark.parametrize("status", [200, None])
def test_each_code_has_its_outcome_whatever_the_status(code: str, outcome: type[Exception], status: int | None) -> None:
    body = json.dumps(error(code)).encode()
    with pytest.raises(outcome, match=f"beginning a post.*{code}") as caught:
        _judge(Reply("beginning a post", status or CODES[code][0], httpx.Headers(), body))
    assert cast("Any", caught.value).instruction


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}', b'{"error": "x"}'])
def test_an_answer_that_does_not_say_ok_is_not_believed(body: bytes) -> None:
    with pytest.raises(Retry):
        _judge(Reply("beginning a post", 200, httpx.Headers(), body))


def _judge(reply: Reply) -> None:
    target().judge(reply)
    by_status(reply)


def test_a_limit_of_the_minute_is_waited_for(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    for _ in range(6):
        uploaded(small, context)
    with pytest.raises(Retry) as caught:
        uploaded(small, context)
    assert caught.value.retry_after == 60.0


@pytest.mark.parametrize("code", ["spam_risk_too_many_posts", "reached_active_user_cap"])
def test_a_block_that_comes_with_200_is_met_before_anything_is_sent(
    platform: Platform, context: Elsewhen, small: Delivery, code: str
) -> None:
    platform.spam = code
    with pytest.raises(Defer):
        target().prepare(small, context)
    with pytest.raises(Retry):
        target().identify(context)
    platform.spam = "spam_risk_user_banned_from_posting"
    with pytest.raises(Refused):
        target().prepare(small, context)


def test_an_app_that_is_not_audited_is_told_what_to_do(platform: Platform, context: Elsewhen, small: Delivery) -> None:
    platform.unaudited = True
    with pytest.raises(Refused) as caught:
        uploaded(small, context)
    assert "SELF_ONLY" in caught.value.instruction
    platform.private_account = True
    sent(target(privacy="SELF_ONLY"), small, context, Memory().handle())


# What is checked.


def test_the_privacy_must_be_one_that_the_account_may_use(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    platform.private_account = True
    with pytest.raises(Refused, match="PUBLIC_TO_EVERYONE") as caught:
        target().prepare(small, context)
    assert "FOLLOWER_OF_CREATOR" in caught.value.instruction
    target(privacy="FOLLOWER_OF_CREATOR").prepare(small, context)


def test_a_caption_fits_with_all_its_hashtags(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    long = delivery_of(tmp_path, b"a video", caption="节气🌾 " * 900, hashtags=("tea", "谷雨"))
    sent(target(), long, context, Memory().handle())
    title = platform.published[0].text
    assert 2150 < utf16(title) <= 2200
    assert title.startswith("小雪\n节气🌾")
    assert title.endswith("…\n\n#tea #谷雨")


# What people did with it.


def test_a_login_that_may_not_read_figures_is_still_good(
    platform: Platform, context: Elsewhen, small: Delivery
) -> None:
    handle = Memory().handle()
    sent(target(), small, context, handle)
    published = target().look_up(small, context, handle)
    assert published is not None
    platform.scopes.discard("video.list")
    with pytest.raises(Refused) as caught:
        target().metrics(context, published)
    assert "video.list" in caught.value.instruction


@pytest.mark.parametrize("moment", ["creator_info", "init", "chunk", "publish", "status", "metrics"])
@pytest.mark.parametrize(
    "data",
    [
        None, [], 7, "x", {"status": None}, {"status": "FAILED", "fail_reason": 5},
        {"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": 7}, {"status": "NEW", "uploaded_bytes": "many"},
        {"creator_username": "x", "privacy_level_options": None, "max_video_post_duration_sec": "long"},
        {"creator_username": "x", "privacy_level_options": ["PUBLIC_TO_EVERYONE"], "max_video_post_duration_sec": {}},
        {"publish_id": 5, "upload_url": 7}, {"publish_id": "x", "upload_url": "http://["},
        {"videos": None}, {"videos": [5]},
    ],
)  # fmt: skip
def test_an_answer_that_is_not_documented_is_an_outcome(
    platform: Platform, context: Elsewhen, small: Delivery, moment: str, data: Json
) -> None:
    begun = uploaded(small, context)
    platform.trouble(moment, status=200, body={"data": data, "error": {"code": "ok"}}, times=100)
    tiktok = target()
    published = Published("", "x", {"publish_id": begun["publish_id"], "post_id": "1", "username": "sandbox"})
    _outcome(lambda: tiktok.prepare(small, context))
    _outcome(lambda: tiktok.upload(small, context, Memory().handle()))
    _outcome(lambda: tiktok.finalize(small, context, begun))
    _outcome(lambda: tiktok.look_up(small, context, begun))
    _outcome(lambda: tiktok.upload(small, context, begun))
    _outcome(lambda: tiktok.identify(context))
    _outcome(lambda: tiktok.read_back(small, context, published))
    _outcome(lambda: tiktok.metrics(context, published))


def _outcome(call: Callable[[], object]) -> None:
    """It returns, or raises something of ours."""
    with suppress(ReelmillError):
        call()
