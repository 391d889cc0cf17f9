"""A guard: a model behind HTTP that is asked about texts as well. It can make a verdict worse, never better."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reelmill.content import Decision, Json
from reelmill.errors import ReelmillError, TransientError
from reelmill.text_verdict import TextHit
from tasks.options import Options
from tasks.screening.texts.opinion import Opinion, Unreadable, from_moderation, from_qwen3guard
from tasks.secret import Secret

#: Bytes of an answer: a verdict is a few hundred.
LARGEST = 1 << 18
#: Characters of a server's own words that are shown.
TOLD = 200
#: Tokens that Qwen3Guard's verdict takes at most (its model card asks for 128).
VERDICT_TOKENS = 128


def _address(url: str) -> str:
    """Texts and keys go over https, or to this machine."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or ""))
    if not (safe and parts.hostname) or parts.username or parts.query or parts.fragment:
        raise ValueError(
            f"{url!r} is no address for a guard – give https://…, or http:// on this machine, without a login"
        )
    return url.rstrip("/").removesuffix("/v1")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class GuardOptions(Options):
    """A pipeline's `screen: {guard: …}`."""

    type: Literal["openai", "qwen3guard"]
    """How it is asked. `openai`: `POST /v1/moderations`. `qwen3guard`: `POST /v1/chat/completions` of a server, such
    as vLLM, that serves Qwen3Guard-Gen."""

    base_url: Annotated[str, AfterValidator(_address)]
    """Where it is, with or without `/v1`. https, or http on this machine."""

    model: Annotated[str, StringConstraints(max_length=200)] = ""
    """What the server calls the model. Empty: `omni-moderation-latest` for openai."""

    key: Secret | None = None
    """Sent as a bearer token."""

    timeout: float = Field(default=10.0, gt=0, le=120)
    """Seconds that one answer may take."""

    flagged: Literal["review", "block"] = "block"
    """What `openai`'s `flagged` decides. Qwen3Guard has three answers of its own: safe, controversial and unsafe."""

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.type == "qwen3guard" and not self.model:
            raise ValueError("a guard of type qwen3guard needs `model`, such as Qwen/Qwen3Guard-Gen-0.6B")
        return self


@dataclass(frozen=True, slots=True)
class Answer:
    """What a guard said of the fields, or why it did not."""

    decision: Decision = Decision.PASS
    reasons: tuple[str, ...] = ()
    hits: tuple[TextHit, ...] = ()
    guard: str = ""  #: who answered for every field; "" if nobody did
    failed: bool = False


class Guard:
    """One guard. Holds no connection, so it can be shared between threads."""

    def __init__(self, options: GuardOptions) -> None:
        self._options = options
        self._model = options.model or "omni-moderation-latest"

    @property
    def name(self) -> str:
        return f"{self._options.type} {self._model}"

    @property
    def identity(self) -> dict[str, Json]:
        """All that decides what it says, and no secret."""
        chosen = self._options
        return {"type": chosen.type, "url": chosen.base_url, "model": self._model, "flagged": chosen.flagged}

    def ask(self, texts: Mapping[str, str]) -> Answer:
        """Its opinion of each text, one request a text. Raises nothing: a guard that gives no opinion is a review."""
        opinions: dict[str, Opinion] = {}
        try:
            for name, text in texts.items():
                opinions[name] = self._opinion(text)
        except ReelmillError as error:
            return self._answer(texts, opinions, f"the guard {self.name} could not be asked: {error.reason}")
        return self._answer(texts, opinions, "")

    def _answer(self, texts: Mapping[str, str], opinions: Mapping[str, Opinion], fault: str) -> Answer:
        bad = {name: opinion for name, opinion in opinions.items() if opinion.decision is not Decision.PASS}
        hits = [
            TextHit(name, category, f"{self.name} says {opinion.said}", opinion.decision, 0, len(texts[name]), "")
            for name, opinion in bad.items()
            for category in opinion.categories
        ]
        reasons = [
            f"{name}: {self.name} says {opinion.said}: {', '.join(opinion.categories)} ({opinion.decision.value})"
            for name, opinion in bad.items()
        ]
        decisions = {opinion.decision for opinion in bad.values()} | ({Decision.REVIEW} if fault else set())
        worst = next((one for one in (Decision.BLOCK, Decision.REVIEW) if one in decisions), Decision.PASS)
        return Answer(
            worst, (*reasons, *([fault] if fault else [])), tuple(hits), "" if fault else self.name, failed=bool(fault)
        )

    def _opinion(self, text: str) -> Opinion:
        chosen = self._options
        try:
            if chosen.type == "openai":
                reply = self._post("/v1/moderations", {"model": self._model, "input": text})
                return from_moderation(reply, Decision(chosen.flagged))
            order = {
                "model": self._model,
                "messages": [{"role": "user", "content": text}],
                "max_tokens": VERDICT_TOKENS,
                "temperature": 0,
            }
            return from_qwen3guard(self._post("/v1/chat/completions", order))
        except Unreadable as error:
            raise TransientError(f"its answer is none: {error}", "look at the server") from error

    def _post(self, path: str, order: Mapping[str, Any]) -> Any:
        import httpx

        headers = self._headers()
        until = time.monotonic() + self._options.timeout
        body = bytearray()
        try:
            # No proxy and no login of the environment, and no redirect: texts go where the definition says.
            with (
                httpx.Client(headers=headers, timeout=self._options.timeout, trust_env=False) as client,
                client.stream("POST", f"{self._options.base_url}{path}", json=order) as answer,
            ):
                for block in answer.iter_bytes():
                    body += block
                    if len(body) > LARGEST:
                        raise TransientError("it says too much", "look at the server")
                    if time.monotonic() > until:
                        raise TransientError(f"it took more than {self._options.timeout:g} s", "look at its load")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise TransientError(_what_went_wrong(error, self._options.timeout), "start the guard") from error
        if answer.status_code != 200:
            raise TransientError(f"it answers {answer.status_code}{_told(bytes(body))}", "look at the server")
        try:
            return json.loads(body)
        except ValueError as error:
            raise Unreadable("no JSON") from error

    def _headers(self) -> dict[str, str]:
        key = self._options.key
        if key is None:
            return {}
        value = key.read()
        if not (value.isascii() and value.isprintable()):
            raise TransientError(f"the secret {key.name} has characters that no header can carry", "correct it")
        return {"Authorization": f"Bearer {value}"}


def _what_went_wrong(error: Exception, seconds: float) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return f"it took more than {seconds:g} s"
    return f"it does not answer ({type(error).__name__})"


def _told(body: bytes) -> str:
    """What the server says of it: `error.message`, as OpenAI has it."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        return ""
    shown = "".join(character for character in str(message) if character.isprintable())
    return f": {shown[:TOLD]}" if shown else ""
