"""How Meta says no.

Sources: Graph API, "Handling Errors"; Instagram Platform, "Error Codes" and "Resumable Uploads".
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.refusal import Refusal


def error_body(
    code: int,
    message: str,
    *,
    subcode: int = 0,
    kind: str = "OAuthException",
    transient: bool = False,
    title: str = "",
    advice: str = "",
) -> dict[str, Any]:
    """The body of a Graph API error, for answers and for troubles.

    Parameters
    ----------
    title, advice:
        `error_user_title` and `error_user_msg`.
    """
    error: dict[str, Any] = {"message": message, "type": kind, "code": code}
    if subcode:
        error["error_subcode"] = subcode
    error["is_transient"] = transient
    if title or advice:
        error |= {"error_user_title": title, "error_user_msg": advice}
    return {"error": {**error, "fbtrace_id": uuid4().hex[:23]}}


def refusal(code: int, message: str, *, status: int = 400, **more: Any) -> Refusal:
    return Refusal(Answer(status, error_body(code, message, **more)))


def unknown_object(identity: str, verb: str = "get") -> Refusal:
    message = (
        f"Unsupported {verb} request. Object with ID '{identity}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation"
    )
    return refusal(100, message, subcode=33, kind="GraphMethodException")


def rupload_refusal(kind: str, message: str, *, status: int = 400, retriable: bool = False) -> Refusal:
    body = {"debug_info": {"retriable": retriable, "type": kind, "message": message}}
    return Refusal(Answer(status, body))
