"""Options whose class is found by their `type:` in the registry: sources and targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reelmill.errors import ReelmillError
from tasks.options import Options
from tasks.registry import Kind, find, names, suggest


class Registered:
    """An annotation: `Annotated[Source, Registered("sources")]` takes what any registered source takes.

    Only the class that is named is imported, so that reading a definition stays quick.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def validate(self, value: Any) -> Options:
        """The options object of the class that `type` names.

        Raises
        ------
        PydanticCustomError
            Of type `several`, with each problem in it.
        """
        if isinstance(value, Options):
            return value
        known = ", ".join(names(self.kind))
        if not isinstance(value, Mapping):
            context = {
                "allowed": f"keys, of which `type` is one of {known}",
                "suggestion": f"{{type: {value}}}" if value in names(self.kind) else "",
            }
            raise PydanticCustomError("mapping", "a mapping of keys is expected", context)
        name = value.get("type")
        if "type" not in value:
            raise _one((), "the key `type` is missing", known)
        if not isinstance(name, str) or name not in names(self.kind):
            near = suggest(str(name), names(self.kind)) or ""
            raise _one(("type",), f"there is no {self.kind[:-1]} of this type", known, near)
        try:
            model: type[Options] = find(self.kind, name)
            return model.model_validate_json(json.dumps(value))
        except ValidationError as error:
            raise PydanticCustomError(
                "several", "", {"model": model, "errors": error.errors(include_url=False)}
            ) from None
        except ReelmillError as error:
            raise _one(("type",), error.reason, error.instruction) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        serialization = core_schema.plain_serializer_function_ser_schema(
            lambda options: options.model_dump(mode="json")
        )
        return core_schema.no_info_plain_validator_function(self.validate, serialization=serialization)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        models: list[type[Options]] = [find(self.kind, name) for name in names(self.kind)]
        return {"oneOf": [handler(model.__pydantic_core_schema__) for model in models]}


def _one(path: tuple[str, ...], reason: str, allowed: str, suggestion: str = "") -> PydanticCustomError:
    problem = {"loc": path, "reason": reason, "allowed": allowed, "suggestion": suggestion}
    return PydanticCustomError("several", "", {"problems": [problem]})
