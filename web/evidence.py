"""Why a video waits, as a page shows it: moments of its master, and letters of its texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from flows.examining import photo_of
from flows.opening import restore
from flows.texts import fields_of
from flows.video_plan import VideoPlan
from records.reviews import Waiting
from reelmill.content import Decision, Json, Thumbnail, Verdict
from reelmill.errors import ReelmillError
from reelmill.text_verdict import TextHit, TextVerdict
from tasks.screening.texts.screen import BETWEEN
from tasks.screening.thumbnails import MINORS
from web.door import Door

#: Moments that a page shows. The worst ones are kept.
MOST = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A hit in a frame."""

    number: int  #: from 1, in the order of time
    category: str
    level: Decision
    detector: str
    version: str
    label: str
    score: float
    frame: int
    seconds: float
    box: tuple[int, int, int, int] | None  #: x, y, width, height in pixels of the master


@dataclass(frozen=True, slots=True)
class Quote:
    """A field of a video's texts with what was found in it."""

    field: str
    parts: tuple[tuple[str, bool], ...]  #: the text, cut where it offends; and whether the part does
    hits: tuple[TextHit, ...]


def moments(waits: Waiting) -> list[Moment]:
    """What detectors saw, in the order of time."""
    verdict: Verdict | None = waits.frames.verdict if waits.frames is not None else None
    if verdict is None:
        return []
    versions = {one.detector: one.version for one in verdict.examinations}
    worst = sorted(verdict.hits, key=lambda hit: (hit.level is Decision.PASS, -hit.score))[:MOST]
    return [
        Moment(
            number, hit.category, hit.level, hit.detector, versions.get(hit.detector, ""), hit.label, hit.score,
            hit.frame, round(hit.seconds, 3), hit.box,
        )
        for number, hit in enumerate(sorted(worst, key=lambda hit: (hit.seconds, hit.detector)), 1)
    ]  # fmt: skip


def pictures(thumbnails: Sequence[Thumbnail]) -> dict[int, str]:
    """Thumbnails as a page holds them, by frame: whoever may see the page sees them, and nothing else keeps them."""
    return {one.frame: address(one) for one in thumbnails}


def address(thumbnail: Thumbnail) -> str:
    """A thumbnail as what stands in `src`."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail.jpeg).decode()


def concerns_minors(waits: Waiting) -> bool:
    """Whether minors may be seen: nothing of it is shown that nobody has asked for."""
    return waits.frames is not None and any(hit.category == MINORS for hit in waits.frames.verdict.hits)


def photo_that_waits(door: Door, waits: Waiting) -> str | None:
    """The sha256 of the photo that the end card of a video is going to show."""
    try:
        definition = restore(waits.run.definition, door.settings)
        return photo_of(door.ledger, definition, waits.run.pipeline, waits.video.id)
    except (ReelmillError, KeyError):  # a definition that cannot be read any more
        return None


def quotes(waits: Waiting) -> list[Quote]:
    """The fields in which something was found, each with the letters that offend."""
    said: TextVerdict | None = waits.texts
    if said is None:
        return []
    texts = _texts(waits.video.plan)
    by_field: dict[str, list[TextHit]] = {}
    for hit in said.hits:
        by_field.setdefault(hit.field, []).append(hit)
    return [Quote(name, _cut(texts.get(name, ""), hits), tuple(hits)) for name, hits in by_field.items()]


def _texts(plan: Mapping[str, Json]) -> dict[str, str]:
    """The fields as screening has read them; none of a plan that this Reelmill cannot read."""
    try:
        fields = fields_of(VideoPlan.from_json(plan))
    except (ValidationError, KeyError):
        return {}
    return {name: text if isinstance(text, str) else BETWEEN.join(text) for name, text in fields.items()}


def _cut(text: str, hits: list[TextHit]) -> tuple[tuple[str, bool], ...]:
    """A text in parts. Where it is another one by now, the excerpts stand for it."""
    found = [hit for hit in hits if hit.excerpt]
    if any(text[hit.start : hit.end] != hit.excerpt for hit in found):
        return tuple((hit.excerpt, True) for hit in found)
    marked = [False] * len(text)
    for hit in found:
        marked[hit.start : hit.end] = [True] * (hit.end - hit.start)
    parts: list[tuple[str, bool]] = []
    for letter, offends in zip(text, marked, strict=True):
        if parts and parts[-1][1] is offends:
            parts[-1] = (parts[-1][0] + letter, offends)
        else:
            parts.append((letter, offends))
    return tuple(parts)
