"""The simulated Instagram keeps to the Graph API's protocol, and counts what the public sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.graph.errors import error_body
from sandbox.platforms.instagram import Instagram
from sandbox.server import sandbox

USER = "17841400000000001"
VIDEO = bytes(range(256)) * 2000
DAY = 86_400


class Caller:
    """Requests as the documentation writes them."""

    def __init__(self, platform: Instagram, http: httpx.Client) -> None:
        self.platform, self.http = platform, http

    def graph(self, method: str, path: str, *, who: str = "good", **params: Any) -> httpx.Response:
        return self.http.request(method, f"{self.platform.base}/v26.0/{path}", params={"access_token": who, **params})

    def container(self, **params: Any) -> dict[str, str]:
        answer = self.graph("POST", f"{USER}/media", media_type="REELS", upload_type="resumable", **params)
        assert answer.status_code == 200, answer.text
        told: dict[str, str] = answer.json()
        return told

    def send(self, uri: str, offset: int = 0, content: bytes = VIDEO, **headers: str) -> httpx.Response:
        wanted = {"Authorization": "OAuth good", "offset": str(offset), "file_size": str(len(VIDEO)), **headers}
        return self.http.post(uri, headers=wanted, content=content[offset:])

    def finished(self, **params: Any) -> str:
        """A container that can be published."""
        made = self.container(**params)
        assert self.send(made["uri"]).json() == {"success": True, "message": "Upload successful."}
        self.platform.clock.advance(self.platform.processing)
        return made["id"]

    def publish(self, container: str, **params: Any) -> httpx.Response:
        return self.graph("POST", f"{USER}/media_publish", creation_id=container, **params)

    def state(self, container: str) -> str:
        told: str = self.graph("GET", container, fields="status_code").json()["status_code"]
        return told

    def transferred(self, container: str) -> int:
        told = self.graph("GET", container, fields="status,video_status").json()
        transferred: int = told["video_status"]["uploading_phase"]["bytes_transferred"]
        return transferred


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    with sandbox([Instagram], folder=tmp_path) as running, httpx.Client(timeout=10) as http:
        platform = running["instagram"]
        assert isinstance(platform, Instagram)
        platform.processing = 30.0
        yield Caller(platform, http)


@pytest.fixture
def instagram(caller: Caller) -> Instagram:
    return caller.platform


def fails(answer: httpx.Response, code: int, subcode: int = 0) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert answer.status_code >= 400
    assert (error["code"], error.get("error_subcode", 0)) == (code, subcode)
    assert {"message", "type", "is_transient", "fbtrace_id"} <= set(error)
    return error


def test_a_reel_goes_through_its_states_and_becomes_public_once(caller: Caller, instagram: Instagram) -> None:
    made = caller.container(caption="清明 #tea", is_ai_generated="true", share_to_feed="true", thumb_offset=1000)
    assert made["uri"] == f"{instagram.base}/ig-api-upload/v26.0/{made['id']}"
    assert caller.state(made["id"]) == "IN_PROGRESS"
    caller.send(made["uri"])
    assert caller.state(made["id"]) == "IN_PROGRESS"
    instagram.clock.advance(30)
    assert caller.state(made["id"]) == "FINISHED"
    assert instagram.published == []

    media = caller.publish(made["id"]).json()["id"]

    assert caller.state(made["id"]) == "PUBLISHED"
    [post] = instagram.public
    assert (post.id, post.account, post.text, post.ai) == (media, USER, "清明 #tea", True)
    assert (post.sha256, post.bytes) == (sha256(VIDEO).hexdigest(), len(VIDEO))
    told = caller.graph("GET", media, fields="permalink,is_ai_generated,caption").json()
    assert told == {"permalink": post.url, "is_ai_generated": True, "caption": "清明 #tea", "id": media}
    met = dict.fromkeys(moment for moment, _ in instagram.calls)
    assert tuple(moment for moment in met if moment in instagram.moments) == ("init", "status", "chunk", "publish")
    assert caller.http.get(post.url).status_code == 200


@pytest.mark.parametrize("body", ["query", "form", "json"])
def test_parameters_and_token_may_stand_anywhere(caller: Caller, instagram: Instagram, body: str) -> None:
    params = {"media_type": "REELS", "upload_type": "resumable", "is_ai_generated": "true"}
    url = f"{instagram.base}/v25.0/{USER}/media"
    answer = {
        "query": lambda: caller.http.post(url, params=params, headers={"Authorization": "Bearer good"}),
        "form": lambda: caller.http.post(url, data={**params, "access_token": "good"}),
        "json": lambda: caller.http.post(url, json={**params, "is_ai_generated": True, "access_token": "good"}),
    }[body]()
    assert set(answer.json()) == {"id", "uri"}


def test_an_upload_that_breaks_goes_on_where_it_stopped(caller: Caller, instagram: Instagram) -> None:
    made = caller.container()
    instagram.trouble("chunk", cut=100_000)
    with pytest.raises(httpx.TransportError):
        caller.send(made["uri"])
    assert caller.transferred(made["id"]) == 100_000

    told = caller.send(made["uri"], offset=0).json()["debug_info"]
    assert told == {"retriable": False, "type": "OffsetInvalidError", "message": "Request starting offset is invalid"}
    assert caller.send(made["uri"], offset=100_000).status_code == 200

    instagram.clock.advance(30)
    caller.publish(made["id"])
    assert instagram.public[0].sha256 == sha256(VIDEO).hexdigest()


def test_a_body_that_is_not_the_rest_of_the_file_is_partial(caller: Caller) -> None:
    made = caller.container()
    short = caller.send(made["uri"], content=VIDEO[:5000])
    assert short.json()["debug_info"]["type"] == "PartialRequestError"
    assert caller.transferred(made["id"]) == 5000
    other = caller.send(made["uri"], offset=5000, file_size="6000")
    assert other.json()["debug_info"]["type"] == "PartialRequestError"
    assert caller.transferred(made["id"]) == 5000


def test_the_bytes_need_oauth_and_their_two_headers(caller: Caller, instagram: Instagram) -> None:
    uri = caller.container()["uri"]
    assert caller.send(uri, Authorization="Bearer good").status_code == 401
    assert caller.send(uri, file_size="").status_code == 400
    assert caller.http.post(uri, headers={"Authorization": "OAuth good"}, content=VIDEO).status_code == 400
    instagram.most_bytes = 1000
    assert caller.send(uri).json()["debug_info"]["type"] == "ProcessingFailedError"
    assert caller.send(f"{instagram.base}/ig-api-upload/v26.0/17000000000000000").status_code == 404


def test_a_file_may_be_fetched_from_where_it_lies(caller: Caller, instagram: Instagram) -> None:
    caller.publish(caller.finished())
    url = f"{instagram.base}/media/{instagram.public[0].id}.mp4"
    asked = {"media_type": "REELS", "video_url": url}
    answer = caller.graph("POST", f"{USER}/media", **asked).json()
    assert set(answer) == {"id"}
    by_header = caller.container()
    caller.send(by_header["uri"], content=b"", file_url=url)
    instagram.clock.advance(30)
    assert caller.publish(answer["id"]).status_code == caller.publish(by_header["id"]).status_code == 200
    assert {post.sha256 for post in instagram.public} == {sha256(VIDEO).hexdigest()}
    gone = caller.graph("POST", f"{USER}/media", **{**asked, "video_url": f"{instagram.base}/media/none.mp4"})
    fails(gone, 9004, 2207052)


@pytest.mark.parametrize(
    ("params", "code", "subcode"),
    [
        ({"media_type": "VIDEO"}, 100, 2207023),
        ({"upload_type": "chunked"}, 100, 0),
        ({"caption": "x" * 2201}, 36004, 2207010),
        ({"caption": "#a " * 31}, 36004, 2207010),
        ({"caption": "@a " * 21}, 36004, 2207010),
        ({"thumb_offset": "-1"}, 1, 2207057),
        ({"collaborators": json.dumps(["a", "b", "c", "d"])}, 100, 0),
        ({"trial_params": "{"}, 100, 0),
        ({"is_ai_generated": "yes"}, 100, 0),
        ({"cover_url": "cover.jpg"}, 100, 0),
    ],
)
def test_a_container_that_instagram_would_not_take(
    caller: Caller, params: dict[str, str], code: int, subcode: int
) -> None:
    asked = {"media_type": "REELS", "upload_type": "resumable", **params}
    fails(caller.graph("POST", f"{USER}/media", **asked), code, subcode)


def test_without_upload_type_there_must_be_a_video_url(caller: Caller) -> None:
    error = fails(caller.graph("POST", f"{USER}/media", media_type="REELS"), 100)
    assert "video_url" in error["message"]


def test_what_is_not_ready_is_not_published(caller: Caller, instagram: Instagram) -> None:
    made = caller.container()
    fails(caller.publish(made["id"]), 9007, 2207027)
    caller.send(made["uri"])
    fails(caller.publish(made["id"]), 9007, 2207027)
    fails(caller.publish("17000000000000000"), 24, 2207008)
    assert instagram.published == []


def test_a_container_lives_for_a_day(caller: Caller, instagram: Instagram) -> None:
    late, posted = caller.finished(), caller.finished()
    caller.publish(posted)
    instagram.clock.advance(DAY)
    assert (caller.state(late), caller.state(posted)) == ("EXPIRED", "PUBLISHED")
    fails(caller.publish(late), -2, 2207020)


def test_processing_that_fails_is_told_with_its_code(caller: Caller, instagram: Instagram) -> None:
    instagram.reject_processing = "2207026"
    container = caller.finished()
    told = caller.graph("GET", container, fields="status_code,status").json()
    assert told["status_code"] == "ERROR"
    assert told["status"] == "Error: Media upload has failed with error code 2207026"
    fails(caller.publish(container), -1, 2207032)
    assert caller.state(caller.finished()) == "FINISHED"


def test_a_post_whose_answer_was_lost_is_found_by_its_container_and_in_the_list(
    caller: Caller, instagram: Instagram
) -> None:
    instagram.slow_lookup = 60
    container = caller.finished(caption="lost")
    since = int(instagram.clock.now())
    instagram.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        caller.publish(container)
    assert caller.state(container) == "PUBLISHED"

    def listed() -> list[dict[str, str]]:
        told = caller.graph("GET", f"{USER}/media", fields="id,caption,timestamp,permalink", since=since).json()
        found: list[dict[str, str]] = told["data"]
        return found

    assert listed() == []
    instagram.clock.advance(60)
    [found] = listed()
    [post] = instagram.public
    assert (found["id"], found["caption"], found["permalink"]) == (post.id, "lost", post.url)
    early = caller.graph("GET", f"{USER}/media", until=since - 1).json()
    assert early == {"data": []}


def test_who_publishes_twice_has_posted_twice(caller: Caller, instagram: Instagram) -> None:
    container = caller.finished()
    first, second = caller.publish(container).json()["id"], caller.publish(container).json()["id"]
    assert [post.id for post in instagram.public] == [first, second]
    instagram.republishes = False
    fails(caller.publish(container), 24, 2207008)
    assert len(instagram.published) == 2


def test_several_clients_at_once_get_a_post_each(caller: Caller, instagram: Instagram) -> None:
    instagram.processing = 0.0
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: caller.publish(caller.finished(caption=str(number))), range(16)))
    assert {answer.json()["id"] for answer in answers} == {post.id for post in instagram.public}
    assert sorted(int(post.text) for post in instagram.public) == list(range(16))
    assert {post.sha256 for post in instagram.public} == {sha256(VIDEO).hexdigest()}


def test_lists_come_in_pages(caller: Caller, instagram: Instagram) -> None:
    ids = [caller.publish(caller.finished()).json()["id"] for _ in range(3)]
    page = caller.graph("GET", f"{USER}/media", limit=2).json()
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    rest = caller.http.get(page["paging"]["next"]).json()
    assert [one["id"] for one in rest["data"]] == [ids[0]]
    assert "next" not in rest["paging"]


def test_the_cap_of_a_day_is_told_before_it_is_met(caller: Caller, instagram: Instagram) -> None:
    instagram.daily_cap.count = 2
    containers = [caller.finished() for _ in range(3)]
    assert [caller.publish(one).status_code for one in containers[:2]] == [200, 200]
    told = caller.graph("GET", f"{USER}/content_publishing_limit", fields="config,quota_usage").json()
    assert told == {"data": [{"config": {"quota_total": 2, "quota_duration": DAY}, "quota_usage": 2}]}
    fails(caller.publish(containers[2]), 9, 2207042)
    instagram.clock.advance(DAY - 100)
    fails(caller.publish(containers[2]), 9, 2207042)
    instagram.clock.advance(100)
    assert caller.publish(caller.finished()).status_code == 200


def test_containers_have_a_cap_too(caller: Caller, instagram: Instagram) -> None:
    instagram.container_cap.count = 1
    caller.container()
    fails(caller.graph("POST", f"{USER}/media", media_type="REELS", upload_type="resumable"), 9, 2207042)


def test_an_account_that_instagram_distrusts(caller: Caller, instagram: Instagram) -> None:
    container = caller.finished()
    instagram.spam = True
    fails(caller.publish(container), 4, 2207051)
    instagram.restricted = True
    fails(caller.publish(container), 25, 2207050)
    assert instagram.published == []


def test_tokens_end(caller: Caller, instagram: Instagram) -> None:
    token = instagram.issue()
    assert caller.graph("GET", USER, who=token, fields="username").json() == {"username": "sandbox", "id": USER}
    instagram.expire_tokens()
    fails(caller.graph("GET", USER, who=token), 190, 463)
    instagram.auth_status, instagram.strict = 401, True
    answer = caller.graph("GET", USER, who="other")
    fails(answer, 190)
    assert answer.status_code == 401
    fails(caller.http.get(f"{instagram.base}/v26.0/{USER}"), 104)


def test_an_app_that_calls_too_often(caller: Caller, instagram: Instagram) -> None:
    instagram.rate = instagram.limit(1, 3600)
    caller.graph("GET", USER)
    answer = caller.graph("GET", USER)
    assert fails(answer, 4)["is_transient"] is True
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 100
    instagram.rate = None
    instagram.trouble("account", status=400, body=error_body(32, "(#32) Page request limit reached"))
    fails(caller.graph("GET", USER), 32)
    assert caller.graph("GET", USER).status_code == 200


def test_figures_grow_and_are_the_same_each_time(caller: Caller, instagram: Instagram) -> None:
    media = caller.publish(caller.finished()).json()["id"]
    metric = "views,likes,comments,shares,saved,ig_reels_avg_watch_time"

    def values() -> dict[str, int]:
        told = caller.graph("GET", f"{media}/insights", metric=metric).json()["data"]
        return {one["name"]: one["values"][0]["value"] for one in told}

    young = values()
    instagram.clock.advance(DAY)
    old = values()
    assert list(old) == metric.split(",")
    assert all(young[name] <= old[name] for name in old)
    assert old["views"] > old["likes"] > old["comments"] > 0
    fails(caller.graph("GET", f"{media}/insights", metric="plays"), 100)


def test_nothing_is_deleted_and_nothing_unknown_is_told(caller: Caller, instagram: Instagram) -> None:
    media = caller.publish(caller.finished()).json()["id"]
    fails(caller.graph("DELETE", media), 100, 33)
    fails(caller.graph("GET", media, fields="colour"), 100)
    fails(caller.graph("POST", f"{media}/media_publish", creation_id="1"), 100, 33)
    fails(caller.graph("GET", f"{USER}/nothing"), 2500)
    instagram.users = {"17841499999999999"}
    fails(caller.graph("GET", USER), 100, 33)
    assert len(instagram.public) == 1
    instagram.taken_down.add(media)
    fails(caller.graph("GET", media), 100, 33)
