"""The simulated Douyin answers as its open platform is documented, and counts what became public."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.douyin import Douyin
from sandbox.server import sandbox

VIDEO = b"a video" * 20_000
API = "/api/douyin/v1/video"


class Client:
    """Speaks to it as its documentation says."""

    def __init__(self, platform: Douyin, http: httpx.Client) -> None:
        self.platform, self.http = platform, http
        self.token, self.open_id = "sandbox-token", "somebody"

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        params = {"open_id": self.open_id, **how.pop("params", {})}
        headers = {"access-token": self.token} if self.token else {}
        return self.http.request(method, self.platform.base + path, params=params, headers=headers, **how)

    def data(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer = self.send(method, path, **how)
        assert answer.status_code == 200
        body = answer.json()
        assert body["extra"]["error_code"] == body["data"]["error_code"]
        assert set(body["extra"]) >= {"logid", "now", "sub_error_code"}
        return cast("dict[str, Any]", body["data"])

    def code(self, method: str, path: str, **how: Any) -> int:
        return cast("int", self.data(method, path, **how)["error_code"])

    def upload(self, content: bytes = VIDEO) -> str:
        data = self.data("POST", f"{API}/upload_video/", files={"video": ("a.mp4", content, "video/mp4")})
        return cast("str", data["video"]["video_id"])

    def part(self, upload_id: str, number: object, content: bytes) -> int:
        params = {"upload_id": upload_id, "part_number": str(number)}
        return self.code("POST", f"{API}/upload_video_part/", params=params, files={"video": ("a.mp4", content)})

    def create(self, video_id: str, **more: Any) -> dict[str, Any]:
        return self.data("POST", f"{API}/create_video/", json={"video_id": video_id, "text": "谷雨 #茶", **more})

    def item(self, item_id: str) -> dict[str, Any]:
        (item,) = self.data("POST", f"{API}/video_data/", json={"item_ids": [item_id]})["list"]
        return cast("dict[str, Any]", item)


@pytest.fixture
def douyin() -> Iterator[Douyin]:
    with sandbox([Douyin]) as running:
        yield cast("Douyin", running["douyin"])


@pytest.fixture
def client(douyin: Douyin) -> Iterator[Client]:
    with httpx.Client(timeout=10) as http:
        yield Client(douyin, http)


def test_a_small_video_is_posted_reviewed_and_then_public(douyin: Douyin, client: Client) -> None:
    douyin.processing = 60
    data = client.data("POST", f"{API}/upload_video/", files={"video": ("a.mp4", VIDEO, "video/mp4")})
    assert {"video_id", "width", "height"} <= set(data["video"])
    item_id = client.create(data["video"]["video_id"], cover_tsp=2.3)["item_id"]

    assert (client.item(item_id)["video_status"], client.item(item_id)["is_reviewed"]) == (4, False)
    assert douyin.published == []
    douyin.clock.advance(61)
    (post,) = douyin.published
    assert (post.id, post.account, post.text, post.ai) == (item_id, "somebody", "谷雨 #茶", None)
    assert (post.sha256, post.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    item = client.item(item_id)
    assert (item["video_status"], item["is_reviewed"], item["share_url"]) == (5, True, post.url)
    assert client.http.get(post.url).status_code == 200
    assert [moment for moment, _ in douyin.calls[:3]] == ["upload", "publish", "status"]


def test_a_large_video_comes_in_parts_and_a_part_may_come_again(douyin: Douyin, client: Client) -> None:
    douyin.part_least = 1000
    upload_id = client.data("POST", f"{API}/init_video_part_upload/")["upload_id"]
    assert client.part(upload_id, 2, b"b" * 500) == 0
    assert client.part(upload_id, 1, b"wrong") == 0
    assert client.part(upload_id, 1, b"a" * 1000) == 0
    video = client.data("POST", f"{API}/complete_video_part_upload/", params={"upload_id": upload_id})["video"]
    client.create(video["video_id"])
    douyin.clock.advance(1)
    assert douyin.published[0].sha256 == hashlib.sha256(b"a" * 1000 + b"b" * 500).hexdigest()


def test_parts_with_a_gap_or_too_small_or_too_large_together_do_not_make_a_video(
    douyin: Douyin, client: Client
) -> None:
    upload_id = client.data("POST", f"{API}/init_video_part_upload/")["upload_id"]
    done = {"method": "POST", "path": f"{API}/complete_video_part_upload/", "params": {"upload_id": upload_id}}
    assert client.code(**done) == 2100005
    assert client.part(upload_id, 0, b"x") == client.part(upload_id, "first", b"x") == 2100005
    client.part(upload_id, 1, b"a" * 1000)
    client.part(upload_id, 3, b"a" * 1000)
    assert client.code(**done) == 2100005
    client.part(upload_id, 2, b"a" * 1000)
    assert client.code(**done) == 2100005  # a part below five megabytes that is not the last
    douyin.part_least, douyin.whole_most = 1000, 2999
    assert client.code(**done) == 2100005
    douyin.whole_most = 3000
    assert client.code(**done) == 0


def test_an_upload_id_must_be_encoded_is_over_after_two_hours_and_completes_once(
    douyin: Douyin, client: Client
) -> None:
    upload_id = client.data("POST", f"{API}/init_video_part_upload/")["upload_id"]
    raw = f"{douyin.base}{API}/upload_video_part/?open_id=somebody&part_number=1&upload_id={upload_id}"
    files = {"video": ("a.mp4", b"x")}
    answer = client.http.post(raw, headers={"access-token": "t"}, files=files)
    assert answer.json()["data"]["error_code"] == 2100005
    assert client.part(upload_id, 1, VIDEO) == 0
    done = {"method": "POST", "path": f"{API}/complete_video_part_upload/", "params": {"upload_id": upload_id}}
    first = client.data(**done)["video"]["video_id"]
    assert client.data(**done)["video"]["video_id"] == first
    assert client.part(upload_id, 1, VIDEO) == 2100005
    douyin.single_completion = True
    assert client.code(**done) == 2100005
    douyin.clock.advance(7200)
    assert client.part(upload_id, 1, VIDEO) == 2100005


def test_a_part_that_is_cut_leaves_nothing_and_comes_again(douyin: Douyin, client: Client) -> None:
    upload_id = client.data("POST", f"{API}/init_video_part_upload/")["upload_id"]
    douyin.trouble("chunk", cut=50_000)
    with pytest.raises(httpx.TransportError):
        client.part(upload_id, 1, VIDEO)
    params = {"upload_id": upload_id}
    assert client.code("POST", f"{API}/complete_video_part_upload/", params=params) == 2100005
    assert client.part(upload_id, 1, VIDEO) == 0
    assert client.code("POST", f"{API}/complete_video_part_upload/", params=params) == 0


def test_a_video_above_the_limit_comes_in_parts_only(douyin: Douyin, client: Client) -> None:
    douyin.single_most = len(VIDEO) - 1
    files = {"video": ("a.mp4", VIDEO, "video/mp4")}
    assert client.code("POST", f"{API}/upload_video/", files=files) == 2100005
    douyin.single_most = len(VIDEO)
    assert client.code("POST", f"{API}/upload_video/", files=files) == 0


def test_the_older_upload_takes_its_token_as_a_parameter(douyin: Douyin, client: Client) -> None:
    client.token = ""
    files = {"video": ("a.mp4", VIDEO, "video/mp4")}
    assert client.code("POST", "/video/upload/", params={"access_token": "t"}, files=files) == 0
    assert client.code("POST", f"{API}/upload_video/", params={"access_token": "t"}, files=files) == 2190002


def test_a_cover_is_an_image_that_was_uploaded(douyin: Douyin, client: Client) -> None:
    image = client.data("POST", f"{API}/upload_image/", files={"image": ("a.jpg", b"jpeg", "image/jpeg")})["image"]
    video_id = client.upload()
    assert client.create(video_id, custom_cover_image_url="https://elsewhere/a.jpg")["error_code"] == 2100005
    assert client.create(video_id, custom_cover_image_url=image["image_id"])["error_code"] == 0
    assert client.code("POST", f"{API}/upload_image/", files={"video": ("a.jpg", b"jpeg")}) == 2100005


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "x" * 1001},
        {"text": 5},
        {"video_id": "unknown"},
        {"cover_tsp": -1},
        {"cover_tsp": "soon"},
        {"at_users": "everybody"},
    ],
)
def test_a_post_with_a_wrong_field_is_refused(douyin: Douyin, client: Client, wrong: dict[str, Any]) -> None:
    assert client.create(**{"video_id": client.upload(), **wrong})["error_code"] == 2100005
    assert douyin.submissions == {}


def test_a_body_that_is_not_what_it_must_be_is_refused_in_the_platforms_words(client: Client) -> None:
    path = f"{API}/create_video/"
    assert client.code("POST", path, content=b"{") == client.code("POST", path, content=b"[]") == 2100005
    assert client.code("POST", f"{API}/upload_video/", content=VIDEO) == 2100005
    assert client.code("POST", f"{API}/video_data/", json={}) == 2100005


def test_posts_are_counted_even_if_their_answer_was_lost(douyin: Douyin, client: Client) -> None:
    video_id = client.upload()
    douyin.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        client.create(video_id)
    douyin.clock.advance(1)
    assert len(douyin.published) == 1
    found = client.data("POST", f"{API}/video_data/", json={"video_ids": [video_id]})["list"]
    assert [item["item_id"] for item in found] == [douyin.published[0].id]
    client.create(video_id)
    douyin.clock.advance(1)
    assert len(douyin.published) == 2
    douyin.single_use = True
    assert client.create(video_id)["error_code"] == 2100005


def test_a_review_may_refuse(douyin: Douyin, client: Client) -> None:
    douyin.reject_processing = "不适宜公开"
    refused, passed = (client.create(client.upload())["item_id"] for _ in range(2))
    douyin.clock.advance(1)
    assert (client.item(refused)["video_status"], client.item(refused)["is_reviewed"]) == (2, True)
    douyin.public_status = 1
    assert client.item(passed)["video_status"] == 1
    assert [post.id for post in douyin.public] == [passed]


def test_a_list_is_paged_newest_first_shows_nobody_elses_and_may_be_late(douyin: Douyin, client: Client) -> None:
    ids = [client.create(client.upload())["item_id"] for _ in range(3)]
    first = client.data("GET", f"{API}/video_list/", params={"cursor": 0, "count": 2})
    second = client.data("GET", f"{API}/video_list/", params={"cursor": first["cursor"], "count": 2})
    assert [item["item_id"] for item in [*first["list"], *second["list"]]] == ids[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert client.code("GET", f"{API}/video_list/", params={"count": 21}) == 2100005
    client.open_id = "somebody else"
    assert client.data("GET", f"{API}/video_list/")["list"] == []
    douyin.slow_lookup = 30
    video_id = client.upload()
    item_id = client.create(video_id)["item_id"]
    assert client.data("GET", f"{API}/video_list/")["list"] == []
    assert client.data("POST", f"{API}/video_data/", json={"video_ids": [video_id]})["list"] == []
    assert client.item(item_id)["item_id"] == item_id
    douyin.clock.advance(31)
    assert len(client.data("GET", f"{API}/video_list/")["list"]) == 1


def test_statistics_grow_while_it_is_public(douyin: Douyin, client: Client) -> None:
    item_id = client.create(client.upload())["item_id"]
    figures = [client.item(item_id)["statistics"]]
    for _ in range(2):
        douyin.clock.advance(7200)
        figures.append(client.item(item_id)["statistics"])
    assert set(figures[0]) == {"play_count", "digg_count", "comment_count", "share_count"}
    assert all(a[name] < b[name] for a, b in pairwise(figures) for name in a)


def test_75_posts_a_day(douyin: Douyin, client: Client) -> None:
    assert (douyin.daily_cap.count, douyin.daily_cap.seconds) == (75, 86_400)
    douyin.daily_cap = douyin.limit(2, 86_400)
    video_id = client.upload()
    assert [client.create(video_id)["error_code"] for _ in range(3)] == [0, 0, 2114007]
    client.open_id = "somebody else"
    assert client.create(client.upload())["error_code"] == 0
    douyin.clock.advance(86_400)
    client.open_id = "somebody"
    assert client.create(video_id)["error_code"] == 0


def test_calls_have_a_rate_a_quota_and_need_the_scope(douyin: Douyin, client: Client) -> None:
    get = {"method": "GET", "path": f"{API}/video_list/"}
    douyin.rate = douyin.limit(1, 60)
    assert (client.code(**get), client.code(**get)) == (0, 28003018)
    douyin.clock.advance(61)
    douyin.rate, douyin.quota = douyin.limit(9, 60), douyin.limit(1, 86_400)
    assert (client.code(**get), client.code(**get)) == (0, 2190001)
    douyin.permitted = False
    assert client.code(**get) == 28001018


def test_tokens_end_after_fifteen_days_and_are_refreshed(douyin: Douyin, client: Client) -> None:
    get = {"method": "GET", "path": f"{API}/video_list/"}
    douyin.strict = True
    client.token = "nobody's"
    assert client.code(**get) == 2190002
    client.token = douyin.issue()
    assert client.code(**get) == 0
    douyin.clock.advance(15 * 86_400)
    assert client.code(**get) == 2190008
    form = {"client_key": douyin.client_key, "grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    answer = client.http.post(f"{douyin.base}/oauth/refresh_token/", data=form).json()
    assert answer["message"] == "success"
    assert (answer["data"]["expires_in"], answer["data"]["refresh_token"]) == (15 * 86_400, "sandbox-refresh-token")
    assert answer["data"]["open_id"] == douyin.open_id
    client.token = answer["data"]["access_token"]
    assert client.code(**get) == 0
    douyin.expire_tokens()
    assert client.code(**get) == 2190008


def test_a_refresh_token_is_renewed_five_times_and_the_older_one_is_over(douyin: Douyin, client: Client) -> None:
    token, seen = "sandbox-refresh-token", []
    for _ in range(6):
        form = {"client_key": "k", "refresh_token": token}
        data = client.http.post(f"{douyin.base}/oauth/renew_refresh_token/", data=form).json()["data"]
        seen.append(data["error_code"])
        token = data.get("refresh_token", token)
    assert seen == [0] * 5 + [10010]
    form = {"client_key": "k", "grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    assert client.http.post(f"{douyin.base}/oauth/refresh_token/", data=form).json()["data"]["error_code"] == 10010
    form["refresh_token"] = token
    assert client.http.post(f"{douyin.base}/oauth/refresh_token/", data=form).json()["data"]["error_code"] == 0
    douyin.clock.advance(30 * 86_400)
    answer = client.http.post(f"{douyin.base}/oauth/refresh_token/", data=form).json()
    assert (answer["data"]["error_code"], answer["message"]) == (10010, "error")


def test_a_code_is_worth_tokens_once_and_they_tell_whose_they_are(douyin: Douyin, client: Client) -> None:
    form = {"client_key": "k", "client_secret": "s", "code": "c", "grant_type": "authorization_code"}
    answers = [client.http.post(f"{douyin.base}/oauth/access_token/", data=form).json()["data"] for _ in range(2)]
    assert [answer["error_code"] for answer in answers] == [0, 10007]
    assert answers[0]["access_token"] in douyin.tokens
    params = {"access_token": answers[0]["access_token"], "open_id": answers[0]["open_id"]}
    told = client.http.get(f"{douyin.base}/oauth/userinfo/", params=params).json()["data"]
    assert told["open_id"] == douyin.open_id
    missing = client.http.post(f"{douyin.base}/oauth/refresh_token/", data={"client_key": "k"}).json()["data"]
    assert missing["error_code"] == 10005
    douyin.strict = True
    refused = client.http.post(f"{douyin.base}/oauth/access_token/", data={**form, "code": "d"}).json()["data"]
    assert refused["error_code"] == 10003


def test_many_clients_at_once_lose_nothing(douyin: Douyin, client: Client) -> None:
    def post(number: int) -> str:
        one = Client(douyin, client.http)
        return cast("str", one.create(one.upload(b"%d" % number * 1000))["item_id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(post, range(16)))
    douyin.clock.advance(1)
    assert {post.id for post in douyin.published} == ids
    assert len({post.sha256 for post in douyin.published}) == len(ids) == 16
