"""A chat endpoint on loopback as OpenAI has it: it follows the schema that it is sent, and can misbehave on purpose."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.loopback import Handler, serving

Writer = Callable[[str, int, Mapping[str, Any]], Any]
"""A field's name, the number of its brief from 1, and its schema; gives its value."""


def plainly(name: str, number: int, schema: Mapping[str, Any]) -> Any:
    """A value that fits: the first of those that may be, a number, or a few words."""
    if "enum" in schema:
        return schema["enum"][0]
    kinds = {"integer": number, "number": number / 2, "boolean": True, "array": []}
    return kinds.get(schema.get("type", "string"), f"{name} {number}")


@dataclass
class ChatServer:
    """What it was asked, and how it answers."""

    url: str = ""
    writer: Writer = plainly
    key: str = ""  #: what a request must bear; "": nothing
    asked: list[dict[str, Any]] = field(default_factory=list)  #: the body of each request

    # Trouble
    status: int = 0  #: answered instead
    headers: dict[str, str] = field(default_factory=dict)  #: beside that status
    message: str = "this model is not for you"  #: the error's, beside that status
    body: bytes | None = None  #: answered instead of a completion
    text: str | None = None  #: said instead of JSON that fits
    refusal: str | None = None
    finish: str = "stop"
    drop: bool = False  #: the connection is closed in the middle of the answer
    silent: float = 0.0  #: seconds until it answers
    until: int = 1 << 30  #: requests after which the trouble is over

    @property
    def host(self) -> str:
        """host:port, as `Fetcher.allow` takes it."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def data(self) -> list[dict[str, Any]]:
        """What each request was about."""
        return [json.loads(request["messages"][-1]["content"]) for request in self.asked]


@contextmanager
def a_chat_server() -> Iterator[ChatServer]:
    chat = ChatServer()
    with serving(_Handler, chat=chat) as url:
        chat.url = f"{url}/v1"
        yield chat


class _Handler(Handler):
    lock = threading.Lock()

    def do_POST(self) -> None:  # noqa: N802 (the base class looks for it)
        chat: ChatServer = self.server.chat  # type: ignore[attr-defined]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self.answer(404, b"{}")
            return
        if chat.key and self.headers.get("Authorization") != f"Bearer {chat.key}":
            self.answer(401, json.dumps({"error": {"message": "no such key"}}).encode())
            return
        with self.lock:
            chat.asked.append(request)
            trouble = len(chat.asked) <= chat.until
        if trouble and chat.silent:
            time.sleep(chat.silent)
        if trouble and chat.status:
            self.answer(chat.status, json.dumps({"error": {"message": chat.message}}).encode(), chat.headers)
            return
        content = json.dumps(_completion(chat, request, trouble=trouble)).encode()
        if trouble and chat.body is not None:
            content = chat.body
        if trouble and chat.drop:
            self.break_off(content)
            return
        self.answer(200, content, {"Content-Type": "application/json"})


def _completion(chat: ChatServer, request: Mapping[str, Any], *, trouble: bool) -> dict[str, Any]:
    wanted = request["response_format"]["json_schema"]
    assert request["response_format"]["type"] == "json_schema"
    assert wanted["strict"] is True
    ((name, many),) = wanted["schema"]["properties"].items()
    made = [
        {field: chat.writer(field, number, schema) for field, schema in many["items"]["properties"].items()}
        for number in range(1, many["minItems"] + 1)
    ]
    text = json.dumps({name: made}, ensure_ascii=False)
    message: dict[str, Any] = {"role": "assistant", "content": text if chat.text is None or not trouble else chat.text}
    if trouble and chat.refusal is not None:
        message |= {"content": None, "refusal": chat.refusal}
    finish = chat.finish if trouble else "stop"
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}
