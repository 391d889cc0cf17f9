"""One order to finish a master, and the recipe of each rendition: what decides its pixels and bytes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from reelmill.content import fingerprint
from reelmill.errors import FinishingError
from reelmill.ffmpeg import binary
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.finishing import encoding, faces, fonts, glimpses, unrest
from tasks.finishing.brand import Brand
from tasks.finishing.cards import Cards
from tasks.finishing.cue import Cue
from tasks.finishing.encoding import Aim
from tasks.finishing.labels import aigc, credentials, visible
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.labels.mark import Mark
from tasks.finishing.labels.source_type import source_type
from tasks.finishing.manner import Manner
from tasks.finishing.profile import Profile
from tasks.finishing.profiles import DEFINITION, Profiles, shipped
from tasks.finishing.sound.heard import Sound
from tasks.finishing.words import Words

#: Raise it whenever the same order gives another picture: renditions of before are then made anew, not mistaken.
RECIPE_VERSION = 4


@dataclass(frozen=True, slots=True)
class FinishJob:
    """What one master shall become. The same for every platform, except for what the profiles say."""

    words: Words
    brand: Brand
    profiles: tuple[str, ...]
    produce_id: str  #: our own number of this video, for AIGC metadata and the invisible mark
    preview: bool  #: the master was made without the model
    width: int  #: of the master, in pixels
    height: int
    frames: int
    fps: int
    catalogue: Profiles = field(default_factory=shipped)
    agent: str = ""  #: what drew it, as `name` or `name@version`
    home: Path | None = None  #: where self-made credentials lie; None: in this machine's home folder
    manner: Manner = field(default_factory=Manner)
    cards: Cards = field(default_factory=Cards)
    photo: Path | None = None  #: of the product, for the end card
    sound: Sound | None = None  #: what is heard; None: nothing
    cues: tuple[Cue, ...] = ()  #: what is spoken when; the stage fills them in once it is spoken

    def profile(self, name: str) -> Profile:
        """The profile of that name, with a size."""
        return self.catalogue.find(name).for_clip(self.width, self.height)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def check(self) -> None:
        """Raise `FinishingError` for all that can be known to fail before anything is rendered."""
        if not self.profiles:
            raise FinishingError("the job names no platform", "name one in `deliver`")
        self.words.check()
        self.cards.check()
        fonts.check(self.brand.name)
        self.brand.picture()
        for name in self.profiles:
            profile = self.profile(name)
            profile.rate(self.fps)
            profile.check_seconds(self.seconds)
        self.machine_label()

    def machine_label(self) -> dict[str, str] | None:
        """The AIGC metadata, or None if the brand has no producer's code."""
        return aigc.compose(self.brand.ai_producer, self.produce_id) if self.brand.ai_producer else None

    @property
    def source_type(self) -> str:
        """IPTC's word for what kind of thing the video is."""
        return source_type(preview=self.preview)

    def credentials(self) -> Credentials:
        """What the renditions are signed with. A self-made chain is made here if there is none.

        Raises
        ------
        FinishingError, StorageError, ServerUnavailable
        """
        return credentials.obtain(self.brand.credentials, self.home or Settings().folder)


def recipe(job: FinishJob, profile_name: str) -> str:
    """The sha256 of everything that is drawn for a profile and how it is encoded. Renders nothing.

    Raises
    ------
    FinishingError
        If the logo or the certificate cannot be read, or the label does not fit.
    """
    profile, brand = job.profile(profile_name), job.brand
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
            "mark": Mark.of(job.produce_id, *profile.size).evidence(),
            "provenance": [job.source_type, job.agent],
            "signer": credentials.identity(brand.credentials),
            "zone": profile.safe_zone.model_dump(exclude={"source"}),
            # Of longer masters than these, only the beginning was looked at before.
            **({"glimpses": 1} if glimpses.are_apart(job.seconds, unrest.FRAMES) else {}),
            "reframe": profile.reframe.value,
            **({"faces": found} if profile.reframe.value == "follow" and (found := faces.identity()) else {}),
            "encoding": encoding.arguments(Aim(profile, *profile.rate(job.fps), job.seconds)),
            "fonts": fonts.fingerprint(),
            "ffmpeg": Path(binary()).name,
            **({"cards": asdict(job.cards.cleaned())} if job.cards != Cards() else {}),
            **({"photo": _digest(job.photo)} if job.photo is not None else {}),
            **({"manner": manner} if (manner := job.manner.evidence()) else {}),
            # The covers of before are within the rules that ship.
            **({"cover": rule.model_dump()} if (rule := profile.cover).source == DEFINITION else {}),
            **({"sound": [job.sound.identity, profile.loudness.model_dump(exclude={"source"})]} if job.sound else {}),
        }
    )


def _digest(logo: Path | None) -> str | None:
    if logo is None:
        return None
    try:
        return sha256_of(logo)
    except OSError as error:
        raise FinishingError(f"the logo {logo} cannot be read: {error.strerror}", "correct `brand.logo`") from error
