"""What `expand:` of a source may say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from tasks.options import Options
from tasks.secret import Secret

#: The most fields that are added, and briefs that are made of one.
MAX_FIELDS, MAX_COUNT = 20, 20

#: How a field that is added may be called.
FIELD_NAME = r"^[a-z][a-z0-9_]{0,39}$"

FieldName = Annotated[str, StringConstraints(pattern=FIELD_NAME)]
Description = Annotated[str, StringConstraints(min_length=1, max_length=500)]

#: What is written where the definition only names a model: another angle on the brief, as a line to open with.
INSTRUCTION = (
    "Write the opening line of a short video about this, from an angle of its own, in the language of the data. "
    "Promise nothing that the data does not say."
)
FIELDS: Mapping[str, str] = {"hook": "one sentence of at most twelve words, that makes people want to see more"}

_VERSION = re.compile(r"/v[0-9]+$")


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, other = parts.hostname, parts.username or parts.query or parts.fragment
    except ValueError:
        host, other = None, ""
    if not host or other or parts.scheme not in ("http", "https"):
        raise ValueError(
            f"{url!r} is no address of a chat endpoint; use one like https://api.example/v1, without a login"
        )
    if parts.scheme == "http" and not _may_be_private(host):
        raise ValueError("it is not encrypted; use https, or a server on this machine or in your own network")
    base = url.rstrip("/").removesuffix("/chat/completions")
    return base if _VERSION.search(base) else f"{base}/v1"


def _may_be_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa"))


def _usable(fields: Mapping[str, str | Mapping[str, Any]]) -> Mapping[str, str | Mapping[str, Any]]:
    if "key" in fields:
        raise ValueError("a field cannot be called `key`: that is what a brief is known by")
    if any(not isinstance(meaning, str) for meaning in fields.values()):
        from tasks.sources.expand.answer import check

        for name, meaning in fields.items():
            if not isinstance(meaning, str):
                check(name, meaning)
    return fields


class ExpandOptions(Options):
    """What a language model adds to each brief, or makes of it.

    Any server that speaks OpenAI's chat completions with `response_format: json_schema`. It is sent the brief's title
    and all its fields, so choose one that may see them. Answers are kept: the same brief is asked about once.
    """

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """What the server calls the model."""

    base_url: Annotated[str, AfterValidator(_endpoint)]
    """Where it is, with or without `/v1`. https; http only to a host that `REELMILL_FETCH_PRIVATE` names."""

    key: Secret | None = None
    """Sent as a bearer token."""

    instruction: Annotated[str, StringConstraints(min_length=1, max_length=8000)] = INSTRUCTION
    """What it shall write. No template: the brief goes along as data."""

    fields: Annotated[
        Mapping[FieldName, Description | Mapping[str, Any]],
        Field(min_length=1, max_length=MAX_FIELDS),
        AfterValidator(_usable),
    ] = FIELDS
    """The fields to add: a name, and what belongs into it in words (then it is a text), or its JSON schema."""

    count: int = Field(1, ge=1, le=MAX_COUNT)
    """How many briefs become of one. With 1, its fields are added to the brief itself."""

    timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds that one answer may take."""
