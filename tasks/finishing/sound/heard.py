"""What is heard in a video: who says what, and what plays below it."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.content import Json
from tasks.finishing.sound.music import Music
from tasks.finishing.sound.script import Script
from tasks.finishing.sound.speech.base import Voice


@dataclass(frozen=True, slots=True)
class Narration:
    """A script and its voice."""

    script: Script
    voice: Voice


@dataclass(frozen=True, slots=True)
class Sound:
    """At least one of the two."""

    narration: Narration | None = None
    music: Music | None = None

    @property
    def identity(self) -> dict[str, Json]:
        """All that decides how it sounds, for the recipe."""
        spoken = self.narration
        return {
            "narration": [spoken.script.text, spoken.script.language, spoken.voice.identity] if spoken else None,
            "music": self.music.identity if self.music else None,
        }

    @property
    def record(self) -> dict[str, Json]:
        """What the ledger keeps of it."""
        spoken, music = self.narration, self.music
        return {
            "narration": spoken.script.text if spoken else None,
            "language": spoken.script.language if spoken else None,
            "engine": spoken.voice.engine if spoken else None,
            "voice": spoken.voice.name(spoken.script.language) if spoken else None,
            "music": {"file": music.path.name, **music.identity} if music else None,
        }
