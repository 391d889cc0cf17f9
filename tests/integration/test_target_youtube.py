"""YouTube as a target, against the simulated platform: what the public sees, and after each thing that goes wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from reelmill.content import Json
from reelmill.errors import ReelmillError
from sandbox.platforms.youtube import YouTube as Platform
from sandbox.youtube.errors import REASONS, error
from tasks.publishing.base import Delivery, Published
from tasks.publishing.client import Reply, by_status
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Restart, Resync, Retry, Wait
from tasks.publishing.targets.youtube.session import GRAIN
from tasks.publishing.targets.youtube.target import YouTube
from tests.logins import kept, logged_in
from tests.posting import Died, Elsewhen, Memory, Posted, delivery_of, moments, sent

KIND = "youtube"

#: Three chunks and a remainder.
CONTENT = bytes(range(256)) * (3 * GRAIN // 256) + b"the end"
DAY = 24 * 3600.0


def target(**options: Json) -> YouTube:
    return YouTube.model_validate({"type": "youtube", "chunk_size": GRAIN, **options})


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, CONTENT)


# When nothing goes wrong.


def test_a_video_is_private_until_finalize_and_then_public_with_its_words_and_the_ai_flag(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    youtube = target()
    youtube.prepare(delivery, context)
    youtube.upload(delivery, context, handle)
    youtube.check(delivery, context, handle)
    assert not platform.published
    assert youtube.look_up(delivery, context, handle) is None
    published = youtube.finalize(delivery, context, handle)
    [post] = platform.published
    assert (post.id, post.sha256, post.ai) == (published.platform_id, sha256(CONTENT).hexdigest(), True)
    assert post.text == "小雪\n\n小雪 – 花雪随风不厌看\n\n#小雪 #节气"
    assert published.settled
    assert published.url == post.url
    assert youtube.look_up(delivery, context, handle) == published
    told = youtube.read_back(delivery, context, published)
    assert (told.public, told.labelled) == (True, True)
    assert told.detail["url"] == post.url


def test_a_file_goes_in_chunks_and_a_small_one_in_one_request(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    target().upload(delivery, context, Memory().handle())
    assert moments(platform) == ["init", "chunk", "chunk", "chunk", "chunk"]
    platform.calls.clear()
    YouTube.model_validate({"type": "youtube"}).upload(delivery, context, Memory().handle())
    assert moments(platform) == ["init", "chunk"]


def test_everything_that_the_options_say_is_told(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    options = {"category": "27", "language": "zh-Hans", "made_for_kids": True, "embeddable": False}
    sent(target(**options, license="creativeCommon"), delivery, context, Memory().handle())
    told = platform.published[0].detail
    assert (told["categoryId"], told["defaultLanguage"], told["tags"]) == ("27", "zh-Hans", ["小雪", "节气"])
    assert (told["selfDeclaredMadeForKids"], told["embeddable"], told["license"]) == (True, False, "creativeCommon")


def test_a_login_that_may_not_ask_for_the_time_is_told_the_other_numbers(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    youtube = target()
    published = sent(youtube, delivery, context, Memory().handle())
    platform.clock.advance(86_400)
    told = youtube.metrics(context, published)
    assert told.watch_seconds is not None
    assert 2 <= told.watch_seconds / (told.views or 1) <= 5
    platform.scopes.discard("yt-analytics.readonly")
    without = youtube.metrics(context, published)
    assert (without.views, without.watch_seconds) == (told.views, None)


@pytest.mark.parametrize("privacy", ["unlisted", "private"])
def test_what_is_not_for_all_is_not_called_public(
    platform: Platform, context: Elsewhen, delivery: Delivery, privacy: str
) -> None:
    youtube = target(privacy=privacy)
    handle = Memory().handle()
    published = sent(youtube, delivery, context, handle)
    assert published.detail["privacy"] == privacy
    assert youtube.read_back(delivery, context, published).public is False
    assert youtube.look_up(delivery, context, handle) == published


def test_youtube_publishes_at_the_time_that_it_is_told(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    tomorrow = replace(delivery, public_at=context.now() + dt.timedelta(days=1))
    youtube = target()
    handle = Memory().handle()
    published = sent(youtube, tomorrow, context, handle)
    assert not published.settled
    assert not platform.published
    found = youtube.look_up(tomorrow, context, handle)
    assert found == published
    assert youtube.read_back(tomorrow, context, published).public is None
    platform.clock.advance(DAY + 1)
    assert len(platform.published) == 1
    found = youtube.look_up(tomorrow, context, handle)
    assert found is not None
    assert found.settled


def test_a_time_that_is_over_means_now(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    late = replace(delivery, public_at=context.now() - dt.timedelta(hours=1))
    assert sent(target(), late, context, Memory().handle()).settled
    assert len(platform.published) == 1


# The upload is continued.


def test_the_session_is_remembered_before_the_first_byte(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    seen: list[list[str]] = []
    target().upload(delivery, context, Handle({}, lambda _: seen.append(moments(platform))))
    assert seen[0] == ["init"]


def test_a_line_that_breaks_costs_what_was_not_stored(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    platform.trouble("chunk", cut=100_000, after=1)
    with pytest.raises(Retry):
        target().upload(delivery, context, handle)
    platform.calls.clear()
    sent(target(), delivery, context, handle)
    assert moments(platform)[:4] == ["probe", "chunk", "chunk", "status"]
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_a_service_that_breaks_within_a_chunk_is_asked_what_it_has(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    platform.breaks_after = 70_000
    with pytest.raises(Retry):
        target().upload(delivery, context, handle)
    sent(target(), delivery, context, handle)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_youtube_that_kept_less_than_it_got_is_given_the_rest(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    platform.trouble("chunk", status=308, headers={"Range": "bytes=0-9"})
    with pytest.raises(Resync):
        target().upload(delivery, context, handle)
    sent(target(), delivery, context, handle)
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_a_session_that_is_over_in_the_middle_of_an_upload_is_met_the_same_way(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.trouble("chunk", status=410, after=2)
    with pytest.raises(Restart):
        target().upload(delivery, context, Memory().handle())


def test_a_video_outlives_its_session(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    handle = Memory().handle()
    platform.trouble("chunk", handled=True, drop=True, after=3)
    with pytest.raises(Retry):
        target().upload(delivery, context, handle)
    platform.clock.advance(DAY)
    made = platform.inserts.used
    sent(target(), delivery, context, handle)
    assert platform.inserts.used == made
    assert len(platform.published) == 1


# Processing.


def test_publishing_waits_until_the_video_is_processed(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.processing = 40.0
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    with pytest.raises(Wait) as caught:
        target().check(delivery, context, handle)
    assert 30 < cast("float", caught.value.retry_after) <= 40
    platform.clock.advance(41)
    target().check(delivery, context, handle)


@pytest.mark.parametrize("reason", ["conversion", "codec", "duplicate", "copyright", "termsOfUse"])
def test_a_video_that_youtube_does_not_want_is_refused_with_its_reason(
    platform: Platform, context: Elsewhen, delivery: Delivery, reason: str
) -> None:
    platform.reject_processing = reason
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    with pytest.raises(Refused, match=reason) as caught:
        target().check(delivery, context, handle)
    assert caught.value.instruction


def test_an_upload_that_was_broken_off_is_made_again(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.reject_processing = "uploadAborted"
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    with pytest.raises(Restart):
        target().check(delivery, context, handle)


def test_a_video_that_is_not_there_may_be_new_or_gone(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    httpx.delete(f"{platform.base}/youtube/v3/videos?id={handle['video']}", headers={"Authorization": "Bearer it"})
    with pytest.raises(Wait):
        target().check(delivery, context, handle)
    context.ahead = dt.timedelta(minutes=11)
    with pytest.raises(Restart):
        target().check(delivery, context, handle)


# The call that publishes.


@pytest.mark.parametrize("status", [429, 403])
def test_a_definite_refusal_is_not_ambiguous(
    platform: Platform, context: Elsewhen, delivery: Delivery, status: int
) -> None:
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    platform.trouble("publish", status=status, body=error("rateLimitExceeded"), headers={"Retry-After": "7"})
    with pytest.raises(Retry) as caught:
        target().finalize(delivery, context, handle)
    assert caught.value.retry_after == 7.0


def test_an_answer_that_says_nothing_is_taken(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    handle = Memory().handle()
    target().upload(delivery, context, handle)
    platform.trouble("publish", handled=True, status=200, body="no JSON")
    published = target().finalize(delivery, context, handle)
    assert published.platform_id == platform.published[0].id
    assert published.settled


def test_an_answer_that_says_nothing_of_a_later_time_does_not_pass_for_public(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    tomorrow = replace(delivery, public_at=context.now() + dt.timedelta(days=1))
    handle = Memory().handle()
    target().upload(tomorrow, context, handle)
    platform.trouble("publish", handled=True, status=200, body="no JSON")
    assert not target().finalize(tomorrow, context, handle).settled


def test_a_post_is_found_when_nothing_of_it_is_known(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    one = delivery_of(tmp_path, CONTENT)
    deliveries = [replace(one, post_id=UUID(int=number)) for number in range(60)]  # more than a page, with one text
    youtube = YouTube.model_validate({"type": "youtube"})
    ids = [sent(youtube, delivery, context, Memory().handle()).platform_id for delivery in deliveries]
    found = youtube.look_up(deliveries[3], context, Memory().handle())
    assert found is not None
    assert found.platform_id == ids[3]
    never = replace(one, post_id=UUID(int=999))
    assert youtube.look_up(never, context, Memory().handle()) is None


def test_an_upload_is_looked_up_by_its_session(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    memory = Memory(dies_after=2)
    with pytest.raises(Died):
        target().upload(delivery, context, memory.handle())
    session = Memory(commits=memory.commits[:1])
    assert target().look_up(delivery, context, session.handle()) is None
    sent(target(), delivery, context, memory.handle())
    assert cast("Any", target().look_up(delivery, context, session.handle())).platform_id == platform.published[0].id
    unfinished = Memory()
    platform.trouble("chunk", status=503, after=1)
    with pytest.raises(Retry):
        target().upload(delivery, context, unfinished.handle())
    assert target().look_up(delivery, context, unfinished.handle()) is None


def test_an_upload_whose_name_is_not_told_yet_is_not_given_up(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    target().upload(delivery, context, Memory().handle())
    told = {"items": [{"id": "x", "snippet": {"title": "小雪"}, "status": {"uploadStatus": "uploaded"}}]}
    platform.trouble("status", status=200, body=told)
    with pytest.raises(Retry):
        target().look_up(delivery, context, Memory().handle())


def test_a_channel_without_a_video_has_no_list(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.trouble("uploads", status=404, body=error("playlistNotFound"))
    assert target().look_up(delivery, context, Memory().handle()) is None


def test_a_video_that_somebody_removed_is_not_sent_again(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    published = sent(target(), delivery, context, handle)
    target().unpublish(context, published)
    target().unpublish(context, published)
    assert not platform.public
    with pytest.raises(Refused):
        target().look_up(delivery, context, handle)
    assert target().read_back(delivery, context, published).public is False


def test_a_video_that_youtube_calls_deleted_is_not_found_live(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    handle = Memory().handle()
    sent(target(), delivery, context, handle)
    told = {"items": [{"id": handle["video"], "status": {"uploadStatus": "deleted", "privacyStatus": "public"}}]}
    platform.trouble("status", status=200, body=told, times=2)
    with pytest.raises(Refused):
        target().look_up(delivery, context, handle)
    with pytest.raises(Restart):
        target().check(delivery, context, handle)


def test_a_project_that_is_not_audited_is_found_out(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.forced_private = True
    published = sent(target(), delivery, context, Memory().handle())
    assert published.detail["privacy"] == "private"
    told = target().read_back(delivery, context, published)
    assert told.public is False
    assert "audited" in told.detail["why"]


# What YouTube's words mean.


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("quotaExceeded", Defer),
        ("uploadLimitExceeded", Defer),
        ("rateLimitExceeded", Retry),
        ("userRateLimitExceeded", Retry),
        ("uploadRateLimitExceeded", Retry),
        ("backendError", Retry),
        ("internalError", Retry),
        ("authError", Reauthorise),
        ("authorizationRequired", Reauthorise),
        ("youtubeSignupRequired", Reauthorise),
        ("insufficientPermissions", Reauthorise),
        ("invalidTitle", Refused),
        ("invalidDescription", Refused),
        ("forbiddenPrivacySetting", Refused),
        ("mediaBodyRequired", Refused),
    ],
)
def test_each_reason_has_its_outcome(reason: str, outcome: type[Exception]) -> None:
    body = json.dumps(error(reason)).encode()
    reply = Reply("publishing at YouTube", REASONS[reason][0], httpx.Headers(), body)
    with pytest.raises(outcome, match="publishing at YouTube") as caught:
        _judged(reply)
    assert cast("Any", caught.value).instruction


def _judged(reply: Reply) -> None:
    target().judge(reply)
    by_status(reply)


def test_a_full_day_ends_at_midnight_where_youtube_counts(
    platform: Platform, context: Elsewhen, delivery: Delivery
) -> None:
    platform.inserts.take(100)
    with pytest.raises(Defer) as caught:
        target().upload(delivery, context, Memory().handle())
    assert dt.timedelta(0) < caught.value.until - context.now() <= dt.timedelta(hours=25)


# The login.


def test_a_login_is_renewed_when_its_token_is_refused_even_within_an_upload(
    post: Posted, platform: Platform, outside: TargetContext, delivery: Delivery
) -> None:
    one = logged_in(post, outside, chunk_size=GRAIN).another(delivery=delivery)
    platform.trouble("chunk", status=401, body=error("authError"), after=1)
    one.live()
    assert moments(platform).count("token") == 1
    assert kept(outside)["access_token"] in platform.tokens
    assert platform.published[0].sha256 == sha256(CONTENT).hexdigest()


def test_a_login_without_a_channel_needs_a_person(platform: Platform, context: Elsewhen) -> None:
    assert target().identify(context).id == platform.channel.id
    platform.signed_up = False
    with pytest.raises(Reauthorise):
        target().identify(context)


# What is checked, and what is told.


def test_words_fit(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    tags = tuple(f"tag number {number}" for number in range(70))
    words = {"title": "<b>" + "标题" * 80, "caption": "节气 <" * 1500, "hashtags": tags}
    sent(target(), delivery_of(tmp_path, CONTENT, **words), context, Memory().handle())
    told = platform.published[0].detail
    assert len(told["title"]) <= 100
    assert told["title"].startswith("‹b›标题")
    assert 4500 < len(told["description"].encode()) <= 5000
    assert 20 < len(told["tags"]) < 60
    assert 0 < told["description"].count("#") <= 60


def test_a_post_without_a_title_has_its_name(platform: Platform, context: Elsewhen, tmp_path: Path) -> None:
    sent(target(), delivery_of(tmp_path, CONTENT, title=""), context, Memory().handle())
    assert platform.published[0].detail["title"] == "01-xiaoxue"


def test_errors_tell_neither_address_nor_token(platform: Platform, context: Elsewhen, delivery: Delivery) -> None:
    platform.trouble("chunk", status=400, body=error("badRequest"))
    with pytest.raises(Refused) as caught:
        target().upload(delivery, context, Memory().handle())
    assert "upload_id" not in str(caught.value)
    assert "sandbox-token" not in str(caught.value)


@pytest.mark.parametrize("moment", ["init", "chunk", "probe", "status", "publish", "channel", "uploads", "delete"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", [], {"id": None}, {"items": None}, {"items": {}}, {"items": ["x"]}, {"items": [{"id": 1}]},
        {"items": [{"id": 1, "status": None, "processingDetails": 5, "statistics": {"viewCount": "many"}}]},
        {"items": [{"contentDetails": {"relatedPlaylists": None}, "snippet": 7}]}, {"items": [None], "status": "x"},
    ],
)  # fmt: skip
def test_an_answer_that_is_not_documented_is_an_outcome(
    platform: Platform, context: Elsewhen, delivery: Delivery, moment: str, body: Any
) -> None:
    platform.trouble(moment, status=200, body=body, times=100)
    youtube = target(account=platform.channel.id)
    known = Memory(commits=[{"video": "x", "uploaded_at": context.now().isoformat()}])
    published = Published("", "x")
    begun = Memory()
    platform.trouble("chunk", status=503, after=1)
    _outcome(lambda: target().upload(delivery, context, begun.handle()))
    _outcome(lambda: youtube.upload(delivery, context, Memory().handle()))
    _outcome(lambda: youtube.look_up(delivery, context, Memory().handle()))
    _outcome(lambda: youtube.look_up(delivery, context, begun.handle()))
    _outcome(lambda: youtube.upload(delivery, context, begun.handle()))
    _outcome(lambda: youtube.look_up(delivery, context, known.handle()))
    _outcome(lambda: youtube.prepare(delivery, context))
    _outcome(lambda: youtube.check(delivery, context, known.handle()))
    _outcome(lambda: youtube.finalize(delivery, context, known.handle()))
    _outcome(lambda: youtube.read_back(delivery, context, published))
    _outcome(lambda: youtube.metrics(context, published))
    _outcome(lambda: youtube.unpublish(context, published))


def _outcome(call: Callable[[], object]) -> None:
    """It returns, or raises something of ours."""
    with suppress(ReelmillError):
        call()
