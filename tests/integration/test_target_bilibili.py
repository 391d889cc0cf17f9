"""Posts to Bilibili, driven by hand against the simulated platform, which checks each signature."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from reelmill.content import PostText
from sandbox.platforms.bilibili import Bilibili as Platform
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.bilibili.archive import Archive
from tasks.publishing.targets.bilibili.signature import signed
from tasks.publishing.targets.bilibili.target import Bilibili
from tests.logins import kept, logged_in
from tests.posting import Posted, delivery_of, moments

KIND = "bilibili"
MIB = 1024 * 1024


class InSmallParts(Bilibili):
    """The same protocol with little bytes."""

    part_bytes = 300


def target(kind: type[Bilibili] = Bilibili, **more: Any) -> Bilibili:
    return kind.model_validate({"type": KIND, **more})


@pytest.fixture
def post(post: Posted) -> Posted:
    return post.another(target=target(InSmallParts))


def test_what_it_says_of_itself() -> None:
    assert (Bilibili.safety, Bilibili.flags_ai, Bilibili.clockwork) == (Safety.LOOK_UP, False, None)
    assert "AIGC" in Bilibili.discloses


def test_a_signature_is_over_its_sorted_headers() -> None:
    headers = signed("key", "secret", b'{"a":1}', version="2.0", nonce="once", moment=1_700_000_000)
    # As `openssl dgst -sha256 -hmac secret` has it.
    assert headers["x-bili-content-md5"] == "bb6cb5c68df4652941caf652a366f2d8"
    assert headers["Authorization"] == "347bf46cde268bf29d58a8c3a9dc274bee55aa0e887a44677a6c6212b2089d94"


def test_an_archive_is_reviewed_and_then_public(post: Posted, platform: Platform) -> None:
    platform.processing = 1.0
    published = post.live()
    assert not published.settled
    assert published.url == f"{post.context.sandbox}/bilibili/watch/{published.platform_id}"
    assert moments(platform) == ["init", "chunk", "chunk", "chunk", "chunk", "complete", "cover", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    platform.clock.advance(1)
    (public,) = platform.public
    assert public.sha256 == post.delivery.rendition.sha256
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, public.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, public.url)


def test_the_words_say_that_it_is_made_by_ai(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    made = target(tid=122, tags=["AI生成", "国风"], copyright=2, source="山野茶事", no_reprint=False)
    Posted(made, context, delivery_of(tmp_path, size=1000)).live()
    platform.clock.advance(1)
    said = platform.public[0].detail
    assert said["title"] == "小雪"
    assert said["desc"] == "小雪 – 花雪随风不厌看\n\n内容由AI生成"
    assert said["tag"] == "AI生成,国风,小雪,节气"
    assert (said["tid"], said["copyright"], said["source"], said["no_reprint"]) == (122, 2, "山野茶事", 0)


def test_words_fit(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    long = PostText("雪" * 200, "雪落无声" * 200, tuple(f"一个长话题的名字第{number}号" for number in range(40)))
    Posted(target(), context, delivery_of(tmp_path, size=1000, text=long)).live()
    platform.clock.advance(1)
    said = platform.public[0].detail
    assert 70 < len(said["title"]) <= 79
    assert 240 < len(said["desc"]) <= 249
    assert said["desc"].endswith("内容由AI生成")
    assert 180 < len(said["tag"]) <= 199
    assert "source" not in said


def test_a_source_belongs_to_what_is_taken_over() -> None:
    for wrong in ({"copyright": 2}, {"source": "somewhere"}):
        with pytest.raises(ValidationError, match="belong together"):
            target(**wrong)


def test_parts_have_eight_megabytes(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=16 * MIB + 1))
    post.live()
    assert moments(platform).count("chunk") == 3
    platform.clock.advance(1)
    assert platform.public[0].sha256 == post.delivery.rendition.sha256


def test_an_upload_that_can_be_completed_once_alone_begins_again(post: Posted, platform: Platform) -> None:
    platform.single_completion = True
    platform.trouble("complete", handled=True, drop=True)
    with pytest.raises(Retry):
        post.upload()
    with pytest.raises(Restart):
        post.upload()


def test_an_upload_that_is_refused_at_once_is_no_reason_to_begin_again(post: Posted, platform: Platform) -> None:
    platform.whole_most = 10
    with pytest.raises(Refused, match="-400"):
        post.upload()


def test_a_busy_server_may_have_posted(post: Posted, platform: Platform) -> None:
    post.upload()
    platform.trouble("publish", handled=True, status=200, body={"code": -500})
    with pytest.raises(Ambiguous):
        post.finalize()
    platform.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert [public.id for public in platform.published] == [found.platform_id]


def test_an_archive_is_found_behind_a_page_of_later_ones(
    post: Posted, context: TargetContext, platform: Platform
) -> None:
    published = post.live()
    later = Posted(target(), context, post.delivery)
    later.upload()
    for _ in range(21):
        later.finalize()
    platform.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


ENTRY = {"title": "小雪", "ctime": 1_700_000_000, "cover": "http://i0.hdslb.com/bfs/archive/abc.jpg"}


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        ({}, True),
        ({"title": "小雪 "}, True),
        ({"title": "大雪"}, False),
        ({"cover": "https://archive.biliimg.com/bfs/archive/abc.jpg"}, True),
        ({"cover": "https://archive.biliimg.com/bfs/archive/abd.jpg"}, False),
        ({"cover": ""}, True),
        ({"ctime": 1_699_999_000}, False),
        ({"ctime": None}, True),
        ({"ctime": None, "cover": None}, False),
    ],
)
def test_which_archive_is_ours(change: dict[str, Any], ours: bool) -> None:
    posting = dt.datetime.fromtimestamp(1_700_000_030, dt.UTC)
    cover = "https://archive.biliimg.com/bfs/archive/abc.jpg"
    assert Archive({**ENTRY, **change}).is_of("小雪", cover, posting) is ours


@pytest.mark.parametrize(("state", "outcome"), [(-1, Wait), (-9, Wait), (-30, Wait), (-2, Refused), (-4, Refused)])
def test_what_the_state_of_an_archive_means(state: int, outcome: type[Exception]) -> None:
    with pytest.raises(outcome):
        Archive({**ENTRY, "resource_id": "BV1", "addit_info": {"state": state}}).require_open()


def test_a_refusal_of_the_review_is_for_good(post: Posted, platform: Platform) -> None:
    platform.reject_processing = "not fit"
    published = post.live()
    platform.clock.advance(1)
    with pytest.raises(Refused, match="not fit"):
        post.look_up()
    assert post.read_back(published).public is False
    assert platform.published == []


def test_the_sixth_post_of_a_day_waits_for_midnight(post: Posted, context: TargetContext, platform: Platform) -> None:
    platform.formal, platform.daily_cap = False, platform.limit(1, 86_400)
    Posted(target(), context, post.delivery).live()
    post.upload()
    with pytest.raises(Defer) as deferred:
        post.finalize()
    assert deferred.value.until.hour == 16  # midnight in Shanghai


def test_a_title_a_tag_and_a_small_cover_are_needed(context: TargetContext, tmp_path: Path) -> None:
    untitled = Posted(target(), context, delivery_of(tmp_path, size=1000, text=PostText("", "x", ())))
    with pytest.raises(Refused, match="title"):
        untitled.live()
    untagged = Posted(target(tags=[]), context, delivery_of(tmp_path, size=1000, text=PostText("t", "x", ())))
    with pytest.raises(Refused, match="tag"):
        untagged.live()
    large = Posted(target(), context, delivery_of(tmp_path, size=1000))
    large.delivery.rendition.cover.write_bytes(bytes(5_000_001))
    with pytest.raises(Refused, match="5 MB"):
        large.live()


def reply(code: int) -> Reply:
    body = json.dumps({"code": code, "message": "words", "data": None}).encode()
    return Reply("posting to Bilibili", 200, httpx.Headers(), body)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((-500, 4010, 4011, 122009, 122010, 123002, 130004, 130006, 131001), Retry),
        ((127009, 127306, 123026), Defer),
        ((-101, 122001, 122002, 122099), Reauthorise),
        ((-400, -404, 4002, 127001), Refused),
    ],
)
def test_each_code_has_its_outcome(codes: tuple[int, ...], outcome: type[Exception]) -> None:
    for code in codes:
        with pytest.raises(outcome, match=f"posting to Bilibili: {code} words"):
            target().judge(reply(code))


def test_no_error_is_no_outcome() -> None:
    target().judge(reply(0))
    target().judge(Reply("", 502, httpx.Headers(), b"<html>"))


# Logins.


def test_a_login_may_be_told_the_moment_at_which_its_token_ends(
    post: Posted, outside: TargetContext, platform: Platform
) -> None:
    platform.expires_at = True
    strict = logged_in(post, outside)
    platform.expire_tokens()
    strict.live()
    lives = dt.datetime.fromisoformat(kept(outside)["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=29) < lives <= dt.timedelta(days=30)


def test_an_app_that_is_not_known_is_a_matter_for_a_person(
    post: Posted, outside: TargetContext, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILIBILI_TOKEN", "a-token")
    monkeypatch.setenv("BILIBILI_SECRET", platform.client_secret)
    named = {"url": platform.base, "token": {"env": "BILIBILI_TOKEN"}}
    with pytest.raises(Reauthorise, match="no app"):
        post.another(target=target(**named), context=outside).live()
    whole = {**named, "client_id": platform.client_id, "client_secret": {"env": "BILIBILI_SECRET"}}
    assert post.another(target=target(**whole), context=outside).live().platform_id


def test_an_older_signature_can_be_asked_for(post: Posted, outside: TargetContext, platform: Platform) -> None:
    platform.signature_versions = {"1.0"}
    with pytest.raises(Refused, match="signature-version"):
        logged_in(post, outside).upload()
    assert logged_in(post, outside, signature_version="1.0").live().platform_id
