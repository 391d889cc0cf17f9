"""The simulated Kuaishou answers as its open platform is documented, and counts what became public."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.kuaishou import Kuaishou
from sandbox.server import sandbox

VIDEO = b"a video" * 20_000
COVER = ("a.jpg", b"jpeg", "image/jpeg")
PHOTO = "/openapi/photo"


class Client:
    """Speaks to it as its documentation says."""

    def __init__(self, platform: Kuaishou, http: httpx.Client) -> None:
        self.platform, self.http = platform, http
        self.token, self.app_id = "sandbox-token", "sandbox-app"
        self.endpoint = ""

    def call(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        params = {"access_token": self.token, "app_id": self.app_id, **how.pop("params", {})}
        return self.told(self.http.request(method, self.platform.base + path, params=params, **how))

    def host(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        return self.told(self.http.request(method, f"http://{self.endpoint}{path}", **how))

    def told(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200
        body = cast("dict[str, Any]", answer.json())
        assert ("error_msg" in body) == (body["result"] != 1)
        return body

    def start(self) -> str:
        body = self.call("POST", f"{PHOTO}/start_upload")
        self.endpoint = body["endpoint"]
        assert "//" not in self.endpoint
        return cast("str", body["upload_token"])

    def upload(self, token: str, content: bytes = VIDEO, kind: str = "video/mp4") -> int:
        params, headers = {"upload_token": token}, {"Content-Type": kind}
        return cast("int", self.host("POST", "/api/upload", params=params, headers=headers, content=content)["result"])

    def uploaded(self, content: bytes = VIDEO) -> str:
        token = self.start()
        assert self.upload(token, content) == 1
        return token

    def fragment(self, token: str, number: object, content: bytes) -> dict[str, Any]:
        params = {"upload_token": token, "fragment_id": str(number)}
        return self.host("POST", "/api/upload/fragment", params=params, content=content)

    def complete(self, token: str, count: int) -> int:
        params = {"upload_token": token, "fragment_count": count}
        return cast("int", self.host("POST", "/api/upload/complete", params=params)["result"])

    def publish(self, token: str, caption: str = "谷雨 #茶", **files: Any) -> dict[str, Any]:
        return self.call(
            "POST",
            f"{PHOTO}/publish",
            params={"upload_token": token},
            data={"caption": caption},
            files=files or {"cover": COVER},
        )

    def posted(self) -> str:
        return cast("str", self.publish(self.uploaded())["video_info"]["photo_id"])

    def info(self, photo_id: str) -> dict[str, Any]:
        return cast(
            "dict[str, Any]", self.call("GET", f"{PHOTO}/info", params={"photo_id": photo_id}).get("video_info", {})
        )

    def listed(self, **params: Any) -> list[str]:
        return [one["photo_id"] for one in self.call("GET", f"{PHOTO}/list", params=params)["video_list"]]


@pytest.fixture
def kuaishou() -> Iterator[Kuaishou]:
    with sandbox([Kuaishou]) as running:
        yield cast("Kuaishou", running["kuaishou"])


@pytest.fixture
def client(kuaishou: Kuaishou) -> Iterator[Client]:
    with httpx.Client(timeout=10) as http:
        yield Client(kuaishou, http)


def test_a_small_video_is_posted_pending_and_then_public(kuaishou: Kuaishou, client: Client) -> None:
    kuaishou.processing = 60
    video_info = client.publish(client.uploaded())["video_info"]
    assert set(video_info) >= {"photo_id", "caption", "cover", "play_url", "create_time", "pending"}
    assert (video_info["caption"], video_info["pending"]) == ("谷雨 #茶", True)
    photo_id = video_info["photo_id"]
    assert (client.info(photo_id)["pending"], kuaishou.published) == (True, [])
    kuaishou.clock.advance(61)
    (post,) = kuaishou.published
    assert (post.id, post.account, post.text, post.ai) == (photo_id, kuaishou.open_id, "谷雨 #茶", None)
    assert (post.sha256, post.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    assert client.info(photo_id)["pending"] is False
    assert client.http.get(client.info(photo_id)["play_url"]).content == VIDEO
    assert [moment for moment, _ in kuaishou.calls[:4]] == ["init", "upload", "publish", "status"]


def test_a_small_video_may_come_as_a_form(kuaishou: Kuaishou, client: Client) -> None:
    token = client.start()
    files = {"file": ("a.mp4", VIDEO, "video/mp4")}
    assert client.host("POST", "/api/upload/multipart", params={"upload_token": token}, files=files)["result"] == 1
    client.publish(token)
    kuaishou.clock.advance(1)
    assert kuaishou.published[0].bytes == len(VIDEO)


def test_a_large_video_comes_in_fragments_one_after_the_other(kuaishou: Kuaishou, client: Client) -> None:
    kuaishou.fragment_most = 1000
    token = client.start()
    assert client.fragment(token, 0, b"wrong")["result"] == 1
    answer = client.fragment(token, 0, b"a" * 1000)
    assert (answer["size"], bool(answer["checksum"])) == (1000, True)
    assert client.fragment(token, 2, b"c")["result"] != 1
    assert client.fragment(token, 1, b"b" * 500)["result"] == 1
    assert (client.complete(token, 3), client.complete(token, 1)) == (100210001, 100210001)
    assert client.complete(token, 2) == client.complete(token, 2) == 1
    client.publish(token)
    kuaishou.clock.advance(1)
    assert kuaishou.published[0].sha256 == hashlib.sha256(b"a" * 1000 + b"b" * 500).hexdigest()
    kuaishou.single_completion = True
    assert client.complete(token, 2) != 1
    assert client.fragment(token, 2, b"c")["result"] != 1


def test_a_fragment_has_at_most_four_megabytes_and_a_number(kuaishou: Kuaishou, client: Client) -> None:
    token = client.start()
    assert client.fragment(token, 0, b"a" * (4 * 1024 * 1024 + 1))["result"] != 1
    assert client.fragment(token, 0, b"a" * (4 * 1024 * 1024))["result"] == 1
    assert client.fragment(token, "one", b"a")["result"] != 1
    assert client.fragment(token, 1, b"")["result"] != 1
    assert client.fragment("unknown", 0, b"a")["result"] != 1


def test_an_upload_that_was_cut_goes_on_after_the_last_fragment(kuaishou: Kuaishou, client: Client) -> None:
    token = client.start()
    resumed = {"method": "GET", "path": "/api/upload/resume", "params": {"upload_token": token}}
    assert (client.host(**resumed)["existed"], client.host(**resumed)["fragment_index"]) == (False, -1)
    client.fragment(token, 0, VIDEO)
    kuaishou.trouble("chunk", cut=50_000)
    with pytest.raises(httpx.TransportError):
        client.fragment(token, 1, VIDEO)
    told = client.host(**resumed)
    assert (told["existed"], told["fragment_index"], told["fragment_index_bytes"]) == (True, 0, len(VIDEO))
    assert (client.fragment(token, 1, VIDEO)["result"], client.complete(token, 2)) == (1, 1)


def test_a_video_in_one_piece_is_small_and_an_mp4(kuaishou: Kuaishou, client: Client) -> None:
    assert kuaishou.single_most == 10 * 1024 * 1024
    kuaishou.single_most = len(VIDEO) - 1
    token = client.start()
    assert client.upload(token) != 1
    kuaishou.single_most = len(VIDEO)
    assert client.upload(token, kind="text/plain") != 1
    assert client.upload(token, b"") != 1
    assert client.upload(token) == 1


def test_an_upload_token_is_over_after_a_day(kuaishou: Kuaishou, client: Client) -> None:
    token = client.start()
    kuaishou.clock.advance(86_400)
    assert client.upload(token) != 1
    assert client.publish(token)["result"] != 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"caption": "x" * 1001},
        {"caption": "#a #b #c #d #e"},
        {"other": COVER},
        {"cover": ("a.jpg", b"", "image/jpeg")},
        {"cover": ("a.txt", b"words", "text/plain")},
    ],
)
def test_a_post_with_a_wrong_field_is_refused(kuaishou: Kuaishou, client: Client, wrong: dict[str, Any]) -> None:
    assert client.publish(client.uploaded(), **wrong)["result"] == 100200102
    assert kuaishou.submissions == {}


def test_what_did_not_arrive_whole_is_not_posted(client: Client) -> None:
    token = client.start()
    assert client.publish(token)["result"] != 1
    client.fragment(token, 0, VIDEO)
    assert client.publish(token)["result"] != 1
    assert client.publish("unknown")["result"] != 1
    assert client.call("POST", f"{PHOTO}/publish", params={"upload_token": token}, content=b"")["result"] != 1


def test_posts_are_counted_even_if_their_answer_was_lost(kuaishou: Kuaishou, client: Client) -> None:
    token = client.uploaded()
    kuaishou.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        client.publish(token)
    kuaishou.clock.advance(1)
    assert [post.id for post in kuaishou.published] == client.listed()
    assert client.publish(token)["result"] == 1
    kuaishou.clock.advance(1)
    assert len(kuaishou.published) == 2
    kuaishou.single_use = True
    assert client.publish(token)["result"] != 1


def test_what_processing_refuses_stays_pending(kuaishou: Kuaishou, client: Client) -> None:
    kuaishou.reject_processing = "违规"
    refused, passed = client.posted(), client.posted()
    kuaishou.clock.advance(3600)
    assert (client.info(refused)["pending"], client.info(passed)["pending"]) == (True, False)
    assert [post.id for post in kuaishou.published] == [passed]
    told = client.call("GET", f"{PHOTO}/count")
    assert (told["public_count"], told["all_count"]) == (1, 2)


def test_a_list_is_paged_newest_first_and_may_be_late(kuaishou: Kuaishou, client: Client) -> None:
    ids = [client.posted() for _ in range(3)]
    first = client.listed(count=2)
    assert [*first, *client.listed(count=2, cursor=first[-1])] == ids[::-1]
    assert client.call("GET", f"{PHOTO}/list", params={"cursor": "unknown"})["result"] != 1
    kuaishou.slow_lookup = 30
    assert client.listed() == []
    assert client.info(ids[0])["photo_id"] == ids[0]
    kuaishou.clock.advance(31)
    assert client.listed() == ids[::-1]


def test_counts_grow_while_it_is_public(kuaishou: Kuaishou, client: Client) -> None:
    photo_id = client.posted()
    figures = [client.info(photo_id)]
    for _ in range(2):
        kuaishou.clock.advance(7200)
        figures.append(client.info(photo_id))
    for name in ("view_count", "like_count", "comment_count"):
        assert all(a[name] < b[name] for a, b in pairwise(figures))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_photo_is_deleted(kuaishou: Kuaishou, client: Client, method: str) -> None:
    photo_id = client.posted()
    kuaishou.clock.advance(1)
    assert client.call(method, f"{PHOTO}/delete", params={"photo_id": photo_id})["result"] == 1
    assert (kuaishou.public, kuaishou.taken_down, client.listed()) == ([], {photo_id}, [])
    assert client.call("GET", f"{PHOTO}/info", params={"photo_id": photo_id})["result"] != 1
    assert client.call(method, f"{PHOTO}/delete", params={"photo_id": photo_id})["result"] != 1


def test_caps_and_the_scope(kuaishou: Kuaishou, client: Client) -> None:
    kuaishou.daily_cap = kuaishou.limit(1, 86_400)
    token = client.uploaded()
    assert [client.publish(token)["result"] for _ in range(2)] == [1, 100200104]
    kuaishou.rate = kuaishou.limit(1, 60)
    assert [client.call("GET", f"{PHOTO}/list")["result"] for _ in range(2)] == [1, 100200104]
    kuaishou.permitted = False
    assert client.call("GET", f"{PHOTO}/list")["result"] == 100200103


def test_tokens_end_after_two_days_and_are_refreshed(kuaishou: Kuaishou, client: Client) -> None:
    kuaishou.strict = True
    client.token = "nobody's"
    assert client.call("GET", "/openapi/user_info")["result"] == 100200100
    client.token = kuaishou.issue()
    assert client.call("GET", "/openapi/user_info")["user_info"]["name"]
    client.app_id = ""
    assert client.call("GET", "/openapi/user_info")["result"] != 1
    client.app_id = kuaishou.app_id
    kuaishou.clock.advance(2 * 86_400)
    assert client.call("GET", "/openapi/user_info")["result"] == 100200101
    asked = {
        "app_id": kuaishou.app_id,
        "app_secret": kuaishou.app_secret,
        "grant_type": "refresh_token",
        "refresh_token": "sandbox-refresh-token",
    }
    url = f"{kuaishou.base}/oauth2/refresh_token"
    for name in asked:
        assert client.told(client.http.get(url, params={**asked, name: "wrong"}))["result"] != 1
        assert client.told(client.http.get(url, params={**asked, name: ""}))["result"] != 1
    body = client.told(client.http.get(url, params=asked))
    assert (body["result"], body["expires_in"]) == (1, 2 * 86_400)
    client.token = body["access_token"]
    assert client.call("GET", "/openapi/user_info")["result"] == 1
    assert client.told(client.http.get(url, params=asked))["result"] == 100200100
    kuaishou.clock.advance(180 * 86_400)
    again = client.told(client.http.get(url, params={**asked, "refresh_token": body["refresh_token"]}))
    assert again["result"] == 100200100


def test_many_clients_at_once_lose_nothing(kuaishou: Kuaishou, client: Client) -> None:
    def post(number: int) -> str:
        one = Client(kuaishou, client.http)
        return cast("str", one.publish(one.uploaded(b"%d" % number * 1000))["video_info"]["photo_id"])

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(post, range(8)))
    kuaishou.clock.advance(1)
    assert {post.id for post in kuaishou.published} == ids
    assert len({post.sha256 for post in kuaishou.published}) == len(ids) == 8
