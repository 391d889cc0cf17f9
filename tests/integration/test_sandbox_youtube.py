"""The simulated YouTube keeps to the YouTube Data API v3 as it is documented."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.youtube import YouTube
from sandbox.server import sandbox
from sandbox.youtube.errors import error
from sandbox.youtube.session import UNIT

#: Each client would load the authorities of the machine, which takes longer than a test.
VERIFY = ssl.create_default_context()
VIDEO = bytes(range(256)) * (3 * UNIT // 256) + b"the end"
SNIPPET = {"title": "谷雨", "description": "Tea and rain #shorts", "tags": ["tea", "solar term"], "categoryId": "22"}
STATUS = {"privacyStatus": "private", "selfDeclaredMadeForKids": False, "containsSyntheticMedia": True}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def youtube() -> Iterator[YouTube]:
    with sandbox([YouTube]) as running:
        platform = cast("YouTube", running["youtube"])
        platform.processing = 100  # longer than any test waits: only the clock ends it
        yield platform


@pytest.fixture
def api(youtube: YouTube) -> Iterator[httpx.Client]:
    with httpx.Client(
        verify=VERIFY, base_url=youtube.base, headers={"Authorization": "Bearer sandbox-token"}
    ) as client:
        yield client


def insert(
    api: httpx.Client,
    *,
    size: int = len(VIDEO),
    snippet: Mapping[str, Any] = SNIPPET,
    status: Mapping[str, Any] = STATUS,
    part: str = "snippet,status",
    headers: Mapping[str, str] | None = None,
    **query: str,
) -> httpx.Response:
    return api.post(
        "/upload/youtube/v3/videos",
        params={"uploadType": "resumable", "part": part, **query},
        headers={"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": "video/mp4", **(headers or {})},
        json={"snippet": snippet, "status": status},
    )


def opened(api: httpx.Client, **how: Any) -> str:
    answer = insert(api, **how)
    assert answer.status_code == 200
    assert not answer.content
    return answer.headers["Location"]


def put(api: httpx.Client, session: str, first: int, last: int, video: bytes = VIDEO) -> httpx.Response:
    span = {"Content-Range": f"bytes {first}-{last}/{len(video)}", "Content-Type": "video/mp4"}
    return api.put(session, content=video[first : last + 1], headers=span)


def probe(api: httpx.Client, session: str) -> httpx.Response:
    return api.put(session, headers={"Content-Length": "0", "Content-Range": f"bytes */{len(VIDEO)}"})


def uploaded(api: httpx.Client, content: bytes = VIDEO, **how: Any) -> str:
    answer = api.put(opened(api, size=len(content), **how), content=content, headers={"Content-Type": "video/mp4"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def video(api: httpx.Client, identity: str, part: str = "status,processingDetails") -> dict[str, Any]:
    (found,) = api.get("/youtube/v3/videos", params={"part": part, "id": identity}).json()["items"]
    return cast("dict[str, Any]", found)


def update(api: httpx.Client, identity: str, **parts: Any) -> httpx.Response:
    return api.put("/youtube/v3/videos", params={"part": ",".join(parts)}, json={"id": identity, **parts})


def reason(answer: httpx.Response) -> tuple[int, str]:
    told = answer.json()["error"]
    assert told["code"] == answer.status_code
    return answer.status_code, told["errors"][0]["reason"]


def test_a_private_upload_is_processed_and_then_made_public(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api, headers={"Slug": "guyu.mp4"})
    assert not youtube.published
    found = video(api, identity)
    assert found["status"]["uploadStatus"] == "uploaded"
    assert found["processingDetails"]["processingStatus"] == "processing"
    youtube.clock.advance(youtube.processing)
    found = video(api, identity, "status,processingDetails,snippet,fileDetails,contentDetails")
    assert found["status"]["uploadStatus"] == "processed"
    assert found["processingDetails"]["processingStatus"] == "succeeded"
    assert found["snippet"]["title"] == "谷雨"
    assert found["fileDetails"] == {"fileName": "guyu.mp4", "fileSize": str(len(VIDEO)), "fileType": "video"}
    answer = update(api, identity, status={**STATUS, "privacyStatus": "public"})
    assert answer.json()["status"]["privacyStatus"] == "public"
    (post,) = youtube.public
    assert (post.id, post.ai, post.bytes, post.sha256) == (identity, True, len(VIDEO), sha256(VIDEO).hexdigest())
    assert post.text == "谷雨\n\nTea and rain #shorts"
    assert update(api, identity, status={**STATUS, "privacyStatus": "public"}).status_code == 200
    assert len(youtube.published) == 1  # saying it again is not a second post
    assert [moment for moment, _ in youtube.calls] == ["init", "chunk", "status", "status", "publish", "publish"]
    assert httpx.get(post.url).status_code == 200


def test_chunks_are_answered_308_with_what_is_there(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api)
    answer = probe(api, session)
    assert answer.status_code == 308
    assert "Range" not in answer.headers
    answer = put(api, session, 0, UNIT - 1)
    assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{UNIT - 1}")
    assert put(api, session, UNIT, 2 * UNIT - 1).headers["Range"] == f"bytes=0-{2 * UNIT - 1}"
    last = put(api, session, 2 * UNIT, len(VIDEO) - 1)
    assert last.status_code == 201
    again = probe(api, session)
    assert (again.status_code, again.json()["id"]) == (201, last.json()["id"])
    assert put(api, session, 2 * UNIT, len(VIDEO) - 1).json()["id"] == last.json()["id"]
    youtube.finished_status = 200
    assert probe(api, session).status_code == 200
    assert [moment for moment, _ in youtube.calls] == ["init", "probe", *["chunk"] * 3, "probe", "chunk", "probe"]


@pytest.mark.parametrize("path", ["/upload/youtube/v3/videos", "/resumable/upload/youtube/v3/videos"])
def test_both_documented_paths_open_a_session(youtube: YouTube, api: httpx.Client, path: str) -> None:
    announced = {"X-Upload-Content-Length": "4", "X-Upload-Content-Type": "application/octet-stream"}
    query = {"uploadType": "resumable", "part": "snippet"}
    session = api.post(path, params=query, headers=announced, json={"snippet": SNIPPET}).headers["Location"]
    assert session.startswith(youtube.base + path)
    assert api.put(session, content=b"1234").status_code == 201


def test_what_is_not_said_in_part_is_not_set(youtube: YouTube, api: httpx.Client) -> None:
    """A status that `part` does not name is no status: the video is public and unlabelled."""
    uploaded(api, part="snippet")
    youtube.clock.advance(youtube.processing)
    (post,) = youtube.published
    assert post.ai is False


def test_a_block_that_does_not_join_stores_nothing(api: httpx.Client) -> None:
    session = opened(api)
    put(api, session, 0, UNIT - 1)
    for first in (2 * UNIT, 0, UNIT + 1):
        answer = put(api, session, first, first + UNIT - 1)
        assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{UNIT - 1}")


@pytest.mark.parametrize(
    ("content_range", "length"),
    [
        (f"bytes 0-{UNIT - 2}/{len(VIDEO)}", UNIT - 1),  # not a multiple of 256 KiB
        (f"bytes 0-{UNIT - 1}/{len(VIDEO)}", UNIT - 5),  # not as long as it says
        (f"bytes 0-{UNIT - 1}/{len(VIDEO) + 1}", UNIT),  # not of the announced total
        (f"bytes 0-{len(VIDEO)}/*", len(VIDEO) + 1),  # too long
        ("0-5", 6),
        (None, 17),  # all of it, which it is not
    ],
)
def test_a_wrong_chunk_is_refused(api: httpx.Client, content_range: str | None, length: int) -> None:
    session = opened(api)
    headers = {} if content_range is None else {"Content-Range": content_range}
    assert reason(api.put(session, content=bytes(length), headers=headers)) == (400, "badRequest")
    assert "Range" not in probe(api, session).headers


def test_chunks_have_one_size_until_they_are_interrupted(youtube: YouTube, api: httpx.Client) -> None:
    long = bytes(6 * UNIT)
    session = opened(api, size=len(long))
    put(api, session, 0, UNIT - 1, long)
    assert reason(put(api, session, UNIT, 3 * UNIT - 1, long)) == (400, "badRequest")
    youtube.trouble("chunk", cut=1000)
    with pytest.raises(httpx.TransportError):
        put(api, session, UNIT, 2 * UNIT - 1, long)
    answer = put(api, session, UNIT + 1000, 3 * UNIT + 999, long)
    assert answer.headers["Range"] == f"bytes=0-{3 * UNIT + 999}"
    assert put(api, session, 3 * UNIT + 1000, len(long) - 1, long).status_code == 201


def test_a_cut_upload_goes_on_where_it_broke(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api, status={**STATUS, "privacyStatus": "public"})
    youtube.trouble("chunk", cut=100_000)
    with pytest.raises(httpx.TransportError):
        api.put(session, content=VIDEO)
    assert probe(api, session).headers["Range"] == "bytes=0-99999"
    assert put(api, session, 100_000, len(VIDEO) - 1).status_code == 201
    youtube.clock.advance(youtube.processing)
    (post,) = youtube.published
    assert post.sha256 == sha256(VIDEO).hexdigest()


def test_a_service_that_breaks_in_the_middle_of_a_chunk_keeps_what_came(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api)
    youtube.breaks_after = 70_000
    assert reason(put(api, session, 0, len(VIDEO) - 1)) == (503, "backendError")
    assert probe(api, session).headers["Range"] == "bytes=0-69999"
    assert put(api, session, 70_000, len(VIDEO) - 1).status_code == 201


def test_an_answer_to_the_last_byte_that_is_lost_is_told_by_the_probe(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api, status={**STATUS, "privacyStatus": "public"})
    youtube.trouble("chunk", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        api.put(session, content=VIDEO)
    assert probe(api, session).status_code == 201
    youtube.clock.advance(youtube.processing)
    assert len(youtube.published) == 1


def test_a_lost_answer_to_the_update_leaves_one_post(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api)
    youtube.clock.advance(youtube.processing)
    youtube.trouble("publish", handled=True, drop=True)
    public = {**STATUS, "privacyStatus": "public"}
    with pytest.raises(httpx.TransportError):
        update(api, identity, status=public)
    update(api, identity, status=public)
    assert len(youtube.published) == 1


def test_two_uploads_of_the_same_bytes_are_two_posts(youtube: YouTube, api: httpx.Client) -> None:
    for _ in range(2):
        uploaded(api, status={**STATUS, "privacyStatus": "public"})
    youtube.clock.advance(youtube.processing)
    assert len(youtube.published) == 2
    youtube.refuse_duplicates = True
    identity = uploaded(api, status={**STATUS, "privacyStatus": "public"})
    youtube.clock.advance(youtube.processing)
    told = video(api, identity)["status"]
    assert (told["uploadStatus"], told["rejectionReason"]) == ("rejected", "duplicate")
    assert len(youtube.published) == 2


def test_a_session_ends(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api)
    youtube.clock.advance(youtube.session_seconds)
    assert reason(probe(api, session)) == (404, "notFound")
    assert reason(api.put(session, content=VIDEO)) == (404, "notFound")
    assert reason(probe(api, session + "x")) == (404, "notFound")


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"snippet": {**SNIPPET, "title": ""}}, (400, "invalidTitle")),
        ({"snippet": {**SNIPPET, "title": "x" * 101}}, (400, "invalidTitle")),
        ({"snippet": {**SNIPPET, "title": "a < b"}}, (400, "invalidTitle")),
        ({"snippet": {**SNIPPET, "description": "雨" * 1667}}, (400, "invalidDescription")),
        ({"snippet": {**SNIPPET, "description": "->"}}, (400, "invalidDescription")),
        ({"snippet": {**SNIPPET, "tags": ["a b" * 83, "x" * 249]}}, (400, "invalidTags")),
        ({"snippet": {**SNIPPET, "categoryId": "tea"}}, (400, "invalidCategoryId")),
        ({"status": {"privacyStatus": "secret"}}, (403, "forbiddenPrivacySetting")),
        ({"status": {"license": "mine"}}, (403, "forbiddenLicenseSetting")),
        ({"status": {"containsSyntheticMedia": "yes"}}, (400, "invalidVideoMetadata")),
        ({"status": {"privacyStatus": "public", "publishAt": "2030-01-01T00:00:00Z"}}, (400, "invalidPublishAt")),
        ({"status": {"privacyStatus": "private", "publishAt": "tomorrow"}}, (400, "invalidPublishAt")),
        ({"part": ""}, (400, "required")),
        ({"part": "snippet,tea"}, (400, "unknownPart")),
        ({"size": 0}, (400, "mediaBodyRequired")),
        ({"size": 274_877_906_945}, (413, "uploadTooLarge")),
        ({"uploadType": "media"}, (400, "mediaBodyRequired")),
        ({"headers": {"X-Upload-Content-Type": "image/png"}}, (400, "badContent")),
        ({"headers": {"Slug": "a/b.mp4"}}, (400, "invalidFilename")),
        ({"headers": {"Content-Type": "text/plain"}}, (400, "badContent")),
    ],
)
def test_metadata_that_is_wrong_opens_no_session(
    api: httpx.Client, told: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert reason(insert(api, **told)) == refusal


def test_limits_are_reached_exactly(api: httpx.Client) -> None:
    tags = ["a b" * 82, "x" * 251]  # 246 + 2, a comma, 251
    insert_with = {"title": "x" * 100, "description": "雨" * 1666 + "xx", "tags": tags}
    assert insert(api, snippet=insert_with).status_code == 200


def test_a_token_must_be_good_and_allowed(youtube: YouTube, api: httpx.Client) -> None:
    session = opened(api)
    youtube.expire_tokens()
    assert reason(insert(api)) == (401, "authError")
    assert reason(probe(api, session)) == (401, "authError")
    assert reason(httpx.get(f"{youtube.base}/youtube/v3/videos?part=status&id=1")) == (401, "authorizationRequired")
    assert httpx.put(session, content=VIDEO).status_code == 201  # the URI lets in by itself
    api.headers["Authorization"] = f"Bearer {youtube.issue()}"
    youtube.scopes = {"youtube.upload"}
    assert insert(api).status_code == 200
    assert reason(api.get("/youtube/v3/videos", params={"part": "id", "id": "1"})) == (403, "insufficientPermissions")
    youtube.signed_up = False
    assert reason(insert(api)) == (401, "youtubeSignupRequired")


def test_a_refresh_token_gets_a_new_access_token(youtube: YouTube, api: httpx.Client) -> None:
    youtube.strict = True
    form = {"client_id": "app", "client_secret": "key", "refresh_token": "sandbox-refresh-token"}
    form["grant_type"] = "refresh_token"
    answer = api.post("/token", data=form).json()
    assert (answer["expires_in"], answer["token_type"]) == (3600, "Bearer")
    api.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert insert(api).status_code == 200
    youtube.clock.advance(3600)
    assert reason(insert(api)) == (401, "authError")
    assert "refresh_token" not in api.post("/token", data=form).json()
    youtube.rotates = True
    rotated = api.post("/token", data=form).json()["refresh_token"]
    refused = api.post("/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert api.post("/token", data={**form, "refresh_token": rotated}).status_code == 200
    assert api.post("/token", data={**form, "client_id": ""}).json()["error"] == "invalid_request"
    assert api.post("/token", data={**form, "grant_type": "code"}).json()["error"] == "unsupported_grant_type"
    youtube.client = ("app", "another key")
    refused = api.post("/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_quotas_are_full_again_at_midnight_in_california(youtube: YouTube, api: httpx.Client) -> None:
    now = dt.datetime.fromtimestamp(youtube.clock.now(), dt.UTC)
    noon_there = (now + dt.timedelta(days=1)).replace(hour=20, minute=0)
    youtube.clock.advance((noon_there - now).total_seconds())
    youtube.inserts.units, youtube.units.units = 1, 52
    identity = uploaded(api)
    refused = insert(api)
    assert reason(refused) == (403, "quotaExceeded")
    assert refused.json()["error"]["errors"][0]["domain"] == "youtube.quota"
    video(api, identity)
    assert update(api, identity, status=STATUS).status_code == 200
    video(api, identity)
    assert reason(api.get("/youtube/v3/videos", params={"part": "id", "id": identity})) == (403, "quotaExceeded")
    assert reason(update(api, identity, status=STATUS)) == (403, "quotaExceeded")
    youtube.clock.advance(7 * 3600)
    assert reason(insert(api)) == (403, "quotaExceeded")
    youtube.clock.advance(6 * 3600)
    api.headers["Authorization"] = "Bearer another"
    assert insert(api).status_code == 200
    assert update(api, identity, status=STATUS).status_code == 200


def test_a_channel_may_have_a_cap_of_its_own(youtube: YouTube, api: httpx.Client) -> None:
    youtube.daily_cap = 1
    assert insert(api).status_code == 200
    assert reason(insert(api)) == (400, "uploadLimitExceeded")
    youtube.clock.advance(24 * 3600)
    assert insert(api).status_code == 200


def test_a_scheduled_video_is_public_when_its_time_comes(youtube: YouTube, api: httpx.Client) -> None:
    due = dt.datetime.fromtimestamp(youtube.clock.now() + 3600, dt.UTC).isoformat(timespec="seconds")
    identity = uploaded(api, status={**STATUS, "publishAt": due})
    youtube.clock.advance(3000)
    assert not youtube.published
    youtube.clock.advance(1000)
    (post,) = youtube.published
    assert dt.datetime.fromtimestamp(post.at, dt.UTC) == dt.datetime.fromisoformat(due)
    assert video(api, identity)["status"]["privacyStatus"] == "public"
    assert reason(update(api, identity, status={**STATUS, "publishAt": due})) == (400, "invalidPublishAt")
    uploaded(api, status={**STATUS, "publishAt": "2020-01-01T00:00:00Z"})  # over: public as soon as it is processed
    youtube.clock.advance(youtube.processing)
    assert len(youtube.published) == 2


def test_an_unaudited_project_uploads_private_videos_only(youtube: YouTube, api: httpx.Client) -> None:
    youtube.forced_private = True
    identity = uploaded(api, status={**STATUS, "privacyStatus": "public"})
    assert video(api, identity)["status"]["privacyStatus"] == "private"
    answer = update(api, identity, status={**STATUS, "privacyStatus": "public"})
    assert answer.json()["status"]["privacyStatus"] == "private"
    youtube.clock.advance(youtube.processing)
    assert not youtube.published


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("codec", {"uploadStatus": "failed", "failureReason": "codec"}),
        ("copyright", {"uploadStatus": "rejected", "rejectionReason": "copyright"}),
    ],
)
def test_processing_may_end_badly(youtube: YouTube, api: httpx.Client, failure: str, told: dict[str, str]) -> None:
    youtube.reject_processing = failure
    identity = uploaded(api, status={**STATUS, "privacyStatus": "public"})
    assert video(api, identity)["status"]["uploadStatus"] == "uploaded"
    youtube.clock.advance(youtube.processing)
    found = video(api, identity)
    assert told.items() <= found["status"].items()
    assert found["processingDetails"]["processingStatus"] in {"failed", "terminated"}
    assert not youtube.published
    uploaded(api, status={**STATUS, "privacyStatus": "public"})  # only the next one
    youtube.clock.advance(youtube.processing)
    assert len(youtube.published) == 1


def test_an_update_replaces_the_whole_part(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api)
    youtube.clock.advance(youtube.processing)
    update(api, identity, status={"privacyStatus": "unlisted"})
    assert video(api, identity)["status"]["containsSyntheticMedia"] is False
    update(api, identity, snippet={"title": "new", "categoryId": "22"})
    snippet = video(api, identity, "snippet")["snippet"]
    assert (snippet["title"], snippet["description"], "tags" in snippet) == ("new", "", False)
    assert reason(update(api, identity, snippet={"title": "new"})) == (400, "invalidCategoryId")
    assert reason(update(api, "nobody", status=STATUS)) == (404, "videoNotFound")
    update(api, identity, status={"privacyStatus": "private"})
    assert not youtube.public
    update(api, identity, status={})  # the default is public
    assert len(youtube.public) == len(youtube.published) == 1


def test_uploads_are_listed_newest_first(youtube: YouTube, api: httpx.Client) -> None:
    identities = [uploaded(api, b"%d" % number) for number in range(3)]
    answer = api.get("/youtube/v3/channels", params={"part": "contentDetails", "mine": "true"}).json()
    uploads = answer["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]
    query = {"part": "snippet,contentDetails", "playlistId": uploads, "maxResults": "2"}
    page = api.get("/youtube/v3/playlistItems", params=query).json()
    rest = api.get("/youtube/v3/playlistItems", params={**query, "pageToken": page["nextPageToken"]}).json()
    listed = [item["contentDetails"]["videoId"] for item in [*page["items"], *rest["items"]]]
    assert listed == identities[::-1]
    assert page["items"][0]["snippet"]["resourceId"]["videoId"] == identities[2]
    assert "nextPageToken" not in rest
    youtube.slow_lookup = 60
    assert not api.get("/youtube/v3/playlistItems", params=query).json()["items"]
    youtube.clock.advance(60)
    assert len(api.get("/youtube/v3/playlistItems", params=query).json()["items"]) == 2
    for wrong, refusal in (
        ({"playlistId": "UU"}, (404, "playlistNotFound")),
        ({"playlistId": ""}, (400, "missingRequiredParameter")),
        ({"maxResults": "51"}, (400, "invalidValue")),
        ({"pageToken": "x"}, (400, "invalidPageToken")),
    ):
        assert reason(api.get("/youtube/v3/playlistItems", params={**query, **wrong})) == refusal


def test_a_deleted_video_is_taken_down(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api, status={**STATUS, "privacyStatus": "public"})
    youtube.clock.advance(youtube.processing)
    assert len(youtube.public) == 1
    assert api.delete("/youtube/v3/videos", params={"id": identity}).status_code == 204
    assert not youtube.public
    assert len(youtube.published) == 1
    assert reason(api.delete("/youtube/v3/videos", params={"id": identity})) == (404, "videoNotFound")
    assert not api.get("/youtube/v3/videos", params={"part": "id", "id": identity}).json()["items"]


def test_views_grow(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api, status={**STATUS, "privacyStatus": "public"})
    assert video(api, identity, "statistics")["statistics"]["viewCount"] == "0"
    counts = []
    for _ in range(3):
        youtube.clock.advance(24 * 3600)
        counts.append(int(video(api, identity, "statistics")["statistics"]["viewCount"]))
    assert 0 < counts[0] < counts[1] < counts[2]


def test_a_thumbnail_is_a_picture_of_a_video(youtube: YouTube, api: httpx.Client) -> None:
    identity = uploaded(api)

    def picture(content: bytes, kind: str = "image/png", of: str = identity) -> httpx.Response:
        path = "/upload/youtube/v3/thumbnails/set"
        return api.post(path, params={"videoId": of}, content=content, headers={"Content-Type": kind})

    assert picture(PNG).json()["kind"] == "youtube#thumbnailSetResponse"
    assert youtube.thumbnails == {identity: PNG}
    assert reason(picture(b"")) == (400, "mediaBodyRequired")
    assert reason(picture(b"no picture")) == (400, "invalidImage")
    assert reason(picture(PNG, "video/mp4")) == (400, "badContent")
    assert reason(picture(PNG, of="nobody")) == (404, "videoNotFound")
    youtube.verified = False
    assert reason(picture(PNG)) == (403, "forbidden")


def test_any_documented_error_can_be_made_a_trouble(youtube: YouTube, api: httpx.Client) -> None:
    youtube.trouble("init", status=403, body=error("rateLimitExceeded"), headers={"Retry-After": "1"})
    answer = insert(api)
    assert reason(answer) == (403, "rateLimitExceeded")
    assert answer.headers["Retry-After"] == "1"
    assert insert(api).status_code == 200


def test_a_list_needs_a_filter(api: httpx.Client) -> None:
    assert reason(api.get("/youtube/v3/videos", params={"part": "id"})) == (400, "missingRequiredParameter")
    assert reason(api.get("/youtube/v3/channels", params={"part": "id"})) == (400, "missingRequiredParameter")
    many = ",".join(map(str, range(51)))
    assert reason(api.get("/youtube/v3/videos", params={"part": "id", "id": many})) == (400, "invalidValue")
    broken = {"Content-Type": "application/json"}
    assert reason(api.put("/youtube/v3/videos?part=status", content=b"{", headers=broken)) == (400, "parseError")


def test_several_clients_at_once_do_not_mix(youtube: YouTube) -> None:
    def one(number: int) -> str:
        content = b"%d" % number * 100_000
        with httpx.Client(verify=VERIFY, base_url=youtube.base, headers={"Authorization": "Bearer x"}) as api:
            uploaded(api, content, status={**STATUS, "privacyStatus": "public"})
        return sha256(content).hexdigest()

    with ThreadPoolExecutor(8) as pool:
        expected = set(pool.map(one, range(16)))
    youtube.clock.advance(youtube.processing)
    assert {post.sha256 for post in youtube.published} == expected
    assert len(youtube.published) == 16
