"""Posts to Bilibili, driven by hand against the simulated platform, which checks each signature."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pydantic import ValidationError

from reelmill.content import PostText
from sandbox.platforms.bilibili import Bilibili as SimulatedBilibili
from sandbox.server import Sandbox, sandbox
from tasks.publishing.base import Safety
from tasks.publishing.client import Reply
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.bilibili.archive import Archive
from tasks.publishing.targets.bilibili.signature import signed
from tasks.publishing.targets.bilibili.target import Bilibili
from tests.posting import Died, Posted, delivery_of

MIB = 1024 * 1024


class InSmallParts(Bilibili):
    """The same protocol with little bytes."""

    part_bytes = 300


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox([SimulatedBilibili]) as running:
        yield running


@pytest.fixture
def bilibili(box: Sandbox) -> SimulatedBilibili:
    return cast("SimulatedBilibili", box["bilibili"])


@pytest.fixture
def context(box: Sandbox, tmp_path: Path) -> Iterator[TargetContext]:
    context = TargetContext(folder=tmp_path, sandbox=box.url)
    yield context
    context.close()


def target(kind: type[Bilibili] = Bilibili, **more: Any) -> Bilibili:
    return kind.model_validate({"type": "bilibili", **more})


@pytest.fixture
def post(context: TargetContext, tmp_path: Path) -> Posted:
    return Posted(target(InSmallParts), context, delivery_of(tmp_path, size=1000))


def moments(platform: SimulatedBilibili) -> list[str]:
    return [moment for moment, _ in platform.calls]


def test_what_it_says_of_itself() -> None:
    assert (Bilibili.safety, Bilibili.flags_ai, Bilibili.clockwork) == (Safety.LOOK_UP, False, None)
    assert "AIGC" in Bilibili.discloses


def test_a_signature_is_over_its_sorted_headers() -> None:
    headers = signed("key", "secret", b'{"a":1}', version="2.0", nonce="once", moment=1_700_000_000)
    # As `openssl dgst -sha256 -hmac secret` has it.
    assert headers["x-bili-content-md5"] == "bb6cb5c68df4652941caf652a366f2d8"
    assert headers["Authorization"] == "347bf46cde268bf29d58a8c3a9dc274bee55aa0e887a44677a6c6212b2089d94"


def test_an_archive_is_reviewed_and_then_public(post: Posted, bilibili: SimulatedBilibili) -> None:
    published = post.live()
    assert not published.settled
    assert published.url == f"{post.context.sandbox}/bilibili/watch/{published.platform_id}"
    assert moments(bilibili) == ["init", "chunk", "chunk", "chunk", "chunk", "complete", "cover", "publish"]
    with pytest.raises(Wait) as waited:
        post.look_up()
    assert (waited.value.retry_after or 0) >= 60
    bilibili.clock.advance(1)
    (public,) = bilibili.public
    assert public.sha256 == post.delivery.rendition.sha256
    found = post.look_up()
    assert found is not None
    assert (found.platform_id, found.url, found.settled) == (published.platform_id, public.url, True)
    shown = post.read_back(found)
    assert (shown.public, shown.labelled, shown.detail["url"]) == (True, None, public.url)


def test_the_words_say_that_it_is_made_by_ai(
    context: TargetContext, bilibili: SimulatedBilibili, tmp_path: Path
) -> None:
    made = target(tid=122, tags=["AI生成", "国风"], copyright=2, source="山野茶事", no_reprint=False)
    Posted(made, context, delivery_of(tmp_path, size=1000)).live()
    bilibili.clock.advance(1)
    said = bilibili.public[0].detail
    assert said["title"] == "小雪"
    assert said["desc"] == "小雪 – 花雪随风不厌看\n\n内容由AI生成"
    assert said["tag"] == "AI生成,国风,小雪,节气"
    assert (said["tid"], said["copyright"], said["source"], said["no_reprint"]) == (122, 2, "山野茶事", 0)


def test_words_fit(context: TargetContext, bilibili: SimulatedBilibili, tmp_path: Path) -> None:
    long = PostText("雪" * 200, "雪落无声" * 200, tuple(f"一个长话题的名字第{number}号" for number in range(40)))
    Posted(target(), context, delivery_of(tmp_path, size=1000, text=long)).live()
    bilibili.clock.advance(1)
    said = bilibili.public[0].detail
    assert 70 < len(said["title"]) <= 79
    assert 240 < len(said["desc"]) <= 249
    assert said["desc"].endswith("内容由AI生成")
    assert 180 < len(said["tag"]) <= 199
    assert "source" not in said


def test_a_source_belongs_to_what_is_taken_over() -> None:
    for wrong in ({"copyright": 2}, {"source": "somewhere"}):
        with pytest.raises(ValidationError, match="belong together"):
            target(**wrong)


def test_nothing_is_public_before_it_is_posted(post: Posted, bilibili: SimulatedBilibili) -> None:
    assert post.look_up() is None
    post.upload()
    before = len(bilibili.calls)
    post.upload()
    bilibili.clock.advance(1)
    assert (bilibili.published, post.look_up(), len(bilibili.calls)) == ([], None, before)


def test_parts_have_eight_megabytes(context: TargetContext, bilibili: SimulatedBilibili, tmp_path: Path) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=16 * MIB + 1))
    post.live()
    assert moments(bilibili).count("chunk") == 3
    bilibili.clock.advance(1)
    assert bilibili.public[0].sha256 == post.delivery.rendition.sha256


@pytest.mark.parametrize("commits", range(1, 8))
def test_an_upload_goes_on_wherever_its_process_died(post: Posted, bilibili: SimulatedBilibili, commits: int) -> None:
    post.dies_after = commits
    with pytest.raises(Died):
        post.upload()
    post.upload()
    post.finalize()
    bilibili.clock.advance(1)
    assert [public.sha256 for public in bilibili.published] == [post.delivery.rendition.sha256]
    assert moments(bilibili).count("chunk") == 4
    assert (
        moments(bilibili).count("init") == moments(bilibili).count("complete") == moments(bilibili).count("cover") == 1
    )


@pytest.mark.parametrize("requests", range(1, 8))
def test_an_upload_goes_on_after_an_answer_that_never_came(
    post: Posted, bilibili: SimulatedBilibili, requests: int
) -> None:
    bilibili.trouble("*", handled=True, drop=True, after=requests - 1)
    with pytest.raises(Retry):
        post.upload()
    post.upload()
    post.finalize()
    bilibili.clock.advance(1)
    assert [public.sha256 for public in bilibili.published] == [post.delivery.rendition.sha256]


def test_an_upload_that_can_be_completed_once_alone_begins_again(post: Posted, bilibili: SimulatedBilibili) -> None:
    bilibili.single_completion = True
    bilibili.trouble("complete", handled=True, drop=True)
    with pytest.raises(Retry):
        post.upload()
    with pytest.raises(Restart):
        post.upload()


def test_a_part_whose_line_broke_is_sent_again(post: Posted, bilibili: SimulatedBilibili) -> None:
    bilibili.trouble("chunk", cut=100, after=2)
    with pytest.raises(Retry):
        post.upload()
    post.upload()
    post.finalize()
    bilibili.clock.advance(1)
    assert bilibili.public[0].sha256 == post.delivery.rendition.sha256


def test_an_upload_that_was_left_for_too_long_begins_again(post: Posted, bilibili: SimulatedBilibili) -> None:
    post.dies_after = 3
    with pytest.raises(Died):
        post.upload()
    bilibili.clock.advance(2 * 86_400)
    with pytest.raises(Restart):
        post.upload()
    post.handle().forget()
    post.upload()
    post.finalize()
    assert moments(bilibili).count("init") == 2


def test_an_upload_that_is_refused_at_once_is_no_reason_to_begin_again(
    post: Posted, bilibili: SimulatedBilibili
) -> None:
    bilibili.whole_most = 10
    with pytest.raises(Refused, match="-400"):
        post.upload()


@pytest.mark.parametrize("how", [{"drop": True}, {"status": 502}, {"status": 200, "body": {"code": -500}}])
def test_a_post_without_an_answer_is_looked_up_and_there(
    post: Posted, bilibili: SimulatedBilibili, how: dict[str, Any]
) -> None:
    post.upload()
    bilibili.trouble("publish", handled=True, **how)
    with pytest.raises(Ambiguous):
        post.finalize()
    bilibili.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert [public.id for public in bilibili.published] == [found.platform_id]


def test_a_process_that_died_before_the_call_is_looked_up_and_not_there(
    post: Posted, bilibili: SimulatedBilibili
) -> None:
    post.upload()
    post.dies_after = len(post.commits) + 1
    with pytest.raises(Died):
        post.finalize()
    assert post.look_up() is None
    post.finalize()
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 1


def test_an_answer_that_names_no_archive_is_looked_up(post: Posted, bilibili: SimulatedBilibili) -> None:
    post.upload()
    bilibili.trouble("publish", handled=True, status=200, body={"code": 0, "data": {}})
    with pytest.raises(Ambiguous):
        post.finalize()
    bilibili.clock.advance(1)
    assert post.look_up() is not None


def test_another_archive_with_the_same_title_is_not_taken_for_this_one(
    post: Posted, context: TargetContext, bilibili: SimulatedBilibili
) -> None:
    post.upload()
    bilibili.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    Posted(target(), context, post.delivery).live()  # another cell of the matrix, meanwhile
    bilibili.clock.advance(1)
    assert post.look_up() is None
    published = post.finalize()
    bilibili.clock.advance(1)
    found = post.look_up()
    assert found is not None
    assert found.platform_id == published.platform_id


def test_an_archive_is_found_behind_a_page_of_later_ones(
    post: Posted, context: TargetContext, bilibili: SimulatedBilibili
) -> None:
    published = post.live()
    later = Posted(target(), context, post.delivery)
    later.upload()
    for _ in range(21):
        later.finalize()
    bilibili.clock.advance(1)
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


def test_a_refusal_of_the_review_is_for_good(post: Posted, bilibili: SimulatedBilibili) -> None:
    bilibili.reject_processing = "not fit"
    published = post.live()
    bilibili.clock.advance(1)
    with pytest.raises(Refused, match="not fit"):
        post.look_up()
    assert post.read_back(published).public is False
    assert bilibili.published == []


def test_the_sixth_post_of_a_day_waits_for_midnight(
    post: Posted, context: TargetContext, bilibili: SimulatedBilibili
) -> None:
    bilibili.formal, bilibili.daily_cap = False, bilibili.limit(1, 86_400)
    Posted(target(), context, post.delivery).live()
    post.upload()
    with pytest.raises(Defer) as deferred:
        post.finalize()
    assert deferred.value.until.hour == 16  # midnight in Shanghai


def test_taking_down_twice_is_taking_down_once(
    post: Posted, context: TargetContext, bilibili: SimulatedBilibili
) -> None:
    published = post.live()
    bilibili.clock.advance(1)
    assert len(bilibili.public) == 1
    post.target.unpublish(context, published)
    post.target.unpublish(context, published)
    assert bilibili.public == []
    assert post.read_back(published).public is False


def test_numbers_are_told(post: Posted, context: TargetContext, bilibili: SimulatedBilibili) -> None:
    published = post.live()
    bilibili.clock.advance(86_400)
    told = post.target.metrics(context, published)
    assert (told.views or 0) > 0
    assert None not in {told.likes, told.comments, told.shares}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size_bytes": 5_000_000_000}, "4 GB"),
        ({"frames": 24 * 18_000}, "5 hours"),
        ({"height": 5000}, "4096"),
        ({"fps": 144}, "120"),
    ],
)
def test_what_it_does_not_take_is_refused_before_a_byte(
    context: TargetContext, bilibili: SimulatedBilibili, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    post = Posted(target(), context, delivery_of(tmp_path, size=1000, **change))
    with pytest.raises(Refused, match=said):
        post.target.prepare(post.delivery, context)
    assert bilibili.calls == []


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


def test_an_old_upload_that_is_not_taken_any_more_begins_again(post: Posted, bilibili: SimulatedBilibili) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    bilibili.trouble("publish", status=200, body={"code": -400})
    with pytest.raises(Restart):
        post.finalize()
    post.handle().forget()
    post.upload()
    post.finalize()
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 1


def test_an_old_upload_that_may_have_been_used_up_does_not(post: Posted, bilibili: SimulatedBilibili) -> None:
    post.upload()
    post.handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
    bilibili.single_use = True
    bilibili.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        post.finalize()
    with pytest.raises(Refused):
        post.finalize()
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 1


def test_what_certainly_did_not_happen_is_not_looked_for(post: Posted, bilibili: SimulatedBilibili) -> None:
    post.upload()
    bilibili.trouble("publish", status=503)
    bilibili.trouble("publish", status=429)
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
def strict(bilibili: SimulatedBilibili, box: Sandbox, tmp_path: Path) -> Iterator[Posted]:
    """A platform that knows its tokens, and a login that it knows."""
    bilibili.strict = True
    known = {"client_id": bilibili.client_id, "client_secret": bilibili.client_secret}
    login = tmp_path / "login.json"
    login.write_text(json.dumps({**known, "refresh_token": "sandbox-refresh-token", "access_token": "sandbox-token"}))
    context = TargetContext(folder=tmp_path)
    yield Posted(
        target(url=f"{box.url}/bilibili", login={"file": str(login)}), context, delivery_of(tmp_path, size=1000)
    )
    context.close()


@pytest.mark.parametrize("a_moment", [False, True])
def test_a_login_that_ended_is_renewed_and_the_call_made_again(
    strict: Posted, bilibili: SimulatedBilibili, tmp_path: Path, a_moment: bool
) -> None:
    bilibili.expires_at = a_moment
    bilibili.expire_tokens()
    strict.live()
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 1
    kept = json.loads((tmp_path / "login.json").read_text())
    assert kept["access_token"] in bilibili.tokens
    assert kept["refresh_token"] in bilibili.refresh_tokens - {"sandbox-refresh-token"}
    lives = dt.datetime.fromisoformat(kept["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=29) < lives <= dt.timedelta(days=30)
    assert moments(bilibili).count("token") == 1


def test_a_login_that_ends_between_upload_and_post_posts_once(strict: Posted, bilibili: SimulatedBilibili) -> None:
    strict.upload()
    bilibili.expire_tokens()
    strict.finalize()
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 1


def test_a_refresh_token_that_ended_is_a_matter_for_a_person(strict: Posted, bilibili: SimulatedBilibili) -> None:
    bilibili.expire_tokens()
    bilibili.spent.add("sandbox-refresh-token")
    with pytest.raises(Reauthorise) as caught:
        strict.upload()
    assert "sandbox-" not in str(caught.value)
    assert caught.value.instruction


def test_an_app_that_is_not_known_is_a_matter_for_a_person(
    bilibili: SimulatedBilibili, box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILIBILI_TOKEN", "a-token")
    monkeypatch.setenv("BILIBILI_SECRET", bilibili.client_secret)
    context, named = TargetContext(folder=tmp_path), {"url": f"{box.url}/bilibili", "token": {"env": "BILIBILI_TOKEN"}}
    with pytest.raises(Reauthorise, match="no app"):
        Posted(target(**named), context, delivery_of(tmp_path, size=1000)).live()
    whole = {**named, "client_id": bilibili.client_id, "client_secret": {"env": "BILIBILI_SECRET"}}
    assert Posted(target(**whole), context, delivery_of(tmp_path, size=1000)).live().platform_id
    context.close()


def test_an_older_signature_can_be_asked_for(
    strict: Posted, bilibili: SimulatedBilibili, tmp_path: Path, box: Sandbox
) -> None:
    bilibili.signature_versions = {"1.0"}
    with pytest.raises(Refused, match="signature-version"):
        strict.upload()
    older = {"url": f"{box.url}/bilibili", "login": {"file": str(tmp_path / "login.json")}, "signature_version": "1.0"}
    assert Posted(target(**older), strict.context, strict.delivery).live().platform_id


def test_nothing_is_posted_with_the_login_of_another_account(strict: Posted, box: Sandbox, tmp_path: Path) -> None:
    named = {"url": f"{box.url}/bilibili", "login": {"file": str(tmp_path / "login.json")}}
    for account in ("沙盒", "sandbox-account"):
        target(**named, account=account).prepare(strict.delivery, strict.context)
    with pytest.raises(Reauthorise, match="山野茶事"):
        target(**named, account="山野茶事").prepare(strict.delivery, strict.context)
