"""What a branch wears: bark and snow, blossoms, leaves, fruit."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.sketch import Sketch
from wan_engine.storyboard.picture.sprite import Sprite
from wan_engine.storyboard.scenery import blossoms, leaves
from wan_engine.storyboard.scenery.growth import Growth
from wan_engine.storyboard.stage import Stage

Dress = Callable[[Stage, Random, Sketch, Growth], None]


def bark(stage: Stage, sheet: Sketch, growth: Growth, *, snow: bool) -> None:
    """The wood, with light along its upper side, and snow on it if it lies."""
    wood = stage.palette.wood
    lit = blend(wood, stage.palette.light, 0.26)
    white = blend(stage.palette.ground if snow else stage.palette.light, colour("#ffffff"), 0.55)
    for path, widths in growth.limbs:
        sheet.stroke(path, widths, wood)
    for path, widths in growth.limbs:
        if widths[0] > 2.2:
            sheet.stroke(path - np.array([0, 1]) * widths[:, None] * 0.22, widths * 0.30, lit)
        if snow and widths[0] > 1.4:
            flat = np.abs(np.gradient(path[:, 0])) / np.maximum(np.hypot(*np.gradient(path, axis=0).T), 1e-6)
            thick = np.maximum(widths * 0.55, 1.2) * flat
            sheet.stroke(path - np.stack([np.zeros(len(path)), widths * 0.34 + thick * 0.2], axis=1), thick, white)


def _flowers(tone_shift: float, notch: float, per_node: float, size: float) -> Dress:
    def dress(stage: Stage, rng: Random, sheet: Sketch, growth: Growth) -> None:
        tone = shifted(stage.palette.accent, hue=tone_shift)
        open_ones = [
            blossoms.five_petals(rng, shifted(tone, lightness=float(rng.uniform(0.96, 1.06))), notch=notch)
            for _ in range(4)
        ]
        closed = blossoms.bud(tone)
        sit(rng, sheet, growth, stage, open_ones, closed, per_node=per_node, size=size)

    return dress


def sit(
    rng: Random,
    sheet: Sketch,
    growth: Growth,
    stage: Stage,
    flowers: list[Sprite],
    closed: Sprite,
    *,
    per_node: float,
    size: float,
) -> None:
    """Flowers and buds at the nodes, the far ones first and darker."""
    unit = stage.unit
    places = [node for node in growth.nodes for _ in range(rng.poisson(per_node))]
    for index, (x, y, heading) in enumerate(places):
        near = index / max(1, len(places))
        off_x, off_y = rng.normal(0, 0.016 * unit, 2)
        full = unit * size * rng.uniform(0.75, 1.15)
        shade = 0.80 + 0.20 * near
        if rng.random() < 0.32:
            sheet.stamp(
                closed,
                x + off_x * 0.4,
                y + off_y * 0.4,
                full * 0.5,
                turn=heading + math.pi / 2 + rng.normal(0, 0.5),
                shade=shade,
            )
            continue
        sprite = flowers[int(rng.integers(len(flowers)))]
        sheet.stamp(
            sprite, x + off_x, y + off_y, full,
            turn=rng.uniform(0, 6.28), squash=rng.uniform(0.55, 1.0), tilt=rng.uniform(0, 6.28), shade=shade,
        )  # fmt: skip


def _foliage(kind: str, per_node: float, size: float) -> Dress:
    makers = {"maple": leaves.maple, "ginkgo": leaves.ginkgo, "leaf": leaves.ovate, "lance": leaves.lance}

    def dress(stage: Stage, rng: Random, sheet: Sketch, growth: Growth) -> None:
        palette = stage.palette
        base = {"maple": palette.accent, "ginkgo": colour("#e6b422")}.get(
            kind, blend(palette.foliage, palette.near, 0.12)
        )
        if kind == "ginkgo" and palette.dark:
            base = blend(base, palette.near, 0.5)
        sprites = [
            makers[kind](shifted(base, hue=float(h), lightness=float(light)))
            for h, light in zip((-0.02, 0.0, 0.02, 0.035), (0.8, 0.95, 1.05, 1.15), strict=True)
        ]
        for x, y, heading in growth.nodes:
            for _ in range(rng.poisson(per_node)):
                off_x, off_y = rng.normal(0, 0.02 * stage.unit, 2)
                sheet.stamp(
                    sprites[int(rng.integers(4))],
                    x + off_x,
                    y + off_y + 0.012 * stage.unit,
                    stage.unit * size * rng.uniform(0.7, 1.2),
                    turn=heading + math.pi / 2 + rng.normal(0, 0.9),
                    squash=rng.uniform(0.5, 1.0),
                    tilt=rng.uniform(0, 6.28),
                    shade=rng.uniform(0.82, 1.05),
                )

    return dress


def _fruit(tone: str, size: float, per_node: float, green: float) -> Dress:
    def dress(stage: Stage, rng: Random, sheet: Sketch, growth: Growth) -> None:
        _foliage("leaf", green, 0.075)(stage, rng, sheet, growth)
        body = colour(tone) if not stage.palette.dark else blend(colour(tone), stage.palette.near, 0.4)
        for x, y, _ in growth.nodes:
            if rng.random() > per_node:
                continue
            radius = stage.unit * size * rng.uniform(0.85, 1.15)
            drop = radius * 1.4
            sheet.stroke(np.array([[x, y], [x, y + drop]]), 1.6, stage.palette.wood)
            centre = y + drop + radius * 0.8
            for step in range(6):  # a ball from discs that move towards the light
                share = step / 5
                shade = blend(shifted(body, lightness=0.62), blend(body, stage.palette.light, 0.35), share)
                sheet.disc(
                    x - radius * 0.22 * share, centre - radius * 0.26 * share, radius * (1 - 0.72 * share), shade
                )
            sheet.disc(x, centre - radius * 0.88, radius * 0.22, shifted(stage.palette.foliage, lightness=0.7))

    return dress


def _clusters(tone: str) -> Dress:
    """Small golden clusters between dark leaves."""

    def dress(stage: Stage, rng: Random, sheet: Sketch, growth: Growth) -> None:
        _foliage("leaf", 0.55, 0.085)(stage, rng, sheet, growth)
        gold = colour(tone) if not stage.palette.dark else blend(colour(tone), stage.palette.near, 0.25)
        sprites = [blossoms.cluster(rng, shifted(gold, lightness=light)) for light in (0.92, 1.05)]
        for x, y, _ in growth.nodes:
            for _ in range(rng.poisson(0.42)):
                off_x, off_y = rng.normal(0, 0.012 * stage.unit, 2)
                sheet.stamp(
                    sprites[int(rng.integers(2))],
                    x + off_x,
                    y + off_y,
                    stage.unit * rng.uniform(0.032, 0.052),
                    turn=rng.uniform(0, 6.28),
                )

    return dress


def _large(tone: str) -> Dress:
    """A few full flowers at the ends, leaves below."""

    def dress(stage: Stage, rng: Random, sheet: Sketch, growth: Growth) -> None:
        _foliage("leaf", 0.5, 0.070)(stage, rng, sheet, growth)
        gold = blend(colour(tone), stage.palette.near, 0.35 if stage.palette.dark else 0.0)
        flower = blossoms.many_petals(rng, gold)
        ends = sorted(growth.nodes, key=lambda node: node[1])[:: max(1, len(growth.nodes) // 6)][:6]
        for x, y, _ in ends[::-1]:
            sheet.stamp(
                flower,
                x,
                y,
                stage.unit * rng.uniform(0.12, 0.16),
                turn=rng.uniform(0, 6.28),
                squash=rng.uniform(0.6, 0.9),
                tilt=rng.uniform(-0.5, 0.5),
            )

    return dress


def _bare(_stage: Stage, _rng: Random, _sheet: Sketch, _growth: Growth) -> None:
    """Nothing but wood."""


DRESSES: dict[str, Dress] = {
    "plum": _flowers(0.0, 0.0, 0.36, 0.078),
    "peach": _flowers(-0.01, 0.0, 0.46, 0.088),
    "cherry": _flowers(-0.02, 1.0, 0.62, 0.078),
    "maple": _foliage("maple", 0.55, 0.115),
    "ginkgo": _foliage("ginkgo", 0.62, 0.088),
    "leafy branch": _foliage("leaf", 0.75, 0.075),
    "persimmon": _fruit("#e8701c", 0.033, 0.075, 0.16),
    "fruit tree": _fruit("#eea834", 0.022, 0.11, 0.50),
    "osmanthus": _clusters("#efb02e"),
    "fan twig": _flowers(0.0, 0.0, 0.8, 0.040),
    "willow": _foliage("lance", 2.2, 0.070),
    "wild": _flowers(0.05, 0.0, 0.6, 0.070),
    "chrysanthemum": _large("#efbd2f"),
    "berries": _fruit("#c8321f", 0.013, 0.5, 0.35),
    "bare branch": _bare,
}
