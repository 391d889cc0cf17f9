"""The simulated WordPress, called as its documentation says and not by our client."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest

from sandbox.platforms.wordpress import WordPress
from sandbox.server import sandbox

VIDEO = random.Random(10).randbytes(300_000)
MEDIA, POSTS = "/wp-json/wp/v2/media", "/wp-json/wp/v2/posts"


@pytest.fixture
def wordpress() -> Iterator[WordPress]:
    with sandbox([WordPress]) as running:
        yield cast("WordPress", running["wordpress"])


@pytest.fixture
def client(wordpress: WordPress) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=wordpress.base, auth=("mei", "sandbox-token")) as client:
        yield client


def upload(client: httpx.Client, name: str = "clip.mp4", content: bytes = VIDEO, **headers: str) -> httpx.Response:
    given = {"Content-Type": "video/mp4", "Content-Disposition": f'attachment; filename="{name}"', **headers}
    return client.post(MEDIA, content=content, headers={key: value for key, value in given.items() if value})


def post(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post(POSTS, json={"title": "小暑", "content": "Warm wind", "status": "publish", **fields})


def in_an_hour(wordpress: WordPress) -> str:
    return dt.datetime.fromtimestamp(wordpress.clock.now() + 3600, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["data"]["status"] == answer.status_code
    assert body["message"]
    return answer.status_code, str(body["code"])


def test_a_file_becomes_media_and_a_post_shows_it(wordpress: WordPress, client: httpx.Client) -> None:
    made = upload(client)
    media = made.json()
    assert (made.status_code, media["media_type"], media["mime_type"]) == (201, "file", "video/mp4")
    assert client.get(media["source_url"]).content == VIDEO
    assert client.head(media["source_url"]).headers["content-length"] == str(len(VIDEO))
    assert wordpress.published == []

    content = f'<figure><video controls src="{media["source_url"]}"></video></figure>'
    answer = post(client, content=content, slug="lesser-heat", tags=[4], excerpt={"raw": "Wind"})
    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["slug"]) == (201, "publish", "lesser-heat")
    assert answer.headers["location"] == f"{wordpress.base}{POSTS}/{shown['id']}"
    (public,) = wordpress.published
    assert (public.id, public.url, public.account, public.ai) == (str(shown["id"]), shown["link"], "mei", None)
    assert (public.text, public.detail["tags"]) == (f"小暑\n{content}", [4])
    assert (public.sha256, public.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    page = httpx.get(shown["link"])
    assert (page.status_code, media["source_url"] in page.text) == (200, True)
    assert client.get(f"{POSTS}/{shown['id']}").json()["title"]["rendered"] == "小暑"
    assert [moment for moment, _ in wordpress.calls] == [
        *["media", "read_back", "read_back", "publish", "page", "read_back"]
    ]


def test_the_video_of_a_post_is_found_in_a_block_or_as_the_featured_media(
    wordpress: WordPress, client: httpx.Client
) -> None:
    first, second = upload(client).json(), upload(client, content=VIDEO[:1000]).json()
    picture = upload(client, "cover.jpg", b"\xff\xd8\xff", **{"Content-Type": "image/jpeg"}).json()
    assert picture["media_type"] == "image"
    block = f'<!-- wp:video {{"id": {first["id"]}}} --><video></video><!-- /wp:video -->'
    post(client, content=block, featured_media=picture["id"])
    post(client, featured_media=second["id"])
    post(client)
    assert [one.bytes for one in wordpress.published] == [len(VIDEO), 1000, 0]


def test_only_who_has_an_application_password_writes(wordpress: WordPress) -> None:
    wordpress.strict, wordpress.tokens = True, {"abcdEFGHijkl1234"}
    for auth, code in ((("mei", "wrong"), "incorrect_password"), (("", "abcdEFGHijkl1234"), "invalid_username")):
        with httpx.Client(base_url=wordpress.base, auth=auth) as client:
            for answer in (upload(client), post(client), client.get("/wp-json/wp/v2/users/me"), client.get(POSTS)):
                assert refusal(answer) == (401, code)
    with httpx.Client(base_url=wordpress.base) as client:
        assert refusal(upload(client)) == refusal(post(client)) == (401, "rest_cannot_create")
        assert refusal(client.get("/wp-json/wp/v2/users/me")) == (401, "rest_not_logged_in")
        assert client.get(POSTS).json() == []
    with httpx.Client(base_url=wordpress.base, auth=("mei", "abcd EFGH ijkl 1234")) as client:
        assert client.get("/wp-json/wp/v2/users/me?context=edit").json()["name"] == "mei"
        wordpress.expire_tokens()
        assert refusal(post(client)) == (401, "incorrect_password")
    assert wordpress.published == []


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"", {}, (400, "rest_upload_no_data")),
        (VIDEO, {"Content-Type": ""}, (400, "rest_upload_no_content_type")),
        (VIDEO, {"Content-Disposition": ""}, (400, "rest_upload_no_content_disposition")),
        (VIDEO, {"Content-Disposition": "attachment"}, (400, "rest_upload_invalid_disposition")),
        (VIDEO, {"Content-Disposition": 'attachment; filename="a.exe"'}, (500, "rest_upload_sideload_error")),
        (VIDEO, {"Content-MD5": "0" * 32}, (412, "rest_upload_hash_mismatch")),
    ],
)
def test_an_upload_needs_data_a_type_and_a_name(
    wordpress: WordPress, client: httpx.Client, content: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(upload(client, content=content, **headers)) == expected
    assert client.get(MEDIA).json() == []


def test_a_file_may_come_in_chunks_or_in_a_form(client: httpx.Client) -> None:
    digest = hashlib.md5(VIDEO, usedforsecurity=False).hexdigest()
    headers = {
        "Content-Type": "video/mp4",
        "Content-Disposition": "attachment; filename=clip.mp4",
        "Content-MD5": digest,
    }
    pieces = (VIDEO[at : at + 50_000] for at in range(0, len(VIDEO), 50_000))
    chunked = client.post(f"{MEDIA}?alt_text=A+field", content=pieces, headers=headers).json()
    assert (chunked["media_details"]["filesize"], chunked["alt_text"]) == (len(VIDEO), "A field")
    files = {"file": ("clip.mp4", VIDEO, "video/mp4")}
    form = client.post(MEDIA, data={"title": "A title"}, files=files).json()
    assert (form["title"]["rendered"], client.get(form["source_url"]).content == VIDEO) == ("A title", True)
    assert refusal(client.post(MEDIA, files={"other": ("a.mp4", VIDEO)})) == (400, "rest_upload_no_data")


def test_the_web_server_refuses_what_is_too_large(wordpress: WordPress, client: httpx.Client) -> None:
    wordpress.largest = len(VIDEO) - 1
    answer = upload(client)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    wordpress.largest, wordpress.may_upload = len(VIDEO), False
    assert refusal(upload(client)) == (400, "rest_cannot_create")
    wordpress.may_upload = True
    assert upload(client).status_code == 201


def test_an_upload_that_was_cut_leaves_no_media(wordpress: WordPress, client: httpx.Client) -> None:
    wordpress.trouble("media", cut=100_000)
    with pytest.raises(httpx.TransportError):
        upload(client)
    assert client.get(MEDIA).json() == []
    assert upload(client).json()["media_details"]["filesize"] == len(VIDEO)


def test_names_and_slugs_of_media_that_are_taken_get_numbers(client: httpx.Client) -> None:
    made = [upload(client, "The clip.mp4").json() for _ in range(3)]
    assert [media["slug"] for media in made] == ["the-clip", "the-clip-2", "the-clip-3"]
    assert len({media["source_url"] for media in made}) == 3
    (found,) = client.get(f"{MEDIA}?slug=the-clip-2").json()
    assert found["id"] == made[1]["id"]
    changed = client.post(f"{MEDIA}/{found['id']}", json={"alt_text": "A field", "slug": "the-clip"}).json()
    assert (changed["alt_text"], changed["slug"]) == ("A field", "the-clip-2")


def test_media_is_deleted_and_not_trashed(client: httpx.Client) -> None:
    path = f"{MEDIA}/{upload(client).json()['id']}"
    assert refusal(client.delete(path)) == (501, "rest_trash_not_supported")
    assert refusal(httpx.delete(f"{client.base_url}{path[1:]}?force=true")) == (401, "rest_cannot_delete")
    assert client.delete(f"{path}?force=true").json()["deleted"] is True
    assert refusal(client.get(path)) == (404, "rest_post_invalid_id")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "published"}, "rest_invalid_param"),
        ({"title": 5}, "rest_invalid_param"),
        ({"categories": ["tea"]}, "rest_invalid_param"),
        ({"tags": "tea"}, "rest_invalid_param"),
        ({"featured_media": "cover.jpg"}, "rest_invalid_param"),
        ({"date_gmt": "tomorrow"}, "rest_invalid_param"),
        ({"featured_media": 99}, "rest_invalid_featured_media"),
        ({"title": "", "content": ""}, "empty_content"),
        ({"id": 5}, "rest_post_exists"),
    ],
)
def test_a_post_that_cannot_be_is_refused(
    wordpress: WordPress, client: httpx.Client, fields: dict[str, Any], code: str
) -> None:
    answer = post(client, **fields)
    assert refusal(answer) == (400, code)
    if code == "rest_invalid_param":
        assert list(answer.json()["data"]["params"]) == list(fields)
    assert wordpress.published == []
    assert (
        refusal(client.post(POSTS, content=b"{", headers={"Content-Type": "application/json"}))[1]
        == "rest_invalid_json"
    )


def test_a_contributor_does_not_publish(wordpress: WordPress, client: httpx.Client) -> None:
    wordpress.may_publish = False
    assert refusal(post(client)) == (403, "rest_cannot_publish")
    pending = post(client, status="pending").json()
    assert pending["status"] == "pending"
    assert refusal(client.post(f"{POSTS}/{pending['id']}", json={"status": "publish"})) == (403, "rest_cannot_publish")
    assert wordpress.published == []


def test_a_post_that_is_sent_twice_is_there_twice_and_is_found_by_its_slug(
    wordpress: WordPress, client: httpx.Client
) -> None:
    wordpress.trouble("publish", handled=True, drop=True)
    with pytest.raises(httpx.TransportError):
        post(client, slug="lesser-heat")
    assert len(wordpress.published) == 1
    (found,) = client.get(POSTS, params={"slug": "lesser-heat", "status": "any"}).json()
    assert found["id"] == int(wordpress.published[0].id)
    assert post(client, slug="lesser-heat").json()["slug"] == "lesser-heat-2"
    assert [one.detail["slug"] for one in wordpress.published] == ["lesser-heat", "lesser-heat-2"]


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("Lesser  Heat, 2026!", "lesser-heat-2026"),
        ("Café_1.5/x", "cafe_1-5-x"),
        ("小暑", "%e5%b0%8f%e6%9a%91"),
        ("%e5%b0%8f", "%e5%b0%8f"),
    ],
)
def test_a_slug_is_made_fit_for_a_url(client: httpx.Client, given: str, slug: str) -> None:
    shown = post(client, slug=given).json()
    assert shown["slug"] == slug
    assert [one["id"] for one in client.get(POSTS, params={"slug": slug}).json()] == [shown["id"]]
    assert httpx.get(shown["link"]).status_code == 200


def test_drafts_and_private_posts_are_not_public_until_they_are_published(
    wordpress: WordPress, client: httpx.Client
) -> None:
    made = [post(client, status=status).json() for status in ("draft", "private")]
    assert wordpress.published == []
    assert made[0]["link"] == f"{wordpress.base}/?p={made[0]['id']}"
    assert refusal(httpx.get(f"{wordpress.base}{POSTS}/{made[0]['id']}")) == (401, "rest_forbidden")
    assert refusal(httpx.post(f"{wordpress.base}{POSTS}/{made[0]['id']}", json={})) == (401, "rest_cannot_edit")
    assert client.get(POSTS).json() == []
    assert {one["status"] for one in client.get(f"{POSTS}?status=any").json()} == {"draft", "private"}
    for status, public in (("publish", 1), ("draft", 0), ("publish", 1)):
        assert client.post(f"{POSTS}/{made[0]['id']}", json={"status": status}).json()["status"] == status
        assert len(wordpress.public) == public
    assert len(wordpress.published) == 1


def test_a_scheduled_post_is_public_when_its_time_comes(wordpress: WordPress, client: httpx.Client) -> None:
    media, date = upload(client).json(), in_an_hour(wordpress)
    made = [post(client, status="future", date_gmt=date, featured_media=media["id"]).json() for _ in range(3)]
    assert (made[0]["status"], made[0]["date_gmt"]) == ("future", date)
    assert post(client, status="publish", date_gmt=date).json()["status"] == "future"
    wordpress.clock.advance(3000)
    assert (wordpress.published, httpx.get(f"{wordpress.base}{POSTS}").json()) == ([], [])
    assert client.delete(f"{POSTS}/{made[2]['id']}").json()["status"] == "trash"
    wordpress.clock.advance(4000)
    assert [one.sha256 == hashlib.sha256(VIDEO).hexdigest() for one in wordpress.published] == [True, True, False]
    assert all(one.at < wordpress.clock.now() - 3000 for one in wordpress.published)
    assert client.get(f"{POSTS}/{made[0]['id']}").json()["status"] == "publish"
    assert post(client, status="future", date_gmt="2020-01-01T00:00:00").json()["status"] == "publish"


def test_many_clients_at_once_get_slugs_of_their_own(wordpress: WordPress, client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        slugs = list(pool.map(lambda _: post(client, slug="same").json()["slug"], range(24)))
    assert len(set(slugs)) == len(wordpress.published) == 24


def test_a_change_that_is_refused_changes_nothing(client: httpx.Client) -> None:
    path = f"{POSTS}/{post(client).json()['id']}"
    assert refusal(client.post(path, json={"title": "大暑", "date": "soon"})) == (400, "rest_invalid_param")
    assert client.get(path).json()["title"]["raw"] == "小暑"


def test_a_post_is_trashed_and_deleted(wordpress: WordPress, client: httpx.Client) -> None:
    first, second = (f"{POSTS}/{post(client).json()['id']}" for _ in range(2))
    assert refusal(httpx.delete(f"{wordpress.base}{first}")) == (401, "rest_cannot_delete")
    assert client.delete(first).json()["status"] == "trash"
    assert refusal(client.delete(first)) == (410, "rest_already_trashed")
    deleted = client.delete(f"{second}?force=true").json()
    assert (deleted["deleted"], deleted["previous"]["status"]) == (True, "publish")
    assert refusal(client.get(second)) == (404, "rest_post_invalid_id")
    assert (wordpress.public, len(wordpress.published)) == ([], 2)
    assert client.get(f"{POSTS}?status=any").json() == []


def test_lists_have_pages_fields_and_a_delay(wordpress: WordPress, client: httpx.Client) -> None:
    ids = [post(client, title=f"Tea {at}").json()["id"] for at in range(3)]
    page = client.get(f"{POSTS}?per_page=2&_fields=id,link")
    assert (page.headers["x-wp-total"], page.headers["x-wp-totalpages"]) == ("3", "2")
    assert [one["id"] for one in page.json()] == [ids[2], ids[1]]
    assert page.json()[0].keys() == {"id", "link"}
    assert [one["id"] for one in client.get(f"{POSTS}?per_page=2&page=2").json()] == [ids[0]]
    assert [one["id"] for one in client.get(f"{POSTS}?search=tea 1").json()] == [ids[1]]
    assert refusal(client.get(f"{POSTS}?page=9")) == (400, "rest_post_invalid_page_number")
    assert refusal(client.get(f"{POSTS}?per_page=101")) == (400, "rest_invalid_param")
    assert refusal(client.get(f"{POSTS}?status=seen")) == (400, "rest_invalid_param")
    assert refusal(httpx.get(f"{wordpress.base}{POSTS}?status=any")) == (400, "rest_invalid_param")
    wordpress.slow_lookup = 30
    assert client.get(POSTS).json() == []
    wordpress.clock.advance(30)
    assert len(client.get(POSTS).json()) == 3


def test_comments_grow_with_the_clock(wordpress: WordPress, client: httpx.Client) -> None:
    identity = post(client).json()["id"]
    counted = []
    for _ in range(2):
        wordpress.clock.advance(7200)
        answer = client.get("/wp-json/wp/v2/comments", params={"post": identity, "per_page": 1})
        counted.append(int(answer.headers["x-wp-total"]))
    assert 0 < counted[0] < counted[1]
