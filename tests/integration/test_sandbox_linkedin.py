"""The simulated LinkedIn, called as its documentation says and not by our client."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest

from sandbox.platforms.linkedin import LinkedIn
from sandbox.server import sandbox

#: Each client would load the authorities of the machine, which takes longer than a test.
VERIFY = ssl.create_default_context()
PART = 64 * 1024
VIDEO = bytes(range(256)) * (2 * PART // 256) + b"the last, shorter part" * 1000
HEADERS = {
    "Authorization": "Bearer sandbox-token",
    "LinkedIn-Version": "202610",
    "X-Restli-Protocol-Version": "2.0.0",
}
OWNER = "urn:li:person:sandbox-member"
COMPANY = "urn:li:organization:77"


@pytest.fixture
def linkedin() -> Iterator[LinkedIn]:
    with sandbox([LinkedIn]) as running:
        platform = cast("LinkedIn", running["linkedin"])
        assert platform.part_bytes == 4 * 1024 * 1024
        platform.part_bytes = PART  # so that tests are quick
        yield platform


@pytest.fixture
def client(linkedin: LinkedIn) -> Iterator[httpx.Client]:
    with httpx.Client(verify=VERIFY, base_url=linkedin.base, headers=HEADERS) as client:
        yield client


def initialize(client: httpx.Client, size: int = len(VIDEO), owner: str = OWNER) -> httpx.Response:
    asked = {"owner": owner, "fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}
    return client.post("/rest/videos?action=initializeUpload", json={"initializeUploadRequest": asked})


def put(instruction: dict[str, Any], video: bytes = VIDEO) -> httpx.Response:
    part = video[instruction["firstByte"] : instruction["lastByte"] + 1]
    return httpx.put(instruction["uploadUrl"], content=part, headers={"Content-Type": "application/octet-stream"})


def finalize(client: httpx.Client, value: dict[str, Any], etags: list[str]) -> httpx.Response:
    asked = {"video": value["video"], "uploadToken": value["uploadToken"], "uploadedPartIds": etags}
    return client.post("/rest/videos?action=finalizeUpload", json={"finalizeUploadRequest": asked})


def status(client: httpx.Client, video: str) -> dict[str, Any]:
    return dict(client.get(f"/rest/videos/{quote(video, safe='')}").json())


def upload(client: httpx.Client, linkedin: LinkedIn, owner: str = OWNER) -> str:
    value = initialize(client, owner=owner).json()["value"]
    etags = [put(instruction).headers["etag"].strip('"') for instruction in value["uploadInstructions"]]
    assert finalize(client, value, etags).status_code == 200
    linkedin.clock.advance(1)
    return str(value["video"])


def post(video: str = "", text: str = "小暑", author: str = OWNER, **others: Any) -> dict[str, Any]:
    fields = {
        "author": author,
        "commentary": text,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "content": {"media": {"id": video, "title": "A title"}},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    return {name: value for name, value in {**fields, **others}.items() if value is not None}


def test_a_video_goes_through_its_states_and_becomes_a_post(linkedin: LinkedIn, client: httpx.Client) -> None:
    value = initialize(client).json()["value"]
    ranges = [(one["firstByte"], one["lastByte"]) for one in value["uploadInstructions"]]
    assert ranges == [(0, PART - 1), (PART, 2 * PART - 1), (2 * PART, len(VIDEO) - 1)]
    assert value["uploadUrlsExpireAt"] > linkedin.clock.now() * 1000
    assert all(one["uploadUrl"].startswith(linkedin.base) for one in value["uploadInstructions"])

    answers = [put(instruction) for instruction in reversed(value["uploadInstructions"])]
    assert all(answer.headers["etag"].startswith('"/ambry-video/') for answer in answers)
    assert status(client, value["video"])["status"] == "WAITING_UPLOAD"
    etags = [answer.headers["etag"].strip('"') for answer in reversed(answers)]
    assert finalize(client, value, etags).status_code == 200
    assert status(client, value["video"])["status"] == "PROCESSING"
    linkedin.clock.advance(1)
    assert status(client, value["video"])["status"] == "AVAILABLE"

    assert linkedin.published == []
    made = client.post("/rest/posts", json=post(value["video"]))
    assert (made.status_code, made.content) == (201, b"")
    (public,) = linkedin.published
    assert public.id == made.headers["x-restli-id"]
    assert (public.account, public.text, public.ai, public.detail["title"]) == (OWNER, "小暑", None, "A title")
    assert (public.sha256, public.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    assert [moment for moment, _ in linkedin.calls] == [
        *["init", *["chunk"] * 3, "status", "finalize", "status", "status", "publish"]
    ]


@pytest.mark.parametrize(
    ("without", "with_", "expected"),
    [
        ("LinkedIn-Version", {}, (400, "VERSION_MISSING")),
        ("LinkedIn-Version", {"LinkedIn-Version": "2026-10"}, (426, "NONEXISTENT_VERSION")),
        ("LinkedIn-Version", {"LinkedIn-Version": "202401"}, (426, "NONEXISTENT_VERSION")),
        ("X-Restli-Protocol-Version", {}, (400, "ILLEGAL_ARGUMENT")),
        ("Authorization", {}, (401, "EMPTY_ACCESS_TOKEN")),
        ("Authorization", {"Authorization": "Bearer wrong"}, (401, "INVALID_ACCESS_TOKEN")),
    ],
)
def test_each_call_needs_its_headers(
    linkedin: LinkedIn, without: str, with_: dict[str, str], expected: tuple[int, str]
) -> None:
    linkedin.strict, linkedin.versions = True, frozenset({"202610", "202611"})
    headers = {name: value for name, value in HEADERS.items() if name != without} | with_
    with httpx.Client(verify=VERIFY, base_url=linkedin.base, headers=headers) as client:
        answer = initialize(client)
    assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"fileSizeBytes": 100_000}, 422),
        ({"owner": OWNER}, 422),
        ({"owner": "me", "fileSizeBytes": 100_000}, 422),
        ({"owner": OWNER, "fileSizeBytes": 74_999}, 400),
        ({"owner": OWNER, "fileSizeBytes": 500_000_001}, 400),
        ({"owner": COMPANY, "fileSizeBytes": 100_000}, 403),
    ],
)
def test_an_upload_that_cannot_be_is_refused(client: httpx.Client, asked: dict[str, Any], status: int) -> None:
    answer = client.post("/rest/videos?action=initializeUpload", json={"initializeUploadRequest": asked})
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_what_is_no_json_or_no_action_is_refused(client: httpx.Client) -> None:
    assert client.post("/rest/videos?action=initializeUpload", content=b"{").json()["code"] == "ILLEGAL_ARGUMENT"
    assert client.post("/rest/videos?action=initializeUpload", json=[]).status_code == 400
    assert client.post("/rest/videos?action=other", json={}).status_code == 404


def test_a_part_must_be_the_bytes_of_its_range(linkedin: LinkedIn, client: httpx.Client) -> None:
    first, second, _ = initialize(client).json()["value"]["uploadInstructions"]
    octets = {"Content-Type": "application/octet-stream"}
    assert httpx.put(first["uploadUrl"], content=VIDEO[: PART - 1], headers=octets).status_code == 400
    assert httpx.put(first["uploadUrl"], content=VIDEO[: PART + 1], headers=octets).status_code == 400
    longer = (VIDEO[at : at + 4096] for at in range(0, PART + 4096, 4096))
    assert httpx.put(first["uploadUrl"], content=longer, headers=octets).status_code == 400
    assert httpx.put(second["uploadUrl"], content=VIDEO[:PART]).status_code == 400  # no content type
    assert httpx.put(second["uploadUrl"] + "9", content=VIDEO[:PART], headers=octets).status_code == 404
    linkedin.clock.advance(linkedin.session_seconds)
    assert put(first).status_code == 403


def test_parts_are_named_all_of_them_in_order_without_quotes(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.upload_token = "once"
    value = initialize(client).json()["value"]
    assert value["uploadToken"] == "once"
    quoted = [put(instruction).headers["etag"] for instruction in value["uploadInstructions"]]
    etags = [etag.strip('"') for etag in quoted]
    for wrong in (quoted, etags[:2], etags[::-1], []):
        assert finalize(client, value, wrong).status_code == 400
    assert finalize(client, {**value, "uploadToken": ""}, etags).status_code == 400
    again = put(value["uploadInstructions"][1]).headers["etag"].strip('"')
    assert finalize(client, value, etags).status_code == 400  # the ETag of a part that came again is another one
    assert finalize(client, value, [etags[0], again, etags[2]]).status_code == 200
    assert finalize(client, value, [etags[0], again, etags[2]]).status_code == 200  # its answer may have been lost
    assert status(client, "urn:li:video:other")["status"] == 404


def test_a_part_that_was_cut_is_sent_again(linkedin: LinkedIn, client: httpx.Client) -> None:
    value = initialize(client).json()["value"]
    linkedin.trouble("chunk", cut=10_000, after=1)
    etags = [put(value["uploadInstructions"][0]).headers["etag"].strip('"')]
    with pytest.raises(httpx.TransportError):
        put(value["uploadInstructions"][1])
    etags += [put(one).headers["etag"].strip('"') for one in value["uploadInstructions"][1:]]
    assert finalize(client, value, etags).status_code == 200
    linkedin.clock.advance(1)
    client.post("/rest/posts", json=post(value["video"]))
    assert linkedin.published[0].sha256 == hashlib.sha256(VIDEO).hexdigest()


def test_parts_may_be_put_at_the_same_time(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.part_bytes = 10_000
    value = initialize(client).json()["value"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, value["uploadInstructions"]))
    assert len(answers) == -(-len(VIDEO) // 10_000)
    assert finalize(client, value, [answer.headers["etag"].strip('"') for answer in answers]).status_code == 200
    linkedin.clock.advance(1)
    assert client.post("/rest/posts", json=post(value["video"])).status_code == 201
    assert linkedin.published[0].sha256 == hashlib.sha256(VIDEO).hexdigest()


def test_a_video_that_fails_in_processing_says_why(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.reject_processing = "no video track"
    failed = upload(client, linkedin)
    told = status(client, failed)
    assert (told["status"], told["processingFailureReason"]) == ("PROCESSING_FAILED", "no video track")
    assert client.post("/rest/posts", json=post(failed)).json()["code"] == "MEDIA_ASSET_PROCESSING_FAILED"
    assert status(client, upload(client, linkedin))["status"] == "AVAILABLE"


def test_a_post_takes_only_a_video_of_its_author_that_is_available(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.organization = True
    mine = upload(client, linkedin)
    waiting = initialize(client).json()["value"]["video"]
    assert client.post("/rest/posts", json=post(mine, author=COMPANY)).json()["code"] == "INVALID_CONTENT_OWNERSHIP"
    assert client.post("/rest/posts", json=post(waiting)).json()["code"] == "MEDIA_ASSET_WAITING_UPLOAD"
    assert client.post("/rest/posts", json=post("urn:li:video:none")).status_code == 404
    assert linkedin.published == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"author": None},
        {"commentary": None},
        {"visibility": None},
        {"visibility": "EVERYBODY"},
        {"distribution": {}},
        {"lifecycleState": None},
        {"lifecycleState": "DRAFT"},
        {"content": {"media": "urn:li:video:1"}},
        {"content": {"media": {"id": "urn:li:video:1", "title": "t" * 201}}},
        {"commentary": "c" * 3001},
        {"scheduledAt": 1},
    ],
)
def test_a_post_that_is_not_as_the_schema_says_is_refused(
    linkedin: LinkedIn, client: httpx.Client, wrong: dict[str, Any]
) -> None:
    answer = client.post("/rest/posts", json=post(**wrong))
    assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert linkedin.published == []


def test_commentary_is_little_text(linkedin: LinkedIn, client: httpx.Client) -> None:
    for wrong in ("a (b)", "50 * 2", "a_b", "mail@example.org", "a | b", "# alone", "back\\slash", r"\/"):
        assert client.post("/rest/posts", json=post(text=wrong, content=None)).status_code == 422
    right = r"A \(small\) \{1\} a\_b \\ " + r"{hashtag|\#|绿\_茶} #tea @[Li \(Bai\)](urn:li:person:x-1)"
    assert client.post("/rest/posts", json=post(text=right, content=None)).status_code == 201
    assert linkedin.published[0].text == r"A (small) {1} a_b \ #绿_茶 #tea Li (Bai)"
    assert client.post("/rest/posts", json=post(text="\\(" * 3000, content=None)).status_code == 201  # 3,000 are read


def test_an_answer_that_is_lost_leaves_one_post_and_a_second_call_makes_two(
    linkedin: LinkedIn, client: httpx.Client
) -> None:
    video = upload(client, linkedin)
    linkedin.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        client.post("/rest/posts", json=post(video))
    assert len(linkedin.published) == 1
    assert client.post("/rest/posts", json=post(video)).status_code == 201
    assert len(linkedin.published) == 2


def test_duplicates_can_be_refused(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.refuse_duplicates = True
    first = client.post("/rest/posts", json=post(content=None)).headers["x-restli-id"]
    second = client.post("/rest/posts", json=post(content=None))
    assert (second.status_code, second.json()["code"]) == (422, "DUPLICATE_POST")
    assert first in second.json()["message"]
    assert client.post("/rest/posts", json=post(text="another", content=None)).status_code == 201


def test_a_post_for_connections_is_not_public(linkedin: LinkedIn, client: httpx.Client) -> None:
    assert client.post("/rest/posts", json=post(content=None, visibility="CONNECTIONS")).status_code == 201
    assert linkedin.published == []


def test_the_token_of_a_member_writes_and_does_not_read(linkedin: LinkedIn, client: httpx.Client) -> None:
    urn = client.post("/rest/posts", json=post(content=None)).headers["x-restli-id"]
    paths = [f"/rest/posts?q=author&author={quote(OWNER, safe='')}", f"/rest/posts/{quote(urn, safe='')}"]
    for path in [*paths, f"/rest/socialActions/{quote(urn, safe='')}"]:
        answer = client.get(path)
        assert (answer.status_code, answer.json()["serviceErrorCode"]) == (403, 100)
    linkedin.member_reads = True
    assert client.get(paths[1]).json()["commentary"] == "小暑"
    assert client.get(paths[0]).status_code == 403


def test_the_token_of_an_organization_finds_its_posts_newest_first(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.organization, linkedin.post_kind, linkedin.slow_lookup = True, "ugcPost", 30
    fields = [post(text=text, author=COMPANY, content=None) for text in ("one", "two", "three")]
    urns = [client.post("/rest/posts", json=one).headers["x-restli-id"] for one in fields]
    client.post("/rest/posts", json=post(content=None))
    finder = f"/rest/posts?q=author&author={quote(COMPANY, safe='')}&count=2"
    assert client.get(finder).json()["elements"] == []
    linkedin.clock.advance(30)
    assert [one["id"] for one in client.get(finder).json()["elements"]] == [urns[2], urns[1]]
    assert [one["commentary"] for one in client.get(finder + "&start=2").json()["elements"]] == ["one"]
    assert client.get(finder + "&start=x").status_code == 400
    assert client.get("/rest/posts?q=nobody").status_code == 400
    read = client.get(f"/rest/posts/{quote(urns[0], safe='')}").json()
    assert (read["id"], read["lifecycleState"], read["author"]) == (urns[0], "PUBLISHED", COMPANY)
    assert urns[0].startswith("urn:li:ugcPost:")


def test_a_post_is_deleted_once_and_deleting_it_again_is_no_error(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.organization = True
    urn = client.post("/rest/posts", json=post(content=None)).headers["x-restli-id"]
    for _ in range(2):
        assert client.delete(f"/rest/posts/{quote(urn, safe='')}").status_code == 204
    assert (linkedin.public, len(linkedin.published)) == ([], 1)
    assert client.get(f"/rest/posts/{quote(urn, safe='')}").status_code == 404


def test_figures_grow_with_the_clock(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.organization = True
    urn = client.post("/rest/posts", json=post(content=None, author=COMPANY)).headers["x-restli-id"]
    company, share = quote(COMPANY, safe=""), quote(urn, safe="")
    path = f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={company}"
    seen = []
    for _ in range(2):
        linkedin.clock.advance(3600)
        (element,) = client.get(f"{path}&shares=List({share})").json()["elements"]
        likes = client.get(f"/rest/socialActions/{share}").json()["likesSummary"]["totalLikes"]
        assert (element["share"], element["totalShareStatistics"]["likeCount"]) == (urn, likes)
        seen.append(element["totalShareStatistics"]["impressionCount"])
    assert 0 < seen[0] < seen[1]


def test_a_day_has_a_number_of_posts(linkedin: LinkedIn, client: httpx.Client) -> None:
    assert linkedin.daily_cap.count == 150
    linkedin.daily_cap = linkedin.limit(1, 86400)
    assert client.post("/rest/posts", json=post(content=None)).status_code == 201
    refused = client.post("/rest/posts", json=post(content=None))
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    linkedin.clock.advance(86400)
    assert client.post("/rest/posts", json=post(content=None)).status_code == 201
    assert len(linkedin.published) == 2


def test_a_token_ends_and_is_refreshed(linkedin: LinkedIn, client: httpx.Client) -> None:
    linkedin.strict, linkedin.rotates = True, True
    linkedin.expire_tokens()
    assert initialize(client).json()["code"] == "EXPIRED_ACCESS_TOKEN"
    given = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    who = {"client_id": "app", "client_secret": "secret"}
    assert client.post("/oauth/v2/accessToken", data=given).json()["error"] == "invalid_request"
    other = {**given, "grant_type": "password", **who}
    assert client.post("/oauth/v2/accessToken", data=other).json()["error"] == "unsupported_grant_type"
    renewed = client.post("/oauth/v2/accessToken", data={**given, **who}).json()
    assert renewed["expires_in"] == 60 * 86400
    client.headers["Authorization"] = f"Bearer {renewed['access_token']}"
    assert client.get("/v2/userinfo").json()["sub"] == "sandbox-member"
    assert client.post("/oauth/v2/accessToken", data={**given, **who}).json()["error"] == "invalid_grant"
    again = {**given, **who, "refresh_token": renewed["refresh_token"]}
    assert client.post("/oauth/v2/accessToken", data=again).status_code == 200
    linkedin.clock.advance(60 * 86400)
    assert client.get("/v2/userinfo").json()["code"] == "EXPIRED_ACCESS_TOKEN"
