"""The words of a narration as they are planned: cleaned, measured, with their language and who speaks them."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.errors import FinishingError
from tasks.finishing.sound.speech.clauses import clean, columns, cut
from tasks.finishing.sound.speech.language import language_of

#: Characters that are spoken at most.
LONGEST = 2000
#: Columns a second that nobody speaks at an ordinary pace. English has 15, Chinese 10 (two for each character).
BRISK = 24.0
#: How much speech is sped up at most so that it fits: beyond, it sounds hurried.
MOST_TEMPO = 1.25


@dataclass(frozen=True, slots=True)
class Script:
    """What is going to be spoken."""

    text: str  #: cleaned
    language: str
    engine: str  #: the one that was chosen where it was planned


def script_of(text: str, engine: str, *, language: str | None, speed: float, seconds: float) -> Script | None:
    """The script of a rendered template, or None if nothing is left to be spoken.

    Parameters
    ----------
    seconds:
        How long the video is.

    Raises
    ------
    FinishingError
        If it is too long, or cannot possibly be spoken within the video: better now than after it was rendered.
    """
    cleaned = clean(text)
    if len(cleaned) > LONGEST:
        raise FinishingError(
            f"the narration has {len(cleaned):,} characters", f"shorten it to {LONGEST:,}: `| truncate({LONGEST})`"
        )
    if not cut(cleaned):
        return None
    least = columns(cleaned) / (BRISK * speed * MOST_TEMPO)
    if least > seconds:
        raise FinishingError(
            f"the narration takes at least {least:.0f} s, and the video has {seconds:.1f} s: {cleaned[:40]!r}…",
            "shorten `sound.narration`, or make the video longer",
        )
    return Script(cleaned, language or language_of(cleaned), engine)
