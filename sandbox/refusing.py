"""Platforms whose handlers refuse by raising: what is wrong deep inside a request becomes one documented answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.platform import Answer, Platform
from sandbox.request import Malformed, Request


class Refused(Exception):
    """What a platform answers instead of doing what was asked."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, headers or {})


class RefusingPlatform(Platform):
    """A platform whose handlers may raise `Refused`."""

    def answer(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        found = super().answer(request)
        if found is None:
            return None
        moment, handle = found
        return moment, lambda: _answered(request, handle)


def _answered(request: Request, handle: Callable[[], Answer]) -> Answer:
    try:
        return handle()
    except Refused as refused:
        for _ in request.body.pieces():
            pass  # a connection that is closed while the client still sends takes the answer with it
        return refused.answer


def json_object(request: Request, otherwise: Refused) -> dict[str, Any]:
    """The body, if it is a JSON object."""
    try:
        body = request.json()
    except (Malformed, UnicodeDecodeError):
        raise otherwise from None
    if not isinstance(body, dict):
        raise otherwise
    return body
