"""What the videos of a pipeline show of a brief: only a change of that is a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.pipeline import Pipeline
from reelmill.content import Brief, Json, fingerprint
from tasks.prompts.examine import examine

#: The parts of a pipeline whose texts are templates.
_TEMPLATED = frozenset({"prompt", "shots", "caption", "sound"})

#: Parts of an address that say which edition of a picture it is, or how large: shops change them with each export.
EDITIONS = frozenset({"v", "ver", "version", "width", "height", "w", "h", "quality", "q", "ts", "t", "timestamp", "_"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of any brief, beside its title."""

    fields: frozenset[str] | None  #: that templates use. None: one takes the brief as a whole, so all of them
    images: bool  #: whether its images are used

    def mark(self, brief: Brief) -> str:
        """The sha256 of what is shown. Images are what they were, whatever edition of them an address asks for."""
        return self._mark(brief, picture)

    def marks_before(self, brief: Brief) -> frozenset[str]:
        """The marks that a brief had when nothing was kept of what they are of, the same fields being shown.

        With the whole address of each image, and before that of everything that a template might show.
        """
        return frozenset({self.mark(brief), self._mark(brief, str), brief.fingerprint})

    def _mark(self, brief: Brief, address: Callable[[str], str]) -> str:
        names = brief.fields.keys() if self.fields is None else brief.fields.keys() & self.fields
        fields = {name: brief.fields[name] for name in names}
        links = [address(link) for link in brief.images]
        if fields.get("images") == list(brief.images):
            fields["images"] = links
        return fingerprint({"title": brief.title, "fields": fields, "images": links if self.images else []})

    def difference(self, other: Shown) -> frozenset[str]:
        """What one shows and the other does not, as templates name it."""
        images = frozenset({"images"} if self.images != other.images else ())
        if self.fields is None or other.fields is None:
            return images if self.fields == other.fields else images | {"all of them"}
        return images | (self.fields ^ other.fields)

    def to_json(self) -> Json:
        return {"fields": None if self.fields is None else sorted(self.fields), "images": self.images}

    @classmethod
    def from_json(cls, said: Json) -> Shown:
        return cls(None if said["fields"] is None else frozenset(said["fields"]), said["images"])


def shown_by(pipeline: Pipeline) -> Shown:
    """What a pipeline shows of its briefs."""
    return Shown(used_fields(pipeline), any(generate.image != "none" for _, generate in pipeline.filmed))


def picture(link: str) -> str:
    """An address without what says which edition of the picture it is.

    >>> picture("https://s.example/cup.jpg?v=17&view=side&width=800")
    'https://s.example/cup.jpg?view=side'
    """
    if not link.startswith(("http://", "https://")):
        return link
    address, _, query = link.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0].lower() not in EDITIONS]
    return f"{address}?{'&'.join(kept)}" if kept else address


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
