"""LinkedIn as a target, against a simulated LinkedIn."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.linkedin.little_text import plain
from sandbox.platforms.linkedin import LinkedIn as Simulated
from tasks.publishing.base import Metrics, ReadBack, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Defer, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.linkedin.little_text import little_text
from tasks.publishing.targets.linkedin.target import LinkedIn
from tests.posting import DISCLOSURE, Memory, count, delivery_of, make_target, post, prepared

KIND = "linkedin"

MEMBER, ORGANISATION = "urn:li:person:abc", "urn:li:organization:42"
HEADERS = {
    "Authorization": "Bearer sandbox-token",
    "LinkedIn-Version": "202606",
    "X-Restli-Protocol-Version": "2.0.0",
}


@pytest.fixture
def platform(platform: Simulated) -> Simulated:
    platform.organization = True
    platform.part_bytes = 64_000
    return platform


@pytest.fixture
def member() -> LinkedIn:
    made: LinkedIn = make_target("linkedin", author=MEMBER)
    return made


@pytest.fixture
def organisation() -> LinkedIn:
    made: LinkedIn = make_target("linkedin", author=ORGANISATION)
    return made


def test_a_video_is_posted_once_with_its_words_and_the_ai_line(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(member, delivery, context, platform, memory)
    (public,) = platform.published
    assert published.platform_id == public.id
    assert published.url == public.url
    assert published.settled
    assert public.account == MEMBER
    assert public.sha256 == delivery.rendition.sha256
    assert public.text == f"小雪 – 花雪随风不厌看\n\n{DISCLOSURE}\n#小雪 #节气"
    assert public.detail["title"] == "小雪"
    assert count(platform, "chunk") == 4
    assert [len(known.get("etags", [])) for known in memory.commits[:5]] == [0, 1, 2, 3, 4]


def test_the_ranges_are_put_together_once_if_the_answer_is_lost(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    platform.trouble("finalize", handled=True, drop=True)
    with pytest.raises(Retry):
        member.upload(delivery, context, memory.handle())
    post(member, delivery, context, platform, memory)
    assert count(platform, "finalize") == 1
    assert len(platform.published) == 1


def test_addresses_that_expired_by_our_clock_are_a_restart(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    platform.session_seconds = -1
    with pytest.raises(Restart):
        member.upload(delivery, context, memory.handle())
    platform.session_seconds = 86400
    memory.handle().forget()
    post(member, delivery, context, platform, memory)
    assert len(platform.published) == 1


def test_a_video_that_is_gone_is_a_restart(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(member, delivery, context, memory, platform)
    handle.remember(video="urn:li:video:gone")
    with pytest.raises(Restart):
        member.check(delivery, context, handle)


def test_only_an_organisation_can_be_looked_up() -> None:
    assert LinkedIn.safety is Safety.NONE
    assert make_target("linkedin", author=MEMBER).safety is Safety.NONE
    assert make_target("linkedin", author=ORGANISATION).safety is Safety.LOOK_UP


def test_a_member_is_told_nothing(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    platform.organization = False
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(member, delivery, context, platform, memory)
    before = len(platform.calls)
    assert member.look_up(delivery, context, memory.handle()) is None
    assert member.read_back(delivery, context, published) == ReadBack()
    assert member.metrics(context, published) == Metrics()
    assert len(platform.calls) == before


def test_a_post_is_found_behind_those_that_came_after_it(
    platform: Simulated, context: TargetContext, organisation: LinkedIn, tmp_path: Path
) -> None:
    platform.daily_cap = platform.limit(1000, 86400)
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(organisation, delivery, context, platform, memory)
    body = {"author": ORGANISATION, "commentary": "words", "visibility": "PUBLIC", "lifecycleState": "PUBLISHED"}
    body |= {"distribution": {"feedDistribution": "MAIN_FEED"}}  # type: ignore[dict-item]
    with httpx.Client(headers=HEADERS) as client:
        for _ in range(120):
            assert client.post(f"{platform.base}/rest/posts", json=body).status_code == 201
    found = organisation.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == published.platform_id
    assert count(platform, "look_up") == 2


def test_a_question_that_is_refused_says_nothing_of_the_post(
    platform: Simulated, context: TargetContext, organisation: LinkedIn, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    post(organisation, delivery, context, platform, memory)
    platform.organization = False
    with pytest.raises(Reauthorise):
        organisation.look_up(delivery, context, memory.handle())
    platform.trouble("look_up", status=400, body={"message": "no"})
    with pytest.raises(Retry):
        organisation.look_up(delivery, context, memory.handle())
    platform.trouble("look_up", status=200, body="<html>maintenance</html>")
    with pytest.raises(Retry):
        organisation.look_up(delivery, context, memory.handle())


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, {"code": "EXPIRED_ACCESS_TOKEN", "serviceErrorCode": 65602}, Reauthorise),
        (403, {"code": "ACCESS_DENIED", "serviceErrorCode": 100}, Reauthorise),
        (422, {"code": "DUPLICATE_POST", "message": "Content is a duplicate of urn:li:share:1"}, Refused),
        (422, {"message": "ERROR :: /commentary :: is too long"}, Refused),
        (426, {"code": "NONEXISTENT_VERSION"}, Refused),
        (429, {"message": "Resource level throttle DAY limit for calls to this resource is reached."}, Defer),
        (429, {"message": "Too many requests"}, Retry),
        (400, {"code": "MEDIA_ASSET_PROCESSING"}, Wait),
    ],
)
def test_linkedins_words_mean_outcomes(
    platform: Simulated,
    context: TargetContext,
    member: LinkedIn,
    tmp_path: Path,
    status: int,
    body: dict[str, object],
    outcome: type[Exception],
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(member, delivery, context, memory, platform)
    platform.trouble("publish", status=status, body=body)
    with pytest.raises(outcome) as caught:
        member.finalize(delivery, context, handle)
    assert "LinkedIn" in str(caught.value)
    assert "sandbox-token" not in str(caught.value)
    assert not platform.published
    if isinstance(caught.value, Defer):
        assert dt.timedelta(0) < caught.value.until - dt.datetime.now(dt.UTC) <= dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("instructions", "outcome"),
    [
        ([{"uploadUrl": "https://elsewhere.example/x", "firstByte": 0, "lastByte": 199_999}], Refused),
        ([{"uploadUrl": "http://www.linkedin.com/x", "firstByte": 0, "lastByte": 199_999}], Refused),
        ([{"uploadUrl": "https://www.linkedin.com/x", "firstByte": 0, "lastByte": 9}], Retry),
        ([{"uploadUrl": "https://www.linkedin.com/x"}], Retry),
        ([], Retry),
    ],
)
def test_bytes_go_nowhere_but_to_linkedin_and_all_of_them_do(
    platform: Simulated,
    context: TargetContext,
    member: LinkedIn,
    tmp_path: Path,
    instructions: list[object],
    outcome: type[Exception],
) -> None:
    value = {"video": "urn:li:video:1", "uploadInstructions": instructions, "uploadToken": ""}
    platform.trouble("init", status=200, body={"value": value})
    with pytest.raises(outcome):
        member.upload(delivery_of(tmp_path), context, Memory().handle())


def test_long_words_are_cut_and_the_ai_line_stays(
    platform: Simulated, context: TargetContext, member: LinkedIn, tmp_path: Path
) -> None:
    caption = "a_b (c) [d] {e} #tea <f> @g *h* " * 200
    delivery = delivery_of(tmp_path, title="Tee " * 80, caption=caption, hashtags=("tea", "t_e"))
    post(member, delivery, context, platform)
    (public,) = platform.published
    assert len(public.detail["title"]) <= 200
    assert public.text.endswith(f"…\n\n{DISCLOSURE}\n#t_e")
    assert "a_b (c) [d] {e} #tea <f> @g *h*" in public.text


@given(st.text(), st.sets(st.from_regex(r"\w{1,8}", fullmatch=True)))
def test_readers_see_the_text_as_it_was_written(text: str, hashtags: set[str]) -> None:
    assert plain(little_text(text, hashtags)) == text


def test_an_organisations_post_is_read_and_counted(
    platform: Simulated, context: TargetContext, organisation: LinkedIn, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(organisation, delivery, context, platform)
    seen = organisation.read_back(delivery, context, published)
    assert seen.public is True
    assert seen.labelled is None
    platform.clock.advance(6000)
    told = organisation.metrics(context, published)
    assert told.likes is not None
    assert 0 < told.likes < told.detail["impressions"]
