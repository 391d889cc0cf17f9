"""Logs: one line a record, with what it is about, and never with a secret. And traces, which tell the same."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TracerProvider,
    use_span,
)

from flows import tracing
from reelmill import logs
from reelmill.errors import Interrupted, TerminalError, UseError
from reelmill.logs import bound

log = logging.getLogger("reelmill.test")
CANARY = "s3cr3t-canary-value"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Logging belongs to the whole process: what a test sets up is taken away again."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in logs.HEARD]
    factory, handlers = logging.getLogRecordFactory(), list(root.handlers)
    levels = [(logger, logger.level) for logger in (root, *ours)]
    yield
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    for logger, level in levels:
        logger.setLevel(level)


def written(kind: Any = "json", level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(kind, level, stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_says_when_how_bad_who_what_and_about_what() -> None:
    stream, run, video = written(), uuid4(), uuid4()
    with bound(run_id=run, pipeline="terms"):
        with bound(video_id=video, stage="screen", nothing=None, empty=""):
            log.info("%s passed", "小雪", extra={"frames": 121})
        log.warning("slow")
    log.info("elsewhere")
    first, second, third = lines(stream)
    assert first.pop("ts").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "reelmill.test",
        "message": "小雪 passed",
        "run_id": str(run),
        "pipeline": "terms",
        "video_id": str(video),
        "stage": "screen",
        "frames": "121",
    }
    assert "video_id" not in second
    assert second["run_id"] == str(run)
    assert "run_id" not in third


def test_the_text_format_names_the_run_and_the_video_shortly() -> None:
    stream = written("text")
    with bound(run_id="6f1e0f6c-58f5-5c0f", video_id="0d4e6b1c-aaaa", stage="finish"):
        log.info("made in %.1f s", 2.5)
    line = stream.getvalue()
    assert line.endswith(" INFO    made in 2.5 s  run=6f1e0f6c  video=0d4e6b1c  stage=finish\n")
    assert line[:4].isdigit()


def test_a_thread_that_copies_the_context_speaks_of_the_same_run() -> None:
    stream = written()
    with bound(run_id="r1"):
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(log.info, "from a thread"))
        thread.start()
        thread.join(30)
    assert lines(stream)[0]["run_id"] == "r1"


def test_a_field_cannot_take_the_place_of_what_every_line_has() -> None:
    stream = written()
    with bound(level="ALL IS WELL", message="nothing"):
        log.warning("the disk is full")
    (line,) = lines(stream)
    assert (line["level"], line["message"]) == ("WARNING", "the disk is full")


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize("evil", ["\n", "\r\n", "\x85", "\u2028", "\x1b[2K\r", "\x0b", "\x1c"])
def test_a_foreign_title_cannot_forge_a_second_record(kind: str, evil: str) -> None:
    stream = written(kind)
    with bound(pipeline=f"a{evil}b"):
        log.info("%s", f"tea{evil}2026-11-22 06:00:00 ERROR forged")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()
    if kind == "json":
        assert lines(stream)[0]["message"] == f"tea{evil}2026-11-22 06:00:00 ERROR forged"


@pytest.mark.parametrize("kind", ["text", "json"])
def test_an_exception_is_told_in_the_same_line(kind: str) -> None:
    stream = written(kind)
    try:
        raise TerminalError("no glyph for 𠮷", "choose another font")
    except TerminalError as error:
        log.warning("it failed", exc_info=error)
    assert len(stream.getvalue().splitlines()) == 1
    if kind == "text":
        assert "it failed – TerminalError: no glyph for 𠮷 – choose another font (" in stream.getvalue()
        assert "test_logs.py:" in stream.getvalue()
        return
    told = lines(stream)[0]["error"]
    assert told.pop("trace").startswith("Traceback")
    assert told == {"type": "TerminalError", "message": "no glyph for 𠮷", "instruction": "choose another font"}


def test_the_level_is_obeyed_and_libraries_speak_only_when_something_is_wrong() -> None:
    stream = written(level="DEBUG")
    log.debug("ours")
    logging.getLogger("httpx").info("HTTP Request: GET https://x.example/?token=abc")
    logging.getLogger("httpx").warning("theirs")
    assert [line["message"] for line in lines(stream)] == ["ours", "theirs"]
    quiet = written(level="ERROR")
    log.warning("ours")
    logging.getLogger("httpx").warning("theirs")
    assert quiet.getvalue() == ""


def test_configured_twice_each_record_is_written_once() -> None:
    first, second = written("text"), written("json")
    log.info("once")
    assert first.getvalue() == ""
    assert [line["message"] for line in lines(second)] == ["once"]
    assert log.makeRecord("n", 20, "f", 1, "plain %s", ("one",), None).args == ("one",)


def test_a_message_that_does_not_fit_its_arguments_is_still_written() -> None:
    record = logging.LogRecord("reelmill.test", logging.INFO, __file__, 1, "%d videos", ("many",), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d videos ('many',)"
    assert logs.TextLines().format(record).endswith("%d videos ('many',)")


@pytest.mark.parametrize("name", ["SHOP_TOKEN", "APP_SECRET", "SIGNING_KEY", "DB_PASSWORD", "PASSWORD_OF_X", "api_key"])
@pytest.mark.parametrize("kind", ["text", "json"])
def test_secrets_of_the_environment_never_appear(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = written(kind)
    monkeypatch.setenv(name, CANARY)  # also one that is set later
    with bound(pipeline=f"with {CANARY}"):
        log.info("sent %s", CANARY, extra={"answer": {"token": CANARY}})
        try:
            raise ValueError(f"refused: {CANARY}")
        except ValueError as error:
            log.warning("failed", exc_info=error)
    assert CANARY not in stream.getvalue()
    assert stream.getvalue().count(logs.MASK) >= 4


def test_handlers_of_libraries_are_covered_too_whenever_they_are_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    written()
    stream = io.StringIO()
    late = logging.StreamHandler(stream)
    logging.getLogger().addHandler(late)
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        log.warning("sent %s to %s", CANARY, "x", exc_info=error)
    log.warning("%s has %d", "tea", 3)
    assert CANARY not in stream.getvalue()
    assert f"sent {logs.MASK} to x\nTraceback" in stream.getvalue()
    assert "tea has 3" in stream.getvalue()


def test_a_secret_from_a_vault_is_concealed_when_it_is_said_to_be_one() -> None:
    stream = written()
    logs.conceal("from-the-vault-7")
    log.info("got from-the-vault-7 and from%2Dthe")
    assert lines(stream)[0]["message"] == f"got {logs.MASK} and from%2Dthe"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("postgresql://mill:p@ss@db.example/ledger away", "postgresql://***@db.example/ledger away"),
        ("GET https://x.example/a?id=7&token=abc&n=1", "GET https://x.example/a?id=7&token=***&n=1"),
        ("/files/ab.mp4?expires=17&signature=aBc_-9", "/files/ab.mp4?expires=17&signature=***"),
        ("https://s3.example/k?X-Amz-Signature=0f&X-Amz-Credential=AK", None),
        ("https://x.example/?sig=1f'", "https://x.example/?sig=***'"),
        ("headers: {'Authorization': 'Bearer abc.def'}", "headers: {'Authorization': 'Bearer ***'}"),
        ("Authorization: Basic dXNlcjpw", "Authorization: Basic ***"),
        ("sent bearer 0123456789abcdef0", "sent bearer ***"),
        # and what is no secret stays readable
        ("https://x.example/?design=tea&author=li", "https://x.example/?design=tea&author=li"),
        ("the bearer of bad news; mail a@b.example", "the bearer of bad news; mail a@b.example"),
        ("https://x.example/path and li@shop.example", "https://x.example/path and li@shop.example"),
    ],
)
def test_addresses_lose_their_secrets(text: str, seen: str | None) -> None:
    expected = seen or "https://s3.example/k?X-Amz-Signature=***&X-Amz-Credential=***"
    assert logs.mask(text) == expected


def test_a_short_secret_does_not_eat_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "test")
    monkeypatch.setenv("X_KEY", "7")
    assert logs.mask("the latest test of 7") == "the latest *** of 7"


def test_prefect_leaves_our_logs_alone_and_its_own_records_arrive_masked() -> None:
    code = (
        "import os; os.environ['SHOP_TOKEN'] = 's3cr3t-canary-value'\n"
        "from reelmill import logs; logs.configure('json')\n"
        "import logging, prefect\n"
        "from prefect.logging import get_logger\n"
        "with logs.bound(run_id='r1'):\n"
        "    get_logger('flow_runs').warning('theirs s3cr3t-canary-value')\n"
        "    logging.getLogger('reelmill.x').info('ours')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [(line["message"], line["run_id"]) for line in told] == [(f"theirs {logs.MASK}", "r1"), ("ours", "r1")]
    assert CANARY not in done.stderr + done.stdout


class Noted(NonRecordingSpan):
    """A span that remembers what it is told."""

    def __init__(self, name: str, context: SpanContext, attributes: Mapping[str, Any]) -> None:
        super().__init__(context)
        self.name, self.attributes = name, dict(attributes)
        self.events: list[str] = []
        self.status: Status | None = None
        self.ended = False

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        self.events.append(name)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        assert isinstance(status, Status)
        self.status = status

    def end(self, end_time: int | None = None) -> None:
        self.ended = True


class Notebook(TracerProvider, Tracer):
    """A provider that keeps its spans in memory."""

    def __init__(self) -> None:
        self.spans: list[Noted] = []

    def get_tracer(self, *given: Any, **named: Any) -> Tracer:
        return self

    def start_span(self, name: str, *given: Any, attributes: Any = None, **named: Any) -> Noted:
        number = len(self.spans) + 1
        context = SpanContext(0xABC, number, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        self.spans.append(Noted(name, context, attributes or {}))
        return self.spans[-1]

    @contextmanager
    def start_as_current_span(self, name: str, *given: Any, **named: Any) -> Iterator[Noted]:  # type: ignore[override]
        keep = {key: named.pop(key) for key in ("record_exception", "set_status_on_exception")}
        span = self.start_span(name, *given, **named)
        with use_span(span, end_on_exit=True, **keep):
            yield span


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    book = Notebook()
    tracing.use(book)
    yield book
    tracing.use(None)


def test_a_span_has_its_name_and_attributes_and_its_trace_is_in_the_log(notebook: Notebook) -> None:
    stream, run = written(), uuid4()
    with tracing.span("screen", run_id=run, frames=121, nothing=None), tracing.span("inner"):
        log.info("looked")
    outer, inner = notebook.spans
    assert (outer.name, inner.name) == ("screen", "inner")
    assert outer.attributes == {"reelmill.run_id": str(run), "reelmill.frames": 121}
    assert outer.ended
    assert outer.status is None
    assert lines(stream)[0]["trace_id"] == "00000000000000000000000000000abc"


def test_a_failure_marks_its_span_without_the_secret_in_it(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    with pytest.raises(TerminalError), tracing.span("publish"):
        raise TerminalError(f"refused {CANARY}")
    with pytest.raises(Interrupted), tracing.span("generate"):
        raise Interrupted("stopped")
    failed, stopped = notebook.spans
    assert failed.status is not None
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, f"refused {logs.MASK}")
    assert failed.attributes == {"error.type": "TerminalError"}
    assert (stopped.status, stopped.events, stopped.ended) == (None, ["interrupted"], True)


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, None),
    ],
)
def test_the_standard_variables_say_whether_there_are_traces(environment: dict[str, str], word: str | None) -> None:
    assert tracing.wanted(environment) == word


def test_without_configuration_nothing_is_traced_and_nothing_is_imported() -> None:
    code = (
        "import sys\nfrom flows import tracing\n"
        "assert tracing.configure('x') is False\n"
        "with tracing.span('a', run_id=1) as nothing: assert nothing is None\n"
        "assert tracing.span('a') is tracing.span('b')\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], timeout=120, check=True)


def test_traces_that_are_wanted_without_the_sdk_are_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "nowhere")  # no package brings this one
    with pytest.raises(UseError, match="'nowhere'") as caught:
        tracing.configure("reelmill-test")
    assert "pip install opentelemetry-sdk" in caught.value.instruction


def test_an_unknown_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "pigeon")
    with pytest.raises(UseError, match="pigeon"):
        tracing.configure("reelmill-test")
