"""The ground of the sandbox: troubles, limits, the clock, what becomes public, its pages, all platforms together."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.answer import Answer
from sandbox.audience import Audience
from sandbox.authorization import Authorizing
from sandbox.parts import Parts, received
from sandbox.platform import Platform
from sandbox.platforms import PLATFORMS, all_platforms
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.server import MOST_DRAINED, Sandbox, sandbox
from sandbox.trouble import ALL, Clock, Limit
from sandbox.upload import Upload

#: Each client would load the authorities of the machine, which takes longer than a test.
VERIFY = ssl.create_default_context()
VIDEO = bytes(range(256)) * 1000


class Box(Authorizing):
    """A platform that publishes what is PUT; what is sent with `?after=` becomes public so many seconds later."""

    name = "box"
    moments = ("chunk", "publish")
    further_moments = ("late",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.rate = self.limit(2, 60)
        self.by_moment = {"publish": self.limit(0, 60)}
        self._due: list[tuple[float, str, Upload]] = []
        self._files = "a name that a platform may use"

    def moment(self, moment: str, request: Request) -> str:
        return "late" if "after" in request.query else moment

    def settle(self) -> None:
        now = self.clock.now()
        due = [one for one in self._due if one[0] <= now]
        self._due = [one for one in self._due if one[0] > now]
        for at, text, upload in due:
            identity = f"urn:box:{text}"
            self.publish(identity, upload, account="<me>", text=text, ai=True, at=at, detail={"size": upload.size})

    @route("PUT", "/{text}", "publish")
    def put(self, request: Request) -> Answer:
        upload = received(self, request)
        with self.lock:
            at = self.clock.now() + float(request.query.get("after", "0"))
            self._due.append((at, request.match["text"], upload))
            self.settle()
        return Answer(201, {"bytes": upload.size})

    @route("POST", "/json", "chunk")
    def json(self, request: Request) -> Answer:
        return Answer(200, request.json_object())

    @route("POST", "/refuse", "chunk")
    def refuse(self, request: Request) -> Answer:
        raise Refusal(Answer(413, {"error": "too large"}))


@pytest.fixture
def box() -> Iterator[Box]:
    with sandbox([Box]) as running:
        platform = running["box"]
        assert isinstance(platform, Box)
        yield platform


@pytest.fixture
def client(box: Box) -> Iterator[httpx.Client]:
    with httpx.Client(verify=VERIFY, base_url=box.base, timeout=30) as client:
        yield client


def root(box: Box) -> str:
    return box.base.removesuffix("/box")


# What becomes public.


def test_what_was_sent_is_counted_with_its_bytes(box: Box, client: httpx.Client) -> None:
    assert client.put("/tea", content=VIDEO).status_code == 201
    (post,) = box.published
    assert (post.sha256, post.bytes) == (hashlib.sha256(VIDEO).hexdigest(), len(VIDEO))
    path = box.media(post.id)
    assert path is not None
    assert path.read_bytes() == VIDEO
    box.taken_down.add(post.id)
    assert (box.public, len(box.published)) == ([], 1)


def test_a_post_becomes_public_by_the_clock(box: Box, client: httpx.Client) -> None:
    client.put("/tea?after=3600", content=VIDEO)
    assert box.published == []
    began = box.clock.now()
    box.clock.advance(5000)
    (post,) = box.public
    assert began + 3590 < post.at < began + 3601
    assert box.calls == [("late", "/tea")]


def test_an_audience_is_the_same_at_the_same_age_and_never_falls() -> None:
    seen = [Audience.of("post", age) for age in (-5, 0, 3600, 86_400, 10**7)]
    assert seen[0] == seen[1] == Audience(watched=seen[0].watched)
    assert seen == [Audience.of("post", age) for age in (-5, 0, 3600, 86_400, 10**7)]
    for name in ("views", "likes", "comments", "shares", "saves"):
        counts = [getattr(one, name) for one in seen]
        assert counts == sorted(counts)
        assert counts[2] > 0, name


# Troubles.


def test_a_call_is_refused_before_or_after_it_had_its_effect(box: Box, client: httpx.Client) -> None:
    box.trouble("publish", status=503, body={"error": "later"}, headers={"Retry-After": "1"})
    answer = client.put("/tea", content=VIDEO)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"error": "later"}, "1")
    assert box.published == []
    box.trouble("publish", status=500, handled=True)
    assert client.put("/tea", content=VIDEO).status_code == 500
    assert len(box.published) == 1
    assert client.put("/tea", content=VIDEO).status_code == 201


def test_an_answer_is_lost_before_or_after_the_effect(box: Box, client: httpx.Client) -> None:
    box.trouble("publish", drop=True, handled=True)
    with pytest.raises(httpx.TransportError):
        client.put("/tea", content=VIDEO)
    assert len(box.published) == 1
    box.trouble("publish", drop=True)
    with pytest.raises(httpx.TransportError):
        client.put("/tea", content=VIDEO)
    assert len(box.published) == 1


def test_a_connection_breaks_in_the_middle_of_the_bytes(box: Box, client: httpx.Client) -> None:
    box.trouble("publish", cut=1000)
    with pytest.raises(httpx.TransportError):
        client.put("/tea", content=VIDEO)
    assert box.published == []
    assert client.put("/tea", content=VIDEO).json() == {"bytes": len(VIDEO)}


def test_the_login_ends_in_the_middle(box: Box, client: httpx.Client) -> None:
    box.trouble("publish", expires=True, after=1)
    client.put("/tea", content=VIDEO)
    assert box.knows("sandbox-token")
    client.put("/tea-2", content=VIDEO)
    assert not box.knows("sandbox-token")
    box.readmit()
    assert box.knows("sandbox-token")


def test_a_trouble_waits_and_ends_and_keeps_to_its_moment(box: Box, client: httpx.Client) -> None:
    box.trouble("publish", status=500, after=1, times=2)
    assert [client.put("/tea", content=b"1").status_code for _ in range(4)] == [201, 500, 500, 201]
    box.trouble("late", status=500)
    assert client.put("/tea", content=b"1").status_code == 201
    assert client.put("/tea?after=1", content=b"1").status_code == 500
    box.trouble("*", status=500, times=ALL)
    assert client.post("/json", json={}).status_code == 500
    box.troubles.clear()
    assert client.post("/json", json={}).status_code == 200


# Requests that are wrong, or that nobody reads.


def test_what_is_no_json_object_is_refused_in_the_platforms_words(box: Box, client: httpx.Client) -> None:
    for content in (b"[]", b"{", b"\xff"):
        answer = client.post("/json", content=content)
        assert (answer.status_code, answer.json().keys()) == (400, {"error"})
    assert client.post("/json").json() == {}
    assert client.get("/nowhere").status_code == 404
    assert httpx.get(f"{root(box)}/nobody/there").status_code == 404


@pytest.mark.parametrize("how", ["announced", "chunked"])
@pytest.mark.parametrize("size", [MOST_DRAINED // 2, 24 * 1024 * 1024])
def test_whoever_sends_a_body_that_nobody_reads_gets_the_answer(
    box: Box, client: httpx.Client, size: int, how: str
) -> None:
    """More than the buffers of both sockets hold: without care the client is told of a reset instead."""
    box.trouble("publish", status=429, body={"error": "slowly"}, times=2)
    piece = b"x" * 65536
    for _ in range(2):
        content = piece * (size // 65536) if how == "announced" else iter([piece] * (size // 65536))
        answer = client.put("/tea", content=content)
        assert (answer.status_code, answer.json()) == (429, {"error": "slowly"})
    content = piece * (size // 65536) if how == "announced" else iter([piece] * (size // 65536))
    assert client.post("/refuse", content=content).json() == {"error": "too large"}
    assert client.put("/tea", content=VIDEO).status_code == 201


def test_a_client_that_sends_first_and_reads_then_gets_the_answer(box: Box) -> None:
    box.trouble("publish", status=507)
    total, where = 16 * 1024 * 1024, urlsplit(box.base)
    with socket.create_connection((str(where.hostname), where.port or 0), timeout=30) as wire:
        wire.sendall(f"PUT /box/tea HTTP/1.1\r\nHost: box\r\nContent-Length: {total}\r\n\r\n".encode())
        for _ in range(total // 65536):
            wire.sendall(b"x" * 65536)
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 507")
    assert b"Connection: close" in answer


# Limits, tokens, parts.


def test_a_limit_has_room_again_when_its_time_has_passed() -> None:
    clock = Clock()
    limit = Limit(2, 60, clock)
    assert [limit.take("a"), limit.take("a"), limit.take("b")] == [0.0, 0.0, 0.0]
    assert 59 < limit.take("a") <= 60
    assert (limit.used("a"), limit.used("b")) == (2, 1)
    clock.advance(60)
    assert limit.take("a") == 0.0


def test_a_limit_of_nothing_never_has_room() -> None:
    assert 59 < Limit(0, 60, Clock()).take("a") <= 60


def test_whoever_relaxes_a_platform_meets_no_limit(box: Box) -> None:
    box.relax()
    assert [box.rate.take("a") for _ in range(10)] == [0.0] * 10
    assert box.by_moment["publish"].take("a") == 0.0


def test_tokens_end_and_refresh_tokens_rotate(box: Box) -> None:
    box.strict, box.token_seconds = True, 60
    assert (box.knows("sandbox-token"), box.knows("any"), box.knows("")) == (True, False, False)
    token = box.issue()
    assert box.knows(token)
    box.clock.advance(60)
    assert (box.knows(token), box.ended(token), box.knows("sandbox-token")) == (False, True, True)
    kept = box.renew("sandbox-refresh-token")
    assert kept is not None
    assert (box.knows(kept.access), kept.refresh) == (True, "sandbox-refresh-token")
    box.rotates = True
    grant = box.renew("sandbox-refresh-token")
    assert grant is not None
    assert box.renew("sandbox-refresh-token") is None
    assert box.renew(grant.refresh) is not None
    assert box.renew("nobody's") is None
    last = box.issue_refresh()
    box.clock.advance(box.refresh_seconds)
    assert box.renew(last) is None
    box.expire_tokens()
    assert not box.knows("sandbox-token")


def test_parts_are_put_in_any_order_and_again(box: Box) -> None:
    def upload(content: bytes) -> Upload:
        made = box.new_upload()
        made.append([content])
        return made

    parts = Parts(first=1)
    parts.put(2, upload(b"b"))
    assert (parts.gapless, parts.following, len(parts)) == (False, 1, 1)
    parts.put(1, upload(b"wrong"))
    parts.put(1, upload(b"aa"))
    assert (parts.gapless, parts.sizes, parts.following) == (True, [2, 1], 3)
    whole = box.new_upload()
    parts.join(whole)
    assert whole.path.read_bytes() == b"aab"
    assert [path for path in box.folder.iterdir() if path != whole.path] == []


# Pages.


def test_the_page_of_all_posts_leads_to_each_and_escapes_what_others_wrote(box: Box, client: httpx.Client) -> None:
    assert "Nothing is public yet" in httpx.get(root(box)).text
    client.put("/%3Cscript%3Etea", content=VIDEO)
    page = httpx.get(f"{root(box)}/")
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;script&gt;tea" in page.text
    assert "<script" not in page.text
    (link,) = [part.partition('"')[0] for part in page.text.split('href="')[1:]]
    watch = httpx.get(root(box) + link)
    assert (watch.status_code, "<script" in watch.text, "&lt;me&gt;" in watch.text) == (200, False, True)
    source = watch.text.partition('<video src="')[2].partition('"')[0]
    whole = httpx.get(root(box) + source)
    assert (whole.content, whole.headers["content-type"]) == (VIDEO, "video/mp4")
    span = httpx.get(root(box) + source, headers={"Range": "bytes=10-19"})
    assert (span.status_code, span.content) == (206, VIDEO[10:20])
    assert span.headers["content-range"] == f"bytes 10-19/{len(VIDEO)}"
    rest = httpx.get(root(box) + source, headers={"Range": f"bytes={len(VIDEO) - 3}-"})
    assert rest.content == VIDEO[-3:]
    assert httpx.get(root(box) + source, headers={"Range": f"bytes={len(VIDEO)}-"}).status_code == 416
    assert client.get("/watch/nobody").status_code == 404


def test_the_page_says_which_video_an_account_shows_twice(box: Box, client: httpx.Client) -> None:
    client.put("/tea", content=VIDEO)
    assert "posted twice" not in httpx.get(root(box)).text
    client.put("/tea-again", content=VIDEO)
    assert httpx.get(root(box)).text.count("posted twice") == 2


def test_what_became_public_is_told_as_data(box: Box, client: httpx.Client) -> None:
    client.put("/tea", content=VIDEO)
    told = httpx.get(f"{root(box)}/published.json").json()
    assert list(told) == ["box"]
    assert told["box"][0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()
    assert told["box"][0]["detail"] == {"size": len(VIDEO)}


def test_a_trouble_is_set_and_cleared_over_http(box: Box, client: httpx.Client) -> None:
    assert client.post("/_trouble", json={"at": "publish", "status": 503, "times": 2}).status_code == 201
    assert client.put("/tea", content=VIDEO).status_code == 503
    assert client.delete("/_trouble").status_code == 204
    assert client.put("/tea", content=VIDEO).status_code == 201
    assert client.post("/_trouble", json={"at": "late", "drop": True, "handled": True}).status_code == 201
    with pytest.raises(httpx.TransportError):
        client.put("/tea?after=0", content=VIDEO)
    assert len(box.published) == 2


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "at"),
        ({"at": "publis"}, "no moment"),
        ({"at": "publish", "stauts": 500}, "unknown: stauts"),
        ({"at": "publish", "status": "bad"}, "status"),
        ({"at": "publish", "status": 42}, "status"),
        ({"at": "publish", "seconds": -1}, "seconds"),
        ({"at": "publish", "cut": -1}, "cut"),
        ([], "object"),
        ({"expired": 1}, "true or false"),
        ({"expired": True, "at": "publish"}, "unknown: expired"),
        ({"passed": "long"}, "seconds"),
        ({"passed": -1}, "seconds"),
        ({"slow_lookup": 5}, "box knows passed, expired"),
    ],
)
def test_a_trouble_that_is_none_is_refused(client: httpx.Client, told: Any, why: str) -> None:
    answer = client.post("/_trouble", json=told)
    assert answer.status_code == 400
    assert why in answer.json()["error"]


def test_conditions_hold_until_they_are_lifted(box: Box, client: httpx.Client) -> None:
    box.slow_lookup = 1.5  # type: ignore[attr-defined]  # a platform that has lists has this
    told = client.post("/_trouble", json={"slow_lookup": 60, "expired": True})
    assert (told.status_code, told.json()) == (201, {"slow_lookup": 60, "expired": True})
    assert (box.slow_lookup, box.knows("sandbox-token")) == (60, False)  # type: ignore[attr-defined]
    assert client.post("/_trouble", json={"expired": False}).json() == {"slow_lookup": 60}
    assert box.knows("sandbox-token")
    client.post("/_trouble", json={"expired": True})
    assert client.delete("/_trouble").status_code == 204
    assert (box.slow_lookup, box.knows("sandbox-token")) == (1.5, True)  # type: ignore[attr-defined]


def test_time_passes_when_it_is_told_to(box: Box, client: httpx.Client) -> None:
    client.put("/tea?after=3600", content=VIDEO)
    assert client.post("/_trouble", json={"passed": 3600}).json() == {}
    assert len(box.published) == 1


def test_the_page_says_what_is_wrong_and_what_may_go_wrong(box: Box, client: httpx.Client) -> None:
    assert "tag bad" not in httpx.get(root(box)).text
    client.post("/_trouble", json={"expired": True})
    client.post("/_trouble", json={"at": "late", "status": 500, "times": 2})
    page = httpx.get(root(box)).text
    assert "expired: true" in page
    assert "at late, 2 times" in page
    assert "<td>chunk, publish, late<td>passed, expired" in page
    assert f"curl {box.base}/_trouble --json" in page


def test_a_trouble_comes_from_no_form_of_a_foreign_page(client: httpx.Client) -> None:
    content = json.dumps({"at": "publish", "status": 500})
    assert client.post("/_trouble", content=content, headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.get("/_trouble").status_code == 405


# All platforms.


@pytest.fixture(scope="module")
def everything() -> Iterator[Sandbox]:
    with sandbox(all_platforms()) as running:
        yield running


def test_all_platforms_are_served_under_their_names(everything: Sandbox) -> None:
    assert list(everything.platforms) == list(PLATFORMS)
    assert httpx.get(f"{everything.url}/published.json").json() == {name: [] for name in PLATFORMS}
    page = httpx.get(everything.url).text
    assert all(platform.base in page for platform in everything.platforms.values())


@pytest.mark.parametrize("name", PLATFORMS)
def test_each_platform_has_the_same_knobs(everything: Sandbox, name: str) -> None:
    platform = everything[name]
    assert set(platform.moments) <= set(platform.all_moments())
    assert "publish" in platform.moments
    assert httpx.get(f"{platform.base}/_no_such_page").status_code == 404
    assert httpx.post(f"{platform.base}/_trouble", json={"at": platform.moments[0], "status": 500}).status_code == 201
    platform.troubles.clear()
    platform.relax()
    limits = [value for value in vars(platform).values() if isinstance(value, Limit)]
    assert all(limit.count == ALL for limit in limits)


def test_two_platforms_keep_no_state_in_common(everything: Sandbox) -> None:
    kinds = [type(platform) for platform in everything.platforms.values()]
    assert len(set(kinds)) == len(kinds)
    assert all(issubclass(kind, Platform) for kind in kinds)
    folders = {platform.folder for platform in everything.platforms.values()}
    assert len(folders) == len(kinds)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "sandbox", "--port", "0", "telegram", "discord"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        name, _, address = process.stdout.readline().strip().partition("=")
        assert name == "export REELMILL_SANDBOX"
        assert httpx.get(f"{address}/published.json").json() == {"telegram": [], "discord": []}
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_which_platforms_there_are_and_that_a_port_is_taken() -> None:
    command = [sys.executable, "-m", "sandbox"]
    told = subprocess.run([*command, "myspace"], capture_output=True, text=True, check=False)
    assert (told.returncode, "'myspace'" in told.stderr, "kuaishou" in told.stderr) == (2, True, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = subprocess.run([*command, "--port", port, "x"], capture_output=True, text=True, check=False)
    assert (told.returncode, f"port {port}" in told.stderr) == (1, True)
