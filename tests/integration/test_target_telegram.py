"""Telegram as a target, against a simulated Bot API."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from reelmill.logs import mask
from sandbox.platforms.telegram import Telegram as Simulated
from tasks.publishing.base import Published, ReadBack
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused, Retry
from tasks.publishing.targets.telegram import Telegram
from tests.posting import DISCLOSURE, Memory, by_address, delivery_of, make_target, post

KIND = "telegram"

TOKEN = "8123456789:AAHfiqksKZ8WmR2zSjiQ7_v4TMAKdiHm9T0"


@pytest.fixture
def target() -> Telegram:
    made: Telegram = make_target("telegram", chat="@tea_channel")
    return made


def test_a_video_is_sent_once_with_its_words_and_the_ai_line(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    published = post(target, delivery, context, platform, memory)
    (public,) = platform.published
    assert published.platform_id == public.id
    assert published.url == public.url
    assert public.sha256 == delivery.rendition.sha256
    assert public.text == f"小雪 – 花雪随风不厌看\n\n{DISCLOSURE}\n#小雪 #节气"
    assert public.detail["supports_streaming"] is True
    assert public.detail["disable_notification"] is False
    assert (public.detail["width"], public.detail["height"], public.detail["duration"]) == (1080, 1920, 5)
    assert not memory.commits


@pytest.mark.parametrize(
    ("chat", "url"), [("-1001234567890", "https://t.me/c/1234567890/1"), ("-4242", ""), ("4242", "")]
)
def test_a_message_has_the_address_that_its_chat_gives_it(
    platform: Simulated,
    outside: TargetContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chat: str,
    url: str,
) -> None:
    target = make_target("telegram", chat=chat, silent=True, **by_address(platform, monkeypatch))
    published = post(target, delivery_of(tmp_path), outside, platform)
    assert published.url == url
    assert platform.published[0].detail["disable_notification"] is True


@pytest.mark.parametrize(
    ("status", "description", "parameters", "outcome", "says"),
    [
        (401, "Unauthorized", {}, Reauthorise, "@BotFather"),
        (404, "Not Found", {}, Reauthorise, "@BotFather"),
        (403, "Forbidden: bot was kicked from the channel chat", {}, Refused, "administrator"),
        (400, "Bad Request: need administrator rights in the channel chat", {}, Refused, "administrator"),
        (400, "Bad Request: chat not found", {}, Refused, "chat not found"),
        (400, "group chat was upgraded", {"migrate_to_chat_id": -1001}, Refused, "set `chat` to -1001"),
        (429, "Too Many Requests: retry after 17", {"retry_after": 17}, Retry, "17"),
    ],
)
def test_telegrams_words_mean_outcomes(
    platform: Simulated,
    context: TargetContext,
    target: Telegram,
    tmp_path: Path,
    status: int,
    description: str,
    parameters: dict[str, int],
    outcome: type[Exception],
    says: str,
) -> None:
    body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
    platform.trouble("publish", status=status, body=body)
    with pytest.raises(outcome, match=says) as caught:
        target.finalize(delivery_of(tmp_path), context, Memory().handle())
    assert "Telegram" in str(caught.value)
    assert not platform.published
    if isinstance(caught.value, Retry):
        assert caught.value.retry_after == 17


def test_a_busy_chat_is_tried_again_when_telegram_says(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    platform.of_group = platform.limit(1, 60)
    post(target, delivery_of(tmp_path), context, platform)
    another = delivery_of(tmp_path, name="02-another")
    with pytest.raises(Retry) as retry:
        target.finalize(another, context, Memory().handle())
    platform.clock.advance(retry.value.retry_after or 0)
    target.finalize(another, context, Memory().handle())
    assert len(platform.published) == 2


def test_a_long_caption_is_cut_and_the_ai_line_stays(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    post(target, delivery_of(tmp_path, caption="🍵 words & <b>snow</b> " * 100), context, platform)
    (public,) = platform.published
    assert len(public.text.encode("utf-16-le")) // 2 <= 1024
    assert public.text.endswith(f"…\n\n{DISCLOSURE}\n#小雪 #节气")
    assert "words & <b>snow</b>" in public.text


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    with pytest.raises(Refused, match="100000 at most"):
        make_target("telegram", chat="@tea_channel", max_bytes=100_000).prepare(delivery, context)
    assert not platform.calls
    target.prepare(delivery, context)


def test_a_chat_that_is_not_there_is_refused_before_anything_is_sent(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    platform.chats = {"@another"}
    with pytest.raises(Refused, match="chat not found"):
        target.prepare(delivery_of(tmp_path), context)


def test_a_message_is_not_read(platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert target.read_back(delivery, context, published) == ReadBack()


def test_a_message_that_is_too_old_is_left_to_a_person(
    platform: Simulated, context: TargetContext, target: Telegram, tmp_path: Path
) -> None:
    published = post(target, delivery_of(tmp_path), context, platform)
    platform.clock.advance(49 * 3600)
    with pytest.raises(Refused, match="by hand"):
        target.unpublish(context, Published(published.url, published.platform_id))


@pytest.mark.parametrize("trouble", ["refused token", "no such host", "broken line", "not a token", "no token"])
def test_no_error_shows_the_token(
    platform: Simulated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    token = {"not a token": f"{TOKEN}\n/../x", "no token": ""}.get(trouble, TOKEN)
    monkeypatch.setenv("BOT_TOKEN", token)
    platform.strict = trouble == "refused token"
    if trouble == "broken line":
        platform.trouble("chat", drop=True)
    url = "http://127.0.0.1:9" if trouble == "no such host" else platform.base
    target = make_target("telegram", chat="@tea_channel", token={"env": "BOT_TOKEN"}, url=url)
    context = TargetContext(folder=tmp_path)
    with caplog.at_level(logging.INFO), pytest.raises((Reauthorise, Retry)) as caught:
        target.prepare(delivery_of(tmp_path), context)
    context.close()
    told = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told
    assert "AAHfiqks" not in told
    assert TOKEN not in mask(caplog.text)


def test_the_token_of_the_environment_is_used(
    platform: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.strict, platform.tokens = True, {TOKEN}
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    target = make_target("telegram", chat="@tea_channel", token={"env": "BOT_TOKEN"}, url=platform.base)
    context = TargetContext(folder=tmp_path)
    published = post(target, delivery_of(tmp_path), context, platform)
    context.close()
    assert TOKEN not in json.dumps([published.url, published.platform_id, dict(published.detail)])


@pytest.mark.parametrize(
    "wrong", [{"chat": "tea"}, {"chat": "@t"}, {"chat": "@tea_channel", "login": {"env": "LOGIN"}}]
)
def test_a_definition_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_target("telegram", **wrong)
