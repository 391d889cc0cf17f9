"""The body of a request: read no further than the limit, and turned into a JSON object that the ledger can keep."""

from __future__ import annotations

import asyncio
import json
import math
from http import HTTPStatus
from typing import Annotated, NoReturn

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from reelmill.content import Json
from web.problems import Refusal

#: Bytes of a body.
LARGEST = 64 * 1024
#: Objects and lists within each other.
DEEPEST = 32
#: How long a body may take to come in, in seconds.
SLOWEST = 20.0

#: The rest of a body that is not read is not waited for either.
_CLOSE = {"Connection": "close"}


async def _capped(request: Request) -> bytes:
    """The body, counted as it comes in, whatever its Content-Length says.

    Raises
    ------
    Refusal
        If it is too large (413), too slow (408), compressed (415) or incomplete (400).
    """
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is compressed", "send it as it is", headers=_CLOSE)
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 12 or int(announced) > LARGEST):
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    raise _too_large()
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT, f"the body did not come in within {SLOWEST:.0f} s", "send it again",
            headers=_CLOSE,
        ) from None  # fmt: skip
    except ClientDisconnect:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is incomplete", "send it again") from None
    return bytes(body)


Body = Annotated[bytes, Depends(_capped)]


def json_object(body: bytes) -> dict[str, Json]:
    """The JSON object in a body.

    Raises
    ------
    Refusal
        If it is none, or none that every database can keep: too deep, with numbers beyond a double, with NUL or half
        a surrogate pair in a text, or with a key twice.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), parse_float=_finite, parse_constant=_no_number, object_pairs_hook=_without_doubles
        )
    except RecursionError:
        raise _bad(f"it is nested deeper than {DEEPEST} levels") from None
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8") from None
    except ValueError as error:  # also a whole number with thousands of digits
        raise _bad(str(error)) from None
    if not isinstance(value, dict):
        raise _bad("it is not a JSON object")
    _check(value)
    return value


def _check(value: Json) -> None:
    """Walk through everything, without recursion."""
    left: list[tuple[Json, int]] = [(value, 1)]
    while left:
        one, depth = left.pop()
        if isinstance(one, str):
            if "\x00" in one or any("\ud800" <= character <= "\udfff" for character in one):
                raise _bad("a text in it has a NUL character or half a surrogate pair")
        elif isinstance(one, dict | list):
            if depth > DEEPEST:
                raise _bad(f"it is nested deeper than {DEEPEST} levels")
            inner = [*one.keys(), *one.values()] if isinstance(one, dict) else one
            left.extend((each, depth + 1) for each in inner)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _without_doubles(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object in it has a key twice")
    return made


def _bad(reason: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, f"the body cannot be used: {reason}", "send a JSON object in UTF-8")


def _too_large() -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body is larger than {LARGEST // 1024} KB",
        "send less: the event's own fields, and URLs instead of files",
        headers=_CLOSE,
    )
