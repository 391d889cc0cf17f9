"""Pinterest as a target, against a simulated Pinterest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.platforms.pinterest import Pinterest as Simulated
from sandbox.server import sandbox
from tasks.publishing.base import Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Retry, Wait
from tasks.publishing.targets.pinterest import PAGE, PAGES, Pinterest
from tests.posting import DISCLOSURE, Died, Memory, by_address, count, delivery_of, make_target, post, prepared

BOARD = "549755885175"


@pytest.fixture
def platform() -> Iterator[Simulated]:
    with sandbox([Simulated]) as box:
        made = box["pinterest"]
        assert isinstance(made, Simulated)
        yield made


@pytest.fixture
def context(platform: Simulated, tmp_path: Path) -> Iterator[TargetContext]:
    made = TargetContext(folder=tmp_path, sandbox=platform.base.removesuffix("/pinterest"))
    yield made
    made.close()


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


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_process_that_dies_at_any_commit_is_continued(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path, commits: int
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory(dies_after=commits)
    with pytest.raises(Died):
        post(target, delivery, context, platform, memory)
    memory.dies_after = 0
    post(target, delivery, context, platform, memory)
    (public,) = platform.published
    assert public.sha256 == delivery.rendition.sha256


def test_a_form_that_was_cut_is_sent_again_as_another_video(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    platform.trouble("upload", cut=50_000)
    with pytest.raises(Retry):
        target.upload(delivery, context, memory.handle())
    post(target, delivery, context, platform, memory)
    assert platform.published[0].sha256 == delivery.rendition.sha256
    assert count(platform, "init") == 2


def test_a_form_whose_answer_is_lost_is_not_sent_again(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    platform.trouble("upload", handled=True, drop=True)
    with pytest.raises(Retry):
        target.upload(delivery, context, memory.handle())
    post(target, delivery, context, platform, memory)
    assert count(platform, "upload") == 1


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


def test_bytes_go_nowhere_but_to_the_bucket(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    body = {"media_id": "1", "upload_url": "https://elsewhere.example/", "upload_parameters": {"key": "k"}}
    platform.trouble("init", status=201, body=body)
    with pytest.raises(Refused, match=r"elsewhere\.example"):
        target.upload(delivery_of(tmp_path), context, Memory().handle())


def test_it_waits_while_the_video_is_processed_and_refuses_one_that_failed(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    platform.reject_processing = "yes"
    platform.processing = 60
    target.upload(delivery, context, memory.handle())
    with pytest.raises(Wait) as wait:
        target.check(delivery, context, memory.handle())
    assert wait.value.retry_after
    platform.clock.advance(61)
    with pytest.raises(Refused, match="cannot process"):
        target.check(delivery, context, memory.handle())


def test_a_video_that_is_gone_is_a_restart(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    handle.remember(media="1")
    with pytest.raises(Restart):
        target.check(delivery, context, handle)


@pytest.mark.parametrize("how", [{"drop": True}, {"status": 500}], ids=["no answer", "an answer that says no"])
@pytest.mark.parametrize("happened", [True, False])
def test_what_became_of_a_pin_is_looked_up(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path, happened: bool, how: Any
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    assert target.look_up(delivery, context, memory.handle()) is None
    platform.trouble("publish", handled=happened, **how)
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, handle)
    found = target.look_up(delivery, context, memory.handle())
    assert (found is not None) == happened == bool(platform.published)
    assert found is None or found.platform_id == platform.published[0].id


def test_the_alt_text_is_enough_to_find_a_pin(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert target.look_up(delivery, context, Memory().handle()) == published


def test_a_pin_with_the_same_words_is_not_taken_for_it(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    sibling = delivery_of(tmp_path, name="02-first-snow-in-ink")
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    platform.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, handle)
    post(target, sibling, context, platform)
    assert target.look_up(delivery, context, memory.handle()) is None


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


def test_a_board_that_is_not_read_to_its_end_proves_nothing(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    post(target, delivery, context, platform, memory)
    platform.trouble("look_up", status=200, body={"items": [], "bookmark": "more"}, times=PAGES)
    with pytest.raises(Retry, match="more pins"):
        target.look_up(delivery, context, memory.handle())


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


def test_an_answer_that_names_no_pin_is_ambiguous(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    platform.trouble("publish", handled=True, status=201, body="<html>")
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, handle)


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


@pytest.mark.parametrize("frames", [24 * 3, 24 * 901])
def test_a_video_of_another_length_is_refused(
    context: TargetContext, target: Pinterest, tmp_path: Path, frames: int
) -> None:
    with pytest.raises(Refused, match="Pinterest takes"):
        target.prepare(delivery_of(tmp_path, frames=frames), context)


def test_nothing_is_pinned_with_the_login_of_another_account(
    platform: Simulated, outside: TargetContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, known = delivery_of(tmp_path), by_address(platform, monkeypatch)
    make_target("pinterest", **{"board": BOARD, **known}, account="sandbox").prepare(delivery, outside)
    with pytest.raises(Reauthorise, match="another"):
        make_target("pinterest", **{"board": BOARD, **known}, account="another").prepare(delivery, outside)


def test_a_pin_is_read_counted_and_taken_down(
    platform: Simulated, context: TargetContext, target: Pinterest, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert target.read_back(delivery, context, published).public is True
    platform.secret_boards.add(BOARD)
    assert target.read_back(delivery, context, published).public is False
    told = target.metrics(context, published)
    assert told.views is not None
    assert told.likes is not None
    target.unpublish(context, published)
    target.unpublish(context, published)
    assert not platform.public
    assert target.read_back(delivery, context, published).public is False


@pytest.mark.parametrize("rotates", [True, False])
def test_a_login_is_renewed_once_and_written_back(platform: Simulated, tmp_path: Path, rotates: bool) -> None:
    platform.strict, platform.rotates = True, rotates
    login = tmp_path / "login.json"
    known = {"client_id": "id", "client_secret": "secret", "refresh_token": "sandbox-refresh-token"}
    login.write_text(json.dumps({**known, "access_token": "an-old-token"}))
    context = TargetContext(folder=tmp_path)
    target = make_target("pinterest", board=BOARD, login={"file": str(login)}, url=platform.base)
    post(target, delivery_of(tmp_path), context, platform)
    platform.refresh_tokens.clear()
    platform.spent |= {"sandbox-refresh-token"}
    platform.expire_tokens()
    with pytest.raises(Reauthorise, match="log in to Pinterest again"):
        target.prepare(delivery_of(tmp_path), context)
    context.close()
    written = json.loads(login.read_text())
    assert (written["refresh_token"] != "sandbox-refresh-token") == rotates
    assert len(platform.published) == 1
