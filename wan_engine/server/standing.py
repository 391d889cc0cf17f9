"""How the server is: `/health` for probes, `/v1/models` for clients, `/metrics` for Prometheus."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response
from prometheus_client.exposition import choose_encoder

from wan_engine.server.routes import Opened
from wan_engine.video_api.protocol import name_of

router = APIRouter()


@router.get("/health")
def health(desk: Opened) -> Response:
    """200 as long as orders are taken and can be made, else 503 with the trouble."""
    standing = desk.standing()
    status = HTTPStatus.SERVICE_UNAVAILABLE if standing.trouble else HTTPStatus.OK
    return JSONResponse({"status": "unavailable" if standing.trouble else "ok", **asdict(standing)}, status)


@router.get("/v1/models")
def models(desk: Opened) -> Response:
    """The one model that is served. Its `revision` is whatever else stands in a shot's model after the name."""
    name = name_of(desk.served.model)
    card = {"id": name, "object": "model", "owned_by": "reelmill", "engine": desk.served.engine}
    if desk.served.model.startswith(f"{name}@"):
        card["revision"] = desk.served.model.removeprefix(f"{name}@")
    return JSONResponse({"object": "list", "data": [card]})


@router.get("/metrics")
def metrics(desk: Opened, accept: Annotated[str, Header()] = "") -> Response:
    """Everything in numbers."""
    encode, kind = choose_encoder(accept)
    return Response(encode(desk.figures.registry), headers={"Content-Type": kind})
