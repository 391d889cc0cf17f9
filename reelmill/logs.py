"""Logs of processes that nobody watches: one line a record, with the run and the video, and without secrets.

    with bound(run_id=run.id, video_id=video.id):
        log.info("made")                          # … made  run=6f1e0f6c video=0d4e6b1c

Records are masked when they are made, so that handlers of libraries are covered too, whenever they are set up.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Literal, TextIO
from urllib.parse import quote

from reelmill.content import Json
from reelmill.errors import ReelmillError

#: What stands where a secret was.
MASK = "***"
#: Environment variables whose values never appear.
SECRET_NAMES = re.compile(r"(?:_|^)(?:TOKEN|SECRET|KEY|AUTH_STRING)$|PASSWORD", re.IGNORECASE)
#: A value of fewer characters is no secret; one of fewer than the second number is masked only where it stands alone.
SHORTEST, SAFE = 4, 8

#: Loggers that follow the level. Any other one speaks from WARNING on: at INFO, httpx would write every address.
HEARD = ("reelmill", "uvicorn")
#: What the text format calls the ids, of which it shows the first eight characters. The JSON format has them whole.
SHOWN = {"run_id": "run", "video_id": "video", "trace_id": "trace"}
#: Frames of a traceback that the text format names, the innermost first.
FRAMES = 6

#: What every record has; anything else in it was given by the caller as `extra`.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}

_context: ContextVar[Mapping[str, str]] = ContextVar("logs", default={})  # noqa: B039 (never changed in place)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields (`run_id`, `video_id`, `pipeline`, `stage` …) to every record of the block.

    Blocks within a block add to it; None and "" add nothing. A thread has them if it was given a copy of the context.
    """
    more = {name: str(value) for name, value in fields.items() if value is not None and value != ""}
    token = _context.set({**_context.get(), **more})
    try:
        yield
    finally:
        _context.reset(token)


def context() -> Mapping[str, str]:
    """The fields that records have here."""
    return _context.get()


def configure(
    format: Literal["text", "json"] = "text",  # noqa: A002 (what people call it)
    level: str = "INFO",
    *,
    stream: TextIO | None = None,
) -> None:
    """Write the logs of this process to a stream, standard error by default.

    Replaces every handler that writes to a terminal, those of libraries too, so that each record is written once, in
    this format. Handlers of other kinds stay. Called again, it starts anew. Prefect leaves what it finds here alone.
    """
    if not isinstance(logging.getLogRecordFactory(), Masking):
        logging.setLogRecordFactory(Masking(logging.getLogRecordFactory()))
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    for logger in _loggers():
        for found in list(logger.handlers):
            if _writes_to_terminal(found):
                logger.removeHandler(found)
                logger.propagate = True
    root = logging.getLogger()
    root.addHandler(handler)
    for name in HEARD:
        logging.getLogger(name).setLevel(level)
    root.setLevel(max(logging.getLogger(HEARD[0]).level, logging.WARNING))


def conceal(secret: str) -> None:
    """Never write this value from now on: for secrets that come from a file or a vault."""
    _concealed.add(secret)


def mask(text: str) -> str:
    """The text without the secrets of this process's environment, and without those that an address carries."""
    return _without(_secrets(), text)


def _without(secrets: frozenset[str], text: str) -> str:
    if secrets:
        text = _pattern(secrets).sub(MASK, text)
    text = _USER.sub(MASK, text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    return _QUERY.sub(rf"\1{MASK}", text)


class Masking:
    """Makes the records of this process: what holds a secret is masked before any handler sees it."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *given: Json, **named: Json) -> logging.LogRecord:
        record = self._make(*given, **named)
        message = _message(record)
        if (masked := mask(message)) != message:
            record.msg, record.args = masked, None
        if record.exc_info and record.exc_info[1] is not None:
            trace = _trace(record.exc_info[1])
            if (masked := mask(trace)) != trace:
                record.exc_text = masked  # what a handler with a format of its own shows
        return record


class JsonLines(logging.Formatter):
    """A JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Json] = {
            "ts": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: value for name, value in _fields(record).items() if name not in line}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = _error(error)
        elif record.exc_text:
            line["error"] = {"trace": record.exc_text}
        if record.stack_info:
            line["stack"] = record.stack_info
        return _one_line(json.dumps(_masked(line, _secrets()), ensure_ascii=False, default=str))


class TextLines(logging.Formatter):
    """Time, level, message, and what it is about: for people."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created).astimezone()
        parts = [f"{moment:%Y-%m-%d %H:%M:%S} {record.levelname:<7} {_message(record)}"]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            parts.append(f"– {type(error).__name__}: {error} ({_places(error)})")
        elif record.exc_text:
            parts.append(f"– {record.exc_text}")
        about = {name: value for name, value in _fields(record).items() if name in SHOWN or name in _context.get()}
        parts += [
            f" {SHOWN[name]}={value[:8]}" if name in SHOWN else f" {name}={value}" for name, value in about.items()
        ]
        return _one_line(mask(" ".join(parts)))


def _loggers() -> list[logging.Logger]:
    known = list(logging.Logger.manager.loggerDict.values())
    return [logging.getLogger(), *(logger for logger in known if isinstance(logger, logging.Logger))]


def _writes_to_terminal(handler: logging.Handler) -> bool:
    # A file is a stream too; a handler of its own kind, such as the one of a test, is none of these.
    return (
        isinstance(handler, logging.StreamHandler)
        and not isinstance(handler, logging.FileHandler)
        and (
            isinstance(handler.formatter, JsonLines | TextLines)
            or getattr(handler.stream, "name", "") in {"<stderr>", "<stdout>"}
            or "console" in type(handler).__name__.lower()
        )
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a message that does not fit its arguments is still worth reading
        return f"{record.msg} {record.args!r}"


def _fields(record: logging.LogRecord) -> dict[str, str]:
    given = {name: str(value) for name, value in record.__dict__.items() if name not in _STANDARD}
    return {**_context.get(), **given}


def _error(error: BaseException) -> dict[str, str]:
    told = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, ReelmillError):
        told |= {"message": error.reason, "instruction": error.instruction}
    return {**told, "trace": _trace(error)}


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[: -FRAMES - 1 : -1]
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames) or "never raised"


def _masked(value: Json, secrets: frozenset[str]) -> Json:
    if isinstance(value, dict):
        return {name: _masked(one, secrets) for name, one in value.items()}
    return _without(secrets, value) if isinstance(value, str) else value


_concealed: set[str] = set()
#: `user:password` before a host; the value of a telling name in a query; what follows `Authorization:`.
_USER = re.compile(r"(?<=://)[^/\s?#]+(?=@)")
_TELLING = r"[\w.%-]*(?:token|secret|signature|passw|credential|api_?key|access_?key)[\w.%-]*|sig|key|auth|code|hmac"
_QUERY = re.compile(rf"([?&](?:{_TELLING})=)[^&\s\"'<>#]+", re.IGNORECASE)
_HEADER = re.compile(r"(\bauthorization\W{1,4}(?:(?:bearer|basic)\s+)?|\bbearer\s+(?=\S{16}))[^\s\"',]+", re.IGNORECASE)


def _secrets() -> frozenset[str]:
    found = {value for name, value in os.environ.items() if SECRET_NAMES.search(name)} | _concealed
    return frozenset(value for value in found if len(value) >= SHORTEST)


@lru_cache(maxsize=4)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str]:
    """Each secret as it is, as it stands in an address, and as Python shows it; the longest first."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
    escaped = (
        re.escape(form) if len(form) >= SAFE else rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"
        for form in sorted(forms, key=len, reverse=True)
    )
    return re.compile("|".join(escaped))


def _one_line(text: str) -> str:
    """Every control character and line separator as an escape: a foreign title cannot forge a second record."""
    return text.translate(_ESCAPES)


#: C0, C1, the two separators, and the characters that turn the direction of writing.
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPES = {code: {10: "\\n", 13: "\\r", 9: "\\t"}.get(code, f"\\u{code:04x}") for code in _CONTROLS}
