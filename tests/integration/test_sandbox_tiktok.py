"""The simulated TikTok keeps to the Content Posting API and the Display API (v2) as they are documented."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.tiktok import TikTok
from sandbox.server import sandbox
from sandbox.tiktok.errors import error

#: Each client would load the authorities of the machine, which takes longer than a test.
VERIFY = ssl.create_default_context()
VIDEO = b"a short video " * 1000
CHUNK = 5_000_000
LONG = bytes(range(250)) * 20_000 * 2 + b"x" * 2_000_000  # two chunks: one of 5 MB, one of 7 MB
POST = {"title": "谷雨 #tea", "privacy_level": "PUBLIC_TO_EVERYONE", "is_aigc": True, "video_cover_timestamp_ms": 1000}
COUNTS = "id,view_count,like_count,comment_count,share_count"


@pytest.fixture
def tiktok() -> Iterator[TikTok]:
    with sandbox([TikTok]) as running:
        platform = cast("TikTok", running["tiktok"])
        platform.processing = 100  # longer than any test waits: only the clock ends it
        yield platform


@pytest.fixture
def api(tiktok: TikTok) -> Iterator[httpx.Client]:
    with httpx.Client(verify=VERIFY, base_url=tiktok.base, headers={"Authorization": "Bearer sandbox-token"}) as client:
        yield client


def source(size: int, chunk: int = 0, count: int = 0) -> dict[str, Any]:
    chunk = chunk or min(size, CHUNK)
    return {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": chunk,
        "total_chunk_count": count or size // chunk,
    }


def init(api: httpx.Client, video: bytes = VIDEO, **post: Any) -> httpx.Response:
    told = {"post_info": {**POST, **post}, "source_info": source(len(video))}
    return api.post("/v2/post/publish/video/init/", json=told)


def opened(api: httpx.Client, video: bytes = VIDEO, **post: Any) -> tuple[str, str]:
    """The publish_id and the upload URL of a post."""
    answer = init(api, video, **post)
    assert code(answer) == (200, "ok")
    data = answer.json()["data"]
    return data["publish_id"], data["upload_url"]


def put(url: str, first: int = 0, last: int | None = None, video: bytes = VIDEO) -> httpx.Response:
    last = len(video) - 1 if last is None else last
    headers = {"Content-Type": "video/mp4", "Content-Range": f"bytes {first}-{last}/{len(video)}"}
    return httpx.put(url, verify=VERIFY, content=video[first : last + 1], headers=headers)


def posted(api: httpx.Client, video: bytes = VIDEO, **post: Any) -> str:
    publish_id, url = opened(api, video, **post)
    assert put(url, video=video).status_code == 201
    return publish_id


def status(api: httpx.Client, publish_id: str) -> dict[str, Any]:
    answer = api.post("/v2/post/publish/status/fetch/", json={"publish_id": publish_id})
    assert code(answer) == (200, "ok")
    return cast("dict[str, Any]", answer.json()["data"])


def creator_info(api: httpx.Client) -> httpx.Response:
    return api.post("/v2/post/publish/creator_info/query/", headers={"Content-Type": "application/json; charset=UTF-8"})


def listed(api: httpx.Client, fields: str = "id,title", **how: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", api.post("/v2/video/list/", params={"fields": fields}, json=how).json()["data"])


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def patient(tiktok: TikTok) -> None:
    """Let a test ask more often than a token may."""
    for limit in tiktok.per_minute.values():
        limit.count = 10**6


def test_a_post_from_creator_info_to_its_public_id(tiktok: TikTok, api: httpx.Client) -> None:
    data = creator_info(api).json()["data"]
    assert data["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert data["max_video_post_duration_sec"] == 300
    publish_id, url = opened(api, LONG)
    assert publish_id.startswith("v_pub_file~v2-1.")
    first = put(url, 0, CHUNK - 1, LONG)
    assert (first.status_code, first.headers["Content-Range"]) == (206, f"bytes 0-{CHUNK}/{len(LONG)}")
    assert status(api, publish_id) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": CHUNK}
    last = put(url, CHUNK, None, LONG)
    assert (last.status_code, last.headers["Content-Range"]) == (201, f"bytes 0-{len(LONG)}/{len(LONG)}")
    assert status(api, publish_id) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": len(LONG)}
    assert not tiktok.published
    tiktok.clock.advance(tiktok.processing)
    (post,) = tiktok.published
    found = status(api, publish_id)
    assert (found["status"], found["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [int(post.id)])
    assert int(float(post.id)) != int(post.id)  # more than a double holds
    assert (post.sha256, post.bytes) == (sha256(LONG).hexdigest(), len(LONG))
    assert (post.ai, post.text, post.account) == (True, "谷雨 #tea", tiktok.open_id)
    assert post.detail["video_cover_timestamp_ms"] == 1000
    moments = [moment for moment, _ in tiktok.calls]
    assert moments == ["creator_info", "init", "chunk", "status", "publish", "status", "status"]


def test_the_id_comes_after_moderation(tiktok: TikTok, api: httpx.Client) -> None:
    tiktok.moderation = 60
    publish_id = posted(api)
    tiktok.clock.advance(tiktok.processing)
    assert status(api, publish_id) == {"status": "PUBLISH_COMPLETE", "uploaded_bytes": len(VIDEO)}
    assert not tiktok.published
    tiktok.clock.advance(60)
    assert status(api, publish_id)["publicaly_available_post_id"]
    assert len(tiktok.published) == 1


def test_a_post_for_oneself_is_not_public(tiktok: TikTok, api: httpx.Client) -> None:
    publish_id = posted(api, privacy_level="SELF_ONLY")
    tiktok.clock.advance(tiktok.processing)
    assert status(api, publish_id) == {"status": "PUBLISH_COMPLETE", "uploaded_bytes": len(VIDEO)}
    assert not tiktok.published
    posted(api, privacy_level="MUTUAL_FOLLOW_FRIENDS")
    tiktok.clock.advance(tiktok.processing)
    (post,) = tiktok.published
    assert post.detail["privacy_level"] == "MUTUAL_FOLLOW_FRIENDS"
    assert not listed(api)["videos"]  # that is what everybody sees


def test_a_draft_goes_to_the_inbox(tiktok: TikTok, api: httpx.Client) -> None:
    def draft() -> httpx.Response:
        return api.post("/v2/post/publish/inbox/video/init/", json={"source_info": source(len(VIDEO))})

    data = draft().json()["data"]
    assert data["publish_id"].startswith("v_inbox_file~")
    assert put(data["upload_url"]).status_code == 201
    tiktok.clock.advance(tiktok.processing)
    assert status(api, data["publish_id"])["status"] == "SEND_TO_USER_INBOX"
    assert not tiktok.published
    assert "publish" not in {moment for moment, _ in tiktok.calls}
    for _ in range(4):
        assert code(draft()) == (200, "ok")
    tiktok.clock.advance(60)
    assert code(draft()) == (403, "spam_risk_too_many_pending_share")


@pytest.mark.parametrize(
    ("size", "chunk", "count", "good"),
    [
        (50_000_123, 10_000_000, 5, True),  # the documented example
        (50_000_123, 10_000_000, 6, False),  # rounded up
        (4_999_999, 4_999_999, 1, True),
        (4_999_999, 2_000_000, 2, False),
        (10_000_000, 4_999_999, 2, False),  # chunks of less than 5 MB
        (6_000_000, 10_000_000, 1, False),  # a chunk that is longer than the video
        (64_000_000, 64_000_000, 1, True),
        (67_108_865, 67_108_865, 1, False),  # more than 64 MB in one chunk
        (120_000_000, 64_000_000, 1, False),
        (191_999_999, 64_000_000, 2, True),  # the last chunk has 128 MB
        (200_000_000, 70_000_000, 2, False),
        (4_000_000_000, 5_000_000, 800, True),
        (4_294_967_297, 64_000_000, 67, False),  # more than 4 GB
        (0, 0, 0, False),
    ],
)
def test_chunks_follow_the_rule(api: httpx.Client, size: int, chunk: int, count: int, good: bool) -> None:
    told = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": chunk, "total_chunk_count": count}
    answer = api.post("/v2/post/publish/video/init/", json={"post_info": POST, "source_info": told})
    assert code(answer) == ((200, "ok") if good else (400, "invalid_param"))


@pytest.mark.parametrize(
    ("post", "refusal"),
    [
        ({"title": "🍵" * 1101}, (400, "invalid_param")),  # 2202 UTF-16 units
        ({"title": 7}, (400, "invalid_param")),
        ({"is_aigc": "yes"}, (400, "invalid_param")),
        ({"video_cover_timestamp_ms": -1}, (400, "invalid_param")),
        ({"privacy_level": "EVERYBODY"}, (400, "invalid_param")),
        ({"privacy_level": None}, (403, "privacy_level_option_mismatch")),
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, (403, "privacy_level_option_mismatch")),
    ],
)
def test_a_wrong_post_is_refused(api: httpx.Client, post: dict[str, Any], refusal: tuple[int, str]) -> None:
    assert code(init(api, **post)) == refusal


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"source_info": source(4)}, (400, "invalid_param")),
        ({"post_info": POST}, (400, "invalid_param")),
        ({"post_info": POST, "source_info": {"source": "FILE_UPLOAD", "video_size": "4"}}, (400, "invalid_param")),
        (
            {"post_info": POST, "source_info": {"source": "PULL_FROM_URL", "video_url": "https://a.example/v.mp4"}},
            (403, "url_ownership_unverified"),
        ),
        ([], (400, "invalid_params")),
    ],
)
def test_a_request_without_its_parts_is_refused(api: httpx.Client, told: Any, refusal: tuple[int, str]) -> None:
    assert code(api.post("/v2/post/publish/video/init/", json=told)) == refusal


def test_a_caption_may_be_as_long_as_documented(api: httpx.Client) -> None:
    assert code(init(api, title="🍵" * 1100)) == (200, "ok")


def test_bytes_come_one_chunk_after_the_other(tiktok: TikTok, api: httpx.Client) -> None:
    publish_id, url = opened(api, LONG)
    gap = put(url, CHUNK, None, LONG)
    assert (gap.status_code, gap.headers["Content-Range"]) == (416, f"bytes 0-0/{len(LONG)}")
    assert put(url, 0, CHUNK - 1, LONG).status_code == 206
    again = put(url, 0, CHUNK - 1, LONG)
    assert (again.status_code, again.headers["Content-Range"]) == (416, f"bytes 0-{CHUNK}/{len(LONG)}")
    tiktok.inclusive_range = True
    assert put(url, 0, CHUNK - 1, LONG).headers["Content-Range"] == f"bytes 0-{CHUNK - 1}/{len(LONG)}"
    assert put(url, CHUNK, len(LONG) - 2, LONG).status_code == 400  # not the announced chunk
    assert status(api, publish_id)["uploaded_bytes"] == CHUNK
    assert put(url, CHUNK, None, LONG).status_code == 201
    assert put(url, CHUNK, None, LONG).status_code == 416
    tiktok.clock.advance(tiktok.processing)
    assert len(tiktok.published) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": ""},
        {"Content-Range": "bytes 0-5"},
        {"Content-Range": f"bytes 0-{len(VIDEO) - 1}/{len(VIDEO) + 1}"},
        {"Content-Range": f"bytes 0-{len(VIDEO) - 2}/{len(VIDEO)}"},
        {"Content-Range": f"bytes */{len(VIDEO)}"},
    ],
)
def test_wrong_headers_of_a_chunk_are_refused(api: httpx.Client, headers: Mapping[str, str]) -> None:
    publish_id, url = opened(api)
    right = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{len(VIDEO) - 1}/{len(VIDEO)}"}
    assert httpx.put(url, verify=VERIFY, content=VIDEO, headers={**right, **headers}).status_code == 400
    assert status(api, publish_id)["uploaded_bytes"] == 0
    assert httpx.put(url, verify=VERIFY, content=iter([VIDEO]), headers=right).status_code == 400  # no Content-Length


def test_an_upload_url_ends_after_an_hour(tiktok: TikTok, api: httpx.Client) -> None:
    publish_id, url = opened(api)
    tiktok.clock.advance(3600)
    assert put(url).status_code == 403
    assert put(url + "x").status_code == 404
    assert status(api, publish_id) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}
    assert not tiktok.published


def test_a_cut_chunk_is_sent_again(tiktok: TikTok, api: httpx.Client) -> None:
    publish_id, url = opened(api, LONG)
    put(url, 0, CHUNK - 1, LONG)
    tiktok.trouble("publish", cut=1_000_000)
    with pytest.raises(httpx.TransportError):
        put(url, CHUNK, None, LONG)
    assert status(api, publish_id)["uploaded_bytes"] == CHUNK
    tiktok.trouble("publish", status=503)
    assert put(url, CHUNK, CHUNK, LONG).status_code == 400
    tiktok.troubles.clear()
    assert put(url, CHUNK, None, LONG).status_code == 201
    tiktok.clock.advance(tiktok.processing)
    (post,) = tiktok.published
    assert post.sha256 == sha256(LONG).hexdigest()


def test_a_cut_chunk_may_be_kept(tiktok: TikTok, api: httpx.Client) -> None:
    tiktok.keeps_cut_chunks = True
    publish_id, url = opened(api, LONG)
    tiktok.trouble("chunk", cut=1_000_000)
    with pytest.raises(httpx.TransportError):
        put(url, 0, CHUNK - 1, LONG)
    assert status(api, publish_id)["uploaded_bytes"] == 1_000_000
    assert put(url, 1_000_000, CHUNK - 1, LONG).status_code == 206
    tiktok.trouble("publish", cut=7_000_000)  # everything came, and the answer did not
    with pytest.raises(httpx.TransportError):
        put(url, CHUNK, None, LONG)
    tiktok.clock.advance(tiktok.processing)
    assert status(api, publish_id)["status"] == "PUBLISH_COMPLETE"
    (post,) = tiktok.published
    assert post.sha256 == sha256(LONG).hexdigest()


@pytest.mark.parametrize("how", [{"drop": True}, {"status": 500, "body": error("internal_error")}])
def test_after_the_last_byte_it_is_published_whatever_the_answer_is(
    tiktok: TikTok, api: httpx.Client, how: dict[str, Any]
) -> None:
    publish_id, url = opened(api)
    tiktok.trouble("publish", handled=True, **how)
    if "drop" in how:
        with pytest.raises(httpx.TransportError):
            put(url)
    else:
        assert put(url).status_code == 500
    assert put(url).status_code == 416
    tiktok.clock.advance(tiktok.processing)
    assert status(api, publish_id)["status"] == "PUBLISH_COMPLETE"
    assert len(tiktok.published) == 1
    posted(api)  # whoever begins anew posts twice
    tiktok.clock.advance(tiktok.processing)
    assert len(tiktok.published) == 2


def test_processing_may_fail(tiktok: TikTok, api: httpx.Client) -> None:
    tiktok.reject_processing = "spam_risk_text"
    publish_id = posted(api)
    assert status(api, publish_id)["status"] == "PROCESSING_UPLOAD"
    tiktok.clock.advance(tiktok.processing)
    failed = {"status": "FAILED", "fail_reason": "spam_risk_text", "uploaded_bytes": len(VIDEO)}
    assert status(api, publish_id) == failed
    posted(api)
    tiktok.clock.advance(tiktok.processing)
    assert len(tiktok.published) == 1


def test_a_post_can_be_cancelled_until_it_is_published(tiktok: TikTok, api: httpx.Client) -> None:
    def cancel(publish_id: str) -> httpx.Response:
        return api.post("/v2/post/publish/cancel/", json={"publish_id": publish_id})

    publish_id, url = opened(api)
    assert code(cancel(publish_id)) == (200, "ok")
    assert status(api, publish_id)["fail_reason"] == "publish_cancelled"
    assert put(url).status_code == 404
    other = posted(api)
    assert code(cancel(other)) == (200, "ok")
    tiktok.clock.advance(tiktok.processing)
    assert not tiktok.published
    late = posted(api)
    tiktok.clock.advance(tiktok.processing)
    assert code(cancel(late)) == (400, "publish_not_cancellable")
    assert code(cancel("v_pub_file~v2-1.0")) == (400, "invalid_publish_id")


@pytest.mark.parametrize(
    "reason", ["spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "reached_active_user_cap"]
)
def test_a_block_comes_with_http_200_from_creator_info(tiktok: TikTok, api: httpx.Client, reason: str) -> None:
    tiktok.spam = reason
    assert code(creator_info(api)) == (200, reason)
    assert code(init(api)) == (403, reason)
    tiktok.spam = ""
    assert code(init(api)) == (200, "ok")


def test_an_account_posts_so_often_in_a_day(tiktok: TikTok, api: httpx.Client) -> None:
    patient(tiktok)
    tiktok.daily_cap = 2
    first, second, third = (opened(api) for _ in range(3))
    for _, url in (first, second, third):
        assert put(url).status_code == 201
    assert code(creator_info(api)) == (200, "spam_risk_too_many_posts")
    assert code(init(api)) == (403, "spam_risk_too_many_posts")
    tiktok.clock.advance(tiktok.processing)
    assert status(api, third[0])["fail_reason"] == "spam_risk_too_many_posts"
    assert len(tiktok.published) == 2
    tiktok.clock.advance(24 * 3600)
    api.headers["Authorization"] = f"Bearer {tiktok.issue()}"
    posted(api)


def test_an_unaudited_app_posts_privately_to_private_accounts(tiktok: TikTok, api: httpx.Client) -> None:
    tiktok.unaudited = True
    refusal = (403, "unaudited_client_can_only_post_to_private_accounts")
    assert code(init(api)) == refusal
    assert code(init(api, privacy_level="SELF_ONLY")) == refusal
    tiktok.private_account = True
    assert creator_info(api).json()["data"]["privacy_level_options"][0] == "FOLLOWER_OF_CREATOR"
    assert code(init(api, privacy_level="FOLLOWER_OF_CREATOR")) == refusal
    assert code(init(api, privacy_level="SELF_ONLY")) == (200, "ok")
    assert code(init(api)) == (403, "privacy_level_option_mismatch")


def test_each_token_may_ask_so_often_a_minute(tiktok: TikTok, api: httpx.Client) -> None:
    publish_id, _ = opened(api)

    def fetch() -> httpx.Response:
        return api.post("/v2/post/publish/status/fetch/", json={"publish_id": publish_id})

    for count, ask in ((20, lambda: creator_info(api)), (5, lambda: init(api)), (30, fetch)):
        assert {code(ask()) for _ in range(count)} == {(200, "ok")}
        assert code(ask()) == (429, "rate_limit_exceeded")
    api.headers["Authorization"] = "Bearer another"
    assert code(init(api)) == (200, "ok")
    api.headers["Authorization"] = "Bearer sandbox-token"
    tiktok.clock.advance(60)
    assert code(init(api)) == (200, "ok")


def test_a_token_must_be_good_and_allowed(tiktok: TikTok, api: httpx.Client) -> None:
    _, url = opened(api)
    tiktok.expire_tokens()
    assert code(creator_info(api)) == (401, "access_token_invalid")
    assert code(init(api)) == (401, "access_token_invalid")
    assert put(url).status_code == 201  # the URL lets in by itself
    api.headers["Authorization"] = f"Bearer {tiktok.issue()}"
    tiktok.scopes = {"user.info.basic"}
    assert code(init(api)) == (401, "scope_not_authorized")
    assert code(api.post("/v2/video/list/?fields=id")) == (401, "scope_not_authorized")
    tiktok.clock.advance(24 * 3600)
    assert code(creator_info(api)) == (401, "access_token_invalid")


def test_a_refresh_token_works_once(tiktok: TikTok, api: httpx.Client) -> None:
    tiktok.strict = True
    form = {"client_key": "app", "client_secret": "key", "grant_type": "refresh_token"}

    def refresh(token: str, **other: str) -> httpx.Response:
        return api.post("/v2/oauth/token/", data={**form, "refresh_token": token, **other})

    answer = refresh("sandbox-refresh-token").json()
    assert (answer["expires_in"], answer["open_id"]) == (86400, tiktok.open_id)
    assert answer["scope"] == "user.info.basic,video.list,video.publish,video.upload"
    api.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert code(creator_info(api)) == (200, "ok")
    refused = refresh("sandbox-refresh-token")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    latest = refresh(answer["refresh_token"]).json()["refresh_token"]
    tiktok.rotates = False
    assert refresh(latest).json()["refresh_token"] == latest
    assert refresh(latest, client_key="").json()["error"] == "invalid_request"
    assert refresh(latest, grant_type="code").json()["error"] == "unsupported_grant_type"
    tiktok.client = ("app", "another key")
    assert refresh(latest).json()["error"] == "invalid_client"
    assert api.post("/v2/oauth/token/", json={**form, "refresh_token": latest}).json()["error"] == "invalid_request"


def test_the_user_tells_what_is_asked(tiktok: TikTok, api: httpx.Client) -> None:
    user = {"open_id": tiktok.open_id, "display_name": tiktok.display_name}
    query = {"fields": "open_id,display_name"}
    assert api.get("/v2/user/info/", params=query).json()["data"] == {"user": user}
    assert api.post("/v2/user/info/", params=query).json()["data"] == {"user": user}
    assert code(api.get("/v2/user/info/")) == (400, "invalid_params")
    assert code(api.get("/v2/user/info/", params={"fields": "password"})) == (400, "invalid_params")


def test_public_videos_are_listed_newest_first(tiktok: TikTok, api: httpx.Client) -> None:
    for number in range(3):
        posted(api, title=f"post {number}")
    tiktok.clock.advance(tiktok.processing)
    page = listed(api, max_count=2)
    assert [video["title"] for video in page["videos"]] == ["post 2", "post 1"]
    assert page["has_more"]
    rest = listed(api, max_count=2, cursor=page["cursor"])
    assert [video["title"] for video in rest["videos"]] == ["post 0"]
    assert not rest["has_more"]
    assert {video["id"] for video in page["videos"]} < {post.id for post in tiktok.published}
    (newest, *_) = listed(api, "id,title,create_time,share_url")["videos"]
    assert httpx.get(newest["share_url"]).status_code == 200
    tiktok.slow_lookup = 60
    assert not listed(api)["videos"]
    tiktok.clock.advance(60)
    assert len(listed(api)["videos"]) == 3
    for query, body in (
        ("", {}),
        ("?fields=tea", {}),
        ("?fields=id", {"max_count": 21}),
        ("?fields=id", {"cursor": "x"}),
    ):
        assert code(api.post(f"/v2/video/list/{query}", json=body)) == (400, "invalid_params")


def test_views_grow(tiktok: TikTok, api: httpx.Client) -> None:
    posted(api)
    tiktok.clock.advance(tiktok.processing)
    (post,) = tiktok.published

    def query(*ids: str) -> httpx.Response:
        told = {"filters": {"video_ids": list(ids)}}
        return api.post("/v2/video/query/", params={"fields": COUNTS}, json=told)

    counts = []
    for _ in range(3):
        tiktok.clock.advance(24 * 3600)
        (video,) = query(post.id, "1").json()["data"]["videos"]
        assert set(video) == set(COUNTS.split(","))
        counts.append(video["view_count"])
    assert 0 < counts[0] < counts[1] < counts[2]
    assert code(query()) == (400, "invalid_params")
    assert code(query(*map(str, range(21)))) == (400, "invalid_params")


def test_several_clients_at_once_do_not_mix(tiktok: TikTok) -> None:
    patient(tiktok)
    tiktok.daily_cap = None

    def one(number: int) -> str:
        video = b"%d" % number * 100_000
        with httpx.Client(verify=VERIFY, base_url=tiktok.base, headers={"Authorization": "Bearer x"}) as api:
            posted(api, video)
        return sha256(video).hexdigest()

    with ThreadPoolExecutor(8) as pool:
        expected = set(pool.map(one, range(16)))
    tiktok.clock.advance(tiktok.processing)
    assert {post.sha256 for post in tiktok.published} == expected
    assert len(tiktok.published) == 16
    assert len({post.id for post in tiktok.published}) == 16


def test_one_chunk_that_is_sent_twice_at_once_is_published_once(tiktok: TikTok, api: httpx.Client) -> None:
    for _ in range(3):
        _, url = opened(api)
        before = len(tiktok.published)

        def send(_: int, url: str = url) -> int:
            try:
                return put(url).status_code
            except httpx.TransportError:  # the other one took over
                return 0

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(send, range(4)))
        assert answers.count(201) == 1
        tiktok.clock.advance(tiktok.processing)
        assert len(tiktok.published) == before + 1
