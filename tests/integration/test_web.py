"""The web door on a real socket: who is let in, what is started, what is shown, and what is refused."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import html
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from flows.definition import loads
from flows.server import LocalServer
from flows.signing import Signer
from records.deployments import Deploying
from records.ledger import Ledger
from records.outbox import event_identity, run_of
from records.runs import Opening
from records.states import VideoState
from records.tables import OutboxEvent, Run, Video
from records.tokens import Scope
from records.videos import PlannedVideo
from reelmill.content import Decision, Examination, Json, Rendition, Verdict
from reelmill.errors import ServerUnavailable, UseError
from reelmill.settings import Settings
from tests.line import Project, complain
from tests.posting import to
from web.app import build
from web.attempts import MOST_OF_ONE
from web.body import DEEPEST, LARGEST
from web.progress import MOST_STREAMS
from web.resuming import Start
from web.serving import Server, listen
from web.signatures import sign

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
"""
PIPELINE = """\
  NAME:
    ON
    source: {type: event}
    prompt: {subject: "{{ brief.sentence }}", action: walks slowly, environment: a valley, style: ink wash}
    generate: {engine: storyboard, seconds: 1, size: 256x448}
    caption: {title: "{{ brief.sentence }}"}
    deliver: [douyin]
    publish: [outbox]
"""
HOOKS = {
    "animate": "on: {event: sentence.sent, payload: {type: object, required: [sentence], "
    "properties: {sentence: {type: string, minLength: 1}}}}",
    "signed": "on: {event: product.created, secret: {env: HOOK_SECRET}}",
    "shopify": "on: {event: product.created, preset: shopify, secret: {env: SHOP_SECRET}}",
    "woo": "on: {event: product.created, preset: woocommerce, secret: {env: SHOP_SECRET}}",
    "unset": "on: {event: product.created, secret: {env: SECRET_THAT_NOBODY_SET}}",
    "by-hand": "timezone: Asia/Shanghai",
}
SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two random bytes").decode()
SHOP_SECRET = "shpss_0123456789abcdef"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("SHOP_SECRET", SHOP_SECRET)


@dataclass
class Prefect:
    """Where the door's events go. `away` makes it a server that no process knows."""

    told: list[UUID] = field(default_factory=list)
    away: bool = False

    def tell(self, event: OutboxEvent) -> None:
        if self.away:
            raise ServerUnavailable("no Prefect API is known here", "start one")
        self.told.append(event.id)


@dataclass
class Running:
    """A door that listens, and what is behind it."""

    url: str
    ledger: Ledger
    settings: Settings
    prefect: Prefect
    signer: Signer
    server: Server
    client: httpx.Client

    def token(self, *scopes: Scope) -> dict[str, str]:
        """The header of a new token."""
        made = self.ledger.tokens.make(f"test {uuid4().hex[:8]}", scopes or (Scope.READ,))
        return {"Authorization": f"Bearer {made}"}

    def send(self, pipeline: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        return self.client.post(
            f"/hooks/{pipeline}", content=body, headers={"Content-Type": "application/json", **headers}
        )

    def events(self) -> list[OutboxEvent]:
        return self.ledger.outbox.waiting()


@contextmanager
def opened(ledger: Ledger, settings: Settings, *, resume: Start | None = None, **changes: str) -> Iterator[Running]:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        settings = settings.model_copy(update={"web_port": port, **changes})
        prefect = Prefect()
        server = Server(build(settings, ledger, tell=prefect.tell, resume=resume))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, trust_env=False, timeout=20) as client:
                yield Running(base, ledger, settings, prefect, Signer(settings), server, client)
        finally:
            server.close()
            thread.join()


@pytest.fixture
def door(ledger: Ledger, any_settings: Settings, tmp_path: Path) -> Iterator[Running]:
    deploy(ledger, tmp_path)
    with opened(ledger, any_settings) as running:
        yield running


@pytest.fixture
def small_door(settings: Settings, tmp_path: Path) -> Iterator[Running]:
    """A door on SQLite, for what has nothing to do with the database."""
    with Ledger(settings) as ledger:
        deploy(ledger, tmp_path)
        with opened(ledger, settings) as running:
            yield running


def deploy(ledger: Ledger, folder: Path, hooks: Mapping[str, str] = HOOKS) -> None:
    text = DEFINITION + "".join(PIPELINE.replace("NAME", name).replace("ON", on) for name, on in hooks.items())
    definition = loads(text, folder / "pipelines.yaml")
    for name in hooks:
        ledger.deployments.put(Deploying(name, definition.snapshot, definition.hash(name), str(folder)))


def standard(body: bytes, *, identity: str = "", secret: str = SECRET, age: int = 0) -> dict[str, str]:
    identity, timestamp = identity or f"msg_{uuid4().hex}", int(time.time()) - age
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, identity, timestamp, body),
    }


def shop(body: bytes, header: str, secret: str = SHOP_SECRET, **more: str) -> dict[str, str]:
    return {header: base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode(), **more}


def problem(answer: httpx.Response, status: int, reason: str) -> None:
    """The answer must be a whole problem, with this status and a reason that says so."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["type"].startswith("urn:reelmill:")
    assert re.search(reason, told["detail"]), told
    assert told["instruction"]


# --- hooks ------------------------------------------------------------------------------------------------------------


def test_a_signed_event_is_written_down_before_prefect_hears_of_it(door: Running) -> None:
    body = json.dumps({"id": 7, "sentence": "一只小狐狸在雪地里"}).encode()
    answer = door.send("signed", body, standard(body, identity="msg_1"))
    assert answer.status_code == 202, answer.text
    told = answer.json()
    identity = event_identity("signed", "standard:msg_1")
    assert UUID(told["event_id"]) == identity
    assert UUID(told["run_id"]) == run_of("signed", identity)
    assert (told["state"], told["duplicate"]) == ("waiting", False)
    assert told["url"] == f"{door.url}/runs/{told['run_id']}"
    row = door.ledger.outbox.get(identity)
    assert row is not None
    assert (row.payload["sentence"], row.name, row.sender) == ("一只小狐狸在雪地里", "product.created", "standard")
    assert (row.emitted, door.prefect.told) == (1, [identity])


def test_the_same_message_again_starts_nothing_and_has_the_same_run(door: Running) -> None:
    body = b'{"id": 7}'
    headers = standard(body, identity="msg_1")
    first, again = door.send("signed", body, headers), door.send("signed", body, headers)
    changed = door.send("signed", b'{"id": 8}', standard(b'{"id": 8}', identity="msg_1"))
    assert (again.status_code, again.json()["url"], again.json()["duplicate"]) == (202, first.json()["url"], True)
    assert changed.json()["run_id"] == first.json()["run_id"]
    assert len(door.events()) == len(door.prefect.told) == 1
    assert door.events()[0].payload == {"id": 7}


def test_the_same_message_at_once_from_many_connections_starts_one_run(door: Running) -> None:
    body = b'{"id": 7}'
    headers = {**standard(body, identity="msg_1"), "Content-Type": "application/json"}
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                httpx.post(f"{door.url}/hooks/signed", content=body, headers=headers, trust_env=False, timeout=30)
            )
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == len(door.events()) == 1
    assert [answer.json()["duplicate"] for answer in answers].count(False) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda headers: headers | {"webhook-signature": "v1," + "A" * 43 + "="}, "is wrong"),
        (lambda headers: headers | {"webhook-signature": "v2," + headers["webhook-signature"][3:]}, "is wrong"),
        (lambda headers: headers | {"webhook-signature": "v1,???"}, "is wrong"),
        (lambda headers: headers | {"webhook-signature": ""}, "is wrong"),
        (lambda headers: headers | {"webhook-id": "another"}, "is wrong"),
        (lambda headers: headers | {"webhook-timestamp": str(int(time.time()) - 301)}, "5 minutes"),
        (lambda headers: headers | {"webhook-timestamp": str(int(time.time()) + 302)}, "5 minutes"),
        (lambda headers: headers | {"webhook-timestamp": "yesterday"}, "seconds since 1970"),
        (lambda headers: {}, "neither a signature nor a token"),
    ],
)  # fmt: skip
def test_a_wrong_signature_is_refused_alike_whether_there_is_such_a_pipeline_or_not(
    small_door: Running, change: Callable[[dict[str, str]], dict[str, str]], reason: str
) -> None:
    body = b"{}"
    headers = change(standard(body))
    answers = {
        name: small_door.send(name, body, headers) for name in ("signed", "animate", "nowhere", "by-hand", "shopify")
    }
    for answer in answers.values():
        problem(answer, 401, reason)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len({answer.text for answer in answers.values()}) == 1
    assert small_door.events() == []


def test_one_good_signature_among_several_is_enough(small_door: Running) -> None:
    body = b"{}"
    headers = standard(body)
    stale = sign("an older secret", headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    headers["webhook-signature"] = f"v1a,x {stale} {headers['webhook-signature']}"
    assert small_door.send("signed", body, headers).status_code == 202


@pytest.mark.parametrize(
    ("pipeline", "header", "delivery"),
    [
        ("shopify", "X-Shopify-Hmac-Sha256", "X-Shopify-Webhook-Id"),
        ("woo", "X-WC-Webhook-Signature", "X-WC-Webhook-Delivery-ID"),
    ],
)
def test_a_shop_is_known_by_its_signature_and_cannot_be_replayed(
    small_door: Running, pipeline: str, header: str, delivery: str
) -> None:
    body = json.dumps({"id": 788032119674292922, "title": "Gaiwan", "status": "active"}).encode()
    first = small_door.send(pipeline, body, shop(body, header, **{delivery: "one"}))
    assert first.status_code == 202, first.text
    # The id is not signed: whoever saw a delivery can send it under another one. The body is what counts.
    replayed = small_door.send(pipeline, body, shop(body, header, **{delivery: "another"}))
    assert replayed.json()["run_id"] == first.json()["run_id"]
    other = json.dumps({"id": 788032119674292922, "title": "Gaiwan, large"}).encode()
    assert small_door.send(pipeline, other, shop(other, header, **{delivery: "two"})).json()["duplicate"] is False
    problem(small_door.send(pipeline, body, shop(body, header, "wrong")), 401, "wrong")
    problem(small_door.send(pipeline, other, shop(body, header)), 401, "wrong")
    assert len(small_door.events()) == len(small_door.prefect.told) == 2


def test_woocommerce_asks_unsigned_whether_somebody_is_there(small_door: Running) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for name in ("woo", "nowhere"):
        answer = small_door.send(name, b"webhook_id=12", form)
        assert (answer.status_code, answer.json()) == (200, {"ping": "pong"})
    problem(small_door.send("woo", b"webhook_id=12&more=1", form), 401, "neither")
    assert small_door.events() == []


def test_without_a_secret_a_token_with_the_scope_is_needed(door: Running) -> None:
    body = json.dumps({"sentence": "a fox"}).encode()
    problem(door.send("animate", body, {}), 401, "neither")
    problem(door.send("animate", body, {"Authorization": "Bearer rm_12345678_" + "x" * 43}), 401, "neither")
    problem(door.send("animate", body, door.token(Scope.READ)), 403, "no scope `hook`")
    good = door.token(Scope.HOOK)
    answer = door.send("animate", body, good | {"Idempotency-Key": "lesson-1"})
    again = door.send("animate", body, good | {"webhook-id": "lesson-1"})
    assert answer.status_code == again.status_code == 202
    assert again.json()["run_id"] == answer.json()["run_id"]
    # Another caller's key is another event, whatever it is called.
    other = door.send("animate", body, door.token(Scope.ADMIN) | {"Idempotency-Key": "lesson-1"})
    assert other.json()["run_id"] != answer.json()["run_id"]
    assert door.send("animate", body, good).json()["run_id"] != answer.json()["run_id"]


def test_only_who_holds_a_token_for_hooks_learns_which_pipelines_there_are(small_door: Running) -> None:
    good = small_door.token(Scope.HOOK)
    problem(small_door.send("nowhere", b"{}", good), 404, "no pipeline")
    problem(small_door.send("by-hand", b"{}", good), 404, "has `on:`")
    problem(small_door.send("nowhere", b"{}", small_door.token(Scope.READ)), 403, "hook")
    problem(small_door.send("signed", b"{}", good), 401, "token is not enough")
    assert small_door.events() == []


def test_a_secret_that_is_not_set_is_told_to_the_sender_as_a_fault_of_the_door(small_door: Running) -> None:
    answer = small_door.send("unset", b"{}", standard(b"{}"))
    problem(answer, 503, "does not know the secret")
    assert int(answer.headers["retry-after"]) > 0
    assert "SECRET_THAT_NOBODY_SET" not in answer.text


def test_a_payload_that_the_pipeline_does_not_want_is_refused_with_its_place(small_door: Running) -> None:
    good = small_door.token(Scope.HOOK)
    problem(small_door.send("animate", b'{"sentence": ""}', good), 422, "sentence")
    problem(small_door.send("animate", b"{}", good), 422, "'sentence' is a required property")
    assert small_door.events() == []


def test_a_changed_definition_counts_at_once(small_door: Running, tmp_path: Path) -> None:
    good = small_door.token(Scope.HOOK)
    problem(small_door.send("animate", b'{"word": "fox"}', good), 422, "sentence")
    deploy(small_door.ledger, tmp_path, {"animate": "on: {event: word.sent}"})
    assert small_door.send("animate", b'{"word": "fox"}', good).status_code == 202
    small_door.ledger.deployments.remove("animate")
    problem(small_door.send("animate", b'{"word": "fox"}', good), 404, "no pipeline")


def test_an_event_is_accepted_while_prefect_is_away_and_told_of_with_the_next_delivery(small_door: Running) -> None:
    small_door.prefect.away = True
    body = b"{}"
    headers = standard(body)
    assert small_door.send("signed", body, headers).status_code == 202
    assert [row.emitted for row in small_door.events()] == [0]
    small_door.prefect.away = False
    assert small_door.send("signed", body, headers).json()["duplicate"] is True
    assert [row.emitted for row in small_door.events()] == [1]


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "cannot be used"),
        (b"[1, 2]", "not a JSON object"),
        (b"{", "cannot be used"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "cannot be used"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        ('{"a": "é"}'.encode("latin-1"), "not UTF-8"),
        (b'{"a": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "nested deeper"),
        (b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "nested deeper|cannot be used"),
    ],
)
def test_a_body_that_no_ledger_could_keep_is_refused(small_door: Running, body: bytes, reason: str) -> None:
    problem(small_door.send("signed", body, standard(body)), 400, reason)
    assert small_door.events() == []


def test_a_body_that_is_just_allowed_is_kept_by_both_databases(door: Running) -> None:
    deep = (
        b'{"a": ' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b', "n": -0.0, "big": 123456789012345678901234567890}'
    )
    assert door.send("signed", deep, standard(deep)).status_code == 202
    full = b'{"text": "' + b"x" * (LARGEST - 12) + b'"}'
    assert len(full) == LARGEST
    assert door.send("signed", full, standard(full)).status_code == 202
    odd = json.dumps({"": "🍵\x7f\u2028\ufffe"}).encode()
    assert door.send("signed", odd, standard(odd)).status_code == 202
    assert {row.payload.get("") for row in door.events()} == {None, "🍵\x7f\u2028\ufffe"}


def test_a_large_body_is_refused_before_it_has_come_in(small_door: Running) -> None:
    """With an honest length at once, and without one after the first bytes too many; then the connection ends."""
    with raw(small_door) as connection:
        connection.sendall(head("signed", f"Content-Length: {10**9}"))
        assert b" 413 " in answer_of(connection)
    with raw(small_door) as connection:
        connection.sendall(head("signed", "Transfer-Encoding: chunked"))
        for _ in range(LARGEST // 4096 + 1):
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        told = answer_of(connection)  # although the last chunk never came
        assert b" 413 " in told
        assert b"application/problem+json" in told


def test_lies_about_the_length_are_no_way_around(small_door: Running) -> None:
    with raw(small_door) as connection:  # too short: the rest is no second request
        connection.sendall(head("signed", "Content-Length: 2", "Connection: close") + b"{}" + b"x" * 100_000)
        told = answer_of(connection)
    assert told.count(b"HTTP/1.1") == 1
    assert b" 401 " in told
    with raw(small_door) as connection:  # too long: the sender goes away, and the door lives
        connection.sendall(head("signed", "Content-Length: 1000") + b"{}")
    for lie in ("Content-Length: -1", "Content-Length: 1e3", "Content-Length: 2\r\nContent-Length: 3"):
        with raw(small_door) as connection:
            connection.sendall(head("signed", lie) + b"{}")
            assert b" 400 " in answer_of(connection)
    assert small_door.client.get("/health").status_code == 200


def test_compressed_and_foreign_bodies_are_refused(small_door: Running) -> None:
    problem(small_door.send("signed", b"\x1f\x8b", {"Content-Encoding": "gzip"}), 415, "compressed")
    body = b"a=1"
    problem(small_door.send("signed", body, standard(body) | {"Content-Type": "text/plain"}), 415, "not JSON")


@contextmanager
def raw(door: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", door.settings.web_port), timeout=10) as connection:
        yield connection


def head(pipeline: str, *lines: str) -> bytes:
    return "\r\n".join((f"POST /hooks/{pipeline} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


def answer_of(connection: socket.socket) -> bytes:
    """Everything until the door closes the connection."""
    told = b""
    try:
        while data := connection.recv(65536):
            told += data
    except ConnectionResetError:
        pass  # bytes that it did not want were still under way
    return told


# --- runs, videos, files ----------------------------------------------------------------------------------------------

FILM = bytes(range(256)) * 1000


@dataclass(frozen=True)
class Made:
    """A run in the ledger with one finished video."""

    run: Run
    video: Video
    rendition: Rendition


def make(
    ledger: Ledger,
    folder: Path,
    *,
    decision: Decision = Decision.PASS,
    film: bytes = FILM,
    record: Mapping[str, Json] | None = None,
) -> Made:
    run = ledger.runs.open(
        Opening("terms", uuid4().hex, dt.date(2026, 11, 22), "Asia/Shanghai", None, {"a": 1}, "h" * 64, str(folder))
    )
    plan = {
        "prompt": "a fox in the snow",
        "words": {"title": "小雪", "lines": ["花雪随风不厌看"], "credit": "陆游"},
        "post": {"title": "小雪", "caption": "Snow <b>falls</b>.", "hashtags": ["节气"]},
    }
    ledger.videos.plan(run.id, [PlannedVideo("xiaoxue", "", "小雪 <script>", "mark", plan)], unchanged=0, remake=False)
    (video,) = ledger.videos.of_run(run.id)
    master = hashlib.sha256(run.id.bytes).hexdigest()
    ledger.videos.generated(video.id, master_sha256=master)
    looked = (Examination("opennsfw", "1.0", "e" * 64, 24, 0.0123),)
    recorded = ledger.verdicts.record(Verdict(master, "default", "1", decision, (), (), looked, 24, 24, 0.1))
    rendition = replace(keep(ledger, folder, master, film), record=record or {})
    ledger.media.record_rendition(rendition)
    ledger.media.link(video.id, [rendition])
    if decision is Decision.PASS:
        for state in (VideoState.SCREENED, VideoState.FINISHED):
            ledger.videos.move(video.id, state)
        ledger.posts.plan(video.id, rendition, to("outbox", rendition), recorded)
    return Made(run, ledger.videos.get(video.id), rendition)


def keep(ledger: Ledger, folder: Path, master: str, film: bytes) -> Rendition:
    kept = {}
    for suffix, content in ((".mp4", film), (".jpg", b"\xff\xd8 a cover")):
        path = folder / f"made{suffix}"
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        kept[suffix] = (ledger.store.add(path, sha256, suffix), sha256)
    (video, sha256), (cover, cover_sha256) = kept[".mp4"], kept[".jpg"]
    return Rendition(
        master, "douyin", "r" * 64, video, sha256, cover, cover_sha256, 1080, 1920, 24, 24, len(film),
        {"visible": {"text": "AI生成"}}, preview=True,
    )  # fmt: skip


def test_a_run_is_told_to_who_may_read(door: Running, tmp_path: Path) -> None:
    made = make(door.ledger, tmp_path)
    path = f"/runs/{made.run.id}"
    problem(door.client.get(path), 401, "token, or a signed link")
    problem(door.client.get(path, headers=door.token(Scope.HOOK)), 403, "no scope `read`")
    told = door.client.get(path, headers=door.token(Scope.READ)).json()
    assert (told["state"], told["pipeline"], told["count"]["states"]) == ("running", "terms", {"finished": 1})
    (video,) = told["videos"]
    assert video["caption"] == {
        "title": "小雪",
        "lines": ["花雪随风不厌看"],
        "credit": "陆游",
        "text": "Snow <b>falls</b>.",
        "hashtags": ["节气"],
    }
    assert video["verdict"] == {"decision": "pass", "reasons": []}
    assert [post["state"] for post in video["posts"]] == ["planned"]
    assert video["renditions"][0]["label"] == "AI生成"
    assert str(tmp_path) not in json.dumps(told)
    alone = door.client.get(f"/videos/{made.video.id}", headers=door.token(Scope.ADMIN))
    assert alone.json()["title"] == "小雪 <script>"


def test_what_there_is_not_is_a_problem_and_no_fault(door: Running) -> None:
    good = door.token(Scope.READ)
    problem(door.client.get(f"/runs/{uuid4()}", headers=good), 404, "no run")
    problem(door.client.get(f"/runs/{uuid4()}/events", headers=good), 404, "no run")
    problem(door.client.get(f"/videos/{uuid4()}", headers=good), 404, "no video")
    problem(door.client.get("/runs/not-an-id", headers=good), 422, "run_id")
    problem(door.client.get("/no/such/page"), 404, "nothing here")
    answer = door.client.delete("/health")
    problem(answer, 405, "not allowed")
    assert answer.headers["allow"] == "GET"


def test_the_caller_of_a_hook_follows_its_run_without_another_token(door: Running, tmp_path: Path) -> None:
    """Education: a sentence in, an animation's URL out."""
    accepted = door.send("animate", b'{"sentence": "a fox"}', door.token(Scope.HOOK)).json()
    told = door.client.get(accepted["follow_url"]).json()
    assert (told["state"], told["videos"], told["id"]) == ("waiting", [], accepted["run_id"])
    problem(door.client.get(accepted["follow_url"][:-3] + "abc"), 401, "not whole")
    problem(door.client.get(accepted["follow_url"].replace("/runs/", "/videos/")), 401, "not whole")
    made = make(door.ledger, tmp_path)
    (video,) = door.client.get(door.signer.run_url(made.run.id)).json()["videos"]
    film = door.client.get(video["renditions"][0]["url"])
    assert film.content == FILM
    assert film.headers["content-type"] == "video/mp4"
    cover = door.client.get(video["renditions"][0]["cover_url"])
    assert cover.headers["content-type"] == "image/jpeg"
    assert door.client.get(video["watch_url"]).status_code == 200


def test_a_video_can_be_sought_in(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    url = small_door.signer.file_url(made.rendition.sha256, ".mp4", "小雪/../x\r\n")
    part = small_door.client.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, FILM[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(FILM)}"
    assert small_door.client.get(url, headers={"Range": "bytes=-10"}).content == FILM[-10:]
    assert small_door.client.get(url, headers={"Range": f"bytes={len(FILM)}-"}).status_code == 416
    whole = small_door.client.head(url)
    assert (whole.headers["content-length"], whole.headers["accept-ranges"]) == (str(len(FILM)), "bytes")
    disposition = whole.headers["content-disposition"]
    assert disposition.startswith("inline; filename*=utf-8''%E5%B0%8F%E9%9B%AA")
    assert not re.search(r"[/\\\r\n]", disposition)


def test_only_what_was_screened_and_finished_is_handed_out(small_door: Running, tmp_path: Path) -> None:
    ledger, signer = small_door.ledger, small_door.signer
    clip = b"a clip that nobody has screened"
    (tmp_path / "clip.mp4").write_bytes(clip)
    sha256 = hashlib.sha256(clip).hexdigest()
    ledger.store.add(tmp_path / "clip.mp4", sha256, ".mp4")
    problem(small_door.client.get(signer.file_url(sha256, ".mp4", "x")), 404, "no such file")
    blocked = make(ledger, tmp_path, decision=Decision.BLOCK, film=b"blocked")
    problem(small_door.client.get(signer.file_url(blocked.rendition.sha256, ".mp4", "x")), 404, "no such file")
    assert small_door.client.get(signer.run_url(blocked.run.id)).json()["videos"][0]["renditions"] == []
    made = make(ledger, tmp_path)
    url = signer.file_url(made.rendition.sha256, ".mp4", "x")
    assert small_door.client.get(url).status_code == 200
    problem(small_door.client.get(url.replace("name=x", "name=y")), 403, "not whole")
    problem(
        small_door.client.get(signer.file_url(made.rendition.sha256, ".mp4", "x", dt.timedelta(-1))), 403, "expired"
    )
    problem(small_door.client.get(f"/files/{made.rendition.sha256}.mp4", headers=small_door.token()), 422, "expires")
    problem(small_door.client.get("/files/..%2f..%2fledger.db?expires=1&signature=x"), 404, "nothing")
    made.rendition.path.unlink()
    problem(small_door.client.get(url), 410, "removed")


# --- progress ---------------------------------------------------------------------------------------------------------


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, object]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_run_is_followed_from_its_event_to_its_end(door: Running) -> None:
    accepted = door.send("animate", b'{"sentence": "a fox"}', door.token(Scope.HOOK)).json()
    with door.client.stream("GET", accepted["events_url"], headers={"Last-Event-ID": "41"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        told = events_of(answer.iter_lines())
        name, data = next(told)
        assert (name, data["state"], data["videos"]) == ("progress", "waiting", [])
        occasion = f"event:{accepted['event_id']}"
        run = door.ledger.runs.open(
            Opening("animate", occasion, dt.date(2026, 11, 22), "UTC", {}, {"a": 1}, "h" * 64, "/somewhere")
        )
        assert str(run.id) == accepted["run_id"]
        _, data = next(told)
        assert data["state"] == "running"
        planned = [PlannedVideo(key, "", key, "mark", {}) for key in ("one", "two")]
        door.ledger.videos.plan(run.id, planned, unchanged=0, remake=False)
        _, data = next(told)
        assert (data["found"], data["states"], len(data["videos"])) == (2, {"planned": 2}, 2)  # type: ignore[arg-type]
        one, two = door.ledger.videos.of_run(run.id)
        door.ledger.videos.move(one.id, VideoState.FAILED, "the engine fell over")
        _, data = next(told)
        assert data["videos"] == [
            {"id": str(one.id), "title": "one", "state": "failed", "reason": "the engine fell over"}
        ]
        door.ledger.videos.move(two.id, VideoState.FAILED, "as well")
        door.ledger.runs.close(run.id)
        rest = list(told)
    assert [name for name, _ in rest][-1] == "end"
    assert rest[-1][1]["state"] == "failed"


def test_only_so_many_streams_are_open_and_each_place_is_given_back(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    url = small_door.signer.events_url(made.run.id)
    shared = small_door.server.config.app.state.door  # type: ignore[union-attr]
    shared.streams = MOST_STREAMS - 1
    with small_door.client.stream("GET", url) as first:
        told = events_of(first.iter_lines())
        assert next(told)[0] == "progress"
        refused = small_door.client.get(url)
        problem(refused, 503, "too many")
    wait_until(lambda: shared.streams == MOST_STREAMS - 1)
    with small_door.client.stream("GET", url) as second:
        assert second.status_code == 200


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_open_streams_end_when_the_door_closes(settings: Settings, tmp_path: Path) -> None:
    with Ledger(settings) as ledger:
        made = make(ledger, tmp_path)
        with opened(ledger, settings) as door, door.client.stream("GET", door.signer.events_url(made.run.id)) as answer:
            told = events_of(answer.iter_lines())
            assert next(told)[0] == "progress"
            door.server.close()
            assert list(told) == []  # the stream ends whole, or reading it would raise


# --- pages ------------------------------------------------------------------------------------------------------------


def field_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def log_in(door: Running, token: str, wanted: str = "/") -> httpx.Response:
    page = door.client.get("/login", params={"next": wanted})
    fields = {"token": token, "form": field_of(page.text, "form"), "next": field_of(page.text, "next")}
    return door.client.post("/login", data=fields)


def test_the_player_page_shows_everything_and_runs_nothing(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    answer = small_door.client.get(small_door.signer.watch_url(made.video.id))
    page = answer.text
    assert "小雪 &lt;script&gt;" in page
    assert "Snow &lt;b&gt;falls&lt;/b&gt;." in page
    for word in ("花雪随风不厌看", "陆游", "#节气", "抖音", "outbox", "opennsfw", "screening: pass", "AI生成"):
        assert word in page, word
    assert "<script" not in page
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<style nonce="{nonce[1]}">' in page
    assert not re.search(r'(?:src|href|poster)="(?:https?:)?//', page)  # nothing from elsewhere
    (film,) = re.findall(r'<video [^>]*src="([^"]+)"', page)
    assert small_door.client.get(html.unescape(film)).content == FILM


def test_a_video_under_way_is_looked_at_again_by_itself(small_door: Running) -> None:
    run = small_door.ledger.runs.open(
        Opening("terms", "2026-11-22", dt.date(2026, 11, 22), "UTC", None, {"a": 1}, "h" * 64, "/somewhere")
    )
    small_door.ledger.videos.plan(run.id, [PlannedVideo("k", "", "K", "m", {})], unchanged=0, remake=False)
    (video,) = small_door.ledger.videos.of_run(run.id)
    url = small_door.signer.watch_url(video.id)
    assert 'http-equiv="refresh"' in small_door.client.get(url).text
    small_door.ledger.videos.move(video.id, VideoState.FAILED, "the engine fell over")
    page = small_door.client.get(url).text
    assert 'http-equiv="refresh"' not in page
    assert "the engine fell over" in page


def test_pages_are_for_readers_and_links_for_what_they_were_made_for(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    path = f"/watch/{made.video.id}"
    away = small_door.client.get(path)
    assert (away.status_code, away.headers["location"]) == (303, f"/login?next={path.replace('/', '%2F')}")
    assert small_door.client.get("/").headers["location"] == "/login?next=%2F"
    assert small_door.client.get(path, headers=small_door.token(Scope.READ)).status_code == 200
    assert small_door.client.get(path, headers=small_door.token(Scope.HOOK)).status_code == 403
    old = small_door.client.get(small_door.signer.watch_url(made.video.id, dt.timedelta(seconds=-1)))
    assert (old.status_code, "does not work any more" in old.text) == (401, True)
    other = small_door.signer.watch_url(uuid4())
    assert small_door.client.get(other).status_code == 404
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert small_door.client.get(f"/runs/{made.run.id}", headers=browser).headers["location"].startswith("/login?next=")
    query = other.partition("?")[2]
    assert small_door.client.get(f"{path}?{query}").status_code == 401


def test_a_browser_logs_in_with_a_token_and_out_again(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    token = small_door.ledger.tokens.make("mei", [Scope.READ])
    wanted = f"/watch/{made.video.id}"
    answer = log_in(small_door, token, wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("reelmill_session"))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert token not in cookie  # a cookie jar on a disk holds no token
    assert small_door.client.get(wanted).status_code == 200
    first = small_door.client.get("/").text
    assert f'href="/runs/{made.run.id}"' in first
    page = small_door.client.get(f"/runs/{made.run.id}", headers={"Accept": "text/html"}).text
    assert f"/watch/{made.video.id}?" in page
    small_door.ledger.tokens.revoke("mei")
    assert small_door.client.get("/").status_code == 303  # a session ends with its token
    assert small_door.client.post("/logout").headers["location"] == "/login"
    assert "reelmill_session" not in small_door.client.cookies


def test_a_session_cannot_be_made_up_or_be_used_for_hooks(small_door: Running) -> None:
    token = small_door.ledger.tokens.make("all", [Scope.ADMIN])
    assert log_in(small_door, token).status_code == 303
    body = b'{"sentence": "a fox"}'
    problem(small_door.send("animate", body, {}), 401, "neither")  # no other site can have a browser send events
    value = small_door.client.cookies["reelmill_session"]
    identity, until, signature = value.split(".")
    for forged in (f"{identity}.{int(until) + 9}.{signature}", f"{identity}..", "x", f"00000000.{until}.{signature}"):
        with httpx.Client(base_url=small_door.url, trust_env=False, cookies={"reelmill_session": forged}) as client:
            assert client.get("/").status_code == 303


def test_a_form_of_another_site_cannot_log_a_browser_in(small_door: Running) -> None:
    token = small_door.ledger.tokens.make("mallory", [Scope.READ])
    page = small_door.client.get("/login")
    fields = {"token": token, "form": field_of(page.text, "form"), "next": "/"}
    with httpx.Client(base_url=small_door.url, trust_env=False) as victim:  # has the field, and not the cookie
        assert victim.post("/login", data=fields).status_code == 403
        assert "reelmill_session" not in victim.cookies
    cross = small_door.client.post("/login", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    assert small_door.client.post("/login", data={**fields, "form": "1.x"}).status_code == 403


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/watch/../x", "javascript:1", "/login"]
)
def test_a_login_leads_to_pages_of_ours_only(small_door: Running, wanted: str) -> None:
    token = small_door.ledger.tokens.make("mei", [Scope.READ])
    assert log_in(small_door, token, wanted).headers["location"] == "/"


def test_guessing_is_slowed_down(small_door: Running) -> None:
    small_door.ledger.tokens.make("mei", [Scope.READ])
    for _ in range(MOST_OF_ONE):
        assert log_in(small_door, "rm_00000000_" + "x" * 43).status_code == 401
    answer = log_in(small_door, "rm_00000000_" + "x" * 43)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert log_in(small_door, "").status_code == 429
    assert small_door.client.get("/health").status_code == 200


def test_every_answer_tells_browsers_what_they_may_not_do(small_door: Running, tmp_path: Path) -> None:
    made = make(small_door.ledger, tmp_path)
    file = small_door.signer.file_url(made.rendition.sha256, ".mp4", "x")
    for path in ("/health", "/docs", "/login", "/openapi.json", "/nothing", f"/runs/{made.run.id}", "/", file):
        headers = small_door.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "access-control-allow-origin" not in headers, path


def test_the_documentation_page_loads_nothing_and_names_every_operation(small_door: Running) -> None:
    page = html.unescape(small_door.client.get("/docs").text)
    document = small_door.client.get("/openapi.json").json()
    for path in document["paths"]:
        assert path in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="https?:', page)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "[::1", "10.0.0.1"])
def test_a_door_on_loopback_answers_to_its_own_names_only(small_door: Running, host: str) -> None:
    answer = small_door.client.get("/health", headers={"Host": host})
    assert answer.status_code in {400, 421}


def test_the_public_name_and_its_path_are_used_everywhere(settings: Settings, tmp_path: Path) -> None:
    with Ledger(settings) as ledger:
        made = make(ledger, tmp_path)
        with opened(ledger, settings, web_url="https://shop.example/reelmill/") as door:
            good = door.token(Scope.READ)
            for host in ("shop.example", "localhost:1", "127.0.0.1", "[::1]:80"):
                assert door.client.get("/health", headers={"Host": host}).status_code == 200
            told = door.client.get(f"/videos/{made.video.id}", headers=good).json()
            assert told["watch_url"].startswith("https://shop.example/reelmill/watch/")
            # A proxy takes the prefix away.
            page = door.client.get(told["watch_url"].removeprefix("https://shop.example/reelmill"))
            assert page.status_code == 200
            assert 'href="/reelmill/"' in page.text
            assert 'src="/reelmill/files/' in page.text
            form = door.client.get("/login")
            assert "Secure" in form.headers["set-cookie"]
            assert "Path=/reelmill/login" in form.headers["set-cookie"]


def test_metrics_are_for_this_machine_and_for_readers(small_door: Running) -> None:
    assert small_door.client.get("/metrics").status_code == 200
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    problem(small_door.client.get("/metrics", headers=forwarded), 401, "token")
    assert small_door.client.get("/metrics", headers={**forwarded, **small_door.token()}).status_code == 200


def test_a_ledger_that_is_away_is_a_503_with_a_time_to_come_back(small_door: Running) -> None:
    path = Path(str(small_door.ledger.database.url.database))
    headers = small_door.token(Scope.READ)
    small_door.ledger.database.close()
    hidden = path.with_suffix(".away")
    path.rename(hidden)
    path.mkdir()  # no database can be opened here
    try:
        for answer in (
            small_door.client.get("/health"),
            small_door.client.get(f"/runs/{uuid4()}", headers=headers),
            small_door.send("signed", b"{}", standard(b"{}")),
        ):
            problem(answer, 503, "at the moment")
            assert int(answer.headers["retry-after"]) > 0
            assert str(path) not in answer.text
    finally:
        path.rmdir()
        hidden.rename(path)
    assert small_door.client.get("/health").status_code == 200


# --- the command ------------------------------------------------------------------------------------------------------


@contextmanager
def process(project: Project, home: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command as it runs in a house, on a free port."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    variables = project.variables({"REELMILL_HOME": str(home), **environment})
    with (home / "web.log").open("wb") as log:
        line = project.command("web", "--host", "127.0.0.1", "--port", str(port))
        child = subprocess.Popen(line, env=variables, stdout=log, stderr=log, cwd=project.folder)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: child.poll() is not None or alive(url), 60)
        assert child.poll() is None, (home / "web.log").read_text()
        yield child, url
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_the_event_arrives_at_prefect_under_the_id_of_the_outbox(
    project: Project, prefect_server: LocalServer, settings: Settings
) -> None:
    settings.folder.mkdir(parents=True)
    with Ledger(settings) as ledger:
        deploy(ledger, project.folder)
        with process(project, settings.folder) as (child, url):
            body = b'{"sentence": "a fox that Prefect does not see"}'
            headers = {"Content-Type": "application/json", **standard(body)}
            accepted = httpx.post(f"{url}/hooks/signed", content=body, headers=headers, trust_env=False).json()
            found = event_in_prefect(prefect_server, accepted["event_id"])
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=30) == 0, (settings.folder / "web.log").read_text()
        assert ledger.outbox.waiting()[0].emitted == 1
    assert found["event"] == "reelmill.hook.signed"
    assert found["resource"]["prefect.resource.id"] == "reelmill.pipeline.signed"
    assert found["payload"] == {"event_id": accepted["event_id"], "name": "product.created"}
    told = (settings.folder / "web.log").read_text()
    assert "Traceback" not in told
    assert SECRET not in told


def event_in_prefect(server: LocalServer, identity: str) -> dict[str, object]:
    wanted = {"filter": {"id": {"id": [identity]}}, "limit": 5}
    with httpx.Client(base_url=server.url, headers={"Prefect-Csrf-Client": "test"}, trust_env=False) as client:
        token = client.get("/csrf-token", params={"client": "test"}).json()["token"]
        found: list[dict[str, object]] = []

        def look() -> bool:
            answer = client.post("/events/filter", json=wanted, headers={"Prefect-Csrf-Token": token})
            found[:] = answer.raise_for_status().json()["events"]
            return bool(found)

        wait_until(look, 60)
    return found[0]


def test_with_a_dead_prefect_events_are_accepted_and_the_door_still_ends_when_told(
    project: Project, settings: Settings
) -> None:
    settings.folder.mkdir(parents=True)
    with Ledger(settings) as ledger, listen("127.0.0.1", 0) as silent:  # takes connections, and says nothing
        deploy(ledger, project.folder)
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with process(project, settings.folder, PREFECT_API_URL=dead) as (child, url):
            for _ in range(3):
                headers = {"Content-Type": "application/json", **standard(b"{}")}
                answer = httpx.post(f"{url}/hooks/signed", content=b"{}", headers=headers, trust_env=False, timeout=10)
                assert answer.status_code == 202
            with httpx.stream("GET", answer.json()["events_url"], trust_env=False, timeout=20) as stream:
                told = events_of(stream.iter_lines())
                assert next(told)[1]["state"] == "waiting"
                child.send_signal(signal.SIGTERM)
                assert list(told) == []  # it ends whole, or reading it would raise
            assert child.wait(timeout=30) == 0, (settings.folder / "web.log").read_text()
        assert len(ledger.outbox.waiting()) == 3
    assert "the door opens without Prefect" in (settings.folder / "web.log").read_text()


def test_beyond_this_machine_the_door_needs_a_token_or_a_word(project: Project, settings: Settings) -> None:
    """No machine has the address 192.0.2.1, so a door that is let through ends when it begins to listen."""
    variables = {"REELMILL_HOME": str(settings.folder), "REELMILL_WEB_URL": "https://door.example"}

    def tried(*more: str) -> str:
        done = project.call("web", "--host", "192.0.2.1", *more, environment=variables, timeout=60)
        assert done.returncode == 2, done.stderr
        return complain(done)

    assert "there is no token" in tried()
    assert "cannot listen" in tried("--public")
    with Ledger(settings) as ledger:
        ledger.tokens.make("mei", [Scope.READ])
        assert "cannot listen" in tried()
        ledger.tokens.revoke("mei")
        assert "there is no token" in tried()


def test_a_port_that_is_taken_is_told_with_the_way_out() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(UseError, match="cannot listen") as caught:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "--port" in caught.value.instruction


def test_tokens_are_made_listed_and_revoked(settings: Settings, tmp_path: Path) -> None:
    project = Project(tmp_path, {"REELMILL_HOME": str(settings.folder)})
    made = project.json("token", "make", "school", "--scope", "hook", "--scope", "read", "--days", "30")
    assert made["scopes"] == ["hook", "read"]
    with Ledger(settings) as ledger:
        found = ledger.tokens.check(made["token"])
        assert found is not None
        assert found.name == "school"
        assert found.expires_at is not None
    listed = project.json("token", "list")
    assert [(one["name"], one["state"]) for one in listed] == [("school", "ok")]
    assert made["token"].rpartition("_")[2] not in json.dumps(listed)
    assert "school" in project.call("token", "list").stdout
    assert project.call("token", "make", "shop", "--scope", "hook").stdout.startswith("rm_")
    for wrong, told in (
        (("make", "x", "--scope", "everything"), "everything"),
        (("make", "x"), "--scope"),
        (("make", "x", "--scope", "hook", "--days", "0"), "is no life"),
        (("make", "school", "--scope", "read"), "there is a token"),
        (("revoke", "nobody"), "there is no token"),
    ):
        done = project.call("token", *wrong)
        assert (done.returncode, told in complain(done)) == (2, True), wrong
    assert project.call("token", "revoke", "school").returncode == 0
    assert [one["state"] for one in project.json("token", "list")] == ["revoked", "ok"]
    with Ledger(settings) as ledger:
        assert ledger.tokens.check(made["token"]) is None
