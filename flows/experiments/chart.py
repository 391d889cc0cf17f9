"""The picture of an experiment: what each value's rate may be, and how likely each is. A PNG of 1200 pixels across."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.experiments.comparing import Comparison, Rate
from flows.experiments.telling import chance, percent, span
from reelmill.errors import StorageError
from reelmill.files import write_whole
from tasks.finishing.fonts import FACES, missing
from tasks.finishing.fonts.line import draw as write
from tasks.finishing.fonts.line import width
from tasks.finishing.words import clean

if TYPE_CHECKING:
    from PIL import Image

#: Pixels: of the picture across, of each value down, and around everything.
WIDTH, ROW, EDGE = 1200, 112, 48
#: Where the hills begin and end, and how high they are.
LEFT, RIGHT, HILL = 300, 860, 72
#: Above and below the values.
HEAD, FOOT = 130, 130
#: Characters of a text; nothing there is as long.
LONGEST = 400
#: Drawn so many times as large, and made smaller, so that edges are smooth.
FINER = 2

PAPER, INK, FAINT, LINE = "#ffffff", "#1c1f22", "#6a7178", "#dfe3e6"
_COLOURS = 64  #: of the finished picture, with those of its smooth edges
LEADER, OTHER = "#2f6f4f", "#8b959d"


def draw(target: Path, title: str, subtitle: str, compared: Comparison, verdict: list[str]) -> Path:
    """Draw it into a file and return its absolute path.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    from io import BytesIO

    from PIL import Image

    rows = len(compared.rates)
    height = HEAD + ROW * rows + FOOT
    picture = Image.new("RGBA", (WIDTH * FINER, height * FINER), PAPER)
    pen = _Pen(picture)
    pen.text((EDGE, EDGE), title, 30, INK)
    pen.text((EDGE, EDGE + 42), subtitle, 17, FAINT)
    least, most = _scale(compared)
    bottom = HEAD + ROW * rows
    for tick in _ticks(least, most):
        across = _across(tick, least, most)
        pen.line([(across, HEAD), (across, bottom)], LINE, 1)
        pen.text((across, bottom + 8), percent(tick), 15, FAINT, anchor="mt")
    for place, rate in enumerate(compared.rates):
        _row(pen, rate, HEAD + ROW * (place + 1) - 22, least, most, LEADER if place == 0 else OTHER)
    for place, line in enumerate(verdict):
        pen.text((EDGE, bottom + 46 + 28 * place), line, 17, INK if place == 0 else FAINT)
    made = BytesIO()
    small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(_COLOURS, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    target = target.expanduser().absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, made.getvalue())
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}", "choose another file with --png") from None
    return target


class _Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, picture: Image.Image) -> None:
        from PIL import ImageDraw

        self._picture, self._draw = picture, ImageDraw.Draw(picture)

    def text(self, at: tuple[float, float], words: str, size: int, colour: str, anchor: str = "lt") -> None:
        from PIL import ImageColor

        whole = clean(words, LONGEST)
        gone = missing(whole)
        shown, tall = "".join("□" if one in gone else one for one in whole), size * FINER
        x, y = at[0] * FINER, at[1] * FINER
        if anchor[0] == "m":
            x -= width(shown, "sans", tall) / 2
        if anchor[1] == "t":
            y += FACES["sans"].metrics.cap_height * tall
        write(self._picture, (x, y), shown, "sans", tall, ImageColor.getrgb(colour)[:3])

    def line(self, points: list[tuple[float, float]], colour: str, width: float) -> None:
        self._draw.line([(x * FINER, y * FINER) for x, y in points], fill=colour, width=round(width * FINER))

    def shape(self, points: list[tuple[float, float]], colour: str) -> None:
        self._draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        (x, y), r = at, radius
        self._draw.ellipse([(x - r) * FINER, (y - r) * FINER, (x + r) * FINER, (y + r) * FINER], fill=colour)


def _row(pen: _Pen, rate: Rate, base: float, least: float, most: float, colour: str) -> None:
    hill = [(_across(at, least, most), base - HILL * share) for at, share in rate.density if least <= at <= most]
    if hill:
        pen.shape([(hill[0][0], base), *hill, (hill[-1][0], base)], _pale(colour))
        pen.line(hill, colour, 1.5)
    pen.line([(LEFT, base), (RIGHT, base)], LINE, 1)
    pen.line([(_across(rate.low, least, most), base), (_across(rate.high, least, most), base)], colour, 5)
    pen.dot((_across(rate.rate, least, most), base), 7, colour)
    pen.text((EDGE, base - 34), _short(rate.value), 22, INK, anchor="ls")
    pen.text((EDGE, base - 10), f"{rate.posts} posts", 15, FAINT, anchor="ls")
    pen.text((RIGHT + 28, base - 34), f"{percent(rate.rate)}  ({span(rate)})", 20, INK, anchor="ls")
    pen.text((RIGHT + 28, base - 10), f"best: {chance(rate.best)}", 15, FAINT, anchor="ls")


def _scale(compared: Comparison) -> tuple[float, float]:
    """The rates at the left and at the right: what may well be, and a little more."""
    least, most = min(rate.low for rate in compared.rates), max(rate.high for rate in compared.rates)
    more = 0.25 * (most - least)
    return max(least - more, 0.0), min(most + more, 1.0)


def _across(rate: float, least: float, most: float) -> float:
    return LEFT + (RIGHT - LEFT) * (rate - least) / (most - least)


def _ticks(least: float, most: float) -> list[float]:
    """Round rates, three to seven of them."""
    step = next(
        size * 10.0**power for power in range(-6, 1) for size in (1, 2, 5) if (most - least) / (size * 10.0**power) <= 6
    )
    first = int(least / step) + (least > 0)
    return [tick for number in range(first, first + 8) if (tick := number * step) <= most]


def _pale(colour: str) -> str:
    mixed = (round(255 - (255 - int(colour[at : at + 2], 16)) * 0.25) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _short(name: str) -> str:
    return name if len(name) <= 14 else name[:13] + "…"
