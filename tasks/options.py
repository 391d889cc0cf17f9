"""The base of every options model: strict, frozen, and the owner of its own YAML keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A part of the definition file. An unknown key is an error, and so is a value that would need a conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
