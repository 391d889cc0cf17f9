"""The simulated Bilibili checks signatures and answers as its open platform is documented."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from sandbox.platforms.bilibili import Bilibili
from sandbox.server import sandbox

VIDEO = b"a video" * 20_000
PNG = b"\x89PNG\r\n\x1a\n and more"
ARCHIVE = "/arcopen/fn/archive"


class Client:
    """Speaks to it as its documentation says. `change` replaces signed headers before they are signed."""

    def __init__(self, platform: Bilibili, http: httpx.Client) -> None:
        self.platform, self.http = platform, http
        self.token, self.version = "sandbox-token", "2.0"
        self.change: dict[str, str] = {}

    def headers(self, content: bytes) -> dict[str, str]:
        signed = {
            "x-bili-accesskeyid": self.platform.client_id,
            "x-bili-content-md5": hashlib.md5(content).hexdigest(),  # noqa: S324 (the platform's)
            "x-bili-signature-method": "HMAC-SHA256",
            "x-bili-signature-nonce": uuid4().hex,
            "x-bili-signature-version": self.version,
            "x-bili-timestamp": str(int(time.time())),
            **self.change,
        }
        text = "\n".join(f"{name}:{value}" for name, value in sorted(signed.items()))
        signature = hmac.new(self.platform.client_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {**signed, "Access-Token": self.token, "Authorization": signature}

    def call(self, method: str, path: str, body: object = None, **how: Any) -> dict[str, Any]:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = self.headers(content)
        if content:
            how, headers = {**how, "content": content}, {**headers, "Content-Type": "application/json"}
        return self.told(self.http.request(method, self.platform.base + path, headers=headers, **how))

    def told(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200
        body = cast("dict[str, Any]", answer.json())
        assert set(body) == {"code", "message", "ttl", "request_id", "data"}
        return body

    def start(self, utype: str = "0") -> str:
        return cast(
            "str", self.call("POST", f"{ARCHIVE}/video/init", {"name": "a.mp4", "utype": utype})["data"]["upload_token"]
        )

    def part(self, token: str, number: object, content: bytes) -> int:
        params = {"upload_token": token, "part_number": str(number)}
        answer = self.http.post(f"{self.platform.base}/video/v2/part/upload", params=params, content=content)
        return cast("int", self.told(answer)["code"])

    def complete(self, token: str) -> int:
        return cast("int", self.call("POST", f"{ARCHIVE}/video/complete", params={"upload_token": token})["code"])

    def cover(self, image: bytes = PNG) -> dict[str, Any]:
        return self.call("POST", f"{ARCHIVE}/cover/upload", files={"file": ("a.png", image, "image/png")})

    def uploaded(self, content: bytes = VIDEO) -> str:
        token = self.start()
        assert (self.part(token, 1, content), self.complete(token)) == (0, 0)
        return token

    def add(self, token: str, **more: Any) -> dict[str, Any]:
        body = {
            "title": "谷雨",
            "tid": 21,
            "tag": "茶,节气",
            "desc": "雨生百谷",
            "copyright": 1,
            "no_reprint": 1,
            "cover": more.pop("cover", None) or self.cover()["data"]["url"],
            **more,
        }
        return self.call("POST", f"{ARCHIVE}/add-by-utoken", body, params={"upload_token": token})

    def posted(self) -> str:
        return cast("str", self.add(self.uploaded())["data"]["resource_id"])

    def view(self, resource_id: str) -> dict[str, Any]:
        return self.call("GET", f"{ARCHIVE}/view", params={"resource_id": resource_id})

    def listed(self, **params: Any) -> list[str]:
        data = self.call("GET", f"{ARCHIVE}/viewlist", params=params)["data"]
        return [one["resource_id"] for one in data["list"]]


@pytest.fixture
def bilibili() -> Iterator[Bilibili]:
    with sandbox([Bilibili]) as running:
        yield cast("Bilibili", running["bilibili"])


@pytest.fixture
def client(bilibili: Bilibili) -> Iterator[Client]:
    with httpx.Client(timeout=10) as http:
        yield Client(bilibili, http)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_video_in_parts_is_posted_reviewed_and_then_public(bilibili: Bilibili, client: Client, version: str) -> None:
    client.version = version
    bilibili.processing = 60
    token = client.start()
    assert [client.part(token, number, b"%d" % number * 100) for number in (2, 1)] == [0, 0]
    assert client.part(token, 1, b"again") == 0
    assert client.complete(token) == 0
    resource_id = client.add(token)["data"]["resource_id"]
    assert resource_id.startswith("BV1")

    assert client.view(resource_id)["data"]["addit_info"]["state"] == -1
    assert bilibili.published == []
    bilibili.clock.advance(61)
    (post,) = bilibili.published
    assert (post.id, post.text, post.ai) == (resource_id, "谷雨\n雨生百谷", None)
    assert post.sha256 == hashlib.sha256(b"again" + b"2" * 100).hexdigest()
    data = client.view(resource_id)["data"]
    assert (data["addit_info"]["state"], data["title"], data["video_info"]["share_url"]) == (0, "谷雨", post.url)
    moments = [moment for moment, _ in bilibili.calls]
    assert moments == ["init", "chunk", "chunk", "chunk", "complete", "cover", "publish", "status", "status"]


def test_a_small_video_may_come_in_one_piece(bilibili: Bilibili, client: Client) -> None:
    token = client.start("1")
    bilibili.single_most = len(VIDEO) - 1
    url, params = f"{bilibili.base}/video/v2/upload", {"upload_token": token}
    assert client.told(client.http.post(url, params=params, content=VIDEO))["code"] != 0
    bilibili.single_most = len(VIDEO)
    assert client.told(client.http.post(url, params=params, content=VIDEO))["code"] == 0
    assert client.part(token, 1, VIDEO) != 0
    assert client.add(token)["code"] == 0
    other = client.start("0")
    assert client.told(client.http.post(url, params={"upload_token": other}, content=VIDEO))["code"] != 0


@pytest.mark.parametrize(
    "change",
    [
        {"x-bili-accesskeyid": "another"},
        {"x-bili-content-md5": hashlib.md5(b"another").hexdigest()},  # noqa: S324
        {"x-bili-signature-method": "HMAC-SHA1"},
        {"x-bili-signature-version": "3.0"},
        {"x-bili-signature-nonce": ""},
        {"x-bili-timestamp": "now"},
    ],
)
def test_a_call_that_is_signed_wrongly_is_refused(client: Client, change: dict[str, str]) -> None:
    client.change = change
    body = client.call("POST", f"{ARCHIVE}/video/init", {"name": "a.mp4", "utype": "0"})
    assert (body["code"], body["data"]) == (4002, None)
    assert next(iter(change)) in body["message"]


def test_a_signature_is_of_the_secret_and_of_all_that_is_signed(bilibili: Bilibili, client: Client) -> None:
    url, params = f"{bilibili.base}{ARCHIVE}/viewlist", {"ps": "1"}
    good = client.headers(b"")
    assert client.told(client.http.get(url, params=params, headers={**good, "Authorization": "0" * 64}))["code"] == 4002
    late = {**good, "x-bili-timestamp": str(int(good["x-bili-timestamp"]) + 1)}
    assert client.told(client.http.get(url, params=params, headers=late))["code"] == 4002
    unsigned = {name: value for name, value in good.items() if name != "Authorization"}
    assert client.told(client.http.get(url, params=params, headers=unsigned))["code"] == 4002
    assert client.told(client.http.get(url, params=params, headers=good))["code"] == 0
    assert client.told(client.http.get(url, params=params, headers=good))["code"] == 4004  # the nonce was used
    bilibili.timestamp_seconds = 600
    bilibili.clock.advance(700)
    assert client.call("GET", f"{ARCHIVE}/viewlist")["code"] == 4002


def test_the_json_is_signed_and_the_bytes_of_a_file_are_not(bilibili: Bilibili, client: Client) -> None:
    url = f"{bilibili.base}{ARCHIVE}/video/init"
    other = json.dumps({"name": "b.mp4", "utype": "0"}).encode()
    assert client.told(client.http.post(url, content=other, headers=client.headers(b"{}")))["code"] == 4002
    assert client.cover()["code"] == 0


@pytest.mark.parametrize("body", [{"name": "a.mov", "utype": "0"}, {"name": "a.mp4"}, {"utype": "0"}, [], {}])
def test_an_upload_has_a_name_and_a_type(client: Client, body: object) -> None:
    assert client.call("POST", f"{ARCHIVE}/video/init", body)["code"] == -400


def test_parts_with_a_gap_do_not_make_a_video(bilibili: Bilibili, client: Client) -> None:
    token = client.start()
    assert client.complete(token) == -400
    assert client.part(token, 0, b"x") == client.part(token, "a", b"x") == client.part("unknown", 1, b"x") == -400
    client.part(token, 1, b"x" * 100)
    client.part(token, 3, b"x" * 100)
    assert client.complete(token) == -400
    assert client.add(token)["code"] == -400
    client.part(token, 2, b"x" * 100)
    bilibili.whole_most = 299
    assert client.complete(token) == -400
    bilibili.whole_most = 300
    assert client.complete(token) == client.complete(token) == 0
    bilibili.single_completion = True
    assert client.complete(token) == -400
    assert client.part(token, 4, b"x") == -400


def test_a_part_that_is_cut_leaves_nothing_and_comes_again(bilibili: Bilibili, client: Client) -> None:
    token = client.start()
    bilibili.trouble("chunk", cut=50_000)
    with pytest.raises(httpx.TransportError):
        client.part(token, 1, VIDEO)
    assert client.complete(token) == -400
    assert [path.stat().st_size for path in bilibili.folder.iterdir()] == []
    assert (client.part(token, 1, VIDEO), client.complete(token)) == (0, 0)


def test_an_upload_token_is_over_after_a_day(bilibili: Bilibili, client: Client) -> None:
    token = client.start()
    bilibili.clock.advance(bilibili.session_seconds)
    assert client.part(token, 1, VIDEO) == -400


def test_a_cover_is_a_small_image(bilibili: Bilibili, client: Client) -> None:
    assert client.cover()["data"]["url"].startswith(bilibili.base)
    assert client.cover(b"GIF89a")["code"] == -400
    bilibili.cover_most = len(PNG) - 1
    assert client.cover()["code"] == -400
    assert client.call("POST", f"{ARCHIVE}/cover/upload")["code"] == -400


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "题" * 80},
        {"title": ""},
        {"tag": "x" * 200},
        {"tag": ""},
        {"desc": "x" * 250},
        {"tid": "21"},
        {"copyright": 3},
        {"copyright": 2},
        {"no_reprint": 2},
        {"cover": "https://elsewhere/a.jpg"},
    ],
)
def test_a_post_with_a_wrong_field_is_refused(bilibili: Bilibili, client: Client, wrong: dict[str, Any]) -> None:
    body = client.add(client.uploaded(), **wrong)
    assert (body["code"], body["message"].partition(":")[0]) == (
        -400,
        "source" if wrong == {"copyright": 2} else next(iter(wrong)),
    )
    assert bilibili.submissions == {}


def test_the_longest_words_are_taken(client: Client) -> None:
    words = {"title": "题" * 79, "tag": "x" * 199, "desc": "述" * 249, "copyright": 2, "source": "a book"}
    assert client.add(client.uploaded(), **words)["code"] == 0


def test_posts_are_counted_even_if_their_answer_was_lost(bilibili: Bilibili, client: Client) -> None:
    token = client.uploaded()
    cover = client.cover()["data"]["url"]
    bilibili.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        client.add(token, cover=cover)
    bilibili.clock.advance(1)
    assert [post.id for post in bilibili.published] == client.listed()
    assert client.add(token, cover=cover)["code"] == 0
    bilibili.clock.advance(1)
    assert len(bilibili.published) == 2
    bilibili.single_use = True
    assert client.add(token, cover=cover)["code"] == -400


def test_a_review_may_refuse(bilibili: Bilibili, client: Client) -> None:
    bilibili.processing, bilibili.reject_processing = 60, "画面模糊"
    refused, passed = client.posted(), client.posted()
    assert set(client.listed(status="is_pubing")) == {refused, passed}
    assert client.view(refused)["data"]["addit_info"]["reject_reason"] == ""
    bilibili.clock.advance(61)
    told = client.view(refused)["data"]["addit_info"]
    assert told["state"] < -1
    assert told["reject_reason"] == "画面模糊"
    assert (client.listed(status="not_pubed"), client.listed(status="pubed")) == ([refused], [passed])
    assert [post.id for post in bilibili.published] == [passed]


def test_a_list_is_paged_newest_first_and_may_be_late(bilibili: Bilibili, client: Client) -> None:
    ids = [client.posted() for _ in range(3)]
    assert [*client.listed(ps=2, pn=1), *client.listed(ps=2, pn=2)] == ids[::-1]
    assert client.call("GET", f"{ARCHIVE}/viewlist", params={"ps": 1})["data"]["page"]["total"] == 3
    assert client.call("GET", f"{ARCHIVE}/viewlist", params={"status": "unknown"})["code"] == -400
    bilibili.slow_lookup = 30
    assert client.listed() == []
    assert client.view(ids[0])["code"] == 0
    bilibili.clock.advance(31)
    assert client.listed() == ids[::-1]


def test_numbers_grow_while_it_is_public(bilibili: Bilibili, client: Client) -> None:
    resource_id = client.posted()
    figures = [client.view(resource_id)["data"]["stat"]]
    for _ in range(2):
        bilibili.clock.advance(12 * 3600)
        figures.append(client.view(resource_id)["data"]["stat"])
    assert set(figures[0]) == {"view", "danmaku", "reply", "favorite", "coin", "share", "like"}
    assert all(a[name] < b[name] for a, b in pairwise(figures) for name in a)


def test_a_post_is_deleted(bilibili: Bilibili, client: Client) -> None:
    bilibili.processing = 60
    seen = client.posted()
    bilibili.clock.advance(61)
    unseen = client.posted()
    assert [client.call("POST", f"{ARCHIVE}/delete", {"resource_id": one})["code"] for one in (seen, unseen)] == [0, 0]
    bilibili.clock.advance(61)
    assert (bilibili.public, [post.id for post in bilibili.published], bilibili.taken_down) == ([], [seen], {seen})
    assert client.view(seen)["code"] == client.call("POST", f"{ARCHIVE}/delete", {"resource_id": seen})["code"] == -404
    assert client.listed() == []


def test_five_posts_a_day_for_whoever_is_no_formal_member(bilibili: Bilibili, client: Client) -> None:
    token, cover = client.uploaded(), client.cover()["data"]["url"]
    assert [client.add(token, cover=cover)["code"] for _ in range(6)] == [0] * 6
    bilibili.formal = False
    assert [client.add(token, cover=cover)["code"] for _ in range(6)] == [0] * 5 + [127009]
    bilibili.clock.advance(86_400)
    token = client.uploaded()
    assert client.add(token, cover=cover)["code"] == 0
    bilibili.rate = bilibili.limit(1, 60)
    assert [client.call("GET", f"{ARCHIVE}/viewlist")["code"] for _ in range(2)] == [0, 4010]


def test_tokens_end_and_are_refreshed_by_a_token_that_is_then_over(bilibili: Bilibili, client: Client) -> None:
    bilibili.strict = True
    client.token = "nobody's"
    assert client.call("GET", f"{ARCHIVE}/viewlist")["code"] == 122001
    client.token = bilibili.issue()
    bilibili.token_seconds = 3600
    bilibili.clock.advance(3600)
    assert client.call("GET", f"{ARCHIVE}/viewlist")["code"] == 122002
    url = f"{bilibili.base}/x/account-oauth2/v1/refresh_token"
    asked = {
        "client_id": bilibili.client_id,
        "client_secret": bilibili.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": "sandbox-refresh-token",
    }
    assert client.told(client.http.post(url, params={**asked, "client_secret": "wrong"}))["code"] == 122003
    data = client.told(client.http.post(url, params=asked))["data"]
    assert data["expires_in"] == 3600
    client.token = data["access_token"]
    assert client.call("GET", f"{ARCHIVE}/viewlist")["code"] == 0
    assert client.told(client.http.post(url, params=asked))["code"] == 122001
    bilibili.rotates, bilibili.expires_at = False, True
    again = client.told(client.http.post(url, params={**asked, "refresh_token": data["refresh_token"]}))["data"]
    assert again["refresh_token"] == data["refresh_token"]
    assert again["expires_in"] > 1_000_000_000


def test_a_code_is_worth_tokens_once(bilibili: Bilibili, client: Client) -> None:
    url = f"{bilibili.base}/x/account-oauth2/v1/token"
    asked = {"client_id": bilibili.client_id, "client_secret": bilibili.client_secret, "code": "c"}
    assert client.told(client.http.post(url, params=asked))["code"] == -400
    asked["grant_type"] = "authorization_code"
    assert [client.told(client.http.post(url, params=asked))["code"] for _ in range(2)] == [0, 122001]


def test_many_clients_at_once_lose_nothing(bilibili: Bilibili, client: Client) -> None:
    def post(number: int) -> str:
        one = Client(bilibili, client.http)
        return cast("str", one.add(one.uploaded(b"%d" % number * 1000))["data"]["resource_id"])

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(post, range(8)))
    bilibili.clock.advance(1)
    assert {post.id for post in bilibili.published} == ids
    assert len({post.sha256 for post in bilibili.published}) == len(ids) == 8
