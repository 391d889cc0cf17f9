"""The JSON Schema of the definition file, for editors that complete and check while somebody types."""

from __future__ import annotations

import json
import sys
from typing import Any

from flows.pipeline import DefinitionFile
from reelmill.content import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "https://raw.githubusercontent.com/reelmill/reelmill/main/pipelines.schema.json"


def schema() -> dict[str, Json]:
    """The JSON Schema (2020-12) of the definition file, with every source and target that is installed.

    Descriptions are the docstrings of the options. What only Reelmill itself can know (a template's fields, whether a
    target exists, a cron expression) is not in it: `load` checks that.
    """
    found: dict[str, Json] = DefinitionFile.model_json_schema(mode="validation")
    _tidy(found)
    return {"$schema": DIALECT, "$id": IDENTITY, "title": "Reelmill pipelines", **found}


def _tidy(node: Any) -> None:
    """Make what pydantic writes fit for people: no titles that repeat names, whole sentences, no other names."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        if isinstance(node.get("description"), str):
            paragraphs = node["description"].split("\n\n")
            node["description"] = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        if isinstance(node.get("patternProperties"), dict):
            node.setdefault("additionalProperties", False)
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _tidy(inner)


if __name__ == "__main__":  # what writes the committed copy
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
