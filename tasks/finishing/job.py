"""One order to finish a master, and the recipe of each rendition: what decides its pixels and bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reelmill.content import fingerprint
from reelmill.errors import FinishingError
from reelmill.ffmpeg import binary
from tasks.finishing import encoding, fonts, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.labels import aigc, visible
from tasks.finishing.words import Words

#: Raise it whenever the same order gives another picture: renditions of before are then made anew, not mistaken.
RECIPE_VERSION = 1


@dataclass(frozen=True, slots=True)
class FinishJob:
    """What one master shall become. The same for every platform, except for what the profiles say."""

    words: Words
    brand: Brand
    profiles: tuple[str, ...]
    produce_id: str  #: our own number of this video, for AIGC metadata
    preview: bool  #: the master was made without the model
    width: int  #: of the master, in pixels
    height: int
    frames: int
    fps: int

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def check(self) -> None:
        """Raise `FinishingError` for all that can be known to fail before anything is rendered."""
        if not self.profiles:
            raise FinishingError("the job names no platform", "name one in `deliver`")
        self.words.check()
        fonts.check(self.brand.name)
        self.brand.picture()
        for name in self.profiles:
            profile = profiles.find(name)
            profile.rate(self.fps)
            profile.check_seconds(self.seconds)
        self.machine_label()

    def machine_label(self) -> dict[str, str] | None:
        """The AIGC metadata, or None if the brand has no producer's code."""
        return aigc.compose(self.brand.ai_producer, self.produce_id) if self.brand.ai_producer else None


def recipe(job: FinishJob, profile_name: str) -> str:
    """The sha256 of everything that is drawn for a profile and how it is encoded. Renders nothing.

    Raises
    ------
    FinishingError
        If the logo cannot be read, or the label does not fit.
    """
    profile, brand = profiles.find(profile_name), job.brand
    words = job.words.cleaned()
    label = visible.design(profile, height=brand.label_height, bilingual=brand.bilingual)
    return fingerprint(
        {
            "version": RECIPE_VERSION,
            "source": [job.width, job.height, job.frames, job.fps],
            "words": [words.title, list(words.lines), words.credit, words.typeface],
            "brand": [brand.name, brand.color.lower(), _digest(brand.logo)],
            "label": label.evidence(),
            "aigc": job.machine_label(),
            "zone": profile.safe_zone.model_dump(exclude={"source"}),
            "reframe": profile.reframe,
            "encoding": encoding.arguments(profile, *profile.rate(job.fps)),
            "fonts": fonts.fingerprint(),
            "ffmpeg": Path(binary()).name,
        }
    )


def _digest(logo: Path | None) -> str | None:
    if logo is None:
        return None
    try:
        return hashlib.sha256(logo.read_bytes()).hexdigest()
    except OSError as error:
        raise FinishingError(f"the logo {logo} cannot be read: {error.strerror}", "correct `brand.logo`") from error
