"""What the screen says of the texts of one video."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.content import Decision


@dataclass(frozen=True, slots=True)
class TextHit:
    """One piece of evidence."""

    field: str  #: where it stands: `prompt`, `caption` …
    category: str  #: one of `tasks.screening.texts.rules.CATEGORIES`, or what a guard calls it
    term: str  #: as the lexicon has it; what a guard said, for a guard
    level: Decision  #: what it decides; `pass` for what only counts together with another hit
    start: int  #: in characters of the field's text
    end: int  #: behind the last one
    excerpt: str  #: the text from start to end, as it was written; "" for a guard, which speaks of all of it


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """What screening says of exact texts under one exact policy."""

    texts_sha256: str  #: of the fields, their names and where they are to be read (`texts_identity`)
    policy: str
    policy_version: str
    decision: Decision
    reasons: tuple[str, ...] = ()  #: why it is not a pass, for people
    hits: tuple[TextHit, ...] = ()  #: by field and place
    guard: str = ""  #: which guard model answered; "" if none was asked, or none answered
    fault: bool = False  #: a review only because the guard gave no opinion: worth another try
