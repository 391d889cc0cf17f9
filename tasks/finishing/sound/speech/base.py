"""The interface of a voice: a text in, a sound file and the times of its clauses out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from reelmill.content import Json, fingerprint
from reelmill.errors import FinishingError
from reelmill.kept import Kept
from tasks.finishing.cue import Cue
from tasks.finishing.sound.speech.clauses import cut

Stopped = Callable[[], bool]


def never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech and its times."""

    path: Path  #: WAV, one channel
    seconds: float
    cues: tuple[Cue, ...]  #: one for each clause, from the beginning of the file


@dataclass(frozen=True, slots=True)
class Line:
    """A clause, and the file that it is to be spoken into."""

    text: str
    path: Path


class Voice(ABC):
    """Something that speaks. Frozen data: it is made anew wherever it is needed.

    Each clause is spoken on its own, and the pauses between them are ours. So its times are exact whatever speaks.
    """

    engine: ClassVar[str]  #: what `sound.narration.engine` calls it
    demuxer: ClassVar[str] = "wav"  #: what its files are, as ffmpeg calls it: nothing is guessed from their bytes

    @property
    @abstractmethod
    def identity(self) -> dict[str, Json]:
        """All that decides how a text sounds, and no secret."""

    @abstractmethod
    def name(self, language: str) -> str:
        """Who speaks a language, by the engine's own name.

        Raises
        ------
        FinishingError
            If nobody does.
        """

    @abstractmethod
    def missing(self) -> str:
        """What to do so that it can speak on this machine; "" if it can."""

    def check(self, language: str) -> None:  # noqa: B027 (most voices know only when they speak)
        """Raise `FinishingError` if it is known that it cannot speak this language."""

    @abstractmethod
    def record(self, lines: Sequence[Line], language: str, stopped: Stopped) -> None:
        """Speak each line into its file, which is there only when it is whole.

        Raises
        ------
        FinishingError
            If it will never speak this.
        TransientError
            If trying again may help. What was spoken by then is kept.
        Interrupted
            If `stopped` answered yes.
        """

    def speak(
        self, text: str, language: str, folder: Path, *, kept: Kept | None = None, stopped: Stopped = never
    ) -> Spoken:
        """Speak a text.

        Parameters
        ----------
        text:
            Cleaned (`clauses.clean`).
        folder:
            Where the file is left.
        kept:
            What was spoken before is taken from there, and what is spoken now is put there.

        Raises
        ------
        FinishingError, TransientError, Interrupted
            As `record`.
        """
        from tasks.finishing.sound.speech import joining  # brings numpy, and a plan speaks nothing

        clauses = cut(text)
        lines = [Line(clause.text, folder / f"clause-{index}") for index, clause in enumerate(clauses)]
        keys = [fingerprint([self.identity, language, line.text]) for line in lines]
        missing = [
            (key, line) for key, line in zip(keys, lines, strict=True) if kept is None or not kept.fetch(key, line.path)
        ]
        try:
            if missing:
                self.record([line for _, line in missing], language, stopped)
        finally:
            if kept is not None:
                for key, line in missing:
                    kept.keep(key, line.path)
        path = folder / "speech.wav"
        seconds, times = joining.join(
            [line.path for line in lines], [clause.pause for clause in clauses], path, self.demuxer, stopped
        )
        cues = tuple(Cue(*span, clause.text) for span, clause in zip(times, clauses, strict=True) if span is not None)
        if not cues:
            raise FinishingError(
                f"the voice {self.engine} made no sound of {text[:40]!r}", "name another voice, engine or language"
            )
        return Spoken(path, seconds, cues)
