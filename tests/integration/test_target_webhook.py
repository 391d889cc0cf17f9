"""Webhooks as a target, against a receiver that verifies them with the specification's library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reelmill.content import Json
from tasks.publishing.base import Delivery, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry
from tasks.publishing.targets.webhook import Webhook
from tests.posting import Memory, delivery_of, sent
from tests.simulators.webhook_receiver import SECRET, Receiver, a_receiver

TOKEN = "of-the-address"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("THE_SECRET", SECRET)
    with a_receiver() as running:
        yield running


def target_of(receiver: Receiver, **options: Json) -> Webhook:
    return Webhook.model_validate({"type": "webhook", "url": receiver.url, "secret": {"env": "THE_SECRET"}, **options})


def test_a_post_is_a_signed_message(receiver: Receiver, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(receiver)

    published = sent(target, delivery, context)

    identity = str(delivery.post_id)
    assert list(receiver.taken) == [identity]
    message = receiver.taken[identity]
    assert message["type"] == "post.published"
    told = message["data"]
    assert (told["post"], told["title"], told["hashtags"]) == (identity, "小雪", ["小雪", "节气"])
    assert told["video"]["sha256"] == delivery.rendition.sha256
    assert told["labels"] == dict(delivery.rendition.labels)
    assert told["disclosure"] == "内容由AI生成"
    assert "url" not in told["video"]
    assert published.platform_id == identity
    assert identity in published.url
    assert TOKEN not in published.url
    assert target.safety is Safety.IDEMPOTENCY_KEY


def test_nothing_is_sent_before_finalize_and_nobody_can_be_asked(
    receiver: Receiver, context: TargetContext, delivery: Delivery
) -> None:
    target, memory = target_of(receiver), Memory()

    target.prepare(delivery, context)
    target.upload(delivery, context, memory.handle())
    assert target.look_up(delivery, context, memory.handle()) is None
    assert receiver.deliveries == []
    published = target.finalize(delivery, context, memory.handle())

    assert target.look_up(delivery, context, memory.handle()) is None
    assert target.read_back(delivery, context, published).whole is None


def test_the_message_says_where_the_video_is(receiver: Receiver, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(receiver, media_url="https://cdn.example/{folder}/{name}.{sha256:.16}.mp4?p={profile}&id={post}")

    published = sent(target, delivery, context)

    url = receiver.taken[str(delivery.post_id)]["data"]["video"]["url"]
    sha256 = delivery.rendition.sha256[:16]
    place = f"https://cdn.example/solar-terms-daily/2026-11-22/01-xiaoxue.{sha256}.mp4"
    assert url == published.url == f"{place}?p=douyin&id={delivery.post_id}"


def test_the_receiver_may_say_where_it_is_to_be_seen(
    receiver: Receiver, context: TargetContext, delivery: Delivery
) -> None:
    receiver.answer = {"url": "https://tea.example/videos/1"}
    assert sent(target_of(receiver), delivery, context).url == "https://tea.example/videos/1"
    for nonsense in ({"url": "javascript:alert(1)"}, {"url": 1}, ["url"], "ok"):
        receiver.answer = nonsense
        assert str(delivery.post_id) in sent(target_of(receiver), delivery, context).url


@pytest.mark.parametrize("size", [5, 3 * 1024 * 1024 + 1])
def test_the_video_may_come_along(receiver: Receiver, context: TargetContext, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    delivery = delivery_of(tmp_path, content)

    sent(target_of(receiver, attach=True), delivery, context)

    assert receiver.files["video"] == content
    assert receiver.files["cover"] == delivery.rendition.cover.read_bytes()
    assert receiver.taken[str(delivery.post_id)]["data"]["video"]["sha256"] == delivery.rendition.sha256
    assert receiver.deliveries[0]["content-length"], "it has a length, for receivers that need one"
    assert len(receiver.deliveries[0]["webhook-signature"].split()) == 2


@pytest.mark.parametrize("attach", [False, True])
def test_an_answer_that_does_not_come_is_ambiguous_and_may_be_sent_again(
    receiver: Receiver, context: TargetContext, delivery: Delivery, attach: bool
) -> None:
    target, memory = target_of(receiver, attach=attach), Memory()
    receiver.drop, receiver.times = True, 1
    target.upload(delivery, context, memory.handle())
    with pytest.raises(Ambiguous) as caught:
        target.finalize(delivery, context, memory.handle())
    assert TOKEN not in str(caught.value)

    target.upload(delivery, context, memory.handle())
    target.finalize(delivery, context, memory.handle())

    assert len(receiver.deliveries) == 2
    assert len(receiver.taken) == 1
    assert {delivered["webhook-id"] for delivered in receiver.deliveries} == {str(delivery.post_id)}


def test_a_message_tells_the_same_whenever_it_is_sent(
    receiver: Receiver, context: TargetContext, delivery: Delivery
) -> None:
    target, memory = target_of(receiver), Memory()
    receiver.late, receiver.times = 500, 1
    target.upload(delivery, context, memory.handle())
    with pytest.raises(Retry):
        target.finalize(delivery, context, memory.handle())
    first = receiver.taken.pop(str(delivery.post_id))

    target.finalize(delivery, context, memory.handle())

    assert receiver.taken[str(delivery.post_id)] == first


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "words", "after"),
    [
        (429, {"Retry-After": "7"}, Retry, "429", 7.0),
        (503, {"Retry-After": "30"}, Retry, "503", 30.0),
        (500, {}, Retry, "500", None),
        (501, {}, Retry, "501", None),
        (408, {}, Retry, "408", None),
        (410, {}, Refused, "wants no more", None),
        (401, {}, Reauthorise, "does not take the signature", None),
        (403, {}, Reauthorise, "does not take the signature", None),
        (400, {}, Refused, "400", None),
        (404, {}, Refused, "404", None),
        (302, {"Location": "http://127.0.0.1:9/"}, Refused, "302", None),
    ],
)
def test_what_a_receiver_may_answer(
    receiver: Receiver,
    context: TargetContext,
    delivery: Delivery,
    status: int,
    headers: dict[str, str],
    outcome: type,
    words: str,
    after: float | None,
) -> None:
    receiver.status, receiver.headers = status, headers
    with pytest.raises(outcome, match=words) as caught:
        sent(target_of(receiver), delivery, context)
    assert TOKEN not in str(caught.value)
    assert getattr(caught.value, "retry_after", None) == after
    assert receiver.taken == {}


def test_any_answer_of_2xx_will_do(receiver: Receiver, context: TargetContext, delivery: Delivery) -> None:
    receiver.status = 202
    assert sent(target_of(receiver), delivery, context).settled


def test_a_receiver_that_is_away_is_tried_again_later(
    receiver: Receiver, context: TargetContext, delivery: Delivery
) -> None:
    with pytest.raises(Retry, match="cannot be reached"):
        sent(target_of(receiver, url="http://127.0.0.1:9/"), delivery, context)


def test_a_receiver_with_another_secret_pauses_the_target(
    receiver: Receiver, context: TargetContext, delivery: Delivery
) -> None:
    receiver.secret = "whsec_" + "B" * 32
    with pytest.raises(Reauthorise, match="signature"):
        sent(target_of(receiver), delivery, context)
    assert receiver.taken == {}


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_not base64"])
def test_a_secret_that_is_none_is_named_before_anything_is_sent(
    receiver: Receiver, context: TargetContext, delivery: Delivery, secret: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THE_SECRET") if secret is None else monkeypatch.setenv("THE_SECRET", secret)
    with pytest.raises(Reauthorise, match="THE_SECRET"):
        target_of(receiver).prepare(delivery, context)


def test_a_secret_may_be_base64_alone(
    receiver: Receiver, context: TargetContext, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_SECRET", SECRET.removeprefix("whsec_"))
    sent(target_of(receiver), delivery, context)
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("template", ["https://x/{nonsense}", "https://x/{name", "https://x/{name.a}", "https://x/{0}"])
def test_a_template_knows_its_fields(receiver: Receiver, template: str) -> None:
    with pytest.raises(ValueError, match="no template"):
        target_of(receiver, media_url=template)


def test_its_account_is_no_secret(receiver: Receiver, context: TargetContext) -> None:
    key = target_of(receiver).account_key(context)
    assert key.startswith("127.0.0.1#")
    assert TOKEN not in key
    assert key != target_of(receiver, url=receiver.url + "2").account_key(context)


def test_a_rehearsal_reaches_a_receiver_on_this_machine_and_no_other(
    receiver: Receiver, delivery: Delivery, tmp_path: Path
) -> None:
    with closing(TargetContext(tmp_path, sandbox="http://127.0.0.1:1")) as rehearsal:
        sent(target_of(receiver), delivery, rehearsal)
        with pytest.raises(Retry, match="it cannot be reached"):
            sent(target_of(receiver, url="https://hooks.example/"), delivery, rehearsal)
    assert len(receiver.taken) == 1
