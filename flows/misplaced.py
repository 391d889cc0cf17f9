"""Where a key that stands in the wrong place belongs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_origin

from pydantic import BaseModel

from flows.pipeline import DefinitionFile, Pipeline
from reelmill.errors import ReelmillError
from tasks.registry import Kind, find, names

#: Keys that mean something to people who come from other systems.
_HABITS = {
    "name": "the key of the pipeline itself",
    "steps": "`generate`: what a pipeline does is fixed, and each stage has its own key",
    "cron": "`schedule`",
    "strategy": "`matrix`, which stands in the pipeline itself",
    "platforms": "`deliver`",
    "profiles": "`deliver`",
    "engine": "`generate`",
    "negative_prompt": "`prompt`, where it is called `negative`",
    "duration": "`generate`, where it is called `seconds`",
    "width": "`generate`, where both sides are `size`",
    "height": "`generate`, where both sides are `size`",
    "resolution": "`generate`, where it is called `size`",
    "guidance_scale": "`generate`, where it is called `guidance`",
    "text": "`caption`",
}


def home_of(key: str, path: tuple[str | int, ...]) -> str:
    """Where a key belongs that is not known at a path, in words; empty if nowhere."""
    homes = [home for home in _homes(key) if home != (path[2] if len(path) > 2 and path[0] == "pipelines" else None)]
    if key in Pipeline.model_fields and (len(path) != 2 or path[0] != "pipelines"):
        return "the pipeline itself" + (", beside this section" if len(path) > 2 and path[0] == "pipelines" else "")
    if key in DefinitionFile.model_fields and path:
        return "the top of the file"
    if homes:
        return " or ".join(f"`{home}`" for home in dict.fromkeys(homes))
    return _HABITS.get(key, "")


def _homes(key: str) -> Iterator[str]:
    """The sections of a pipeline that have such a key."""
    for section, field in Pipeline.model_fields.items():
        if get_origin(field.annotation) is tuple:
            continue  # an entry of a list says again, for itself, what a section says for all
        candidates = getattr(field.annotation, "__args__", (field.annotation,))
        for model in candidates:
            if isinstance(model, type) and issubclass(model, BaseModel) and key in model.model_fields and key != "type":
                yield section
    kinds: tuple[tuple[Kind, str], ...] = (("sources", "source"), ("targets", "targets"))
    for kind, section in kinds:
        for name in names(kind):
            try:
                model = find(kind, name)
            except (ReelmillError, ImportError):  # a broken plug-in is told where it is used, and not here
                continue
            if key in model.model_fields and key != "type":
                yield section
