"""Discord as a target, against simulated webhooks."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from sandbox.platforms.discord import Discord as Simulated
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused, Retry
from tasks.publishing.targets.discord import Discord
from tests.posting import DISCLOSURE, Memory, delivery_of, make_target, post

KIND = "discord"

WEBHOOK = {"env": "DISCORD_WEBHOOK"}


@pytest.fixture
def target() -> Discord:
    made: Discord = make_target("discord", webhook=WEBHOOK)
    return made


def test_a_video_is_posted_once_with_its_words_and_the_ai_line(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    (public,) = platform.published
    assert published.platform_id == public.id
    assert published.url == public.url
    assert public.sha256 == delivery.rendition.sha256
    assert public.text == f"小雪 – 花雪随风不厌看\n\n{DISCLOSURE}\n#小雪 #节气"
    assert public.detail["attachments"] == ["01-xiaoxue.mp4"]


def test_a_thread_is_posted_read_and_cleared_as_a_thread(
    platform: Simulated, context: TargetContext, tmp_path: Path
) -> None:
    target = make_target("discord", webhook=WEBHOOK, thread="1200")
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    assert platform.published[0].detail["channel_id"] == "1200"
    assert target.read_back(delivery, context, published).public is True
    target.unpublish(context, published)
    assert not platform.public


@pytest.mark.parametrize(
    ("status", "body", "outcome", "says"),
    [
        (401, {"code": 50027, "message": "Invalid Webhook Token"}, Reauthorise, "make a webhook"),
        (404, {"code": 10015, "message": "Unknown Webhook"}, Reauthorise, "make a webhook"),
        (404, {"code": 10003, "message": "Unknown Channel"}, Refused, "correct `thread`"),
        (413, {"code": 40005, "message": "Request entity too large"}, Refused, "max_bytes"),
        (400, {"code": 50035, "message": "Invalid Form Body"}, Refused, "Invalid Form Body"),
        (429, {"message": "You are being rate limited.", "retry_after": 1.5, "global": False}, Retry, "rate limited"),
    ],
)
def test_discords_words_mean_outcomes(
    platform: Simulated,
    context: TargetContext,
    target: Discord,
    tmp_path: Path,
    status: int,
    body: dict[str, object],
    outcome: type[Exception],
    says: str,
) -> None:
    platform.trouble("publish", status=status, body=body)
    with pytest.raises(outcome, match=says) as caught:
        target.finalize(delivery_of(tmp_path), context, Memory().handle())
    assert "Discord" in str(caught.value)
    assert not platform.published
    if isinstance(caught.value, Retry):
        assert caught.value.retry_after == 1.5


def test_a_limit_is_waited_for_as_long_as_discord_says(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    platform.rate = platform.limit(1, 30)
    delivery = delivery_of(tmp_path)
    target.finalize(delivery, context, Memory().handle())
    with pytest.raises(Retry) as retry:
        target.finalize(delivery, context, Memory().handle())
    assert retry.value.retry_after == pytest.approx(30, abs=5)
    platform.clock.advance(retry.value.retry_after or 0)
    target.finalize(delivery, context, Memory().handle())
    assert len(platform.published) == 2


def test_a_limit_that_only_a_header_tells_is_waited_for(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    platform.trouble("publish", status=429, body="<html>blocked for a while</html>", headers={"Retry-After": "9"})
    with pytest.raises(Retry) as retry:
        target.finalize(delivery_of(tmp_path), context, Memory().handle())
    assert retry.value.retry_after == 9


def test_long_words_are_cut_and_the_ai_line_stays(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    post(target, delivery_of(tmp_path, caption="🍵 words of snow @everyone " * 200), context, platform)
    (public,) = platform.published
    assert len(public.text.encode("utf-16-le")) // 2 <= 2000
    assert public.text.endswith(f"…\n\n{DISCLOSURE}\n#小雪 #节气")


def test_the_words_of_a_feed_call_nobody(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    published = post(target, delivery_of(tmp_path, caption="@everyone look"), context, platform)
    assert platform._messages[published.platform_id].fields["allowed_mentions"] == {"parse": []}


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(
    platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path, size=10 * 1024 * 1024 + 1)
    with pytest.raises(Refused, match="10485760 at most"):
        target.prepare(delivery, context)
    assert not platform.calls
    platform.largest = 50 * 1024 * 1024
    post(make_target("discord", webhook=WEBHOOK, max_bytes=50 * 1024 * 1024), delivery, context, platform)
    assert platform.published[0].sha256 == delivery.rendition.sha256


def test_a_message_is_read_whole(platform: Simulated, context: TargetContext, target: Discord, tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    seen = target.read_back(delivery, context, published)
    assert seen.public is True
    assert seen.whole is True


def test_it_says_whose_the_webhook_is(platform: Simulated, context: TargetContext, target: Discord) -> None:
    assert target.identify(context).name == "Sandbox"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://elsewhere.example/api/webhooks/1/a-very-secret-token",
        "https://discord.com.example/api/webhooks/1/a-very-secret-token",
        "http://discord.com/api/webhooks/1/a-very-secret-token",
        "https://discord.com/api/webhooks/one/a-very-secret-token",
        "https://discord.com/api/webhooks/1/a-very-secret-token/github",
    ],
)
def test_an_address_that_is_no_webhook_is_used_for_nothing_and_shown_to_nobody(
    tmp_path: Path, target: Discord, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DISCORD_WEBHOOK", address)
    context = TargetContext(folder=tmp_path)
    with pytest.raises(Reauthorise, match=r"\$DISCORD_WEBHOOK") as caught:
        target.upload(delivery_of(tmp_path), context, Memory().handle())
    assert "a-very-secret-token" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("wrong", [{}, {"webhook": WEBHOOK, "thread": "a"}, {"webhook": WEBHOOK, "max_bytes": 0}])
def test_a_definition_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_target("discord", **wrong)
