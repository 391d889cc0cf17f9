"""What lies below the words, as one picture: a soft ground that fades out, the brand's sign, and its accent bar."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tasks.finishing.brand import Brand
from tasks.finishing.color import READABLE, Rgb, contrast, mixed, readable
from tasks.finishing.fonts import emoji, line
from tasks.finishing.layout import PILL_HEIGHT, PILL_INSET, PILL_LOGO, PILL_TEXT, Box, Layout, Run
from tasks.finishing.tone import DARK_INK, PAPER, Tone

FOOT, BESIDE = 0.45, 0.80  #: how much of the ground is left at the foot of the picture, and at its right edge
OUTLINE = 40  #: opacity of the sign's edge on a light ground, of 255
LOGO_GAP = 14
LOGO_CONTRAST = 2.4  #: of a logo's mean colour and its ground; a logo has shape besides colour, letters need more
FINER = 4  #: edges are drawn so many times larger and then made smaller


def pill_width(brand: Brand, unit: float, room: float) -> int:
    """How wide the brand's sign is, in pixels, for a short side of 1080 × `unit` pixels; at most `room`."""
    name = line.width(brand.name, "sans", round(PILL_TEXT * unit))
    return math.floor(min(room, name + _beside_name(brand, unit)))


def draw(layout: Layout, brand: Brand, tone: Tone) -> Image.Image:
    """The backdrop in RGBA: as wide as the canvas, from `layout.scrim_top` to its foot."""
    pixels = np.empty((layout.height - layout.scrim_top, layout.width, 4), np.uint8)
    pixels[..., :3] = tone.ground
    pixels[..., 3] = np.round(255 * tone.strength * _cover(layout))
    picture = Image.fromarray(pixels, "RGBA")
    if layout.bar:
        _bar(picture, layout.bar, layout.scrim_top, accent(brand, tone))
    if layout.pill:
        _pill(picture, layout.pill, layout.scrim_top, brand, tone)
    for run in layout.runs:
        if run.means == "emoji":
            _emoji(picture, run, layout.scrim_top)
    return picture


def _emoji(picture: Image.Image, run: Run, top: int) -> None:
    x = float(run.x)
    for character in run.text:
        picture.alpha_composite(emoji.draw(character, run.size), line.corner(x, run.baseline - top, run.size))
        x += emoji.WIDTH * run.size + run.spacing


def _cover(layout: Layout) -> npt.NDArray[np.float64]:
    """How much of the ground each pixel gets, 0 to 1: all behind the words, less beyond them, nothing at its top."""
    down = np.arange(layout.scrim_top, layout.height)
    # The brand's sign has a ground of its own: the full ground is needed from the first letters on.
    letters = layout.words_top + (layout.pill.height if layout.pill else 0)
    rise = _eased((down - layout.scrim_top) / max(1, letters - layout.scrim_top))
    fall = 1 - (1 - FOOT) * _eased((down - layout.words_bottom) / max(1, layout.height - layout.words_bottom))
    beyond = (np.arange(layout.width) - layout.words_right) / max(1, layout.width - layout.words_right)
    return np.outer(rise * fall, 1 - (1 - BESIDE) * _eased(beyond))


def _eased(position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 below 0, 1 above 1, and a smooth step between them: a straight ramp would show its ends."""
    inside = np.clip(position, 0.0, 1.0)
    return inside * inside * (3 - 2 * inside)


def accent(brand: Brand, tone: Tone) -> Rgb:
    """The brand's colour as it can be seen on the ground below the words."""
    middle = (110, 110, 110) if not tone.dark_words else (190, 190, 190)
    return readable(brand.rgb, mixed(middle, tone.ground, tone.strength))


def _bar(picture: Image.Image, bar: Box, top: int, color: Rgb) -> None:
    drawing = ImageDraw.Draw(picture)
    drawing.rounded_rectangle(
        (bar.x, bar.y - top, bar.x + bar.width - 1, bar.bottom - top - 1), radius=bar.height // 2, fill=color
    )


def _pill(picture: Image.Image, pill: Box, top: int, brand: Brand, tone: Tone) -> None:
    unit = pill.height / PILL_HEIGHT
    logo = brand.picture()
    ground, ink = _colors(brand, logo)
    large = Image.new("RGBA", (pill.width * FINER, pill.height * FINER), (*ground, 0))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1),
        radius=large.height / 2,
        fill=(*ground, 242),
        outline=(*mixed(ground, tone.ink, OUTLINE / 255), 242) if tone.dark_words else None,
        width=round(2 * FINER * unit),
    )
    sign = large.resize((pill.width, pill.height), Image.Resampling.LANCZOS)
    x = PILL_INSET * unit
    if logo:
        side = round(PILL_LOGO * unit)
        mark = logo.resize((_logo_width(logo, unit), side), Image.Resampling.LANCZOS)
        x = max(x - 8 * unit, (pill.height - side) / 2)
        sign.alpha_composite(mark, (round(x), (pill.height - side) // 2))
        x += mark.width + LOGO_GAP * unit
    size = round(PILL_TEXT * unit)
    # Set by the height of a Chinese character, not by the ink: a name with a descender must not sit higher.
    name = _shortened(brand.name, size, pill.width - _beside_name(brand, unit) + 1)
    line.draw(sign, (x, pill.height / 2 + 0.37 * size), name, "sans", size, ink)
    picture.alpha_composite(sign, (pill.x, pill.y - top))


def _beside_name(brand: Brand, unit: float) -> float:
    """Pixels of the sign that are not its name."""
    logo = brand.picture()
    return (_logo_width(logo, unit) + LOGO_GAP * unit if logo else 0.0) + 2 * PILL_INSET * unit


def _shortened(name: str, size: float, room: float) -> str:
    """The name, with an ellipsis if it is wider than the room."""
    shown = name
    while len(shown) > 1 and line.width(shown, "sans", size) > room:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    return shown


def _logo_width(logo: Image.Image, unit: float) -> int:
    #: A word mark may be wide, but not wider than four times its height.
    return max(1, round(min(4.0, logo.width / logo.height) * PILL_LOGO * unit))


def _colors(brand: Brand, logo: Image.Image | None) -> tuple[Rgb, Rgb]:
    """Ground and ink of the sign: paper if the logo can be seen there, else the brand's colour, else near-black."""
    if logo is None or contrast(_mean(logo), PAPER) >= LOGO_CONTRAST:
        return PAPER, readable(brand.rgb, PAPER)
    ground = brand.rgb if contrast(brand.rgb, _mean(logo)) >= LOGO_CONTRAST else DARK_INK
    return ground, PAPER if contrast(PAPER, ground) >= READABLE else DARK_INK


def _mean(logo: Image.Image) -> Rgb:
    """The mean colour of what is not transparent."""
    pixels = np.asarray(logo, np.float64)
    weight = pixels[..., 3:]
    red, green, blue = (pixels[..., :3] * weight).sum((0, 1)) / max(1.0, float(weight.sum()))
    return round(red), round(green), round(blue)
