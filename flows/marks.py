"""What the videos of a pipeline show of a brief: only a change of that is a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flows.pipeline import Pipeline
from reelmill.content import Brief, Json, fingerprint
from tasks.prompts.examine import examine

#: The parts of a pipeline whose texts are templates.
_TEMPLATED = frozenset({"prompt", "shots", "caption", "sound"})


def marking(pipeline: Pipeline) -> Callable[[Brief], str]:
    """A function that gives a brief's mark: the sha256 of its title, its images, and the fields that templates use."""
    used = used_fields(pipeline)
    images = any(generate.image != "none" for _, generate in pipeline.filmed)

    def mark(brief: Brief) -> str:
        fields = {name: value for name, value in brief.fields.items() if used is None or name in used}
        seen = {"title": brief.title, "fields": fields, "images": list(brief.images) if images else []}
        return fingerprint(seen)

    return mark


def used_fields(pipeline: Pipeline) -> frozenset[str] | None:
    """The fields of a brief that some template uses. None: one takes the brief as a whole, so all of them."""
    found = set[str]()
    for text in _texts(pipeline.model_dump(mode="json", include=set(_TEMPLATED))):
        template = examine(text)
        for name in template.required | template.optional:
            root, _, rest = name.partition(".")
            if root == "brief":
                if not rest:
                    return None
                found.add(rest.split(".")[0])
    return frozenset(found)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
