"""Webhooks: an event comes in, is written down, and starts a run. Nothing twice, and nothing is lost."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from flows.opening import check_payload
from flows.publish_options import NAME
from flows.trigger_options import TriggerOptions
from records.tables import OutboxEvent, Token
from records.tokens import Scope, allows
from reelmill.content import Json
from reelmill.errors import ReelmillError, SourceError
from web.body import Body, json_object
from web.callers import ByToken, lacks
from web.door import Door, Opened
from web.problems import Refusal, documented, unauthorized, unavailable
from web.reports import RunState, state_of
from web.signatures import SHOP_SIGNATURES, BadSignature, Message, check_form, verify

log = logging.getLogger("reelmill.web")
router = APIRouter(tags=["hooks"])

_MESSAGE_ID = r"^[!-~]{1,256}$"
_SIGNATURES = ("webhook-signature", *SHOP_SIGNATURES.values())
_FORM = "application/x-www-form-urlencoded"
_JSON: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The event, as the pipeline's `on.payload` describes it. At most 64 KB.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
    }
}
_VALUES = {"$ref": "#/components/schemas/EventValue"}
_TEXT = {"type": "string", "pattern": "^[^\\u0000]*$"}
_OBJECT = {"type": "object", "propertyNames": _TEXT, "additionalProperties": _VALUES}
#: What every event must be, whatever its pipeline asks for besides.
EVENT: dict[str, Any] = {
    "Event": {"description": "What happened: any JSON object without NUL characters in its texts.", **_OBJECT},
    "EventValue": {
        "description": "A value in an event.",
        "anyOf": [
            _TEXT,
            {"type": "number"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": "array", "items": _VALUES},
            _OBJECT,
        ],
    },
}


class Accepted(BaseModel):
    """The event is written down; its run starts by itself."""

    event_id: UUID = Field(description="The event. The same message has the same id, however often it is sent.")
    run_id: UUID = Field(description="The run that it starts.")
    state: RunState = Field(description="Where the run stands; `waiting` until it begins.")
    duplicate: bool = Field(description="Whether this message was here before. Then nothing was started again.")
    url: str = Field(description="The run. Reading it needs a token with the scope `read`.")
    follow_url: str = Field(description="The same, signed: for a week it needs no token.")
    events_url: str = Field(description="The run's progress as server-sent events, signed as well.")


class Pong(BaseModel):
    """An answer to a shop that asks whether somebody is there."""

    ping: str = Field(examples=["pong"])


@router.post(
    "/hooks/{pipeline}",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send an event to a pipeline",
    responses={
        200: {"model": Pong, "description": "To a WooCommerce ping, which says `webhook_id=…` and nothing else."},
        **documented(
            HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
    },
    response_model=Accepted,
    openapi_extra=_JSON,
)  # fmt: skip
def hook(
    pipeline: Annotated[str, Path(pattern=NAME, description="The pipeline's name.")],
    request: Request,
    door: Opened,
    body: Body,
    token: ByToken,
    webhook_id: Annotated[
        str | None, Header(pattern=_MESSAGE_ID, description="The sender's id of the message (Standard Webhooks).")
    ] = None,
    idempotency_key: Annotated[
        str | None, Header(pattern=_MESSAGE_ID, description="The same for senders with a token. Empty: a new event.")
    ] = None,
) -> Accepted | JSONResponse:
    """Start a run of a pipeline that has `on:`.

    The sender signs with the secret that the pipeline names – as Standard
    Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), Shopify or WooCommerce do – or, where it names
    none, sends a token with the scope `hook`.
    A message that was sent before is answered with the same run, and starts nothing.
    """
    if _is_ping(request, body):
        return JSONResponse(Pong(ping="pong").model_dump())
    trigger = door.triggers.find(pipeline)
    if trigger is None:
        raise _no_such_hook(request, token)
    message = _let_in(pipeline, trigger, request, body, token, webhook_id or idempotency_key)
    payload = _payload(trigger, request, body)
    sender = token.name if trigger.secret is None and token is not None else trigger.preset
    row, new = door.ledger.outbox.put(pipeline, trigger.event, message.id, payload, sender=sender)
    log.info("event %s for %s from %s (%s)%s", row.id, pipeline, sender, message.delivery, "" if new else ", again")
    if row.taken_at is None and not row.emitted:
        _tell(door, row)
    return Accepted(
        event_id=row.id,
        run_id=row.run_id,
        state=state_of(door.ledger.runs.get(row.run_id)),
        duplicate=not new,
        url=f"{door.signer.base}/runs/{row.run_id}",
        follow_url=door.signer.run_url(row.run_id),
        events_url=door.signer.events_url(row.run_id),
    )


def _is_ping(request: Request, body: bytes) -> bool:
    """WooCommerce asks like this, unsigned, whether the address is right before it keeps a webhook."""
    number = body.removeprefix(b"webhook_id=")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == _FORM and number != body and number.isdigit() and len(number) <= 20


def _no_such_hook(request: Request, token: Token | None) -> Refusal:
    """Only who holds a token for hooks learns which pipelines there are; others hear what a bad signature would."""
    if token is None:
        try:
            check_form(_headers(request), time.time())
        except BadSignature as error:
            return _stranger(str(error))
        return _stranger("the signature or the token is wrong")
    if not allows(token, Scope.HOOK):
        return lacks(Scope.HOOK)
    return Refusal(
        HTTPStatus.NOT_FOUND,
        "no pipeline of this name is deployed and has `on:`",
        "see `reelmill deploy`, and docs on `on:`",
    )


def _let_in(
    pipeline: str, trigger: TriggerOptions, request: Request, body: bytes, token: Token | None, given: str | None
) -> Message:
    headers = _headers(request)
    if trigger.secret is None:
        if token is None:
            raise _no_such_hook(request, None)
        if not allows(token, Scope.HOOK):
            raise lacks(Scope.HOOK)
        given = given or uuid4().hex
        return Message(f"token:{token.id}:{given}", given)
    if token is not None and allows(token, Scope.HOOK) and not any(name in headers for name in _SIGNATURES):
        raise unauthorized("this pipeline names a secret, so a token is not enough", "sign the message with the secret")
    try:
        check_form(headers, time.time())
        secret = trigger.secret.find()
        if secret is None:
            log.warning("an event for %s was turned away: its secret %s is not set", pipeline, trigger.secret.name)
            raise unavailable(
                "the door does not know the secret that would prove who sends this",
                "the door's operator sets it where `reelmill web` runs; its log says which one. Then send this again",
            )
        return verify(trigger.preset, secret, headers, body, time.time())
    except BadSignature as error:
        raise _stranger(str(error)) from None


def _payload(trigger: TriggerOptions, request: Request, body: bytes) -> dict[str, Json]:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is not JSON", "send `application/json`")
    payload = json_object(body)
    try:
        check_payload(trigger, payload)
    except SourceError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error.reason, error.instruction) from None
    return payload


def _tell(door: Door, row: OutboxEvent) -> None:
    """Tell Prefect. Whatever becomes of that, the event is in the outbox, and its run is started from there."""
    try:
        door.tell(row)
    except ReelmillError as error:
        log.warning("event %s waits for the reconciler: %s", row.id, error)
    else:
        door.ledger.outbox.emitted(row.id)


def _stranger(reason: str) -> Refusal:
    return unauthorized(reason, "sign the message, or send `Authorization: Bearer` with a token for hooks")


def _headers(request: Request) -> dict[str, str]:
    """The headers of a message. One that decides who sent it must not be there twice."""
    headers = dict(request.headers.items())
    deciding = ("webhook-id", "webhook-timestamp", *SHOP_SIGNATURES.values())
    for name in deciding:
        if len(request.headers.getlist(name)) > 1:
            headers[name] = ""
    return headers
