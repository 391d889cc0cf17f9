"""The AI label that people see: designed, drawn, and proven to be in a finished file.

It is there from the first frame to the last, drawn over everything else, and nothing turns it off. GB 45438-2025 §5.4
asks for letters of at least 5 % of the picture's short side for at least two seconds from the opening on; ours are
5.5 % or more, so that a platform's own re-encoding takes nothing away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.finishing.fonts import FACES, check
from tasks.finishing.profile import Profile, even

#: Correlation of the promised letters with the file's pixels from which on they count as there. Measured: 0.95 to 0.99
#: in a delivered file, 0.79 with other words of the same length, below 0.2 without a label.
PRESENT = 0.90

PLATE, PLATE_OPACITY = (14, 16, 18), 0.70
INK = (255, 255, 255)
#: In parts of the font's size.
PAD_ACROSS, PAD_DOWN, LINE_GAP, ROUND = 0.30, 0.24, 0.26, 0.20


@dataclass(frozen=True, slots=True)
class VisibleLabel:
    """What was promised to be in the picture, and where. Pixels of the finished picture."""

    lines: tuple[str, ...]
    x: int
    y: int
    width: int
    height: int
    ink_height: int  #: of the smallest letter
    short_side: int
    font_size: int

    @property
    def text(self) -> str:
        return " · ".join(self.lines)

    def evidence(self) -> dict[str, Json]:
        """As JSON, for the ledger."""
        return {**asdict(self), "lines": list(self.lines), "text": self.text}

    @classmethod
    def recall(cls, evidence: Mapping[str, Json]) -> Self:
        """From what `evidence` gave."""
        numbers = ("x", "y", "width", "height", "ink_height", "short_side", "font_size")
        return cls(tuple(evidence["lines"]), **{name: int(evidence[name]) for name in numbers})


def design(profile: Profile, *, height: float, bilingual: bool = False) -> VisibleLabel:
    """The label of a profile: at the top left of its safe zone, on the axis of the words.

    Parameters
    ----------
    height:
        Least ink height of the smallest letter, as a part of the short side.

    Raises
    ------
    FinishingError
        If it does not fit into the safe zone, or the font lacks a letter (which would be an invisible failure).
    """
    wanted = math.ceil(profile.short_side * height)
    zone = profile.safe_zone
    whole = profile.label_lines(bilingual=bilingual)
    check("".join(whole))
    size = wanted
    while _ink_height(whole, size) < wanted:
        size += 1
    for lines in (whole, tuple(word for line in whole for word in line.split(" "))):
        width = round(max(FACES["sans"].at(size).getlength(line) for line in lines) + 2 * PAD_ACROSS * size)
        if width <= profile.room:
            break
    else:
        raise FinishingError(
            f"the AI label is {width} px wide and the safe zone of {profile.title} {profile.room} px",
            "choose a smaller `brand.ai_label.height`",
        )
    inner = len(lines) * tallest(lines, size) + (len(lines) - 1) * LINE_GAP * size
    return VisibleLabel(
        lines=lines,
        x=even(zone.left),
        y=even(zone.top),
        width=even(width),
        height=even(inner + 2 * PAD_DOWN * size),
        ink_height=_ink_height(lines, size),
        short_side=profile.short_side,
        font_size=size,
    )


def tallest(lines: tuple[str, ...], size: int) -> int:
    """The height of the tallest line's ink, in pixels."""
    boxes = [FACES["sans"].at(size).getbbox(line, anchor="ls") for line in lines]
    return round(max(box[3] - box[1] for box in boxes))


def draw(label: VisibleLabel) -> Image.Image:
    """The label in RGBA, as large as its box: white letters on a dark plate."""
    plate = Image.new("L", (label.width * 4, label.height * 4), 0)
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, plate.width - 1, plate.height - 1), radius=ROUND * label.font_size * 4, fill=255
    )
    cover = np.asarray(plate.resize((label.width, label.height), Image.Resampling.LANCZOS), np.float64) / 255
    ink = letters(label)
    alpha = ink + (1 - ink) * cover * PLATE_OPACITY
    share = np.divide(ink, alpha, out=np.zeros_like(ink), where=alpha > 0)[..., None]
    color = np.array(PLATE) * (1 - share) + np.array(INK) * share
    pixels = np.dstack([np.clip(color, 0, 255), alpha * 255])
    return Image.fromarray(np.round(pixels).astype(np.uint8), "RGBA")


def letters(label: VisibleLabel) -> npt.NDArray[np.float64]:
    """How much of each pixel of the box the letters cover: (height, width), 0 to 1."""
    mask = Image.new("L", (label.width, label.height), 0)
    drawing, face = ImageDraw.Draw(mask), FACES["sans"].at(label.font_size)
    tall = tallest(label.lines, label.font_size)
    top = PAD_DOWN * label.font_size
    for line in label.lines:
        box = face.getbbox(line, anchor="ls")
        # Every line stands on the middle of its own ink: capitals beside Chinese characters would look too high.
        baseline = top + tall / 2 - (box[1] + box[3]) / 2
        drawing.text((PAD_ACROSS * label.font_size, baseline), line, font=face, fill=255, anchor="ls")
        top += tall + LINE_GAP * label.font_size
    return np.asarray(mask, np.float64) / 255


def correlate(label: VisibleLabel, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """How well the promised letters are seen, for each picture of the label's box: −1 to 1.

    Parameters
    ----------
    crops:
        (frames, height, width) grey pictures of exactly the label's box.
    """
    promised = letters(label).ravel().astype(np.float32)
    promised -= promised.mean()
    # Single precision is exact to four digits here, and takes a third of the time.
    seen: npt.NDArray[np.float32] = crops.reshape(len(crops), -1).astype(np.float32)
    seen -= seen.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.einsum("ij,ij->i", seen, seen)) * np.linalg.norm(promised)
    found: npt.NDArray[np.float64] = np.divide(seen @ promised, scale, out=np.zeros(len(seen)), where=scale > 0)
    return found


def _ink_height(lines: tuple[str, ...], size: int) -> int:
    """The ink height of the smallest letter, in pixels."""
    boxes = [
        FACES["sans"].at(size).getbbox(letter, anchor="ls") for line in lines for letter in line if not letter.isspace()
    ]
    return int(min(box[3] - box[1] for box in boxes))
