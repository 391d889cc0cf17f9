"""The Hugging Face hub on loopback: what its library and `reelmill engine fetch` ask of it, with failures on demand.

Large files are redirected to another origin, as the hub does, so that a token which follows shows. To rehearse a fetch:

    python -m tests.simulators.hub Wan-AI/Wan2.2-TI2V-5B-Diffusers FOLDER
    HF_ENDPOINT=http://127.0.0.1:PORT reelmill engine fetch wan22-ti2v-5b --revision main
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

#: What is sent at a time, in bytes.
PIECE = 1 << 14
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Trouble:
    """What is to go wrong with requests whose path contains `where`."""

    where: str
    status: int = 0  #: answered instead of what is true; 0: the truth
    code: str = ""  #: the hub's `X-Error-Code` with it
    cut: int | None = None  #: bytes of a body after which the connection ends
    flip: bool = False  #: the first byte of a body is another one
    pause: float = 0.0  #: seconds between two pieces of a body
    whole: bool = False  #: a range is answered with everything
    times: int = 10**9  #: to so many requests; then all is well again


@dataclass(frozen=True)
class Request:
    """What the hub was asked."""

    method: str
    path: str
    range: str
    token: str  #: what the request bore


@dataclass
class Hub:
    """One repository. Its revisions are folders, by their commits; `main` is the last one."""

    repository: str
    revisions: dict[str, Path]
    endpoint: str = ""
    elsewhere: str = ""  #: the origin that has the large files
    requests: list[Request] = field(default_factory=list)
    _trouble: list[Trouble] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, where: str = "", **how: object) -> None:
        """Let requests fail: see `Trouble`."""
        self._trouble.append(Trouble(where, **how))  # type: ignore[arg-type]

    def mend(self) -> None:
        self._trouble.clear()

    def asked(self, where: str) -> list[Request]:
        """The requests for bytes whose path contains this."""
        return [one for one in self.requests if where in one.path and one.method == "GET"]

    def commit(self, revision: str) -> str | None:
        """The full commit of a revision."""
        if revision == "main":
            return list(self.revisions)[-1]
        return revision if revision in self.revisions else None

    def met(self, request: Request) -> Trouble:
        """Note a request, and say what is to go wrong with it."""
        with self._lock:
            self.requests.append(request)
            for trouble in self._trouble:
                if trouble.times > 0 and trouble.where in request.path:
                    trouble.times -= 1
                    return trouble
        return Trouble("")


@cache
def _hashes(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest(), blob


def _large(path: Path) -> bool:
    """Whether git keeps a pointer of it only."""
    return path.suffix in {".safetensors", ".bin", ".model"}


@contextmanager
def a_hub(repository: str, folder: Path, commit: str = COMMIT) -> Iterator[Hub]:
    """A running hub with one revision of one repository."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.daemon_threads = True
    origin = f"http://127.0.0.1:{server.server_port}"
    hub = Hub(repository, {commit: folder}, origin, f"http://localhost:{server.server_port}")
    server.hub = hub  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return cast("Hub", self.server.hub)  # type: ignore[attr-defined]

    def _serve(self) -> None:
        headers = self.headers
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        trouble = self.hub.met(Request(self.command, self.path, headers.get("Range", ""), bearer))
        if trouble.status:
            self._refuse(trouble.status, trouble.code)
            return
        address = urlsplit(self.path)
        path = unquote(address.path).strip("/")
        if path.startswith(f"api/models/{self.hub.repository}"):
            self._tell(path.partition("/revision/")[2] or "main", blobs="blobs" in parse_qs(address.query))
        elif path.startswith(f"{self.hub.repository}/resolve/"):
            revision, _, name = path.removeprefix(f"{self.hub.repository}/resolve/").partition("/")
            self._resolve(revision, name, trouble)
        elif path.startswith("large/"):
            commit, _, name = path.removeprefix("large/").partition("/")
            self._send(self.hub.revisions[commit] / name, trouble, {})
        else:
            self._refuse(401, "RepoNotFound")  # the hub does not tell what it has from what it has not

    do_GET = do_HEAD = _serve  # noqa: N815 (the names are the base class's)

    def _tell(self, revision: str, *, blobs: bool) -> None:
        commit = self.hub.commit(revision)
        if commit is None:
            self._refuse(404, "RevisionNotFound")
            return
        folder, siblings = self.hub.revisions[commit], []
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            sibling: dict[str, object] = {"rfilename": path.relative_to(folder).as_posix()}
            if blobs:
                sha256, blob = _hashes(path)
                sibling |= {"size": path.stat().st_size, "blobId": blob}
                if _large(path):
                    sibling["lfs"] = {"sha256": sha256, "size": path.stat().st_size, "pointerSize": 134}
            siblings.append(sibling)
        body = {"id": self.hub.repository, "modelId": self.hub.repository, "sha": commit, "siblings": siblings}
        self._answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _resolve(self, revision: str, name: str, trouble: Trouble) -> None:
        commit = self.hub.commit(revision)
        path = self.hub.revisions[commit] / name if commit else Path()
        if commit is None or not path.is_file():
            self._refuse(404, "EntryNotFound" if commit else "RevisionNotFound")
            return
        sha256, blob = _hashes(path)
        if not _large(path):
            self._send(path, trouble, {"X-Repo-Commit": commit, "ETag": f'"{blob}"'})
            return
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{sha256}"',
            "X-Linked-Size": str(path.stat().st_size),
            "Location": f"{self.hub.elsewhere}/large/{commit}/{name}",
        }
        self._answer(302, headers, b"")

    def _send(self, path: Path, trouble: Trouble, headers: dict[str, str]) -> None:
        body, start = path.read_bytes(), 0
        asked = self.headers.get("Range", "")
        if asked and not trouble.whole:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            headers |= {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        if trouble.flip:
            body = bytes([body[0] ^ 1]) + body[1:]
        body = body[start:]
        self._head(206 if start else 200, headers, len(body))
        if self.command == "HEAD":
            return
        sent = body if trouble.cut is None else body[: trouble.cut]
        with suppress(ConnectionError):  # whoever asked has gone
            for place in range(0, len(sent), PIECE):
                self.wfile.write(sent[place : place + PIECE])
                time.sleep(trouble.pause)
        self.close_connection = self.close_connection or len(sent) < len(body)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, {"X-Error-Code": code} if code else {}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._head(status, headers, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing."""


if __name__ == "__main__":
    with a_hub(sys.argv[1], Path(sys.argv[2])) as running:
        sys.stdout.write(f"{running.endpoint}\n")
        sys.stdout.flush()
        threading.Event().wait()
