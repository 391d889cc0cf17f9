"""The simulated Telegram, called as its documentation says and not by our client."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.telegram import Telegram
from sandbox.server import sandbox

VIDEO = b"\r\n--boundary\r\n" + random.Random(8).randbytes(100_000) + b"\r"
CHAT = "@tea_from_the_hills"


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with sandbox([Telegram]) as running:
        yield cast("Telegram", running["telegram"])


@pytest.fixture
def client(telegram: Telegram) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{telegram.base}/bot123456:sandbox-token") as client:
        yield client


def send(client: httpx.Client, video: bytes = VIDEO, **fields: Any) -> httpx.Response:
    files = {"video": ("clip.mp4", video, "video/mp4")}
    return client.post("/sendVideo", data={"chat_id": CHAT, "caption": "小暑", **fields}, files=files)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Its status and description, which are told twice."""
    body: Mapping[str, Any] = answer.json()
    assert (body["ok"], body["error_code"]) == (False, answer.status_code)
    return answer.status_code, str(body["description"])


def test_a_video_is_sent_and_public_at_once(telegram: Telegram, client: httpx.Client) -> None:
    asked = {"width": 1080, "height": 1920, "duration": 5, "supports_streaming": "true", "disable_notification": "true"}
    answer = send(client, **asked)
    message = answer.json()["result"]
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert (message["caption"], message["chat"]["username"], message["chat"]["type"]) == ("小暑", CHAT[1:], "channel")
    video = message["video"]
    assert (video["width"], video["height"], video["duration"], video["file_size"]) == (1080, 1920, 5, len(VIDEO))
    (public,) = telegram.published
    assert (public.id, public.account, public.text, public.ai) == (str(message["message_id"]), CHAT, "小暑", None)
    assert (public.sha256, public.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    assert public.detail["supports_streaming"] is True
    assert [moment for moment, _ in telegram.calls] == ["publish"]


def test_methods_are_case_insensitive_and_take_parameters_anywhere(client: httpx.Client) -> None:
    wanted = client.post("/getChat", json={"chat_id": -1001234567890}).json()["result"]
    assert wanted["type"] == "channel"
    assert client.get("/getchat", params={"chat_id": "-1001234567890"}).json()["result"] == wanted
    assert client.post("/GETCHAT", data={"chat_id": "-1001234567890"}).json()["result"] == wanted
    assert client.get("/getMe").json()["result"]["id"] == 123456
    assert refusal(client.get("/sendTelepathy")) == (404, "Not Found")


def test_a_wrong_token_is_let_in_nowhere(telegram: Telegram) -> None:
    telegram.strict = True
    with httpx.Client(base_url=f"{telegram.base}/botwrong") as client:
        for answer in (send(client), client.get("/getMe"), client.get("/getChat?chat_id=1")):
            assert refusal(answer) == (401, "Unauthorized")
    telegram.tokens.add("right")
    with httpx.Client(base_url=f"{telegram.base}/botright") as client:
        assert send(client).status_code == 200
    telegram.expire_tokens()
    with httpx.Client(base_url=f"{telegram.base}/botright") as client:
        assert send(client).status_code == 401
    assert len(telegram.published) == 1


def test_a_chat_must_be_there_and_take_messages(telegram: Telegram, client: httpx.Client) -> None:
    telegram.chats = {CHAT, "-5", "-6", "-7"}
    telegram.kicked, telegram.silent, telegram.migrated = {"-5"}, {"-6"}, {"-7": -1007}
    assert refusal(send(client, chat_id="")) == (400, "Bad Request: chat_id is empty")
    assert refusal(send(client, chat_id="@nobody")) == (400, "Bad Request: chat not found")
    assert refusal(send(client, chat_id="t.me/tea")) == (400, "Bad Request: chat not found")
    assert refusal(send(client, chat_id="-5"))[0] == 403
    assert "administrator rights" in refusal(send(client, chat_id="-6"))[1]
    moved = send(client, chat_id="-7")
    assert refusal(moved)[0] == 400
    assert moved.json()["parameters"] == {"migrate_to_chat_id": -1007}
    assert telegram.published == []


def test_what_is_no_video_is_refused(telegram: Telegram, client: httpx.Client) -> None:
    nothing = client.post("/sendVideo", data={"chat_id": CHAT})
    assert refusal(nothing) == (400, "Bad Request: there is no video in the request")
    assert refusal(send(client, b"")) == (400, "Bad Request: file must be non-empty")
    elsewhere = client.post("/sendVideo", data={"chat_id": CHAT, "video": "https://example.org/clip.mp4"})
    assert refusal(elsewhere)[0] == 400
    latin = client.post("/sendVideo", files={"chat_id": (None, b"\xff"), "video": ("a.mp4", VIDEO)})
    assert refusal(latin) == (400, "Bad Request: strings must be encoded in UTF-8")
    assert refusal(client.post("/sendVideo", content=b"{", headers={"Content-Type": "application/json"}))[0] == 400
    assert telegram.published == []


def test_a_video_that_is_too_large_is_refused(telegram: Telegram, client: httpx.Client) -> None:
    assert telegram.largest >= 50_000_000
    telegram.largest = len(VIDEO)
    assert send(client).status_code == 200
    telegram.largest = len(VIDEO) - 1
    assert refusal(send(client)) == (413, "Request Entity Too Large")
    assert refusal(send(client, bytes(len(VIDEO) + 1024 * 1024))) == (413, "Request Entity Too Large")


def test_a_caption_is_measured_after_its_entities_were_parsed(client: httpx.Client) -> None:
    assert send(client, caption="c" * 1024).status_code == 200
    assert refusal(send(client, caption="c" * 1025)) == (400, "Bad Request: message caption is too long")
    assert send(client, caption="<b>" + "c" * 1024 + "</b>", parse_mode="HTML").status_code == 200
    assert refusal(send(client, parse_mode="BBCode")) == (400, "Bad Request: unsupported parse_mode")


@pytest.mark.parametrize(
    ("mode", "caption", "read"),
    [
        ("HTML", 'A <b>bold</b> &lt;b&gt; <a href="https://example.org">link</a> & <s>x</s>', "A bold <b> link & x"),
        ("html", "1 > 0", "1 > 0"),
        ("MarkdownV2", r"*A\.B* _i_ __u__ ~s~ ||x|| `a.b` [l\.k](https://x.org/a_b) 2\-1", "A.B i u s x a.b l.k 2-1"),
        ("MarkdownV2", ">quoted\n```\nx = 1\n```", "quoted\n\nx = 1"),
        ("MarkdownV2", "![👍](tg://emoji?id=5)", "👍"),
        ("Markdown", r"*bold* a\_b [link](https://example.org) `x` 2-1", "bold a_b link x 2-1"),
        ("", "<b>*_", "<b>*_"),
    ],
)
def test_a_reader_sees_the_caption_without_its_marks(
    telegram: Telegram, client: httpx.Client, mode: str, caption: str, read: str
) -> None:
    assert send(client, caption=caption, parse_mode=mode).json()["result"]["caption"] == read
    assert telegram.published[0].text == read


@pytest.mark.parametrize(
    ("mode", "caption"),
    [
        ("HTML", "<b>bold"),
        ("HTML", "bold</b>"),
        ("HTML", "<b><i>x</b></i>"),
        ("HTML", "<br>"),
        ("HTML", "1 < 2"),
        ("MarkdownV2", "A sentence."),
        ("MarkdownV2", "#tag"),
        ("MarkdownV2", "(a)"),
        ("MarkdownV2", "a | b"),
        ("MarkdownV2", "*bold"),
        ("MarkdownV2", "*_x*_"),
        ("Markdown", "a_b"),
        ("Markdown", "[link"),
    ],
)
def test_a_caption_that_cannot_be_parsed_is_refused(
    telegram: Telegram, client: httpx.Client, mode: str, caption: str
) -> None:
    status, description = refusal(send(client, caption=caption, parse_mode=mode))
    assert (status, description.startswith("Bad Request: can't parse entities: ")) == (400, True)
    assert telegram.published == []


def test_a_thumbnail_is_used_if_it_is_a_small_jpeg(client: httpx.Client) -> None:
    for content, used in ((b"\xff\xd8\xff", True), (b"\xff\xd8" + bytes(200_000), False), (b"\x89PNG", False)):
        files = {"video": ("clip.mp4", VIDEO, "video/mp4"), "cover": ("a.jpg", content, "image/jpeg")}
        asked = {"chat_id": CHAT, "thumbnail": "attach://cover"}
        answer = client.post("/sendVideo", data=asked, files=files)
        assert ("thumbnail" in answer.json()["result"]["video"]) is used


def test_a_request_that_was_cut_sends_nothing(telegram: Telegram, client: httpx.Client) -> None:
    telegram.trouble("publish", cut=50_000)
    with pytest.raises(httpx.TransportError):
        send(client)
    assert telegram.published == []
    assert send(client).json()["result"]["video"]["file_size"] == len(VIDEO)


def test_an_answer_that_is_lost_leaves_one_message_and_a_second_call_makes_two(
    telegram: Telegram, client: httpx.Client
) -> None:
    telegram.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        send(client)
    assert len(telegram.published) == 1
    assert send(client).status_code == 200
    assert len(telegram.published) == 2


def test_a_group_and_a_bot_have_a_number_of_messages(telegram: Telegram, client: httpx.Client) -> None:
    telegram.of_group, telegram.of_bot = telegram.limit(1, 60), telegram.limit(2, 1000)
    assert send(client).status_code == 200
    refused = send(client)
    wait = refused.json()["parameters"]["retry_after"]
    assert refusal(refused) == (429, f"Too Many Requests: retry after {wait}")
    assert (0 < wait <= 60, isinstance(wait, int)) == (True, True)
    telegram.clock.advance(wait)
    assert send(client).status_code == 200
    assert refusal(send(client, chat_id="5"))[0] == 429
    assert len(telegram.published) == 2


def test_a_message_is_deleted_within_two_days(telegram: Telegram, client: httpx.Client) -> None:
    ids = [send(client).json()["result"]["message_id"] for _ in range(2)]
    asked = {"chat_id": CHAT, "message_id": ids[0]}
    assert "not found" in refusal(client.post("/deleteMessage", json={**asked, "chat_id": "@another_chat"}))[1]
    assert client.post("/deleteMessage", json=asked).json() == {"ok": True, "result": True}
    assert "not found" in refusal(client.post("/deleteMessage", json=asked))[1]
    assert [post.id for post in telegram.public] == [str(ids[1])]
    telegram.clock.advance(48 * 3600)
    assert "can't be deleted" in refusal(client.post("/deleteMessage", json={**asked, "message_id": ids[1]}))[1]


def test_a_file_is_got_back_and_sent_again_by_its_id(telegram: Telegram, client: httpx.Client) -> None:
    identity = send(client).json()["result"]["video"]["file_id"]
    told = client.get("/getFile", params={"file_id": identity}).json()["result"]
    got = httpx.get(f"{telegram.base}/file/bot123456:sandbox-token/{told['file_path']}")
    assert (got.content, told["file_size"]) == (VIDEO, len(VIDEO))
    assert client.post("/sendVideo", json={"chat_id": "5", "video": identity}).status_code == 200
    assert [post.sha256 for post in telegram.published] == [hashlib.sha256(VIDEO).hexdigest()] * 2
    assert refusal(client.get("/getFile?file_id=other"))[0] == 400
    assert httpx.get(f"{telegram.base}/file/bot1/videos/file_9.mp4").status_code == 404


def test_the_members_of_a_chat_grow_with_the_clock(telegram: Telegram, client: httpx.Client) -> None:
    send(client)
    counted = []
    for _ in range(2):
        telegram.clock.advance(3600)
        counted.append(client.get("/getChatMemberCount", params={"chat_id": CHAT}).json()["result"])
    assert counted[1] - counted[0] == 60
