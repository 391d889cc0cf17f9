"""The simulated Pinterest, called as its documentation says and not by our client."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.pinterest import Pinterest
from sandbox.server import sandbox

#: Bytes that a parser of multipart bodies may trip over.
VIDEO = b"\r\n--boundary\r\n" + random.Random(7).randbytes(300_000) + b"\r--\n\r\n"
BOARD = "549755885175"
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a cover").decode()


@pytest.fixture
def pinterest() -> Iterator[Pinterest]:
    with sandbox([Pinterest]) as running:
        yield cast("Pinterest", running["pinterest"])


@pytest.fixture
def client(pinterest: Pinterest) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=pinterest.base, headers={"Authorization": "Bearer sandbox-token"}) as client:
        yield client


def register(client: httpx.Client) -> dict[str, Any]:
    answer = client.post("/v5/media", json={"media_type": "video"})
    assert answer.status_code == 201
    return dict(answer.json())


def send(media: dict[str, Any], fields: dict[str, str] | None = None, **others: Any) -> httpx.Response:
    given = media["upload_parameters"] if fields is None else fields
    return httpx.post(media["upload_url"], data=given, files={"file": ("clip.mp4", VIDEO, "video/mp4")}, **others)


def upload(client: httpx.Client, pinterest: Pinterest) -> str:
    media = register(client)
    assert send(media).status_code == 204
    pinterest.clock.advance(1)
    return str(media["media_id"])


def pin(media: str, board: str = BOARD, source: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    cover = {"cover_image_content_type": "image/jpeg", "cover_image_data": JPEG}
    media_source = {"source_type": "video_id", "media_id": media, **(cover if source is None else source)}
    return {"board_id": board, "title": "小暑", "description": "Warm wind", "media_source": media_source, **others}


def test_a_video_goes_through_its_states_and_becomes_a_pin(pinterest: Pinterest, client: httpx.Client) -> None:
    def status() -> str:
        return str(client.get(f"/v5/media/{media['media_id']}").json()["status"])

    media = register(client)
    assert media["media_type"] == "video"
    assert media["upload_url"].startswith(pinterest.base)
    assert status() == "registered"
    assert send(media).status_code == 204
    assert status() == "processing"
    pinterest.clock.advance(1)
    assert status() == "succeeded"
    assert pinterest.published == []

    made = client.post("/v5/pins", json=pin(media["media_id"], link="https://example.org/a", alt_text="A field"))
    assert made.status_code == 201
    (public,) = pinterest.published
    assert (public.id, public.account, public.ai) == (made.json()["id"], "sandbox", None)
    assert (public.text, public.detail["board_id"], public.detail["link"]) == (
        *["小暑\nWarm wind", BOARD, "https://example.org/a"],
    )
    assert (public.sha256, public.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    moments = ["init", "status", "upload", "status", "status", "publish"]
    assert [moment for moment, _ in pinterest.calls] == moments

    read = client.get(f"/v5/pins/{public.id}").json()
    assert (read["title"], read["board_id"], read["creative_type"]) == ("小暑", BOARD, "VIDEO")


def test_only_videos_are_registered(client: httpx.Client) -> None:
    for body in ({}, {"media_type": "image"}, []):
        answer = client.post("/v5/media", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, 1)
    assert client.get("/v5/media/1").status_code == 404


def test_the_bucket_takes_the_form_as_it_was_given_and_the_file_last(client: httpx.Client) -> None:
    media = register(client)
    form = dict(media["upload_parameters"])
    without = {name: value for name, value in form.items() if name != "policy"}
    for wrong in (without, {**form, "x-amz-signature": "0"}, {**form, "extra": "1"}, {**form, "key": "other"}):
        answer = send(media, wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/xml")
        assert "<Code>AccessDenied</Code>" in answer.text
    assert "Only one auth mechanism" in send(media, headers={"Authorization": "Bearer sandbox-token"}).text
    first = [("file", ("clip.mp4", VIDEO, "video/mp4")), *((name, (None, value)) for name, value in form.items())]
    answer = httpx.post(media["upload_url"], files=first)
    assert (answer.status_code, "a field named 'key'" in answer.text) == (400, True)
    nothing = httpx.post(media["upload_url"], files={name: (None, value) for name, value in form.items()})
    assert "exactly one file upload" in nothing.text
    assert httpx.post(media["upload_url"], data=form).status_code == 412
    assert client.get(f"/v5/media/{media['media_id']}").json()["status"] == "registered"
    assert send(media).status_code == 204


def test_the_bucket_refuses_what_is_late_or_too_large(pinterest: Pinterest, client: httpx.Client) -> None:
    pinterest.largest = len(VIDEO) - 1
    media = register(client)
    assert "<Code>EntityTooLarge</Code>" in send(media).text
    pinterest.largest = len(VIDEO)
    pinterest.clock.advance(pinterest.session_seconds)
    assert "Policy expired" in send(media).text
    assert send(register(client)).status_code == 204


def test_a_form_that_was_cut_is_posted_again(pinterest: Pinterest, client: httpx.Client) -> None:
    media = register(client)
    pinterest.trouble("upload", cut=100_000)
    with pytest.raises(httpx.TransportError):
        send(media)
    assert client.get(f"/v5/media/{media['media_id']}").json()["status"] == "registered"
    assert send(media).status_code == 204
    pinterest.clock.advance(1)
    client.post("/v5/pins", json=pin(media["media_id"]))
    assert pinterest.published[0].sha256 == hashlib.sha256(VIDEO).hexdigest()


def test_a_video_that_fails_in_processing_makes_no_pin(pinterest: Pinterest, client: httpx.Client) -> None:
    pinterest.reject_processing = "no video track"
    failed = upload(client, pinterest)
    assert client.get(f"/v5/media/{failed}").json()["status"] == "failed"
    for media, status in ((failed, 400), (register(client)["media_id"], 400), ("5", 404)):
        assert client.post("/v5/pins", json=pin(media)).status_code == status
    assert client.post("/v5/pins", json=pin(upload(client, pinterest))).status_code == 201
    assert len(pinterest.published) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"board": "main"},
        {"title": "t" * 101},
        {"description": "d" * 801},
        {"link": "https://example.org/" + "l" * 2030},
        {"alt_text": "a" * 501},
        {"title": 5},
        {"media_source": None},
        {"media_source": {"source_type": "video_id"}},
        {"media_source": {"source_type": "image_url", "url": "https://example.org/a.jpg"}},
        {"source": {}},
        {"source": {"cover_image_url": "cover.jpg"}},
        {"source": {"cover_image_data": JPEG}},
        {"source": {"cover_image_content_type": "image/gif", "cover_image_data": JPEG}},
        {"source": {"cover_image_content_type": "image/jpeg", "cover_image_data": "no base64"}},
        {"source": {"cover_image_key_frame_time": "first"}},
    ],
)
def test_a_pin_that_is_not_as_the_description_says_is_refused(
    pinterest: Pinterest, client: httpx.Client, wrong: dict[str, Any]
) -> None:
    answer = client.post("/v5/pins", json=pin("1", **wrong))
    assert (answer.status_code, answer.json()["code"]) == (400, 1)
    assert answer.json()["message"].startswith("Invalid request: ")
    assert pinterest.published == []


def test_a_cover_is_a_url_or_data_or_a_moment_of_the_video(pinterest: Pinterest, client: httpx.Client) -> None:
    media = upload(client, pinterest)
    covers = [{"cover_image_url": "https://example.org/a.jpg"}, {"cover_image_key_frame_time": 0}]
    covers.append({"cover_image_content_type": "image/png", "cover_image_data": JPEG})
    for cover in covers:
        assert client.post("/v5/pins", json=pin(media, source=cover)).status_code == 201
    pinterest.cover_required = False
    assert client.post("/v5/pins", json=pin(media, source={})).status_code == 201


def test_an_answer_that_is_lost_leaves_one_pin_and_a_second_call_makes_two(
    pinterest: Pinterest, client: httpx.Client
) -> None:
    media = upload(client, pinterest)
    pinterest.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        client.post("/v5/pins", json=pin(media))
    assert len(pinterest.published) == 1
    assert client.get(f"/v5/boards/{BOARD}/pins").json()["items"][0]["id"] == pinterest.published[0].id
    assert client.post("/v5/pins", json=pin(media)).status_code == 201
    assert len(pinterest.published) == 2


def test_a_board_lists_its_pins_newest_first_by_pages(pinterest: Pinterest, client: httpx.Client) -> None:
    media, pinterest.slow_lookup = upload(client, pinterest), 30
    ids = [client.post("/v5/pins", json=pin(media, title=str(at))).json()["id"] for at in range(5)]
    client.post("/v5/pins", json=pin(media, board="7"))
    path = f"/v5/boards/{BOARD}/pins?page_size=2"
    assert client.get(path).json() == {"items": [], "bookmark": None}
    pinterest.clock.advance(30)
    seen, bookmark = [], ""
    while bookmark is not None:
        page = client.get(path, params={"page_size": 2, "bookmark": bookmark} if bookmark else {"page_size": 2}).json()
        seen += [item["id"] for item in page["items"]]
        bookmark = page["bookmark"]
    assert seen == ids[::-1]
    assert len(client.get("/v5/pins").json()["items"]) == 6
    assert client.get(f"/v5/boards/{BOARD}/pins?page_size=0").status_code == 400
    assert client.get(f"/v5/boards/{BOARD}/pins?bookmark=other").status_code == 400


def test_boards_are_those_that_there_are(pinterest: Pinterest, client: httpx.Client) -> None:
    media = upload(client, pinterest)
    pinterest.boards = {BOARD: "Tea", "8": "Hidden"}
    pinterest.secret_boards = {"8"}
    listed = client.get("/v5/boards").json()["items"]
    assert [(board["id"], board["name"], board["privacy"]) for board in listed] == [
        *[(BOARD, "Tea", "PUBLIC"), ("8", "Hidden", "SECRET")]
    ]
    assert client.get(f"/v5/boards/{BOARD}").json()["owner"] == {"username": "sandbox"}
    for answer in (client.get("/v5/boards/9/pins"), client.post("/v5/pins", json=pin(media, board="9"))):
        assert (answer.status_code, answer.json()["code"]) == (404, 40)
    assert client.post("/v5/pins", json=pin(media, board="8")).status_code == 201
    assert pinterest.published == []


def test_nobody_sees_the_pins_of_an_app_with_trial_access(pinterest: Pinterest, client: httpx.Client) -> None:
    pinterest.trial_access = True
    made = client.post("/v5/pins", json=pin(upload(client, pinterest)))
    assert client.get(f"/v5/pins/{made.json()['id']}").status_code == 200
    assert pinterest.published == []


def test_a_pin_is_deleted(pinterest: Pinterest, client: httpx.Client) -> None:
    identity = client.post("/v5/pins", json=pin(upload(client, pinterest))).json()["id"]
    assert client.delete(f"/v5/pins/{identity}").status_code == 204
    assert (pinterest.public, len(pinterest.published)) == ([], 1)
    for answer in (client.get(f"/v5/pins/{identity}"), client.delete(f"/v5/pins/{identity}")):
        assert (answer.status_code, answer.json()["code"]) == (404, 50)


def test_figures_grow_with_the_clock(pinterest: Pinterest, client: httpx.Client) -> None:
    identity = client.post("/v5/pins", json=pin(upload(client, pinterest))).json()["id"]
    today = dt.datetime.fromtimestamp(pinterest.clock.now(), dt.UTC).date()
    pinterest.clock.advance(2 * 86400)
    dates = {"start_date": today.isoformat(), "end_date": (today + dt.timedelta(2)).isoformat()}
    asked = {**dates, "metric_types": "IMPRESSION,SAVE,TOTAL_COMMENTS,SAVE_RATE"}
    path = f"/v5/pins/{identity}/analytics"
    told = client.get(path, params=asked).json()["all"]
    days = [day["metrics"]["IMPRESSION"] for day in told["daily_metrics"]]
    assert len(days) == 3
    assert days[1] > 0
    assert told["summary_metrics"]["IMPRESSION"] == sum(days) > told["summary_metrics"]["SAVE"] > 0
    assert told["lifetime_metrics"]["TOTAL_COMMENTS"] > 0
    metrics = client.get(f"/v5/pins/{identity}?pin_metrics=true").json()["pin_metrics"]["lifetime_metrics"]
    assert metrics["impression"] == sum(days)
    for wrong in ({"start_date": ""}, {"metric_types": "LIKES"}, {"metric_types": ""}, {"end_date": "2020-01-01"}):
        assert client.get(path, params={**asked, **wrong}).status_code == 400
    assert client.get("/v5/pins/4/analytics", params=asked).status_code == 404


def test_limits_tell_when_there_is_room_again(pinterest: Pinterest, client: httpx.Client) -> None:
    pinterest.org_write = pinterest.limit(2, 60)
    media = register(client)
    first = client.post("/v5/media", json={"media_type": "video"})
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2, 2;w=60", "0")
    refused = client.post("/v5/pins", json=pin(media["media_id"]))
    assert (refused.status_code, refused.json()["code"]) == (429, 8)
    assert client.get(f"/v5/media/{media['media_id']}").status_code == 200  # reading has a limit of its own
    other = client.post("/v5/media", json={"media_type": "video"}, headers={"Authorization": "Bearer another"})
    assert other.status_code == 201
    pinterest.clock.advance(int(refused.headers["x-ratelimit-reset"]))
    assert client.post("/v5/media", json={"media_type": "video"}).status_code == 201


def test_a_token_ends_and_is_refreshed(pinterest: Pinterest, client: httpx.Client) -> None:
    pinterest.strict, pinterest.rotates = True, True
    assert client.get("/v5/user_account").json()["username"] == "sandbox"
    pinterest.expire_tokens()
    refused = client.get("/v5/user_account")
    assert (refused.status_code, refused.json()) == (401, {"code": 2, "message": "Authentication failed."})
    given = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    with httpx.Client(base_url=pinterest.base) as app:
        assert app.post("/v5/oauth/token", data=given).status_code == 401
        assert app.post("/v5/oauth/token", data=given, headers={"Authorization": "Basic !"}).status_code == 401
        app.auth = httpx.BasicAuth("app", "secret")
        assert app.post("/v5/oauth/token", data={"grant_type": "refresh_token"}).status_code == 400
        renewed = app.post("/v5/oauth/token", data=given).json()
        assert (renewed["token_type"], renewed["expires_in"]) == ("bearer", 30 * 86400)
        assert app.post("/v5/oauth/token", data=given).status_code == 401
        again = app.post("/v5/oauth/token", data={**given, "refresh_token": renewed["refresh_token"]})
        assert again.status_code == 200
    client.headers["Authorization"] = f"Bearer {renewed['access_token']}"
    assert client.get("/v5/user_account").status_code == 200
    pinterest.clock.advance(30 * 86400)
    assert client.get("/v5/user_account").status_code == 401
