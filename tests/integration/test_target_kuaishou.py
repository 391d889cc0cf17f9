"""Posts to Kuaishou, driven by hand against the simulated platform: once, whole, and found again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

from reelmill.content import PostText
from sandbox.platforms.kuaishou import Kuaishou as Platform
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Resync, Retry, Wait
from tasks.publishing.targets.kuaishou import Kuaishou
from tests.posting import Posted, delivery_of, moments

KIND = "kuaishou"
MIB = 1024 * 1024


class InSmallFragments(Kuaishou):
    """The same protocol with little bytes."""

    in_one_up_to = 500
    fragment_bytes = 300


def target(kind: type[Kuaishou] = Kuaishou, **more: Any) -> Kuaishou:
    return kind.model_validate({"type": KIND, "app_id": "sandbox-app", **more})


@pytest.fixture
def in_fragments(post: Posted) -> Posted:
    return post.another(target=target(InSmallFragments))


def test_what_it_says_of_itself() -> None:
    assert (Kuaishou.safety, Kuaishou.flags_ai, Kuaishou.clockwork) == (Safety.LOOK_UP, False, None)
    assert "AIGC" in Kuaishou.discloses


def test_a_photo_is_pending_and_then_public(post: Posted, platform: Platform) -> None:
    platform.processing = 1.0
    published = post.live()
    assert not published.settled
    assert moments(platform) == ["init", "upload", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    assert post.read_back(published).public is False
    platform.clock.advance(1)
    (public,) = platform.public
    assert (public.id, public.sha256) == (published.platform_id, post.delivery.rendition.sha256)
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, published.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, published.url)


def test_the_words_say_that_it_is_made_by_ai(post: Posted, platform: Platform) -> None:
    post.live()
    platform.clock.advance(1)
    number = f"编号 {post.delivery.post_id.hex[:8]}"
    assert platform.public[0].text == f"小雪 – 花雪随风不厌看\n\n内容由AI生成\n#小雪 #节气\n\n{number}"


def test_words_fit(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    long = PostText("雪", "雪落无声" * 400, tuple(f"话题{number}" for number in range(9)))
    post = Posted(target(mark=True), context, delivery_of(tmp_path, size=1000, text=long))
    post.live()
    platform.clock.advance(1)
    text = platform.public[0].text
    assert 980 < len(text) <= 1000
    assert "内容由AI生成" in text
    assert text.count("#") == 4
    assert text.endswith(f"编号 {post.delivery.post_id.hex[:8]}")


def test_a_large_video_goes_in_fragments_of_four_megabytes(
    context: TargetContext, platform: Platform, tmp_path: Path
) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=12 * MIB + 1))
    post.live()
    assert moments(platform) == ["init", *["chunk"] * 4, "complete", "publish"]
    platform.clock.advance(1)
    assert platform.public[0].sha256 == post.delivery.rendition.sha256


def test_only_what_is_missing_is_sent_again(in_fragments: Posted, platform: Platform) -> None:
    platform.trouble("chunk", cut=100, after=2)
    with pytest.raises(Retry):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    assert moments(platform) == ["init", *["chunk"] * 3, "resume", *["chunk"] * 2, "complete", "publish"]
    platform.clock.advance(1)
    assert platform.public[0].sha256 == in_fragments.delivery.rendition.sha256


def test_a_fragment_that_arrived_short_is_asked_for(in_fragments: Posted, platform: Platform) -> None:
    platform.trouble("chunk", status=200, body={"result": 1, "checksum": "", "size": 17}, after=1)
    with pytest.raises(Resync, match="fragment 1 arrived with 17 bytes"):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    platform.clock.advance(1)
    assert platform.public[0].sha256 == in_fragments.delivery.rendition.sha256


def test_an_upload_with_a_gap_is_filled(in_fragments: Posted, platform: Platform) -> None:
    platform.trouble("chunk", status=200, body={"result": 1}, after=3)  # taken, it says, and lost
    with pytest.raises(Resync):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    platform.clock.advance(1)
    assert platform.public[0].sha256 == in_fragments.delivery.rendition.sha256


def test_a_fragment_that_is_refused_at_once_is_no_reason_to_begin_again(
    in_fragments: Posted, platform: Platform
) -> None:
    platform.fragment_most = 10
    with pytest.raises(Refused, match="100210001"):
        in_fragments.upload()


def test_an_older_photo_with_the_same_words_is_not_taken_for_this_one(post: Posted, platform: Platform) -> None:
    earlier = Posted(post.target, post.context, post.delivery)
    earlier.live()
    one = next(iter(platform.submissions.values()))
    one.made -= 3600
    post.upload()
    platform.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    assert post.look_up() is None


def test_marks_tell_posts_with_the_same_words_apart(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    made = target(mark=True)
    post = Posted(made, context, delivery_of(tmp_path, size=1000))
    post.upload()
    platform.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    Posted(made, context, replace(post.delivery, post_id=uuid4())).live()  # another cell of the matrix, meanwhile
    platform.clock.advance(1)
    assert post.look_up() is None
    published = post.finalize()
    platform.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_a_post_of_a_version_before_is_found_by_the_words_that_it_had(
    context: TargetContext, platform: Platform, tmp_path: Path
) -> None:
    """Captions had no number then unless one asked for it, and the handle did not keep what was sent."""
    before = Posted(target(mark=False), context, delivery_of(tmp_path, size=1000))
    published = before.live()
    platform.clock.advance(1)
    before.commits.append({key: value for key, value in before.known.items() if key != "mark"})
    now = before.another(target=target(), delivery=before.delivery)
    now.commits = before.commits
    found = now.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_a_photo_is_found_behind_a_page_of_later_ones(
    context: TargetContext, platform: Platform, tmp_path: Path
) -> None:
    post = Posted(target(mark=True), context, delivery_of(tmp_path, size=1000))
    published = post.live()
    later = Posted(target(mark=False), context, post.delivery)
    later.upload()
    for _ in range(25):
        later.finalize()
    platform.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_a_photo_that_is_not_let_through_stays_pending(post: Posted, platform: Platform) -> None:
    platform.reject_processing = "not fit"
    published = post.live()
    platform.clock.advance(86_400)
    with pytest.raises(Wait):
        post.look_up()
    assert post.read_back(published).public is False


def test_a_cover_is_needed(context: TargetContext, platform: Platform, tmp_path: Path) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=1000))
    post.delivery.rendition.cover.write_bytes(b"")
    with pytest.raises(Refused, match="cover"):
        post.live()
    assert platform.calls == []


# The upload host, which Kuaishou names.


@pytest.mark.parametrize(
    "named",
    [
        "upload.evil.example",
        "upload.evil.example/upload.kuaishouzt.com",
        "upload.kuaishouzt.com@evil.example",
        "kuaishouzt.com.evil.example",
        "169.254.169.254",
        "localhost:6379",
        "",
    ],
)
def test_bytes_go_to_no_host_that_is_not_allowed(in_fragments: Posted, platform: Platform, named: str) -> None:
    platform.trouble("init", status=200, body={"result": 1, "upload_token": "t", "endpoint": named})
    with pytest.raises(Refused, match="its own"):
        in_fragments.upload()
    assert moments(platform) == ["init"]


def test_an_allowed_name_that_leads_into_a_private_network_is_refused(
    context: TargetContext, tmp_path: Path, platform: Platform
) -> None:
    platform.trouble("init", status=200, body={"result": 1, "upload_token": "t", "endpoint": "127.0.0.2"})
    post = Posted(target(endpoints=["127.0.0.*"]), context, delivery_of(tmp_path, size=1000))
    with pytest.raises(Refused, match="loopback"):
        post.upload()


def test_a_bare_host_gets_the_scheme_of_the_option(context: TargetContext) -> None:
    public = {"endpoints": ["8.8.8.*"]}  # an address, so that no name has to be looked up
    assert target(**public)._endpoint(context, "8.8.8.8") == "https://8.8.8.8"
    assert target(**public, upload_scheme="http")._endpoint(context, "http://8.8.8.8") == "http://8.8.8.8"


def test_the_allowed_hosts_and_the_scheme_are_options() -> None:
    assert target().upload_scheme == "https"
    assert target(endpoints=["upload.example"], upload_scheme="http").endpoints == ("upload.example",)
    for wrong in (
        {"endpoints": []},
        {"endpoints": ["https://upload.example"]},
        {"upload_scheme": "ftp"},
        {"app_id": ""},
    ):
        with pytest.raises(ValidationError):
            target(**wrong)


def reply(result: int) -> Reply:
    body = json.dumps({"result": result, "error_msg": "words"}).encode()
    return Reply("posting to Kuaishou", 200, httpx.Headers(), body)


@pytest.mark.parametrize(("results", "outcome"), [((100200100, 100200101), Reauthorise), ((100200102, 0, 2), Refused)])
def test_each_result_has_its_outcome(results: tuple[int, ...], outcome: type[Exception]) -> None:
    for result in results:
        with pytest.raises(outcome, match=f"posting to Kuaishou: {result} words"):
            target().judge(reply(result))


def test_no_error_is_no_outcome() -> None:
    target().judge(reply(1))
    target().judge(Reply("", 502, httpx.Headers(), b"<html>"))
