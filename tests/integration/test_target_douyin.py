"""Posts to Douyin, driven by hand against the simulated platform: once, whole, and found again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from reelmill.content import PostText
from sandbox.platforms.douyin import Douyin as SimulatedDouyin
from sandbox.server import Sandbox, sandbox
from tasks.publishing.account import Limits
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.douyin import Douyin
from tests.posting import Died, Posted, delivery_of


class InSmallParts(Douyin):
    """The same protocol with little bytes."""

    in_one_up_to = 1000
    part_bytes = 300


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox([SimulatedDouyin]) as running:
        yield running


@pytest.fixture
def douyin(box: Sandbox) -> SimulatedDouyin:
    platform = cast("SimulatedDouyin", box["douyin"])
    platform.part_least = 300
    return platform


@pytest.fixture
def context(box: Sandbox, tmp_path: Path) -> Iterator[TargetContext]:
    context = TargetContext(folder=tmp_path, sandbox=box.url)
    yield context
    context.close()


def target(kind: type[Douyin] = Douyin, **more: Any) -> Douyin:
    return kind.model_validate({"type": "douyin", "open_id": "me", **more})


@pytest.fixture
def post(context: TargetContext, tmp_path: Path) -> Posted:
    return Posted(target(), context, delivery_of(tmp_path, size=1000))


@pytest.fixture
def in_parts(context: TargetContext, tmp_path: Path) -> Posted:
    return Posted(target(InSmallParts), context, delivery_of(tmp_path, size=1000 + 250))


def moments(platform: SimulatedDouyin) -> list[str]:
    return [moment for moment, _ in platform.calls]


def test_what_it_says_of_itself() -> None:
    assert (Douyin.safety, Douyin.flags_ai, Douyin.clockwork) == (Safety.LOOK_UP, False, None)
    assert isinstance(Douyin.limits, Limits)
    assert Douyin.limits.per_day == 75
    assert "AIGC" in Douyin.discloses


def test_a_post_is_reviewed_and_then_public(post: Posted, douyin: SimulatedDouyin) -> None:
    published = post.live()
    assert not published.settled
    assert moments(douyin) == ["upload", "cover", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    douyin.clock.advance(1)
    (public,) = douyin.public
    assert (public.sha256, public.account) == (post.delivery.rendition.sha256, "me")
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, public.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, public.url)


def test_the_words_say_that_it_is_made_by_ai(post: Posted, douyin: SimulatedDouyin) -> None:
    post.live()
    douyin.clock.advance(1)
    text = douyin.public[0].text
    assert text.startswith("小雪")
    assert "内容由AI生成" in text
    assert text.endswith("#小雪 #节气")
    assert str(douyin.public[0].detail["custom_cover_image_url"]).startswith("image-")


def test_words_fit_and_the_line_about_ai_is_never_cut(
    context: TargetContext, douyin: SimulatedDouyin, tmp_path: Path
) -> None:
    long = PostText("雪", "雪落无声" * 400, tuple(f"话题{number}" for number in range(9)))
    Posted(target(), context, delivery_of(tmp_path, size=1000, text=long)).live()
    douyin.clock.advance(1)
    text = douyin.public[0].text
    assert len(text) <= 1000
    assert "内容由AI生成" in text
    assert text.count("#") == 5


def test_nothing_is_public_before_it_is_posted(post: Posted, douyin: SimulatedDouyin) -> None:
    assert post.look_up() is None
    post.upload()
    post.upload()
    douyin.clock.advance(1)
    assert (douyin.published, post.look_up()) == ([], None)
    assert moments(douyin).count("upload") == 1


@pytest.mark.slow
def test_a_large_video_goes_in_parts_of_twenty_megabytes(
    context: TargetContext, douyin: SimulatedDouyin, tmp_path: Path
) -> None:
    douyin.part_least = 5_000_000
    post = Posted(target(), context, delivery_of(tmp_path, size=52_000_001))
    post.live()
    assert moments(douyin) == ["init", "chunk", "chunk", "complete", "cover", "publish"]
    douyin.clock.advance(1)
    assert douyin.public[0].sha256 == post.delivery.rendition.sha256


@pytest.mark.parametrize("commits", range(1, 8))
def test_an_upload_goes_on_wherever_its_process_died(in_parts: Posted, douyin: SimulatedDouyin, commits: int) -> None:
    in_parts.dies_after = commits
    with pytest.raises(Died):
        in_parts.upload()
    in_parts.upload()
    in_parts.finalize()
    douyin.clock.advance(1)
    assert [public.sha256 for public in douyin.published] == [in_parts.delivery.rendition.sha256]
    assert moments(douyin).count("chunk") == 4
    assert moments(douyin).count("init") == moments(douyin).count("complete") == moments(douyin).count("cover") == 1


@pytest.mark.parametrize("requests", range(1, 8))
def test_an_upload_goes_on_after_an_answer_that_never_came(
    in_parts: Posted, douyin: SimulatedDouyin, requests: int
) -> None:
    douyin.trouble("*", handled=True, drop=True, after=requests - 1)
    with pytest.raises(Retry):
        in_parts.upload()
    in_parts.upload()
    in_parts.finalize()
    douyin.clock.advance(1)
    assert [public.sha256 for public in douyin.published] == [in_parts.delivery.rendition.sha256]


def test_an_upload_that_can_be_completed_once_alone_begins_again(in_parts: Posted, douyin: SimulatedDouyin) -> None:
    douyin.single_completion = True
    douyin.trouble("complete", handled=True, drop=True)
    with pytest.raises(Retry):
        in_parts.upload()
    with pytest.raises(Restart):
        in_parts.upload()


def test_a_part_whose_line_broke_is_sent_again(in_parts: Posted, douyin: SimulatedDouyin) -> None:
    douyin.trouble("chunk", cut=100, after=2)
    with pytest.raises(Retry):
        in_parts.upload()
    in_parts.upload()
    in_parts.finalize()
    douyin.clock.advance(1)
    assert douyin.public[0].sha256 == in_parts.delivery.rendition.sha256
    assert moments(douyin).count("chunk") == 5


def test_an_upload_that_was_left_for_too_long_begins_again(in_parts: Posted, douyin: SimulatedDouyin) -> None:
    in_parts.dies_after = 3
    with pytest.raises(Died):
        in_parts.upload()
    douyin.clock.advance(3 * 3600)
    with pytest.raises(Restart):
        in_parts.upload()
    in_parts.handle().forget()
    in_parts.upload()
    in_parts.finalize()
    assert moments(douyin).count("init") == 2


def test_an_upload_of_more_than_two_hours_ago_is_not_even_tried(in_parts: Posted, douyin: SimulatedDouyin) -> None:
    in_parts.dies_after = 3
    with pytest.raises(Died):
        in_parts.upload()
    before = len(douyin.calls)
    in_parts.handle().remember(began=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    with pytest.raises(Restart):
        in_parts.upload()
    assert len(douyin.calls) == before


def test_a_part_that_is_refused_at_once_is_no_reason_to_begin_again(in_parts: Posted, douyin: SimulatedDouyin) -> None:
    douyin.part_least = 10_000
    with pytest.raises(Refused, match="2100005"):
        in_parts.upload()


@pytest.mark.parametrize("how", [{"drop": True}, {"status": 500}])
def test_a_post_without_an_answer_is_looked_up_and_there(
    post: Posted, douyin: SimulatedDouyin, how: dict[str, Any]
) -> None:
    post.upload()
    douyin.trouble("publish", handled=True, **how)
    with pytest.raises(Ambiguous):
        post.finalize()
    douyin.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert [public.id for public in douyin.published] == [found.platform_id]


def test_a_post_that_never_arrived_is_looked_up_and_not_there(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    douyin.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    assert post.look_up() is None
    assert post.finalize().platform_id
    douyin.clock.advance(1)
    assert len(douyin.published) == 1


def test_an_answer_that_names_no_post_is_looked_up(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    douyin.trouble("publish", handled=True, status=200, body={"data": {"error_code": 0}})
    with pytest.raises(Ambiguous):
        post.finalize()
    douyin.clock.advance(1)
    assert post.look_up() is not None


def test_a_busy_server_may_have_posted(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    douyin.trouble("publish", handled=True, status=200, body={"data": {"error_code": 2100004, "description": "busy"}})
    with pytest.raises(Ambiguous):
        post.finalize()


def test_a_refusal_of_the_review_is_for_good(post: Posted, douyin: SimulatedDouyin) -> None:
    douyin.reject_processing = "not fit"
    published = post.live()
    douyin.clock.advance(1)
    with pytest.raises(Refused, match="not fit"):
        post.look_up()
    assert post.read_back(published).public is False
    assert douyin.published == []


def test_another_post_with_the_same_words_is_not_taken_for_this_one(
    post: Posted, context: TargetContext, douyin: SimulatedDouyin
) -> None:
    Posted(target(), context, post.delivery).live()
    douyin.clock.advance(1)
    post.upload()
    assert post.look_up() is None


def test_a_post_that_the_list_shows_later_is_found_then(post: Posted, douyin: SimulatedDouyin) -> None:
    douyin.slow_lookup = 300.0
    post.live()
    douyin.clock.advance(200)
    assert post.look_up() is None
    assert Douyin.certain_after >= dt.timedelta(seconds=300)
    douyin.clock.advance(200)
    assert post.look_up() is not None


def test_a_post_above_the_daily_limit_waits_for_midnight(
    post: Posted, context: TargetContext, douyin: SimulatedDouyin
) -> None:
    douyin.daily_cap = douyin.limit(1, 86_400)
    Posted(target(), context, post.delivery).live()
    post.upload()
    with pytest.raises(Defer) as deferred:
        post.finalize()
    until = deferred.value.until
    assert (until.hour, until.minute, until.second) == (16, 0, 0)  # midnight in Shanghai
    assert dt.timedelta(0) < until - dt.datetime.now(dt.UTC) <= dt.timedelta(days=1)


def test_numbers_are_told(post: Posted, douyin: SimulatedDouyin, context: TargetContext) -> None:
    published = post.live()
    douyin.clock.advance(86_400)
    told = post.target.metrics(context, published)
    assert (told.views or 0) > 0
    assert None not in {told.likes, told.comments, told.shares}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size_bytes": 5_000_000_000}, "4 GB"),
        ({"frames": 24 * 901}, "15 minutes"),
        ({"width": 540, "height": 960}, "720p"),
    ],
)
def test_what_it_does_not_take_is_refused_before_a_byte(
    context: TargetContext, douyin: SimulatedDouyin, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=1000, **change))
    with pytest.raises(Refused, match=said):
        post.target.prepare(post.delivery, context)
    assert douyin.calls == []


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


def test_an_old_upload_that_is_not_taken_any_more_begins_again(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    douyin.trouble("publish", status=200, body={"data": {"error_code": 2100005}})
    with pytest.raises(Restart):
        post.finalize()
    post.handle().forget()
    post.upload()
    post.finalize()
    douyin.clock.advance(1)
    assert len(douyin.published) == 1


def test_an_old_upload_that_may_have_been_used_up_does_not(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    douyin.single_use = True
    douyin.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    with pytest.raises(Refused):
        post.finalize()
    douyin.clock.advance(1)
    assert len(douyin.published) == 1


def test_what_certainly_did_not_happen_is_not_looked_for(post: Posted, douyin: SimulatedDouyin) -> None:
    post.upload()
    douyin.trouble("publish", status=503)
    douyin.trouble("publish", status=429)
    with pytest.raises(Ambiguous):
        post.finalize()
    assert post.handle()["armed"]
    post.handle().remember(armed=None)
    with pytest.raises(Retry):
        post.finalize()
    assert not post.handle()["armed"]


def test_a_rehearsal_shows_no_real_token_and_renews_no_real_login(context: TargetContext, tmp_path: Path) -> None:
    login = tmp_path / "login.json"
    login.write_text('{"client_id": "real", "client_secret": "real", "refresh_token": "real"}')
    Posted(target(login={"file": str(login)}, account="real"), context, delivery_of(tmp_path, size=1000)).live()
    assert "access_token" not in login.read_text()


# Logins: with `url`, because the sandbox shows no real ones.


@pytest.fixture
def strict(douyin: SimulatedDouyin, box: Sandbox, tmp_path: Path) -> Iterator[Posted]:
    """A platform that knows its tokens, and a login that it knows."""
    douyin.strict = True
    login = tmp_path / "login.json"
    known = {"client_id": douyin.client_key, "client_secret": "s", "refresh_token": "sandbox-refresh-token"}
    login.write_text(json.dumps({**known, "access_token": "sandbox-token"}))
    context = TargetContext(folder=tmp_path)
    made = target(url=f"{box.url}/douyin", login={"file": str(login)})
    yield Posted(made, context, delivery_of(tmp_path, size=1000))
    context.close()


def test_a_login_that_ended_is_renewed_and_the_call_made_again(
    strict: Posted, douyin: SimulatedDouyin, tmp_path: Path
) -> None:
    douyin.expire_tokens()
    strict.live()
    douyin.clock.advance(1)
    assert len(douyin.published) == 1
    kept = json.loads((tmp_path / "login.json").read_text())
    assert kept["access_token"] in douyin.tokens
    assert kept["refresh_token"] == "sandbox-refresh-token"
    assert moments(douyin).count("token") == 1


def test_a_login_that_ends_between_upload_and_post_posts_once(strict: Posted, douyin: SimulatedDouyin) -> None:
    strict.upload()
    douyin.expire_tokens()
    strict.finalize()
    douyin.clock.advance(1)
    assert len(douyin.published) == 1


def test_a_refresh_token_that_ends_soon_is_prolonged(strict: Posted, douyin: SimulatedDouyin, tmp_path: Path) -> None:
    douyin.refresh_seconds = 10 * 86_400.0
    douyin.expire_tokens()
    strict.live()
    kept = json.loads((tmp_path / "login.json").read_text())
    assert kept["refresh_token"] in douyin.refresh_tokens - {"sandbox-refresh-token"}


def test_one_that_cannot_be_prolonged_works_until_it_ends(
    strict: Posted, douyin: SimulatedDouyin, caplog: pytest.LogCaptureFixture
) -> None:
    douyin.refresh_seconds, douyin.renewals = 10 * 86_400.0, 0
    douyin.expire_tokens()
    strict.live()
    assert "within 10 days" in caplog.text


def test_a_refresh_token_that_ended_is_a_matter_for_a_person(strict: Posted, douyin: SimulatedDouyin) -> None:
    douyin.expire_tokens()
    douyin.spent.add("sandbox-refresh-token")
    with pytest.raises(Reauthorise, match="10010") as caught:
        strict.upload()
    assert "sandbox-refresh-token" not in str(caught.value)
    assert caught.value.instruction


def test_nothing_is_posted_with_the_login_of_another_account(strict: Posted, box: Sandbox, tmp_path: Path) -> None:
    named = {"url": f"{box.url}/douyin", "login": {"file": str(tmp_path / "login.json")}}
    for account in ("沙盒", "me"):
        target(**named, account=account).prepare(strict.delivery, strict.context)
    with pytest.raises(Reauthorise, match="山野茶事"):
        target(**named, account="山野茶事").prepare(strict.delivery, strict.context)


def test_the_account_is_the_open_id(context: TargetContext, tmp_path: Path) -> None:
    assert target(account="茶").account_key(TargetContext(folder=tmp_path)) == "me"
    assert target().account_key(context) == "sandbox:me"
