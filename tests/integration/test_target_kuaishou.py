"""Posts to Kuaishou, driven by hand against the simulated platform: once, whole, and found again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

from reelmill.content import PostText
from sandbox.platforms.kuaishou import Kuaishou as SimulatedKuaishou
from sandbox.server import Sandbox, sandbox
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.targets.kuaishou import Kuaishou
from tests.posting import Died, Posted, delivery_of

MIB = 1024 * 1024


class InSmallFragments(Kuaishou):
    """The same protocol with little bytes."""

    in_one_up_to = 500
    fragment_bytes = 300


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox([SimulatedKuaishou]) as running:
        yield running


@pytest.fixture
def kuaishou(box: Sandbox) -> SimulatedKuaishou:
    return cast("SimulatedKuaishou", box["kuaishou"])


@pytest.fixture
def context(box: Sandbox, tmp_path: Path) -> Iterator[TargetContext]:
    context = TargetContext(folder=tmp_path, sandbox=box.url)
    yield context
    context.close()


def target(kind: type[Kuaishou] = Kuaishou, **more: Any) -> Kuaishou:
    return kind.model_validate({"type": "kuaishou", "app_id": "sandbox-app", **more})


@pytest.fixture
def post(context: TargetContext, tmp_path: Path) -> Posted:
    return Posted(target(), context, delivery_of(tmp_path, size=1000))


@pytest.fixture
def in_fragments(context: TargetContext, tmp_path: Path) -> Posted:
    return Posted(target(InSmallFragments), context, delivery_of(tmp_path, size=1000))


def moments(platform: SimulatedKuaishou) -> list[str]:
    return [moment for moment, _ in platform.calls]


def test_what_it_says_of_itself() -> None:
    assert (Kuaishou.safety, Kuaishou.flags_ai, Kuaishou.clockwork) == (Safety.LOOK_UP, False, None)
    assert "AIGC" in Kuaishou.discloses


def test_a_photo_is_pending_and_then_public(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    published = post.live()
    assert not published.settled
    assert moments(kuaishou) == ["init", "upload", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    assert post.read_back(published).public is False
    kuaishou.clock.advance(1)
    (public,) = kuaishou.public
    assert (public.id, public.sha256) == (published.platform_id, post.delivery.rendition.sha256)
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, published.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, published.url)


def test_the_words_say_that_it_is_made_by_ai(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    post.live()
    kuaishou.clock.advance(1)
    assert kuaishou.public[0].text == "小雪 – 花雪随风不厌看\n\n内容由AI生成\n#小雪 #节气"


def test_words_fit(context: TargetContext, kuaishou: SimulatedKuaishou, tmp_path: Path) -> None:
    long = PostText("雪", "雪落无声" * 400, tuple(f"话题{number}" for number in range(9)))
    post = Posted(target(mark=True), context, delivery_of(tmp_path, size=1000, text=long))
    post.live()
    kuaishou.clock.advance(1)
    text = kuaishou.public[0].text
    assert 980 < len(text) <= 1000
    assert "内容由AI生成" in text
    assert text.count("#") == 4
    assert text.endswith(f"编号 {post.delivery.post_id.hex[:8]}")


def test_nothing_is_public_before_it_is_posted(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    assert post.look_up() is None
    post.upload()
    before = len(kuaishou.calls)
    post.upload()
    kuaishou.clock.advance(1)
    assert (kuaishou.published, post.look_up(), len(kuaishou.calls)) == ([], None, before)


def test_a_large_video_goes_in_fragments_of_four_megabytes(
    context: TargetContext, kuaishou: SimulatedKuaishou, tmp_path: Path
) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=12 * MIB + 1))
    post.live()
    assert moments(kuaishou) == ["init", *["chunk"] * 4, "complete", "publish"]
    kuaishou.clock.advance(1)
    assert kuaishou.public[0].sha256 == post.delivery.rendition.sha256


@pytest.mark.parametrize("requests", range(1, 7))
def test_an_upload_goes_on_where_kuaishou_says(
    in_fragments: Posted, kuaishou: SimulatedKuaishou, requests: int
) -> None:
    """A process that dies after any of its requests, whose answer it may not have seen."""
    kuaishou.trouble("*", handled=True, drop=True, after=requests - 1)
    with pytest.raises(Retry):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    kuaishou.clock.advance(1)
    assert [public.sha256 for public in kuaishou.published] == [in_fragments.delivery.rendition.sha256]


def test_only_what_is_missing_is_sent_again(in_fragments: Posted, kuaishou: SimulatedKuaishou) -> None:
    kuaishou.trouble("chunk", cut=100, after=2)
    with pytest.raises(Retry):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    assert moments(kuaishou) == ["init", *["chunk"] * 3, "resume", *["chunk"] * 2, "complete", "publish"]
    kuaishou.clock.advance(1)
    assert kuaishou.public[0].sha256 == in_fragments.delivery.rendition.sha256


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_an_upload_goes_on_wherever_its_process_died(
    in_fragments: Posted, kuaishou: SimulatedKuaishou, commits: int
) -> None:
    in_fragments.dies_after = commits
    with pytest.raises(Died):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    kuaishou.clock.advance(1)
    assert [public.sha256 for public in kuaishou.published] == [in_fragments.delivery.rendition.sha256]
    assert moments(kuaishou).count("chunk") == 4


def test_a_fragment_that_arrived_short_is_asked_for(in_fragments: Posted, kuaishou: SimulatedKuaishou) -> None:
    kuaishou.trouble("chunk", status=200, body={"result": 1, "checksum": "", "size": 17}, after=1)
    with pytest.raises(Resync, match="fragment 1 arrived with 17 bytes"):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    kuaishou.clock.advance(1)
    assert kuaishou.public[0].sha256 == in_fragments.delivery.rendition.sha256


def test_an_upload_with_a_gap_is_filled(in_fragments: Posted, kuaishou: SimulatedKuaishou) -> None:
    kuaishou.trouble("chunk", status=200, body={"result": 1}, after=3)  # taken, it says, and lost
    with pytest.raises(Resync):
        in_fragments.upload()
    in_fragments.upload()
    in_fragments.finalize()
    kuaishou.clock.advance(1)
    assert kuaishou.public[0].sha256 == in_fragments.delivery.rendition.sha256


def test_an_upload_that_was_left_for_too_long_begins_again(in_fragments: Posted, kuaishou: SimulatedKuaishou) -> None:
    in_fragments.dies_after = 1
    with pytest.raises(Died):
        in_fragments.upload()
    kuaishou.clock.advance(25 * 3600)
    with pytest.raises(Restart):
        in_fragments.upload()
    in_fragments.handle().forget()
    in_fragments.upload()
    in_fragments.finalize()
    assert moments(kuaishou).count("init") == 2


def test_a_fragment_that_is_refused_at_once_is_no_reason_to_begin_again(
    in_fragments: Posted, kuaishou: SimulatedKuaishou
) -> None:
    kuaishou.fragment_most = 10
    with pytest.raises(Refused, match="100210001"):
        in_fragments.upload()


@pytest.mark.parametrize("how", [{"drop": True}, {"status": 502}, {"status": 200, "body": {"result": 1}}])
def test_a_post_without_an_answer_is_looked_up_and_there(
    post: Posted, kuaishou: SimulatedKuaishou, how: dict[str, Any]
) -> None:
    post.upload()
    kuaishou.trouble("publish", handled=True, **how)
    with pytest.raises(Ambiguous):
        post.finalize()
    kuaishou.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert [public.id for public in kuaishou.published] == [found.platform_id]


def test_a_process_that_died_before_the_call_is_looked_up_and_not_there(
    post: Posted, kuaishou: SimulatedKuaishou
) -> None:
    post.upload()
    post.dies_after = len(post.commits) + 1
    with pytest.raises(Died):
        post.finalize()
    assert post.look_up() is None
    post.finalize()
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 1


def test_an_older_photo_with_the_same_words_is_not_taken_for_this_one(
    post: Posted, kuaishou: SimulatedKuaishou
) -> None:
    earlier = Posted(post.target, post.context, post.delivery)
    earlier.live()
    one = next(iter(kuaishou.submissions.values()))
    one.made -= 3600
    post.upload()
    kuaishou.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    assert post.look_up() is None


def test_marks_tell_posts_with_the_same_words_apart(
    context: TargetContext, kuaishou: SimulatedKuaishou, tmp_path: Path
) -> None:
    made = target(mark=True)
    post = Posted(made, context, delivery_of(tmp_path, size=1000))
    post.upload()
    kuaishou.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    Posted(made, context, replace(post.delivery, post_id=uuid4())).live()  # another cell of the matrix, meanwhile
    kuaishou.clock.advance(1)
    assert post.look_up() is None
    published = post.finalize()
    kuaishou.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_a_photo_is_found_behind_a_page_of_later_ones(
    context: TargetContext, kuaishou: SimulatedKuaishou, tmp_path: Path
) -> None:
    post = Posted(target(mark=True), context, delivery_of(tmp_path, size=1000))
    published = post.live()
    later = Posted(target(), context, post.delivery)
    later.upload()
    for _ in range(25):
        later.finalize()
    kuaishou.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_a_photo_that_is_not_let_through_stays_pending(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    kuaishou.reject_processing = "not fit"
    published = post.live()
    kuaishou.clock.advance(86_400)
    with pytest.raises(Wait):
        post.look_up()
    assert post.read_back(published).public is False


def test_taking_down_twice_is_taking_down_once(
    post: Posted, context: TargetContext, kuaishou: SimulatedKuaishou
) -> None:
    published = post.live()
    kuaishou.clock.advance(1)
    assert len(kuaishou.public) == 1
    post.target.unpublish(context, published)
    post.target.unpublish(context, published)
    assert kuaishou.public == []
    assert post.read_back(published).public is False


def test_numbers_are_told(post: Posted, context: TargetContext, kuaishou: SimulatedKuaishou) -> None:
    published = post.live()
    kuaishou.clock.advance(86_400)
    told = post.target.metrics(context, published)
    assert (told.views or 0) > 0
    assert None not in {told.likes, told.comments}


def test_a_cover_is_needed(context: TargetContext, kuaishou: SimulatedKuaishou, tmp_path: Path) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=1000))
    post.delivery.rendition.cover.write_bytes(b"")
    with pytest.raises(Refused, match="cover"):
        post.live()
    assert kuaishou.calls == []


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
def test_bytes_go_to_no_host_that_is_not_allowed(in_fragments: Posted, kuaishou: SimulatedKuaishou, named: str) -> None:
    kuaishou.trouble("init", status=200, body={"result": 1, "upload_token": "t", "endpoint": named})
    with pytest.raises(Refused, match="its own"):
        in_fragments.upload()
    assert moments(kuaishou) == ["init"]


def test_an_allowed_name_that_leads_into_a_private_network_is_refused(
    context: TargetContext, tmp_path: Path, kuaishou: SimulatedKuaishou
) -> None:
    kuaishou.trouble("init", status=200, body={"result": 1, "upload_token": "t", "endpoint": "127.0.0.2"})
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


def test_an_old_upload_that_is_not_taken_any_more_begins_again(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    kuaishou.trouble("publish", status=200, body={"result": 100210001})
    with pytest.raises(Restart):
        post.finalize()
    post.handle().forget()
    post.upload()
    post.finalize()
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 1


def test_an_old_upload_that_may_have_been_used_up_does_not(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    kuaishou.single_use = True
    kuaishou.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    with pytest.raises(Refused):
        post.finalize()
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 1


def test_what_certainly_did_not_happen_is_not_looked_for(post: Posted, kuaishou: SimulatedKuaishou) -> None:
    post.upload()
    kuaishou.trouble("publish", status=503)
    kuaishou.trouble("publish", status=429)
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
def strict(kuaishou: SimulatedKuaishou, box: Sandbox, tmp_path: Path) -> Iterator[Posted]:
    """A platform that knows its tokens, and a login that it knows."""
    kuaishou.strict = True
    known = {"client_id": kuaishou.app_id, "client_secret": kuaishou.app_secret}
    login = tmp_path / "login.json"
    login.write_text(json.dumps({**known, "refresh_token": "sandbox-refresh-token", "access_token": "sandbox-token"}))
    context = TargetContext(folder=tmp_path)
    yield Posted(
        target(url=f"{box.url}/kuaishou", login={"file": str(login)}), context, delivery_of(tmp_path, size=1000)
    )
    context.close()


def test_a_login_that_ended_is_renewed_and_the_call_made_again(
    strict: Posted, kuaishou: SimulatedKuaishou, tmp_path: Path
) -> None:
    kuaishou.expire_tokens()
    strict.live()
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 1
    kept = json.loads((tmp_path / "login.json").read_text())
    assert kept["access_token"] in kuaishou.tokens
    assert kept["refresh_token"] in kuaishou.refresh_tokens - {"sandbox-refresh-token"}
    lives = dt.datetime.fromisoformat(kept["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(hours=47) < lives <= dt.timedelta(hours=48)
    assert moments(kuaishou).count("token") == 1


def test_a_login_that_ends_between_upload_and_post_posts_once_with_its_cover(
    strict: Posted, kuaishou: SimulatedKuaishou
) -> None:
    strict.upload()
    kuaishou.expire_tokens()
    strict.finalize()
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 1


def test_a_refresh_token_that_ended_is_a_matter_for_a_person(strict: Posted, kuaishou: SimulatedKuaishou) -> None:
    kuaishou.expire_tokens()
    kuaishou.spent.add("sandbox-refresh-token")
    with pytest.raises(Reauthorise) as caught:
        strict.upload()
    assert "sandbox-" not in str(caught.value)
    assert caught.value.instruction


def test_nothing_is_posted_with_the_login_of_another_account(strict: Posted, box: Sandbox, tmp_path: Path) -> None:
    named = {"url": f"{box.url}/kuaishou", "login": {"file": str(tmp_path / "login.json")}}
    target(**named, account="沙盒").prepare(strict.delivery, strict.context)
    with pytest.raises(Reauthorise, match="山野茶事"):
        target(**named, account="山野茶事").prepare(strict.delivery, strict.context)
