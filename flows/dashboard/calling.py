"""How the dashboard calls the Prefect API: whatever becomes of the call, the run goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from reelmill.errors import ReelmillError

#: Answers that say something of the server, of the way to it or of what is there, and not of what we sent.
_NOT_OURS = frozenset({401, 403, 404, 408, 409, 413, 425, 429})

T = TypeVar("T")
log = logging.getLogger("reelmill.dashboard")


def attempt(what: str, call: Callable[[], T]) -> T | None:
    """Make a call, and log a warning if the API, or the ledger that it is to hear of, does not answer.

    Parameters
    ----------
    what:
        What the dashboard lacks then: `the progress of terms 2026-12-21`.

    Returns
    -------
    T | None
        None if it could not be made. An answer that says that we sent nonsense is an error of ours, and is raised.
    """
    import httpx
    from prefect.exceptions import ObjectNotFound

    try:
        return call()
    except (httpx.TransportError, ObjectNotFound, ReelmillError) as error:
        reason: Exception = error
    except httpx.HTTPStatusError as error:
        if error.response.status_code < 500 and error.response.status_code not in _NOT_OURS:
            raise
        reason = error
    words = plain_reason(reason)
    log.warning("the dashboard does not show %s: %s; the run goes on without it", what, words)
    return None


def plain_reason(error: Exception) -> str:
    """The first line of an error, or its kind if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
