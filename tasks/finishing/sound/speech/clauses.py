"""What is spoken, cleaned, and cut where people breathe: each clause becomes one cue."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.finishing.words import is_wide

#: Seconds of silence after a sentence, and after a part of one.
SENTENCE_PAUSE, CLAUSE_PAUSE = 0.25, 0.12
#: Columns that a cue may have before its sentence is cut; a Chinese, Japanese or Korean character takes two.
WIDEST = 64
#: Columns below which a piece is no cue of its own: `Dr.` is not a sentence.
NARROWEST = 6

#: Marks that end a sentence: those of wide scripts always, the others before a space.
_SENTENCE = re.compile(r"(?<=[。！？；…])(?![。！？；…”’」』）\]])|(?<=[.!?;…।؟])(?=\s)|(?<=[.!?]['\"”’)])(?=\s)")
_CLAUSE = re.compile(r"(?<=[，、：—])(?![，、：—])|(?<=[,:،–])(?=\s)")
#: A tag of a markup language. Speech services read some of them (SSML).
_TAG = re.compile(r"<[^<>]{0,300}>")
#: Pictures that a voice would read out by name.
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0e\ufe0f\u20e3]")
#: eSpeak reads what is between as phonemes.
_PHONEMES = re.compile(r"\[\[+|\]\]+")
_ANGLES = re.compile(r"[<>]+")


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece that is spoken in one breath, and how long the silence after it is."""

    text: str
    pause: float  #: seconds


def clean(text: str) -> str:
    """Plain text in lines: composed, without markup, emoji, control, bidi and zero-width characters.

    Line breaks stay, since each ends a sentence. Cleaning what is clean changes nothing.
    """
    # What is not seen goes first: it could part the brackets of what is looked for afterwards.
    plain = unicodedata.normalize("NFC", "".join(map(_heard, text)))
    for unwanted in (_TAG, _EMOJI, _PHONEMES, _ANGLES):
        plain = unwanted.sub(" ", plain)
    return "\n".join(line for part in plain.split("\n") if (line := " ".join(part.split())))


def _heard(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zs" | "Zl" | "Zp":
            return "\n" if character in "\n\r\u2028\u2029" else " "
        case "Cf" | "Cs" | "Co" | "Cn":
            return ""
        case _:
            return character


def cut(text: str) -> list[Clause]:
    """The clauses of a clean text, in order. None of them is without a letter or digit."""
    clauses: list[Clause] = []
    for line in text.split("\n"):
        for sentence in _joined(_SENTENCE.split(line)):
            pieces = list(_pieces(sentence))
            clauses += [Clause(piece, CLAUSE_PAUSE) for piece in pieces[:-1]]
            clauses += [Clause(piece, SENTENCE_PAUSE) for piece in pieces[-1:]]
    return [clause for clause in clauses if any(character.isalnum() for character in clause.text)]


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence as it is, or cut at its commas, and between words where it has too few of those."""
    if columns(sentence) <= WIDEST:
        yield sentence
        return
    held = ""
    for part in _joined(_CLAUSE.split(sentence)):
        if held and columns(held) + columns(part) > WIDEST:
            yield held
            held = ""
        held = f"{held}{_space(held, part)}{part}"
        while columns(held) > WIDEST:
            cutting = _break(held)
            yield held[:cutting].strip()
            held = held[cutting:].strip()
    if held:
        yield held


def _joined(parts: list[str]) -> list[str]:
    """Parts without the space around them; one that is too short goes with the next one, or else the one before."""
    found: list[str] = []
    held = ""
    for part in (part.strip() for part in parts):
        held = f"{held}{_space(held, part)}{part}"
        if columns(held) >= NARROWEST:
            found.append(held)
            held = ""
    if held and found:
        found[-1] = f"{found[-1]}{_space(found[-1], held)}{held}"
    elif held:
        found.append(held)
    return found


def _space(before: str, after: str) -> str:
    return " " if before and after and not (is_wide(before[-1]) or is_wide(after[0])) else ""


def _break(text: str) -> int:
    """Where a piece without commas is cut: at the last space that fits, or between two wide characters."""
    width = fits = 0
    for index, character in enumerate(text):
        width += 2 if is_wide(character) else 1
        if width > WIDEST:
            break
        fits = index + 1
    space = text.rfind(" ", 1, fits + 1)
    return space if space > fits // 2 else fits


def columns(text: str) -> int:
    """How much room a text takes: wide characters take two columns."""
    return sum(2 if is_wide(character) else 1 for character in text)
