"""Guard models without a model: `/v1/moderations` as OpenAI has it, and Qwen3Guard behind `/v1/chat/completions`, on
loopback. They find what is said to them in `unsafe` and `controversial`, and can misbehave on purpose.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.loopback import Handler, serving


@dataclass
class Guards:
    """What was asked of them, and how they answer."""

    url: str = ""
    key: str = ""  #: what a request must bear; "": nothing
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    unsafe: tuple[str, ...] = ()  #: a text with one of these is unsafe, or flagged
    controversial: tuple[str, ...] = ()  #: and with one of these controversial
    category: str = "Violent"

    status: int = 0  #: answered instead of a verdict
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  #: answered instead of a verdict, or with that status
    silence: float = 0.0  #: seconds before the answer begins
    drip: float = 0.0  #: seconds between two bytes of the answer
    drop: bool = False  #: the connection is closed in the middle of the answer
    after: int = 0  #: requests that go well before the trouble begins

    def verdict(self, text: str) -> str:
        if any(word in text for word in self.unsafe):
            return "Unsafe"
        return "Controversial" if any(word in text for word in self.controversial) else "Safe"


@contextmanager
def guards() -> Iterator[Guards]:
    found = Guards()
    with serving(_Handler, guards=found) as url:
        found.url = url
        yield found


class _Handler(Handler):
    def do_POST(self) -> None:  # noqa: N802 (the base class looks for it)
        found: Guards = self.server.guards  # type: ignore[attr-defined]
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if found.key and self.headers.get("Authorization") != f"Bearer {found.key}":
            self.answer(401, json.dumps({"error": {"message": "Incorrect API key provided"}}).encode())
            return
        found.asked.append(order)
        found.paths.append(self.path)
        trouble = len(found.asked) > found.after
        reply = self._reply(found, order)
        if reply is None:
            self.answer(404, b"{}")
            return
        content = json.dumps(reply).encode()
        if trouble and found.body is not None:
            content = found.body
        if trouble and found.silence:
            time.sleep(found.silence)
        if trouble and found.status:
            self.answer(found.status, content, found.headers)
        elif trouble and (found.drop or found.drip):
            self._falter(content, found)
        else:
            self.answer(200, content)

    def _reply(self, found: Guards, order: Mapping[str, Any]) -> dict[str, Any] | None:
        if self.path == "/v1/moderations":
            flagged = found.verdict(order["input"]) == "Unsafe"
            categories = {"sexual": False, found.category: flagged}
            return {
                "id": "modr-1",
                "model": order["model"],
                "results": [{"flagged": flagged, "categories": categories}],
            }
        if self.path == "/v1/chat/completions":
            verdict = found.verdict(order["messages"][0]["content"])
            categories = "None" if verdict == "Safe" else found.category
            content = f"Safety: {verdict}\nCategories: {categories}"
            return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}
        return None

    def _falter(self, content: bytes, found: Guards) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if found.drop:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        for index in range(len(content)):
            self.wfile.write(content[index : index + 1])
            self.wfile.flush()
            time.sleep(found.drip)
