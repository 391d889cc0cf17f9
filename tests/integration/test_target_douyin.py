"""Posts to Douyin, driven by hand against the simulated platform: once, whole, and found again."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelmill.content import PostText
from sandbox.platforms.douyin import Douyin as Platform
from tasks.publishing.account import Limits
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.douyin import Douyin
from tests.logins import kept, logged_in
from tests.posting import Died, Posted, delivery_of, moments

KIND = "douyin"


class InSmallParts(Douyin):
    """The same protocol with little bytes."""

    in_one_up_to = 1000
    part_bytes = 300


def target(kind: type[Douyin] = Douyin, **more: Any) -> Douyin:
    return kind.model_validate({"type": KIND, "open_id": "me", **more})


@pytest.fixture
def in_parts(post: Posted, platform: Platform, tmp_path: Path) -> Posted:
    platform.part_least = 300
    return post.another(target=target(InSmallParts), delivery=delivery_of(tmp_path, size=1000 + 250))


def test_what_it_says_of_itself() -> None:
    assert (Douyin.safety, Douyin.flags_ai, Douyin.clockwork) == (Safety.LOOK_UP, False, None)
    assert isinstance(Douyin.limits, Limits)
    assert Douyin.limits.per_day == 75
    assert "AIGC" in Douyin.discloses


def test_a_post_is_reviewed_and_then_public(post: Posted, platform: Platform) -> None:
    platform.processing = 1.0
    published = post.live()
    assert not published.settled
    assert moments(platform) == ["upload", "cover", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    platform.clock.advance(1)
    (public,) = platform.public
    assert (public.sha256, public.account) == (post.delivery.rendition.sha256, "me")
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, public.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, public.url)


def test_the_words_say_that_it_is_made_by_ai(post: Posted, platform: Platform) -> None:
    post.live()
    platform.clock.advance(1)
    text = platform.public[0].text
    assert text.startswith("小雪")
    assert "内容由AI生成" in text
    assert text.endswith("#小雪 #节气")
    assert str(platform.public[0].detail["custom_cover_image_url"]).startswith("image-")


def test_words_fit_and_the_line_about_ai_is_never_cut(
    context: TargetContext, platform: Platform, tmp_path: Path
) -> None:
    long = PostText("雪", "雪落无声" * 400, tuple(f"话题{number}" for number in range(9)))
    Posted(target(), context, delivery_of(tmp_path, size=1000, text=long)).live()
    platform.clock.advance(1)
    text = platform.public[0].text
    assert len(text) <= 1000
    assert "内容由AI生成" in text
    assert text.count("#") == 5


@pytest.mark.slow
def test_a_large_video_goes_in_parts_of_twenty_megabytes(
    context: TargetContext, platform: Platform, tmp_path: Path
) -> None:
    platform.part_least = 5_000_000
    post = Posted(target(), context, delivery_of(tmp_path, size=52_000_001))
    post.live()
    assert moments(platform) == ["init", "chunk", "chunk", "complete", "cover", "publish"]
    platform.clock.advance(1)
    assert platform.public[0].sha256 == post.delivery.rendition.sha256


def test_an_upload_that_can_be_completed_once_alone_begins_again(in_parts: Posted, platform: Platform) -> None:
    platform.single_completion = True
    platform.trouble("complete", handled=True, drop=True)
    with pytest.raises(Retry):
        in_parts.upload()
    with pytest.raises(Restart):
        in_parts.upload()


def test_an_upload_of_more_than_two_hours_ago_is_not_even_tried(in_parts: Posted, platform: Platform) -> None:
    in_parts.dies_after = 3
    with pytest.raises(Died):
        in_parts.upload()
    before = len(platform.calls)
    in_parts.handle().remember(began=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    with pytest.raises(Restart):
        in_parts.upload()
    assert len(platform.calls) == before


def test_a_part_that_is_refused_at_once_is_no_reason_to_begin_again(in_parts: Posted, platform: Platform) -> None:
    platform.part_least = 10_000
    with pytest.raises(Refused, match="2100005"):
        in_parts.upload()


def test_a_busy_server_may_have_posted(post: Posted, platform: Platform) -> None:
    post.upload()
    platform.trouble("publish", handled=True, status=200, body={"data": {"error_code": 2100004, "description": "busy"}})
    with pytest.raises(Ambiguous):
        post.finalize()


def test_a_refusal_of_the_review_is_for_good(post: Posted, platform: Platform) -> None:
    platform.reject_processing = "not fit"
    published = post.live()
    platform.clock.advance(1)
    with pytest.raises(Refused, match="not fit"):
        post.look_up()
    assert post.read_back(published).public is False
    assert platform.published == []


def test_a_post_that_the_list_shows_later_is_found_then(post: Posted, platform: Platform) -> None:
    platform.slow_lookup = 300.0
    post.live()
    platform.clock.advance(200)
    assert post.look_up() is None
    assert Douyin.certain_after >= dt.timedelta(seconds=300)
    platform.clock.advance(200)
    assert post.look_up() is not None


def test_a_post_above_the_daily_limit_waits_for_midnight(
    post: Posted, context: TargetContext, platform: Platform
) -> None:
    platform.daily_cap = platform.limit(1, 86_400)
    Posted(target(), context, post.delivery).live()
    post.upload()
    with pytest.raises(Defer) as deferred:
        post.finalize()
    until = deferred.value.until
    assert (until.hour, until.minute, until.second) == (16, 0, 0)  # midnight in Shanghai
    assert dt.timedelta(0) < until - dt.datetime.now(dt.UTC) <= dt.timedelta(days=1)


def reply(code: int, at: str = "data") -> Reply:
    body = json.dumps({at: {"error_code": code, "description": "words"}}).encode()
    return Reply("posting to Douyin", 200, httpx.Headers(), body)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((28001005, 28001006, 2100004, 28003018), Retry),
        ((28003017, 2190001, 2114007), Defer),
        ((28001008, 2190008, 2190002, 10008, 10010), Reauthorise),
        ((28001014, 28001016, 28001018, 28001019), Reauthorise),
        ((28001007, 2100005), Refused),
    ],
)
def test_each_code_has_its_outcome(codes: tuple[int, ...], outcome: type[Exception]) -> None:
    for code in codes:
        for at in ("data", "extra"):
            with pytest.raises(outcome, match=f"posting to Douyin: {code} words"):
                target().judge(reply(code, at))


def test_no_error_is_no_outcome() -> None:
    target().judge(reply(0))
    target().judge(Reply("", 502, httpx.Headers(), b"<html>"))


# Logins.


def test_a_refresh_token_that_ends_soon_is_prolonged(post: Posted, outside: TargetContext, platform: Platform) -> None:
    platform.refresh_seconds = 10 * 86_400.0
    strict = logged_in(post, outside)
    platform.expire_tokens()
    strict.live()
    assert kept(outside)["refresh_token"] in platform.refresh_tokens - {"sandbox-refresh-token"}


def test_one_that_cannot_be_prolonged_works_until_it_ends(
    post: Posted, outside: TargetContext, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    platform.refresh_seconds, platform.renewals = 10 * 86_400.0, 0
    strict = logged_in(post, outside)
    platform.expire_tokens()
    strict.live()
    assert "within 10 days" in caplog.text


def test_the_account_is_the_open_id(context: TargetContext, tmp_path: Path) -> None:
    assert target(account="茶").account_key(TargetContext(folder=tmp_path)) == "me"
    assert target().account_key(context) == "sandbox:me"
