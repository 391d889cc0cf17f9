"""The simulated Facebook keeps to the protocol of page reels, and counts what the public sees."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.platforms.facebook import Facebook
from sandbox.server import sandbox

PAGE = "104000000000001"
VIDEO = bytes(range(256)) * 2000
MINUTE, DAY = 60, 86_400


class Caller:
    """Requests as the documentation writes them."""

    def __init__(self, platform: Facebook, http: httpx.Client) -> None:
        self.platform, self.http = platform, http

    def graph(self, method: str, path: str, *, who: str = "good", **params: Any) -> httpx.Response:
        return self.http.request(method, f"{self.platform.base}/v26.0/{path}", params={"access_token": who, **params})

    def start(self) -> dict[str, str]:
        body = {"upload_phase": "start", "access_token": "good"}
        answer = self.http.post(f"{self.platform.base}/v26.0/{PAGE}/video_reels", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, str] = answer.json()
        return told

    def send(self, url: str, offset: int = 0, **headers: str) -> httpx.Response:
        wanted = {"Authorization": "OAuth good", "offset": str(offset), "file_size": str(len(VIDEO)), **headers}
        return self.http.post(url, headers=wanted, content=VIDEO[offset:])

    def uploaded(self) -> str:
        """A video whose bytes are all there."""
        made = self.start()
        assert self.send(made["upload_url"]).json() == {"success": True}
        return made["video_id"]

    def finish(self, video: str, state: str = "PUBLISHED", **params: Any) -> httpx.Response:
        asked = {"upload_phase": "finish", "video_id": video, "video_state": state, **params}
        return self.graph("POST", f"{PAGE}/video_reels", **asked)

    def status(self, video: str) -> dict[str, Any]:
        told: dict[str, Any] = self.graph("GET", video, fields="status").json()["status"]
        return told

    def listed(self, **params: Any) -> list[str]:
        told = self.graph("GET", f"{PAGE}/video_reels", **params).json()["data"]
        return [one["id"] for one in told]

    def public(self, **params: Any) -> str:
        """A reel that everybody sees."""
        video = self.uploaded()
        assert self.finish(video, **params).json() == {"success": True}
        self.platform.clock.advance(self.platform.processing)
        return video


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    with sandbox([Facebook], folder=tmp_path) as running, httpx.Client(timeout=10) as http:
        platform = running["facebook"]
        assert isinstance(platform, Facebook)
        platform.processing = 30.0
        yield Caller(platform, http)


@pytest.fixture
def facebook(caller: Caller) -> Facebook:
    return caller.platform


def fails(answer: httpx.Response, code: int, subcode: int = 0) -> None:
    error = answer.json()["error"]
    assert answer.status_code >= 400
    assert (error["code"], error.get("error_subcode", 0)) == (code, subcode)


def test_a_reel_goes_through_its_states_and_becomes_public_once(caller: Caller, facebook: Facebook) -> None:
    made = caller.start()
    video = made["video_id"]
    assert made["upload_url"] == f"{facebook.base}/video-upload/v26.0/{video}"
    assert caller.status(video)["video_status"] == "uploading"
    caller.send(made["upload_url"])
    assert caller.status(video)["video_status"] == "upload_complete"

    caller.finish(video, title="Tea", description="清明", is_ai_generated="true")

    assert caller.status(video)["video_status"] == "processing"
    assert caller.status(video)["publishing_phase"] == {"status": "not_started"}
    assert facebook.published == []
    facebook.clock.advance(30)
    [post] = facebook.public
    assert (post.id, post.account, post.text, post.ai) == (video, PAGE, "Tea\n清明", True)
    assert (post.sha256, post.bytes) == (sha256(VIDEO).hexdigest(), len(VIDEO))
    told = caller.status(video)
    assert told["video_status"] == "ready"
    assert told["uploading_phase"] == {"status": "complete", "bytes_transfered": len(VIDEO)}
    assert told["processing_phase"] == {"status": "complete"}
    assert told["publishing_phase"]["publish_status"] == "published"
    met = dict.fromkeys(moment for moment, _ in facebook.calls)
    assert tuple(met) == ("init", "status", "chunk", "publish")
    assert (
        caller.http.get(caller.graph("GET", video, fields="permalink_url").json()["permalink_url"]).status_code == 200
    )


@pytest.mark.parametrize("body", ["query", "form", "json"])
def test_the_phase_may_stand_anywhere(caller: Caller, facebook: Facebook, body: str) -> None:
    video = caller.uploaded()
    params = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED", "access_token": "good"}
    url = f"{facebook.base}/v25.0/{PAGE}/video_reels"
    how: dict[str, Any] = {"query": {"params": params}, "form": {"data": params}, "json": {"json": params}}[body]
    assert caller.http.post(url, **how).json() == {"success": True}
    assert [moment for moment, _ in facebook.calls] == ["init", "chunk", "publish"]


def test_an_upload_that_breaks_goes_on_where_it_stopped(caller: Caller, facebook: Facebook) -> None:
    made = caller.start()
    facebook.trouble("chunk", cut=100_000)
    with pytest.raises(httpx.TransportError):
        caller.send(made["upload_url"])
    assert caller.status(made["video_id"])["uploading_phase"]["bytes_transfered"] == 100_000
    assert caller.send(made["upload_url"], offset=0).json()["debug_info"]["type"] == "OffsetInvalidError"
    assert caller.send(made["upload_url"], offset=100_000).json() == {"success": True}
    caller.finish(made["video_id"])
    facebook.clock.advance(30)
    assert facebook.public[0].sha256 == sha256(VIDEO).hexdigest()


def test_an_upload_url_without_a_version_is_served_too(caller: Caller, facebook: Facebook) -> None:
    facebook.version = ""
    made = caller.start()
    assert made["upload_url"] == f"{facebook.base}/video-upload/{made['video_id']}"
    assert caller.send(made["upload_url"]).status_code == 200
    assert caller.send(f"{facebook.base}/video-upload/1").status_code == 404


def test_bytes_that_come_too_late(caller: Caller, facebook: Facebook) -> None:
    made = caller.start()
    facebook.clock.advance(DAY)
    assert caller.status(made["video_id"])["video_status"] == "expired"
    assert caller.send(made["upload_url"]).json()["debug_info"]["type"] == "ProcessingFailedError"


@pytest.mark.parametrize(
    "params",
    [
        {"video_state": "LIVE"},
        {"video_id": "1"},
        {"title": "x" * 256},
        {"description": "x" * 2201},
        {"video_state": "SCHEDULED"},
        {"upload_phase": "transfer"},
    ],
)
def test_a_finish_that_facebook_would_not_take(caller: Caller, facebook: Facebook, params: dict[str, str]) -> None:
    asked = {"upload_phase": "finish", "video_id": caller.uploaded(), "video_state": "PUBLISHED", **params}
    fails(caller.graph("POST", f"{PAGE}/video_reels", **asked), 100)
    facebook.clock.advance(DAY)
    assert facebook.published == []


def test_a_video_without_its_bytes_is_not_finished(caller: Caller) -> None:
    fails(caller.finish(caller.start()["video_id"]), 100)


def test_a_draft_is_not_public_until_it_is_published(caller: Caller, facebook: Facebook) -> None:
    video = caller.uploaded()
    caller.finish(video, "DRAFT")
    facebook.clock.advance(DAY)
    assert facebook.published == caller.listed() == []
    assert caller.status(video)["publishing_phase"]["publish_status"] == "draft"
    caller.finish(video, "PUBLISHED")
    assert [post.id for post in facebook.public] == [video]


def test_a_scheduled_reel_is_public_when_its_time_comes(caller: Caller, facebook: Facebook) -> None:
    video, now = caller.uploaded(), int(facebook.clock.now())
    for wrong in (now + 5 * MINUTE, now + 30 * DAY):
        fails(caller.finish(video, "SCHEDULED", scheduled_publish_time=wrong), 100)
    caller.finish(video, "SCHEDULED", scheduled_publish_time=now + DAY)
    facebook.clock.advance(DAY - MINUTE)
    assert facebook.published == []
    assert caller.status(video)["publishing_phase"]["publish_status"] == "scheduled"
    facebook.clock.advance(2 * MINUTE)
    assert [post.at for post in facebook.published] == [now + DAY]
    assert caller.status(video)["publishing_phase"]["publish_status"] == "published"


def test_processing_that_fails_publishes_nothing(caller: Caller, facebook: Facebook) -> None:
    facebook.reject_processing = "1363128"
    video = caller.public()
    told = caller.status(video)
    assert told["video_status"] == "error"
    assert told["processing_phase"] == {"status": "error", "error": {"message": "1363128"}}
    assert facebook.published == []
    caller.public()
    assert len(facebook.published) == 1


def test_a_reel_whose_answer_was_lost_is_found_by_its_status_and_in_the_list(
    caller: Caller, facebook: Facebook
) -> None:
    facebook.slow_lookup = MINUTE
    video, since = caller.uploaded(), int(facebook.clock.now())
    facebook.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        caller.finish(video, description="lost")
    facebook.clock.advance(30)
    assert caller.status(video)["publishing_phase"]["status"] == "complete"
    assert caller.listed() == []
    facebook.clock.advance(MINUTE)
    [found] = caller.graph("GET", f"{PAGE}/video_reels", since=since).json()["data"]
    assert (found["id"], found["description"]) == (video, "lost")
    assert "updated_time" in found
    assert caller.listed(until=since - 1) == []
    fails(caller.finish(video), 100)
    assert len(facebook.published) == 1


def test_two_uploads_of_one_video_are_two_posts(caller: Caller, facebook: Facebook) -> None:
    ids = [caller.public(), caller.public()]
    assert [post.id for post in facebook.public] == ids
    assert len({post.sha256 for post in facebook.public}) == 1
    assert caller.listed() == ids[::-1]


def test_several_clients_at_once_get_a_post_each(caller: Caller, facebook: Facebook) -> None:
    facebook.processing = 0.0
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: caller.public(), range(16)))
        told = list(pool.map(lambda video: caller.status(video)["video_status"], ids))
    assert set(told) == {"ready"}
    assert sorted(post.id for post in facebook.public) == sorted(ids)


def test_thirty_reels_a_day(caller: Caller, facebook: Facebook) -> None:
    facebook.daily_cap.count = 2
    caller.public()
    caller.public()
    third = caller.uploaded()
    fails(caller.finish(third), 613, 1390008)
    assert len(facebook.public) == 2
    facebook.clock.advance(DAY)
    assert caller.finish(third).status_code == 200


def test_a_page_that_facebook_distrusts(caller: Caller, facebook: Facebook) -> None:
    facebook.spam = True
    fails(caller.finish(caller.uploaded()), 368, 1346003)


def test_a_cover_goes_with_the_reel(caller: Caller, facebook: Facebook) -> None:
    video, url = caller.uploaded(), f"{facebook.base}/v26.0"
    files = {"source": ("cover.jpg", b"\xff\xd8cover", "image/jpeg")}
    data = {"is_preferred": "true", "access_token": "good"}
    assert caller.http.post(f"{url}/{video}/thumbnails", data=data, files=files).json() == {"success": True}
    fails(caller.http.post(f"{url}/{video}/thumbnails", data=data, files={"other": b"x"}), 100)
    caller.finish(video)
    facebook.clock.advance(30)
    assert facebook.public[0].detail["cover"] == sha256(b"\xff\xd8cover").hexdigest()


def test_figures_grow(caller: Caller, facebook: Facebook) -> None:
    video, fields = caller.public(), "views,likes.summary(true),comments.summary(true)"
    facebook.clock.advance(DAY)
    told = caller.graph("GET", video, fields=fields).json()
    assert told["views"] > told["likes"]["summary"]["total_count"] > told["comments"]["summary"]["total_count"] > 0
    assert caller.graph("GET", video, fields="likes").json()["likes"] == {"data": []}
    insights = caller.graph("GET", f"{video}/video_insights").json()["data"]
    values = {one["name"]: one["values"][0]["value"] for one in insights}
    assert values["blue_reels_play_count"] >= told["views"]
    fails(caller.graph("GET", f"{video}/video_insights", metric="colour"), 100)


def test_a_reel_is_deleted(caller: Caller, facebook: Facebook) -> None:
    video = caller.public()
    assert caller.graph("DELETE", video).json() == {"success": True}
    assert (facebook.public, len(facebook.published)) == ([], 1)
    assert caller.listed() == []
    fails(caller.graph("GET", video), 100, 33)
    fails(caller.graph("DELETE", video), 100, 33)


def test_tokens_and_what_is_unknown(caller: Caller, facebook: Facebook) -> None:
    assert caller.graph("GET", PAGE, fields="name").json() == {"name": "Sandbox", "id": PAGE}
    token = facebook.issue()
    facebook.expire_tokens()
    fails(caller.graph("GET", PAGE, who=token), 190, 463)
    made = caller.start()
    assert caller.send(made["upload_url"], Authorization=f"OAuth {token}").status_code == 401
    fails(caller.graph("GET", made["video_id"], fields="colour"), 100)
    facebook.pages = {"1"}
    fails(caller.graph("GET", PAGE), 100, 33)
