"""How X says no: RFC 7807, with `errors` where parameters are wrong.

Source: X API, "Response codes and errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.answer import Answer
from sandbox.refusal import Refusal

_PROBLEMS = "https://api.twitter.com/2/problems/"


def problem(status: int, title: str, detail: str, *, kind: str = "", **more: Any) -> dict[str, Any]:
    """The body of a problem, for answers and for troubles.

    Parameters
    ----------
    kind:
        Such as `usage-capped`; empty: the status says it all.
    """
    return {
        "title": title,
        "type": _PROBLEMS + kind if kind else "about:blank",
        "status": status,
        "detail": detail,
    } | more


def refused(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Refusal:
    return Refusal(Answer(status, problem(status, title, detail, **more), headers or {}))


def invalid(message: str, **parameters: Any) -> Refusal:
    """A 400 that names the parameters. A dot in a name is a double underscore here."""
    named = {name.replace("__", "."): [str(value)] for name, value in parameters.items()}
    detail = "One or more parameters to your request was invalid."
    return refused(
        400, "Invalid Request", detail, kind="invalid-request", errors=[{"parameters": named, "message": message}]
    )


def not_found(parameter: str, kind: str, value: str) -> dict[str, Any]:
    """An entry of `errors` beside what was found."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{_PROBLEMS}resource-not-found",
    }


def check_names(given: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse properties that the schema does not have."""
    for name in given:
        if name not in known:
            raise invalid(
                f"$.{name}: is not defined in the schema and the schema does not allow additional properties",
                **{name: given[name]},
            )
