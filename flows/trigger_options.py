"""What starts a pipeline besides its schedule: the keys of `on:`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tasks.options import Options
from tasks.secret import Secret


def _valid_schema(value: dict[str, Any]) -> dict[str, Any]:
    import jsonschema  # takes a quarter of a second, and few definitions say what a payload looks like

    try:
        jsonschema.Draft202012Validator.check_schema(value)
    except jsonschema.SchemaError as error:
        raise PydanticCustomError(
            "json_schema", "{reason}", {"reason": error.message, "allowed": "a JSON Schema (2020-12)"}
        ) from None
    return value


class TriggerOptions(Options):
    """Runs when something happens."""

    event: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$", max_length=128)]
    """The event's name, such as `product.created`."""

    secret: Secret | None = None
    """What the sender signs with. Empty: the sender needs a token with the scope `hook` instead."""

    preset: Literal["standard", "shopify", "woocommerce"] = "standard"
    """Whose signature it is: Standard Webhooks, or that of a shop's own webhooks."""

    payload: Annotated[dict[str, Any], AfterValidator(_valid_schema)] = Field(default_factory=dict)
    """A JSON Schema that a payload must fit. Empty: any JSON object."""
