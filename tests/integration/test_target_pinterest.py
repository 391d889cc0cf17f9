"""Pinterest as a target, against a simulated Pinterest."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import httpx
import pytest

from sandbox.platforms.pinterest import Pinterest as Simulated
from tasks.publishing.base import Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused, Restart, Retry
from tasks.publishing.targets.pinterest import PAGE, Pinterest
from tests.posting import DISCLOSURE, Memory, count, delivery_of, make_target, post, prepared

KIND = "pinterest"

BOARD = "549755885175"


@pytest.fixture
def target() -> Pinterest:
    made: Pinterest = make_target("pinterest", board=BOARD, link="https://tea.example/snow")
    return made


def test_a_video_is_pinned_once_with_its_words_and_the_ai_line(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(target, delivery, context, platform, memory)
    (public,) = platform.published
    assert published.platform_id == public.id
    assert published.url == public.url
    assert public.sha256 == delivery.rendition.sha256
    assert public.text == f"小雪\n小雪 – 花雪随风不厌看\n\n{DISCLOSURE}\n#小雪 #节气"
    assert public.detail["board_id"] == BOARD
    assert public.detail["link"] == "https://tea.example/snow"
    assert str(delivery.post_id)[:13] in public.detail["alt_text"]
    assert target.safety is Safety.LOOK_UP


def test_the_cover_goes_along_always(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    platform.cover_required = True
    post(target, delivery_of(tmp_path), context, platform)
    assert len(platform.published) == 1


def test_the_signed_form_is_in_no_ledger(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    memory = Memory()
    post(target, delivery_of(tmp_path), context, platform, memory)
    assert "signature" not in json.dumps(memory.commits)


def test_a_form_that_expired_is_a_restart(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    platform.session_seconds = -1
    with pytest.raises(Restart):
        target.upload(delivery_of(tmp_path), context, Memory().handle())


def test_a_video_that_is_gone_is_a_restart(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    handle.remember(media="1")
    with pytest.raises(Restart):
        target.check(delivery, context, handle)


def test_the_alt_text_is_enough_to_find_a_pin(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert target.look_up(delivery, context, Memory().handle()) == published


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, True),
        ({"title": " 小雪  "}, True),
        ({"title": "大雪"}, False),
        ({"description": None}, False),
        ({"created_at": "2020-01-01T20:10:40"}, False),
        ({"created_at": "some day"}, False),
    ],
)
def test_a_pin_that_is_shown_without_its_alt_text_is_found_by_words_and_time(
    platform: Simulated,
    context: TargetContext,
    target: Pinterest,
    tmp_path: Path,
    change: dict[str, object],
    found: bool,
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(target, delivery, context, platform, memory)
    shown: dict[str, object] = {
        "id": published.platform_id,
        "title": "小雪",
        "created_at": dt.datetime.now(dt.UTC).isoformat(),
    }
    shown |= {"description": f"小雪 – 花雪随风不厌看\n\n{DISCLOSURE}\n#小雪 #节气", **change}
    platform.trouble("look_up", status=200, body={"items": [shown], "bookmark": None})
    assert (target.look_up(delivery, context, memory.handle()) is not None) == found


def test_a_pin_is_found_on_a_later_page(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    platform.org_write = platform.limit(1000, 60)
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(target, delivery, context, platform, memory)
    source = {"source_type": "video_id", "media_id": memory.handle()["media"], "cover_image_key_frame_time": 1}
    with httpx.Client(headers={"Authorization": "Bearer sandbox-token"}) as client:
        for _ in range(PAGE):
            pin = {"board_id": BOARD, "media_source": source}
            assert client.post(f"{platform.base}/v5/pins", json=pin).status_code == 201
    found = target.look_up(delivery, context, memory.handle())
    assert found is not None
    assert found.platform_id == published.platform_id
    assert count(platform, "look_up") == 3  # one of them before the post


def test_a_question_that_is_refused_says_nothing_of_the_pin(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    post(target, delivery, context, platform, memory)
    for status, outcome in ((403, Reauthorise), (404, Retry), (200, Retry)):
        platform.trouble("look_up", status=status, body={"message": "no"})
        with pytest.raises(outcome):
            target.look_up(delivery, context, memory.handle())


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wait"),
    [
        (401, {}, Reauthorise, None),
        (403, {}, Refused, None),
        (400, {}, Refused, None),
        (429, {"X-RateLimit-Reset": "37"}, Retry, 37.0),
        (429, {"Retry-After": "12"}, Retry, 12.0),
    ],
)
def test_pinterests_words_mean_outcomes(
    platform: Simulated,
    context: TargetContext,
    target: Pinterest,
    tmp_path: Path,
    status: int,
    headers: dict[str, str],
    outcome: type[Exception],
    wait: float | None,
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    platform.trouble("publish", status=status, body={"code": 2, "message": "no"}, headers=headers)
    with pytest.raises(outcome) as caught:
        target.finalize(delivery, context, handle)
    assert "Pinterest" in str(caught.value)
    assert getattr(caught.value, "retry_after", None) == wait
    assert not platform.published


def test_long_words_are_cut_and_the_ai_line_stays(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path, title="Tea " * 200, caption="words of snow " * 200)
    post(target, delivery, context, platform)
    (public,) = platform.published
    title, _, description = public.text.partition("\n")
    assert len(title) <= 100
    assert len(description) <= 800
    assert description.endswith(f"…\n\n{DISCLOSURE}\n#小雪 #节气")
    assert len(public.detail["alt_text"]) <= 500
    assert str(delivery.post_id)[:13] in public.detail["alt_text"]


def test_a_board_that_is_not_there_is_refused_before_anything_is_sent(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    platform.boards = {"1": "another"}
    with pytest.raises(Refused, match=BOARD):
        target.prepare(delivery_of(tmp_path), context)
    assert not count(platform, "init")


def test_a_pin_on_a_secret_board_is_not_public(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert target.read_back(delivery, context, published).public is True
    platform.secret_boards.add(BOARD)
    assert target.read_back(delivery, context, published).public is False
