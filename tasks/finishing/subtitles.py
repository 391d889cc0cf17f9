"""Cues as files for players and editors: SubRip (`.srt`), WebVTT (`.vtt`, W3C) and ASS (`.ass`, v4.00+).

The first two have no way to write a blank line or `-->` inside a cue, and WebVTT reads `<` and `&` as markup. What ASS
reads as a command is its own likeness: `ass_document.literal`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.finishing.ass_document import dialogue, head, hundredths, literal
from tasks.finishing.cue import LONGEST, Cue
from tasks.finishing.karaoke import moments
from tasks.finishing.layout import REFERENCE
from tasks.finishing.sound.speech.clauses import columns
from tasks.finishing.subtitle_pages import SIZE
from tasks.finishing.typesetting import Unit, joined, units

#: A face that editors and players have, or have another one for. Ours are not in the document.
FACE = "Arial"
#: What is said, what is still to come in karaoke, the edge, and the shadow, which there is none of.
INKS = "&H00FFFFFF,&H00B0ACA8,&H00000000,&H00000000"
#: Of an edge that white letters can be read by on a white picture, for a short side of 1080 pixels.
EDGE = 3
#: Free space at each side, and below: in the lowest quarter of a tall picture are the buttons of apps.
ASIDE, BELOW_TALL, BELOW_WIDE = 0.06, 0.25, 0.06


def srt(cues: Sequence[Cue]) -> str:
    """The cues as SubRip: numbered from 1, with a comma before the thousandths."""
    blocks = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_line(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks)


def vtt(cues: Sequence[Cue]) -> str:
    """The cues as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    blocks = [f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(_line(cue.text))}\n" for cue in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def ass(cues: Sequence[Cue], width: int, height: int, *, karaoke: bool = False) -> str:
    r"""The cues as ASS, each as one line of the document, which says where it breaks on the picture.

    Parameters
    ----------
    width, height:
        Pixels of the video.
    karaoke:
        Each word has its time (`\k`).
    """
    unit = min(width, height) / REFERENCE
    size, side = round(SIZE * unit), round(ASIDE * width)
    below = round((BELOW_TALL if height > width else BELOW_WIDE) * height)
    style = f"spoken,{FACE},{size},{INKS},0,0,0,0,100,100,0,0,1,{EDGE * unit:.1f},0,2,{side},{side},{below},-1"
    room = max(2, (width - 2 * side) * 2 // size)
    events = [dialogue(cue.start, cue.end, "spoken", _broken(cue, room, karaoke=karaoke)) for cue in cues]
    return head(width, height, style, wrap=0) + "".join(events)


def _broken(cue: Cue, room: int, *, karaoke: bool) -> str:
    """The text of a cue in lines, for a player that breaks none between two Chinese characters."""
    text = " ".join(literal(" ".join(cue.text.split())).split())[:LONGEST].rstrip()
    lines = _lines(text, room)
    if not (karaoke and text):
        return r"\N".join(lines)
    whole, breaks = "".join(lines), {sum(map(len, lines[:count])) for count in range(1, len(lines))}
    words = list(moments(lines, cue.start, cue.end))
    times = [hundredths(begins) for begins, _ in words] + [hundredths(cue.end)]
    told, place = "", 0
    for index, (_, spoken) in enumerate(words):
        lasts = max(0, times[index + 1] - times[index])
        told += (r"\N" if place in breaks else "") + f"{{\\k{lasts}}}{whole[place:spoken]}"
        place = spoken
    return told


def _lines(text: str, room: int) -> list[str]:
    """A text in as few lines as it needs, as even as they go. `room`: columns of a line."""
    parts = units(text)
    needed = len(_filled(parts, room))
    even = -(-columns(text) // needed)
    return next(lines for most in range(min(even, room), room + 1) if len(lines := _filled(parts, most)) <= needed)


def _filled(parts: Sequence[Unit], most: int) -> list[str]:
    """Lines of at most so many columns, but for words that are wider."""
    lines: list[list[Unit]] = [[]]
    for part in parts:
        if lines[-1] and columns(joined([*lines[-1], part])) > most:
            lines.append([])
        lines[-1].append(part)
    return [joined(line) for line in lines]


def _clock(seconds: float, point: str) -> str:
    thousandths = max(0, round(seconds * 1000))
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
