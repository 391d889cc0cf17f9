"""The login of Instagram and Facebook: a token that is exchanged while it is good, and the token of a page."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from reelmill.content import Json
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Retry
from tasks.publishing.targets.facebook.target import Facebook
from tasks.publishing.targets.instagram import Instagram

DAYS_60 = 60 * 86_400
EXPIRED = {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190, "error_subcode": 463}}


class Meta(ThreadingHTTPServer):
    """Exchanges `person-N` for `person-N+1`, and knows the token of one page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []  #: of the exchange
        self.shown: list[str] = []  #: tokens of the other calls
        self.good = {"person-1", "person-2", "page-of-person-2"}
        self.exchange: tuple[int, Json] | None = None  #: answered instead
        self.page: Json = None  #: answered instead

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        meta = cast("Meta", self.server)
        split = urlsplit(self.path)
        query = {key: value[0] for key, value in parse_qs(split.query).items()}
        if split.path == "/oauth/access_token":
            meta.asked.append(query)
            self._answer(*(meta.exchange or self._exchanged(meta, query["fb_exchange_token"])))
            return
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        assert scheme == "OAuth"
        meta.shown.append(token)
        if token not in meta.good:
            self._answer(400, EXPIRED)
        elif query["fields"] == "access_token":
            self._answer(200, meta.page or {"access_token": f"page-of-{token}", "id": "1"})
        else:
            self._answer(200, {"id": "1", "name": "Teahouse", "username": "teahouse"})

    def _exchanged(self, meta: Meta, token: str) -> tuple[int, Json]:
        if token not in meta.good:
            return 400, EXPIRED
        number = int(token.rpartition("-")[2]) + 1
        return 200, {"access_token": f"person-{number}", "token_type": "bearer", "expires_in": DAYS_60}

    def _answer(self, status: int, body: Json) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def meta() -> Iterator[Meta]:
    with Meta() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "login.json"
    path.write_text(json.dumps({"client_id": "app", "client_secret": "secret", "refresh_token": "person-1"}))
    return path


@pytest.fixture
def context(tmp_path: Path) -> Iterator[TargetContext]:
    with closing(TargetContext(folder=tmp_path)) as made:
        yield made


def instagram(meta: Meta, document: Path) -> Instagram:
    options = {"type": "instagram", "ig_user": "1", "url": meta.url, "login": {"file": str(document)}}
    return Instagram.model_validate(options)


def facebook(meta: Meta, document: Path) -> Facebook:
    options = {"type": "facebook", "page": "1", "url": meta.url, "login": {"file": str(document)}}
    return Facebook.model_validate(options)


def test_a_token_is_exchanged_and_written_back_long_before_it_ends(
    meta: Meta, document: Path, context: TargetContext
) -> None:
    assert instagram(meta, document).identify(context).name == "teahouse"
    assert meta.asked == [
        {
            "grant_type": "fb_exchange_token",
            "client_id": "app",
            "client_secret": "secret",
            "fb_exchange_token": "person-1",
        }
    ]
    assert meta.shown == ["person-2"]
    kept = json.loads(document.read_text())
    assert (kept["access_token"], kept["refresh_token"]) == ("person-2", "person-2")
    left = dt.datetime.fromisoformat(kept["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=29) < left < dt.timedelta(days=31)


def test_a_page_is_spoken_for_with_its_own_token(meta: Meta, document: Path, context: TargetContext) -> None:
    assert facebook(meta, document).identify(context).name == "Teahouse"
    assert meta.shown == ["person-2", "page-of-person-2"]
    kept = json.loads(document.read_text())
    assert (kept["access_token"], kept["refresh_token"]) == ("page-of-person-2", "person-2")


@pytest.mark.parametrize(
    "page", [{"id": "1"}, {"error": {"message": "no such page", "code": 100, "error_subcode": 33}}]
)
def test_a_person_without_a_part_in_the_page_has_to_log_in_again(
    page: Json, meta: Meta, document: Path, context: TargetContext
) -> None:
    meta.page = page
    with pytest.raises(Reauthorise):
        facebook(meta, document).identify(context)


def test_a_token_that_has_ended_is_for_a_person(meta: Meta, document: Path, context: TargetContext) -> None:
    meta.good.clear()
    with pytest.raises(Reauthorise, match="Session has expired") as caught:
        instagram(meta, document).identify(context)
    assert "developers.facebook.com" in caught.value.instruction
    assert "person-1" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        (503, {}),
        (200, {"token_type": "bearer"}),
        (400, {"error": {"message": "try again", "code": 2, "is_transient": True}}),
    ],
)
def test_trouble_of_the_exchange_passes(
    answer: tuple[int, Json], meta: Meta, document: Path, context: TargetContext
) -> None:
    meta.exchange = answer
    with pytest.raises(Retry):
        instagram(meta, document).identify(context)


def test_a_token_that_is_refused_is_exchanged_once(meta: Meta, document: Path, context: TargetContext) -> None:
    kept = {"client_id": "app", "client_secret": "secret", "refresh_token": "person-1", "access_token": "ended"}
    document.write_text(json.dumps(kept))
    assert instagram(meta, document).identify(context).id == "1"
    assert meta.shown == ["ended", "person-2"]
