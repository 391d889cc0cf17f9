"""The sound of one master's renditions: spoken once, mixed once, and made as loud as each platform wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.content import Json
from reelmill.errors import FinishingError, MediaError
from reelmill.kept import Kept
from tasks.finishing.cue import Cue
from tasks.finishing.profile import Profile
from tasks.finishing.sound import loudness, mixing
from tasks.finishing.sound.heard import Sound
from tasks.finishing.sound.loudness import LOUDNESS_TOLERANCE, PEAK_TOLERANCE, Loudness, Stopped
from tasks.finishing.sound.mixing import Speech


@dataclass
class Track:
    """The sound of one master, in the making.

    Parameters
    ----------
    sound:
        None: nothing is heard.
    seconds:
        How long the video is.
    workplace:
        An existing folder; the files are left in a folder `sound` in it.
    kept:
        What was spoken before.
    """

    sound: Sound | None
    seconds: float
    workplace: Path
    kept: Kept | None
    stopped: Stopped
    _speech: Speech | None = None
    _mixed: Path | None = None
    _made: dict[tuple[float, float, int], str] = field(default_factory=dict)

    def speak(self) -> tuple[Cue, ...]:
        """Speak the narration, if there is one. Returns what is spoken when.

        Raises
        ------
        FinishingError, TransientError, Interrupted
            As `mixing.speak`.
        """
        if self.sound is None or self.sound.narration is None:
            return ()
        self._speech = mixing.speak(
            self.sound.narration, self.seconds, self._folder, kept=self.kept, stopped=self.stopped
        )
        return self._speech.cues

    def file(self, profile: Profile) -> str:
        """The sound for a platform, as a path below the workplace; "" where nothing is heard. Speak first."""
        if self.sound is None:
            return ""
        wanted = (profile.loudness.lufs, profile.loudness.true_peak, profile.audio_rate.value)
        if wanted not in self._made:
            if self._mixed is None:
                self._mixed = self._folder / "mix.wav"
                mixing.mix(self.sound, self._speech, self.seconds, self._mixed, stopped=self.stopped)
            made = self._folder / f"{len(self._made)}.wav"
            loudness.normalise(self._mixed, made, *wanted, seconds=self.seconds, stopped=self.stopped)
            self._made[wanted] = f"sound/{made.name}"
        return self._made[wanted]

    @property
    def _folder(self) -> Path:
        folder = self.workplace / "sound"
        folder.mkdir(exist_ok=True)
        return folder


def told(sound: Sound | None, profile: Profile, made: Path, seconds: float) -> dict[str, Json] | None:
    """What the ledger keeps of the sound of a file that was made, measured on that file; None where it is silent.

    Raises
    ------
    FinishingError
        If it is not as loud as the platform wants it.
    """
    if sound is None:
        return None
    wanted = {"lufs": profile.loudness.lufs, "true_peak": profile.loudness.true_peak}
    try:
        found = loudness.measure(made, seconds=seconds)
    except MediaError as error:
        raise FinishingError(f"{made.name} has no sound: {error.reason}", "") from error
    if not found.silent and not keeps(found, wanted):
        raise FinishingError(
            f"the sound of {made.name} has {found.lufs:.1f} LUFS and a peak of {found.true_peak:.1f} dB instead of "
            f"{wanted['lufs']:g} and {wanted['true_peak']:g}",
            "use music with fewer lone peaks, or another `loudness` of the profile",
        )
    measured = {"lufs": None, "true_peak": None} if found.silent else {"lufs": found.lufs, "true_peak": found.true_peak}
    return {**measured, "wanted": wanted, **sound.record}


def keeps(found: Loudness, wanted: Mapping[str, float]) -> bool:
    """Whether a file is as loud as it was promised, and no peak is higher."""
    return (
        abs(found.lufs - wanted["lufs"]) <= LOUDNESS_TOLERANCE
        and found.true_peak <= wanted["true_peak"] + PEAK_TOLERANCE
    )
