"""Traces: spans of OpenTelemetry, if somebody wants them.

They are on if one of the standard variables says where spans go: `OTEL_EXPORTER_OTLP_ENDPOINT`,
`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_TRACES_EXPORTER`. Prefect's own spans of flow and task runs go to the
same place, and ours are their children. A process without them does not even import OpenTelemetry.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from reelmill import __version__
from reelmill.errors import Interrupted, UseError
from reelmill.logs import bound, mask

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

#: What the SDK calls its exporters of spans: by the word in OTEL_TRACES_EXPORTER, and OTLP by its protocol.
EXPORTERS = "opentelemetry_traces_exporter"
PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
#: What an instruction says to a person who wants traces and lacks a package.
INSTALL = "pip install opentelemetry-sdk opentelemetry-exporter-otlp"

_tracer: Tracer | None = None
_OFF: AbstractContextManager[None] = nullcontext()


def wanted(environment: Mapping[str, str] = os.environ) -> str | None:
    """The word for the exporter that the environment asks for, or None."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    word = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if word:
        return None if word == "none" else word
    endpoints = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return "otlp" if any(environment.get(name) for name in endpoints) else None


def configure(service: str) -> bool:
    """Send spans of this process where the environment says, if it says so. Returns whether they are on.

    Parameters
    ----------
    service:
        What this process is called, such as `reelmill-worker`, unless `OTEL_SERVICE_NAME` says otherwise.

    Raises
    ------
    UseError
        If spans are wanted and a package for them is missing.
    """
    word = wanted()
    if word is None:
        return False
    exporter = _exporter(word)
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as Provider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise _missing(word) from error
    from opentelemetry import trace

    name = os.environ.get("OTEL_SERVICE_NAME") or service
    provider = Provider(resource=Resource.create({"service.name": name, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(exporter()))  # sends what is left when the process ends
    trace.set_tracer_provider(provider)  # Prefect takes it from there
    use(provider)
    return True


def use(provider: TracerProvider | None) -> None:
    """Make spans with a provider from now on, or none."""
    global _tracer  # noqa: PLW0603 (spans are one thing of the whole process, as the provider of the API is)
    _tracer = provider.get_tracer("reelmill", __version__) if provider is not None else None


def span(name: str, **attributes: object) -> AbstractContextManager[None]:
    """A span around a block; nothing at all if traces are off.

    Parameters
    ----------
    attributes:
        What it is about, such as `run_id` and `stage`: each becomes `reelmill.NAME`. None is left out.
    """
    return _OFF if _tracer is None else _span(_tracer, name, attributes)


@contextmanager
def _span(tracer: Tracer, name: str, attributes: Mapping[str, object]) -> Iterator[None]:
    from opentelemetry.trace import Status, StatusCode, format_trace_id

    told = {f"reelmill.{key}": _plain(value) for key, value in attributes.items() if value is not None}
    # Errors are noted here: the API would send them as they are, with whatever secret is in them.
    with (
        tracer.start_as_current_span(
            name, attributes=told, record_exception=False, set_status_on_exception=False
        ) as current,
        bound(trace_id=format_trace_id(current.get_span_context().trace_id)),
    ):
        try:
            yield
        except Interrupted:
            current.add_event("interrupted")
            raise
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR, mask(str(error))))
            raise


def _plain(value: object) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _exporter(word: str) -> Any:
    """The class of an exporter, found as the SDK finds it."""
    name = word
    if word == "otlp":
        protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        protocol = protocol or "http/protobuf"
        if protocol not in PROTOCOLS:
            known = " or ".join(PROTOCOLS)
            raise UseError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}", f"set it to {known}, or unset it")
        name = PROTOCOLS[protocol]
    for found in entry_points(group=EXPORTERS, name=name):
        try:
            return found.load()
        except ModuleNotFoundError as error:
            raise _missing(word) from error
    raise _missing(word)


def _missing(word: str) -> UseError:
    return UseError(
        f"traces are wanted (exporter {word!r}), and a package for them is not installed",
        f"{INSTALL}, or unset OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_ENDPOINT",
    )
