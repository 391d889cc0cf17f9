"""The simulated X keeps to API v2, and counts what the public sees."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.platforms.x import X
from sandbox.server import sandbox
from sandbox.x.text import weight

VIDEO = bytes(range(256)) * 2000
SEGMENT = 200_000
SEGMENTS = [VIDEO[at : at + SEGMENT] for at in range(0, len(VIDEO), SEGMENT)]
DAY = 86_400
INVALID = "https://api.twitter.com/2/problems/invalid-request"


class Caller:
    """Requests as the documentation writes them."""

    def __init__(self, platform: X, http: httpx.Client) -> None:
        self.platform, self.http = platform, http

    def call(self, method: str, path: str, *, who: str = "good", **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {who}"}
        return self.http.request(method, f"{self.platform.base}/2/{path}", headers=headers, **how)

    def initialize(self, **changed: Any) -> httpx.Response:
        body = {"media_type": "video/mp4", "total_bytes": len(VIDEO), "media_category": "tweet_video", "shared": False}
        return self.call("POST", "media/upload/initialize", json={**body, **changed})

    def append(self, media: str, index: int, content: bytes) -> httpx.Response:
        how = {"data": {"segment_index": str(index)}, "files": {"media": ("blob", content)}}
        return self.call("POST", f"media/upload/{media}/append", **how)

    def sent(self) -> str:
        """Media whose segments are all there."""
        media: str = self.initialize().json()["data"]["id"]
        for index, content in enumerate(SEGMENTS):
            assert self.append(media, index, content).status_code == 200
        return media

    def finalize(self, media: str) -> httpx.Response:
        return self.call("POST", f"media/upload/{media}/finalize")

    def ready(self) -> str:
        """Media that can be posted."""
        media = self.sent()
        assert self.finalize(media).status_code == 200
        self.platform.clock.advance(self.platform.processing)
        return media

    def status(self, media: str) -> dict[str, Any]:
        told = self.call("GET", "media/upload", params={"command": "STATUS", "media_id": media})
        state: dict[str, Any] = told.json()["data"]["processing_info"]
        return state

    def tweet(self, text: str, media: str | None = None, **more: Any) -> httpx.Response:
        attached = {} if media is None else {"media": {"media_ids": [media]}}
        return self.call("POST", "tweets", json={"text": text, **attached, **more})

    def timeline(self, **params: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", f"users/{self.platform.user_id}/tweets", params=params).json()
        return told


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    with sandbox([X], folder=tmp_path) as running, httpx.Client(timeout=10) as http:
        platform = running["x"]
        assert isinstance(platform, X)
        platform.processing = 40.0
        yield Caller(platform, http)


@pytest.fixture
def x(caller: Caller) -> X:
    return caller.platform


def fails(answer: httpx.Response, status: int, kind: str = INVALID) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, kind)
    assert {"title", "detail"} <= set(problem)
    return problem


def test_a_video_goes_through_its_states_and_becomes_public_once(caller: Caller, x: X) -> None:
    begun = caller.initialize().json()["data"]
    media = begun["id"]
    assert begun == {"id": media, "media_key": f"13_{media}", "expires_after_secs": 1_295_999}
    for index, content in enumerate(SEGMENTS):
        assert set(caller.append(media, index, content).json()["data"]) == {"expires_at"}
    done = caller.finalize(media).json()["data"]
    assert done["processing_info"] == {"state": "pending", "check_after_secs": 1}
    assert (done["size"], done["expires_after_secs"]) == (len(VIDEO), DAY)
    x.clock.advance(20)
    assert caller.status(media) == {"state": "in_progress", "check_after_secs": 1, "progress_percent": 50}
    x.clock.advance(20)
    assert caller.status(media) == {"state": "succeeded", "progress_percent": 100}
    assert x.published == []

    answer = caller.tweet("清明", media, made_with_ai=True, reply_settings="following")

    assert answer.status_code == 201
    [post] = x.public
    assert answer.json() == {"data": {"id": post.id, "text": "清明"}}
    assert (post.account, post.text, post.ai) == (x.user_id, "清明", True)
    assert (post.sha256, post.bytes) == (sha256(VIDEO).hexdigest(), len(VIDEO))
    assert tuple(dict.fromkeys(moment for moment, _ in x.calls)) == x.moments
    assert caller.http.get(post.url).status_code == 200


def test_without_processing_media_is_ready_at_once(caller: Caller, x: X) -> None:
    x.processing = 0
    media = caller.sent()
    assert "processing_info" not in caller.finalize(media).json()["data"]
    assert caller.tweet("now", media).status_code == 201


def test_the_older_form_with_commands_has_the_same_moments(caller: Caller, x: X) -> None:
    start = {"media_type": "video/mp4", "total_bytes": str(len(VIDEO)), "media_category": "tweet_video"}
    media = caller.call("POST", "media/upload", data={"command": "INIT", **start}).json()["data"]["id"]
    x.trouble("chunk", cut=1000)
    for index, content in enumerate(SEGMENTS):
        fields = {"command": "APPEND", "media_id": media, "segment_index": str(index)}
        how: dict[str, Any] = {"data": fields, "files": {"media": content}}
        if not index:
            with pytest.raises(httpx.TransportError):
                caller.call("POST", "media/upload", **how)
        assert caller.call("POST", "media/upload", **how).status_code == 200
    caller.call("POST", "media/upload", params={"command": "FINALIZE", "media_id": media})
    x.clock.advance(40)
    caller.tweet("old", media)
    assert x.public[0].sha256 == sha256(VIDEO).hexdigest()
    assert tuple(dict.fromkeys(moment for moment, _ in x.calls)) == ("init", "chunk", "finalize", "publish")


def test_segments_come_in_any_order_as_json_too_and_again_after_a_break(caller: Caller, x: X) -> None:
    media = caller.initialize().json()["data"]["id"]
    for index, content in reversed(list(enumerate(SEGMENTS))):
        x.trouble("chunk", cut=50_000)
        with pytest.raises(httpx.TransportError):
            caller.append(media, index, content)
        body = {"segment_index": index, "media": base64.b64encode(content).decode()}
        assert caller.call("POST", f"media/upload/{media}/append", json=body).status_code == 200
    assert caller.append(media, 0, SEGMENTS[0]).status_code == 200
    caller.finalize(media)
    x.clock.advance(40)
    caller.tweet("whole", media)
    assert x.public[0].sha256 == sha256(VIDEO).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        {"total_bytes": 0},
        {"total_bytes": "512000"},
        {"total_bytes": 17_179_869_185},
        {"total_bytes": 600 * 1024 * 1024},
        {"media_category": "reel"},
        {"media_type": None},
        {"colour": "red"},
    ],
)
def test_an_upload_that_x_would_not_begin(caller: Caller, changed: dict[str, Any]) -> None:
    assert fails(caller.initialize(**changed), 400)["errors"]


def test_segments_that_x_would_not_take(caller: Caller, x: X) -> None:
    media = caller.initialize().json()["data"]["id"]
    x.most_segment_bytes = SEGMENT
    fails(caller.append(media, 1000, b"x"), 400)
    fails(caller.append(media, 0, VIDEO[: SEGMENT + 1]), 400)
    fails(caller.append("1", 0, b"x"), 400)
    fails(caller.call("POST", f"media/upload/{media}/append", json={"segment_index": 0, "media": "no base64"}), 400)
    fails(caller.call("POST", f"media/upload/{media}/append", json={"segment_index": 0}), 400)
    caller.append(media, 1, SEGMENTS[1])
    assert "is not there" in fails(caller.finalize(media), 400)["errors"][0]["message"]
    caller.append(media, 0, SEGMENTS[0])
    assert "do not add up" in fails(caller.finalize(media), 400)["errors"][0]["message"]
    fails(caller.call("GET", "media/upload", params={"command": "STATUS", "media_id": media}), 400)


def test_a_finalize_whose_answer_was_lost_is_asked_again(caller: Caller, x: X) -> None:
    media = caller.sent()
    x.trouble("finalize", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        caller.finalize(media)
    assert caller.finalize(media).json()["data"]["id"] == media
    fails(caller.append(media, 0, SEGMENTS[0]), 400)


def test_media_that_cannot_be_attached(caller: Caller, x: X) -> None:
    media = caller.sent()
    for wrong in ("1", media):
        assert fails(caller.tweet("no", wrong), 400)["errors"][0]["message"] == "Your media IDs are invalid."
    caller.finalize(media)
    fails(caller.tweet("too early", media), 400)
    x.clock.advance(DAY)
    fails(caller.tweet("too late", media), 400)
    assert x.published == []


def test_processing_that_fails(caller: Caller, x: X) -> None:
    x.reject_processing = "Unsupported video format"
    media = caller.ready()
    told = caller.status(media)
    assert (told["state"], told["error"]["message"]) == ("failed", "Unsupported video format")
    fails(caller.tweet("no", media), 400)
    assert caller.status(caller.ready())["state"] == "succeeded"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x", "colour": "red"},
        {"text": "x", "made_with_ai": "true"},
        {"text": "x", "reply_settings": "nobody"},
        {"text": "x", "media": {"media_ids": [1]}},
        {"text": "x", "media": []},
        {"text": "$TEA and $CUP"},
    ],
)
def test_a_post_that_x_would_not_take(caller: Caller, x: X, body: dict[str, Any]) -> None:
    fails(caller.call("POST", "tweets", json=body), 400)
    fails(caller.call("POST", "tweets", data=body), 400)
    assert x.published == []


def test_a_text_has_280_of_weight(caller: Caller, x: X) -> None:
    link = "https://shop.example/" + "a" * 100
    assert weight("abc é") == 5
    assert weight("清明") == 4
    assert weight(f"{link} 茶") == 26
    assert weight("👩‍👩‍👧‍👦") == weight("🇨🇳") == weight("👍🏽") == 2
    assert weight("…") == 2
    for text in ("x" * 280, "茶" * 140, f"{link} " + "x" * 256):
        assert caller.tweet(text).status_code == 201
        fails(caller.tweet(text + "x"), 400)
    x.premium = True
    assert caller.tweet("x" * 25_000).status_code == 201
    fails(caller.tweet("x" * 25_001), 400)


def test_who_posts_twice_has_posted_twice(caller: Caller, x: X) -> None:
    media = caller.ready()
    x.trouble("publish", handled=True, status=500)
    assert caller.tweet("tea", media).status_code == 500
    assert caller.tweet("tea", media).status_code == 201
    assert [post.text for post in x.public] == ["tea", "tea"]
    x.refuse_duplicates = True
    problem = fails(caller.tweet("tea", media), 403, "about:blank")
    assert problem["detail"] == "You are not allowed to create a Tweet with duplicate content."
    assert len(x.published) == 2


def test_a_post_whose_answer_was_lost_is_found_in_the_timeline(caller: Caller, x: X) -> None:
    media, x.slow_lookup = caller.ready(), 60
    x.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        caller.tweet("lost", media)
    assert len(x.public) == 1
    assert caller.timeline() == {"meta": {"result_count": 0}}
    x.clock.advance(60)
    [found] = caller.timeline(max_results=5)["data"]
    assert found == {"id": x.public[0].id, "text": "lost", "edit_history_tweet_ids": [x.public[0].id]}


def test_several_clients_at_once_get_a_post_each(caller: Caller, x: X) -> None:
    x.processing = 0.0
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: caller.tweet(f"tea {number}", caller.ready()), range(16)))
    assert {answer.json()["data"]["id"] for answer in answers} == {post.id for post in x.public}
    assert len({post.id for post in x.public}) == 16
    assert {post.sha256 for post in x.public} == {sha256(VIDEO).hexdigest()}


def test_the_timeline_comes_in_pages(caller: Caller, x: X) -> None:
    ids = [caller.tweet(f"tea {number}").json()["data"]["id"] for number in range(7)]
    page = caller.timeline(max_results=5, **{"tweet.fields": "created_at,public_metrics"})
    assert [one["id"] for one in page["data"]] == ids[:1:-1]
    assert {"created_at", "public_metrics"} <= set(page["data"][0])
    rest = caller.timeline(max_results=5, pagination_token=page["meta"]["next_token"])
    assert [one["id"] for one in rest["data"]] == ids[1::-1]
    assert "next_token" not in rest["meta"]
    assert [one["id"] for one in caller.timeline(since_id=ids[5])["data"]] == [ids[6]]
    assert caller.timeline(start_time="2100-01-01T00:00:00Z")["meta"]["result_count"] == 0
    for wrong in ({"max_results": 3}, {"since_id": "a"}, {"tweet.fields": "colour"}, {"end_time": "soon"}):
        assert caller.timeline(**wrong)["type"] == INVALID
    assert caller.call("GET", "users/1/tweets").json()["errors"][0]["resource_type"] == "user"


def test_texts_may_be_told_with_short_links(caller: Caller, x: X) -> None:
    x.shortens_links = True
    told = caller.tweet("see https://shop.example/tea", caller.ready()).json()["data"]["text"]
    assert told.startswith("see https://t.co/")
    assert told.count("https://t.co/") == 2
    assert x.public[0].text == "see https://shop.example/tea"


def test_figures_grow_and_posts_are_deleted(caller: Caller, x: X) -> None:
    post = caller.tweet("tea", caller.ready()).json()["data"]["id"]
    x.clock.advance(DAY)
    params = {"ids": f"{post},12", "tweet.fields": "public_metrics"}
    told = caller.call("GET", "tweets", params=params).json()
    metrics = told["data"][0]["public_metrics"]
    assert metrics["impression_count"] > metrics["like_count"] > metrics["reply_count"] > 0
    assert [one["resource_id"] for one in told["errors"]] == ["12"]
    assert caller.call("DELETE", f"tweets/{post}").json() == {"data": {"deleted": True}}
    assert (x.public, len(x.published)) == ([], 1)
    assert "data" not in caller.call("GET", f"tweets/{post}").json()
    assert caller.call("DELETE", f"tweets/{post}").status_code == 404


def test_a_hundred_posts_in_a_quarter_of_an_hour(caller: Caller, x: X) -> None:
    x.limits["publish"].count = 2
    answers = [caller.tweet(f"tea {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    fails(answers[2], 429, "about:blank")
    reset = int(answers[2].headers["x-rate-limit-reset"])
    assert caller.call("POST", "tweets", who="other", json={"text": "tea"}).status_code == 201
    x.clock.advance(reset - x.clock.now())
    assert caller.tweet("tea").status_code == 201
    x.app_limits["publish"].count = 4
    assert caller.tweet("tea").status_code == 429


def test_an_account_that_has_used_what_it_paid_for(caller: Caller, x: X) -> None:
    x.usage_capped = True
    fails(caller.tweet("tea"), 429, "https://api.twitter.com/2/problems/usage-capped")
    assert x.published == []


def test_a_token_ends_and_is_refreshed_once(caller: Caller, x: X) -> None:
    def refresh(token: str, **changed: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "app", **changed}
        return caller.http.post(f"{x.base}/2/oauth2/token", data=form)

    x.strict = True
    fails(caller.call("GET", "users/me"), 401, "about:blank")
    told = refresh("sandbox-refresh-token").json()
    assert (told["token_type"], told["expires_in"]) == ("bearer", 7200)
    me = caller.call("GET", "users/me", who=told["access_token"])
    assert me.json()["data"] == {"id": x.user_id, "name": "Sandbox", "username": "sandbox"}
    x.clock.advance(7200)
    fails(caller.call("GET", "users/me", who=told["access_token"]), 401, "about:blank")
    assert refresh("sandbox-refresh-token").json()["error"] == "invalid_request"
    assert refresh(told["refresh_token"], client_id="").status_code == 401
    assert refresh(told["refresh_token"], grant_type="password").status_code == 400
    assert refresh(told["refresh_token"]).json()["refresh_token"] != told["refresh_token"]
    x.rotates, x.strict = False, False
    assert refresh("kept").json()["refresh_token"] == refresh("kept").json()["refresh_token"] == "kept"


def test_oauth_1_lets_in_too(caller: Caller, x: X) -> None:
    url, signed = f"{x.base}/2/users/me", 'OAuth oauth_consumer_key="app", oauth_token="mine", oauth_signature="s"'
    assert caller.http.get(url, headers={"Authorization": signed}).status_code == 200
    assert caller.http.get(url, headers={"Authorization": "OAuth mine"}).status_code == 401
    assert caller.http.get(url).status_code == 401


def test_an_image_goes_up_in_one_and_words_go_with_media(caller: Caller) -> None:
    body = {"media": base64.b64encode(b"\xff\xd8").decode(), "media_category": "tweet_image"}
    image = caller.call("POST", "media/upload", json=body).json()["data"]
    assert image["media_key"].startswith("3_")
    fails(caller.call("POST", "media/upload", json={**body, "media_category": "tweet_video"}), 400)
    said = {"id": image["id"], "metadata": {"alt_text": {"text": "a cup"}}}
    told = caller.call("POST", "media/metadata", json=said).json()["data"]
    assert told == {"id": image["id"], "associated_metadata": {"alt_text": {"text": "a cup"}}}
    fails(caller.call("POST", "media/metadata", json={"id": "1", "metadata": {}}), 400)
