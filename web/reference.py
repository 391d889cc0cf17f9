"""The door's own documentation: the OpenAPI document, and a page that shows it without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from pydantic.json_schema import models_json_schema

from reelmill import __version__
from web import pages
from web.door import Opened
from web.hooks import EVENT
from web.problems import Problem
from web.progress import Progress

router = APIRouter(include_in_schema=False)

TAGS = [
    {"name": "hooks", "description": "Events that start runs."},
    {"name": "runs", "description": "Runs and videos, as JSON and as they go on."},
    {"name": "files", "description": "What was made."},
    {"name": "pages", "description": "For people."},
    {"name": "door", "description": "The door itself."},
]
ABOUT = (
    "Send an event to a pipeline, follow the run that it starts, and fetch the videos. "
    "Tokens are made with `reelmill token make`; links in answers are signed and need none. "
    "Every error is a problem (RFC 9457) with a reason in `detail` and an `instruction`."
)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with our problems in the place of FastAPI's own."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="Reelmill", version=__version__, summary="The door from outside", description=ABOUT,
            routes=app.routes, tags=TAGS, servers=[{"url": app.state.door.signer.base}],
        )  # fmt: skip
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        # What answers name that are not JSON of FastAPI's making, and what bodies may hold.
        by_hand = models_json_schema(
            [(Problem, "serialization"), (Progress, "serialization")], ref_template="#/components/schemas/{model}"
        )[1]
        schemas |= by_hand["$defs"] | EVENT
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request, door: Opened) -> HTMLResponse:
    """Every operation, its parameters and its answers."""
    described = document(request.app)
    groups = [(tag, list(_operations(described, tag["name"]))) for tag in described["tags"]]
    schemas = described["components"]["schemas"]
    models = [(name, model, list(_fields(model))) for name, model in sorted(schemas.items())]
    return pages.render(
        door, "docs.html", about=described["info"]["description"], groups=groups, models=models, url=door.signer.base
    )


def _operations(described: dict[str, Any], tag: str) -> Iterator[dict[str, Any]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if tag in operation.get("tags", ()):
                yield {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": operation.get("description", ""),
                    "parameters": operation.get("parameters", ()),
                    "answers": [
                        (status, answer["description"], ", ".join(_kinds(answer)))
                        for status, answer in sorted(operation["responses"].items())
                    ],
                }


def _kinds(answer: dict[str, Any]) -> Iterator[str]:
    """`RunReport` for JSON that has a name, else the media type."""
    for kind, content in answer.get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        yield name or kind


def _fields(model: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, field in model.get("properties", {}).items():
        yield name, type_of(field), field.get("description", "")


def type_of(schema: dict[str, Any]) -> str:
    """A type in a few characters: `string | null`, `[VideoReport]`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(type_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"“{value}”" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{type_of(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type", "object"))
