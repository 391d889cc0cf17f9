"""The subtitles of a rendition, as its record keeps them: what is spoken in it, as documents."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from reelmill.content import Json

#: Each kind of document by the suffix of its files, with its media type. WebVTT's is IANA's; the others have none
#: there, and these are what shared-mime-info and players call them.
KINDS: Mapping[str, str] = {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa"}


@dataclass(frozen=True, slots=True)
class Subtitles:
    """All documents of one rendition."""

    texts: Mapping[str, str]  #: by kind, in the order of `KINDS`; an older release made fewer
    language: str  #: of what is spoken, as BCP 47 has it: `zh`; `und` where nobody said it
    drawn: bool  #: the picture shows them already

    @classmethod
    def of(cls, record: Mapping[str, Json]) -> Self | None:
        """Those that a rendition's record has; None where nothing is spoken.

        A record of before it was written down whether the picture shows them: it mostly does.
        """
        kept = record.get("subtitles") or {}
        texts = {kind: kept[kind] for kind in KINDS if kind in kept}
        sound = record.get("sound") or {}
        return cls(texts, sound.get("language") or "und", kept.get("drawn", True)) if texts else None

    @property
    def track(self) -> str:
        """The WebVTT as an address that holds all of it, for the players of pages."""
        return f"data:{KINDS['vtt']};base64,{base64.b64encode(self.texts['vtt'].encode()).decode()}"
