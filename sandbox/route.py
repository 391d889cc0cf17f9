"""Which handler of a platform answers which request, and which moment of the protocol that is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sandbox.answer import Answer
from sandbox.request import Request

Handler = Callable[[Any, Request], Answer]
_T = TypeVar("_T", bound=Handler)


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    moment: str
    handler: Handler

    @classmethod
    def all_of(cls, kind: type) -> list[Route]:
        """The routes of a platform, its own before those that it inherits."""
        return [
            cls(method, pattern, moment, handler)
            for ancestor in kind.__mro__
            for handler in vars(ancestor).values()
            for method, pattern, moment in getattr(handler, "routes", [])
        ]


def route(method: str, path: str, moment: str) -> Callable[[_T], _T]:
    """Marks the method of a platform that answers a request.

    Parameters
    ----------
    path:
        Below the platform's prefix, without a host; `{name}` stands for one segment, `{*name}` for all that follow.
    moment:
        What troubles call it: `init`, `chunk`, `status`, `publish` … Several routes may share one. Where one route is
        several moments, `Platform.moment` tells them apart.
    """

    def mark(handler: _T) -> _T:
        parts = re.split(r"\{(\*?\w+)\}", path)
        pattern = "".join(_named(part) if at % 2 else re.escape(part) for at, part in enumerate(parts))
        marked = cast("Any", handler)
        marked.routes = [*getattr(handler, "routes", []), (method, re.compile(pattern), moment)]
        return handler

    return mark


def _named(part: str) -> str:
    return f"(?P<{part[1:]}>.+)" if part.startswith("*") else f"(?P<{part}>[^/]+)"
