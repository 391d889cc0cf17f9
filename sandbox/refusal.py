"""How a simulated platform says no: a handler raises it, from any depth, and it becomes the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.platform import Answer, Platform
from sandbox.request import Malformed, Part, Request


class Refusal(Exception):
    """A platform's no, in its own words."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class Refusing(Platform):
    """A platform whose handlers may raise `Refusal`, or `Malformed` for what cannot be read."""

    def unreadable(self, why: str) -> Refusal:
        """What the platform says to a parameter or a body that is not what it must be."""
        raise NotImplementedError

    def answer(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        found = super().answer(request)
        if found is None:
            return None
        moment, handle = found

        def heard() -> Answer:
            try:
                return handle()
            except Refusal as refusal:
                return refusal.answer
            except (Malformed, UnicodeDecodeError) as error:
                return self.unreadable(str(error)).answer

        return moment, heard


def mapping(request: Request) -> dict[str, Any]:
    """The body, which must be a JSON object."""
    body = request.json()
    if not isinstance(body, dict):
        raise Malformed("no JSON object")
    return body


def integer(fields: Mapping[str, str], name: str, default: int | None = None) -> int:
    """A parameter that must be a whole number, zero or more; one without a default must be there."""
    if name not in fields and default is not None:
        return default
    if not fields.get(name, "").isdecimal():
        raise Malformed(f"{name} must be a whole number, not {fields.get(name)!r}")
    return int(fields[name])


def file_part(request: Request, name: str) -> Part:
    """A file of a multipart body, which must not be empty."""
    for part in request.parts():
        if part.name == name and part.content:
            return part
    raise Malformed(f"no multipart field {name}")
