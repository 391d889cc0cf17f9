"""One question to a chat endpoint as OpenAI has it: `POST /v1/chat/completions` with `response_format: json_schema`.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from reelmill.answers import TRANSIENT, seconds_to_wait
from reelmill.asking import Reply, ask
from reelmill.content import Json
from reelmill.errors import SourceError, TransientError
from reelmill.fetching import Fetcher
from tasks.sources.expand.answer import Misfit
from tasks.sources.expand.options import ExpandOptions

#: Bytes of an answer: twenty briefs of twenty texts are far below.
LARGEST = 2 * 1024 * 1024
#: How often a busy server is asked, and the longest pause before it is asked again, in seconds.
TRIES, LONGEST_PAUSE = 3, 10.0
#: Characters of a server's own words that are shown.
TOLD = 200


def complete(options: ExpandOptions, system: str, user: str, schema: Mapping[str, Json], fetcher: Fetcher) -> Json:
    """What the model answers, as JSON that nobody checked yet.

    Raises
    ------
    Misfit
        If it answers something else, or refuses.
    SourceError, FetchError
        If the endpoint turns the question away for good, or the guard does.
    UseError
        If the key is not set.
    TransientError
        If it is away or busy.
    """
    order = {
        "model": options.model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "briefs", "strict": True, "schema": schema},
        },
    }
    content = json.dumps(order, ensure_ascii=False).encode("utf-8", "replace")
    headers = {"Content-Type": "application/json", "Accept": "application/json", **_login(options)}
    host = urlsplit(options.base_url).netloc
    for attempt in range(1, TRIES + 1):
        reply = ask(
            fetcher, f"{options.base_url}/chat/completions", content, headers,
            seconds=options.timeout, max_bytes=LARGEST,
        )  # fmt: skip
        if reply.status not in TRANSIENT:
            break
        asked = seconds_to_wait(reply.retry_after)
        pause = float(2 ** (attempt - 1)) if asked is None else asked
        if attempt == TRIES or pause > LONGEST_PAUSE:
            raise TransientError(f"{host} answers {reply.status}{_told(reply)}", "try again later", retry_after=asked)
        time.sleep(pause)
    if reply.status != 200:
        advice = options.key.remedy if options.key and reply.status in (401, 403) else "its key, model and base_url"
        raise SourceError(f"{host} answers {reply.status}{_told(reply)}", f"correct `expand`: {advice}")
    return _message(reply)


def _login(options: ExpandOptions) -> dict[str, str]:
    if options.key is None:
        return {}
    value = options.key.read()
    if not (value.isascii() and value.isprintable()):
        raise SourceError(f"the secret {options.key.name} has characters that no header can carry", "correct it")
    return {"Authorization": f"Bearer {value}"}


def _message(reply: Reply) -> Json:
    """What the first choice says, read as JSON."""
    if reply.body is None:
        raise Misfit(f"the answer is larger than {LARGEST:,} bytes, or compressed")
    try:
        choice = _json(reply.body)["choices"][0]
        message = choice["message"]
        refusal, text = message.get("refusal"), message.get("content")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Misfit("the answer is none of a chat") from None
    if refusal:
        raise Misfit(f"the model refuses: {_shown(refusal)}")
    if choice.get("finish_reason") == "length":
        raise Misfit("the answer was cut off: it is longer than the server lets it be")
    if choice.get("finish_reason") == "content_filter":
        raise Misfit("the server's own filter held the answer back")
    if not isinstance(text, str):
        raise Misfit("the answer has no text")
    try:
        return _json(text)
    except (ValueError, RecursionError):
        raise Misfit(f"the answer is not JSON: it begins with {_shown(text[:40])!r}") from None


def _json(text: str | bytes) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number")

    return json.loads(text, parse_constant=refuse)


def _told(reply: Reply) -> str:
    """What the server says of it: `error.message`, as OpenAI has it."""
    try:
        message = json.loads(reply.body or b"")["error"]["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f": {_shown(message)}" if message else ""


def _shown(words: object) -> str:
    return "".join(character for character in str(words)[:TOLD] if character.isprintable())
