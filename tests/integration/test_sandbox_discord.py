"""The simulated Discord, called as its documentation says and not by our client."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.discord import Discord
from sandbox.server import sandbox

VIDEO = b"--boundary\r\n" + random.Random(9).randbytes(100_000) + b"\n"
WEBHOOK = "1200000000000000042"
HOOK = f"/webhooks/{WEBHOOK}/sandbox-token"


@pytest.fixture
def discord() -> Iterator[Discord]:
    with sandbox([Discord]) as running:
        platform = cast("Discord", running["discord"])
        platform.rate = platform.limit(1000, 1)
        yield platform


@pytest.fixture
def client(discord: Discord) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{discord.base}/api") as client:
        yield client


def execute(client: httpx.Client, query: str = "?wait=true", video: bytes = VIDEO, **fields: Any) -> httpx.Response:
    payload = {"content": "小暑", "attachments": [{"id": 0, "description": "A field"}], **fields}
    files = {"files[0]": ("the clip.mp4", video, "video/mp4")}
    return client.post(HOOK + query, data={"payload_json": json.dumps(payload)}, files=files)


def test_a_webhook_is_executed_and_the_message_is_public_at_once(discord: Discord, client: httpx.Client) -> None:
    answer = execute(client)
    message = answer.json()
    assert (answer.status_code, message["content"], message["webhook_id"]) == (200, "小暑", WEBHOOK)
    assert message["channel_id"] == discord.channel
    (attachment,) = message["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("the_clip.mp4", len(VIDEO))
    assert httpx.get(attachment["url"]).content == VIDEO
    (public,) = discord.published
    assert (public.id, public.account, public.text, public.ai) == (message["id"], WEBHOOK, "小暑", None)
    assert (public.sha256, public.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    assert [moment for moment, _ in discord.calls] == ["publish", "read_back"]


def test_who_does_not_wait_is_told_nothing(discord: Discord, client: httpx.Client) -> None:
    answer = execute(client, "")
    assert (answer.status_code, answer.content, len(discord.published)) == (204, b"", 1)
    discord.unsaved = True
    assert execute(client, "?wait=true").status_code == 200  # what is waited for is saved
    assert execute(client, "?wait=false").status_code == 204
    assert len(discord.published) == 2


def test_a_message_may_be_json_or_a_form_and_have_a_version_in_its_path(discord: Discord, client: httpx.Client) -> None:
    assert client.post(HOOK + "?wait=true", json={"content": "words"}).json()["content"] == "words"
    plain = client.post(HOOK + "?wait=true", data={"content": "form"}, files={"file": ("a.mp4", VIDEO, "video/mp4")})
    assert (plain.json()["content"], plain.json()["attachments"][0]["size"]) == ("form", len(VIDEO))
    url = f"{discord.base}/api/v10/webhooks/{WEBHOOK}/sandbox-token?wait=1"
    assert httpx.post(url, json={"content": "v10"}).json()["content"] == "v10"
    assert [post.text for post in discord.published] == ["words", "form", "v10"]


def test_a_webhook_is_told_and_refused_by_its_token_and_id(discord: Discord, client: httpx.Client) -> None:
    told = client.get(HOOK).json()
    assert (told["id"], told["type"], told["token"]) == (WEBHOOK, 1, "sandbox-token")
    assert told["url"] == f"{discord.base}/api/webhooks/{WEBHOOK}/sandbox-token"
    discord.strict = True
    wrong = httpx.post(f"{discord.base}/api/webhooks/{WEBHOOK}/wrong", json={"content": "x"})
    assert (wrong.status_code, wrong.json()) == (401, {"message": "Invalid Webhook Token", "code": 50027})
    name = httpx.get(f"{discord.base}/api/webhooks/mine/sandbox-token")
    assert (name.status_code, name.json()["code"]) == (400, 50035)
    assert client.delete(HOOK).status_code == 204
    gone = execute(client)
    assert (gone.status_code, gone.json()) == (404, {"message": "Unknown Webhook", "code": 10015})
    assert discord.published == []


@pytest.mark.parametrize(
    ("fields", "name", "code"),
    [
        ({"content": "c" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
        ({"username": "u" * 81}, "username", "BASE_TYPE_MAX_LENGTH"),
        ({"username": "Discord of tea"}, "username", "USERNAME_INVALID_CONTAINS"),
        ({"embeds": [{}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        ({"attachments": [5]}, "attachments", "LIST_TYPE_CONVERT"),
    ],
)
def test_a_form_that_is_invalid_says_where(
    discord: Discord, client: httpx.Client, fields: dict[str, Any], name: str, code: str
) -> None:
    answer = execute(client, **fields)
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (400, 50035, "Invalid Form Body")
    assert body["errors"][name]["_errors"][0]["code"] == code
    assert discord.published == []


def test_what_is_empty_or_no_json_is_refused(discord: Discord, client: httpx.Client) -> None:
    assert client.post(HOOK, json={"content": " "}).json() == {"message": "Cannot send an empty message", "code": 50006}
    assert client.post(HOOK, content=b"{").json()["code"] == 50109
    assert client.post(HOOK, data={"payload_json": "[]"}, files={"files[0]": ("a", b"a")}).json()["code"] == 50109
    many = {f"files[{at}]": (f"{at}.mp4", b"a") for at in range(11)}
    assert client.post(HOOK, data={"content": "x"}, files=many).json()["code"] == 50035
    assert execute(client, content="c" * 2000).status_code == 200
    assert len(discord.published) == 1


def test_a_file_that_is_too_large_is_refused(discord: Discord, client: httpx.Client) -> None:
    assert discord.largest == 10 * 1024 * 1024
    discord.largest = len(VIDEO) - 1
    for video in (VIDEO, bytes(11 * len(VIDEO) + 1024 * 1024)):
        answer = execute(client, video=video)
        assert (answer.status_code, answer.json()["code"]) == (413, 40005)
    discord.largest = len(VIDEO)
    assert execute(client).status_code == 200
    assert len(discord.published) == 1


def test_a_message_may_go_to_a_thread(discord: Discord, client: httpx.Client) -> None:
    discord.threads = {"77"}
    assert execute(client, "?wait=true&thread_id=78").json()["code"] == 10003
    message = execute(client, "?wait=true&thread_id=77").json()
    assert message["channel_id"] == "77"
    assert client.get(f"{HOOK}/messages/{message['id']}").json()["code"] == 10008
    assert client.get(f"{HOOK}/messages/{message['id']}?thread_id=77").json()["id"] == message["id"]
    assert execute(client, thread_name="New").json()["code"] == 220003
    discord.forum = True
    assert execute(client).json()["code"] == 220001
    assert execute(client, "?thread_id=77", thread_name="New").json()["code"] == 220002
    assert execute(client, thread_name="New").json()["channel_id"] not in {"77", discord.channel}


def test_a_request_that_was_cut_sends_nothing(discord: Discord, client: httpx.Client) -> None:
    discord.trouble("publish", cut=50_000)
    with pytest.raises(httpx.TransportError):
        execute(client)
    assert discord.published == []
    assert execute(client).json()["attachments"][0]["size"] == len(VIDEO)


def test_an_answer_that_is_lost_leaves_one_message_and_a_second_call_makes_two(
    discord: Discord, client: httpx.Client
) -> None:
    discord.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        execute(client)
    assert len(discord.published) == 1
    assert execute(client).status_code == 200
    assert len({post.id for post in discord.published}) == 2


def test_headers_tell_the_rate_and_when_there_is_room_again(discord: Discord, client: httpx.Client) -> None:
    discord.rate = discord.limit(2, 5)
    first, _, refused = (execute(client) for _ in range(3))
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
    body = refused.json()
    assert (refused.status_code, body["global"], body["message"]) == (429, False, "You are being rate limited.")
    assert 0 < body["retry_after"] <= 5
    assert float(refused.headers["x-ratelimit-reset-after"]) == body["retry_after"]
    assert (refused.headers["x-ratelimit-scope"], int(refused.headers["retry-after"]) >= 1) == ("user", True)
    discord.clock.advance(body["retry_after"] + 0.001)
    assert execute(client).status_code == 200
    assert len(discord.published) == 3


def test_a_limit_for_everything_says_so(discord: Discord, client: httpx.Client) -> None:
    discord.global_rate = discord.limit(1, 1000)
    assert execute(client).status_code == 200
    refused = client.get(HOOK)
    assert (refused.status_code, refused.json()["global"], refused.headers["x-ratelimit-global"]) == (429, True, "true")


def test_a_message_is_read_edited_and_deleted_by_its_id(discord: Discord, client: httpx.Client) -> None:
    identity = execute(client).json()["id"]
    path = f"{HOOK}/messages/{identity}"
    assert client.get(path).json()["content"] == "小暑"
    edited = client.patch(path, json={"content": "大暑"}).json()
    assert (edited["content"], len(edited["attachments"]), edited["edited_timestamp"] is None) == ("大暑", 1, False)
    assert client.patch(path, json={"content": "c" * 2001}).json()["code"] == 50035
    assert client.patch(path, json={"attachments": []}).json()["attachments"] == []
    other = f"{discord.base}/api{path}".replace(WEBHOOK, "9")
    assert httpx.get(other).json()["code"] == 10008
    assert client.delete(path).status_code == 204
    assert (discord.public, len(discord.published)) == ([], 1)
    for answer in (client.get(path), client.delete(path), client.patch(path, json={"content": "x"})):
        assert (answer.status_code, answer.json()) == (404, {"message": "Unknown Message", "code": 10008})


def test_a_token_that_ended_lets_in_no_more(discord: Discord, client: httpx.Client) -> None:
    discord.expire_tokens()
    assert execute(client).status_code == 401
    assert discord.published == []
