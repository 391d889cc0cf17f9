"""What the wind carries: petals, leaves, willow down. Each turns and shows its edge as it falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_engine.storyboard.camera import Camera
from wan_engine.storyboard.particles.cycle import Cycle, Numbers, cycle
from wan_engine.storyboard.picture.colour import blend, colour, shifted
from wan_engine.storyboard.picture.frame import Frame
from wan_engine.storyboard.picture.marks import stamp
from wan_engine.storyboard.picture.noise import Random
from wan_engine.storyboard.picture.raster import blur
from wan_engine.storyboard.picture.sprite import Sprite, coded, sprite_of
from wan_engine.storyboard.scenery import leaves
from wan_engine.storyboard.stage import Stage


@dataclass(frozen=True, slots=True)
class Drift:
    """Petals or leaves on the wind."""

    sprites: tuple[Sprite, ...]
    x: Numbers
    y: Numbers
    size: Numbers  #: pixels
    fall: Numbers  #: pixels in a life
    wind: Numbers
    swing: Numbers
    spin: Numbers  #: turns in a life
    flip: Numbers  #: turns over in a life
    lives: Cycle
    depth: float

    def draw(self, frame: Frame, camera: Camera, phase: float) -> None:
        view = camera.view(self.depth, phase)
        age, presence = self.lives.age(phase), self.lives.presence(phase)
        start = self.lives.start
        x = self.x + self.wind * (age - 0.5) + self.swing * np.sin(2 * np.pi * (2 * age + start)) + view.shift_x
        y = self.y + self.fall * (age - 0.5) + 0.3 * self.swing * np.cos(4 * np.pi * (age + start)) + view.shift_y
        reach = 1.5 * float(self.size.max())
        x = (x + reach) % (frame.width + 2 * reach) - reach
        y = (y + reach) % (frame.height + 2 * reach) - reach
        for index in range(len(x)):
            stamp(
                frame,
                self.sprites[index % len(self.sprites)],
                float(x[index]),
                float(y[index]),
                float(self.size[index]),
                turn=float(6.2832 * (self.spin[index] * age[index] + start[index])),
                squash=0.18 + 0.82 * abs(float(np.cos(np.pi * (self.flip[index] * age[index] + start[index])))),
                tilt=float(6.2832 * start[index]),
                opacity=float(presence[index]),
            )


#: Kind → how many at a frame of 704x1280, size in units of the stage, fall and wind in units per life, turns.
_KINDS: dict[str, tuple[int, float, float, float, float]] = {
    "petals": (26, 0.034, 0.55, 0.40, 1.0),
    "leaves": (14, 0.052, 0.60, 0.35, 1.0),
    "down": (16, 0.017, 0.10, 0.45, 0.4),
}


def drift(stage: Stage, kind: str, *, leaf: str = "maple") -> tuple[Drift, Drift]:
    """A group in the middle distance, and a few large soft ones near the lens."""
    count, size, fall, wind, turns = _KINDS[kind]
    direction = 1 if stage.light[0] < 0.5 else -1
    groups = []
    for name, depth, share, scale, soft in (("middle", 0.75, 1.0, 1.0, 0.0), ("near", 1.0, 0.22, 2.1, 5.0)):
        rng = stage.random(f"{kind} {name}")
        number = max(2, round(count * share * stage.width * stage.height / (704 * 1280)))
        sprites = tuple(_styled(stage, sprite, soft) for sprite in _sprites(stage, rng, kind, leaf))
        groups.append(
            Drift(
                sprites=sprites,
                x=rng.uniform(0, stage.width, number),
                y=rng.uniform(0, stage.height, number),
                size=stage.unit * size * scale * rng.uniform(0.7, 1.25, number),
                fall=stage.unit * fall * scale**0.5 * rng.uniform(0.7, 1.3, number) * min(1.0, stage.seconds / 5),
                wind=direction
                * stage.unit
                * wind
                * scale**0.5
                * rng.uniform(0.4, 1.3, number)
                * min(1.0, stage.seconds / 5),
                swing=stage.unit * 0.03 * rng.uniform(0.4, 1.0, number),
                spin=np.round(turns * rng.uniform(-1.4, 1.4, number)),
                flip=np.round(2 * turns * rng.uniform(0.5, 1.5, number)),
                lives=cycle(rng, number, seconds=stage.seconds, life=5.0),
                depth=depth,
            )
        )
    return groups[0], groups[1]


def _sprites(stage: Stage, rng: Random, kind: str, leaf: str) -> list[Sprite]:
    palette = stage.palette
    if kind == "petals":
        tones = (blend(palette.accent, colour("#ffffff"), 0.35), blend(palette.accent, colour("#ffffff"), 0.15))
        return [leaves.petal(rng, tone) for tone in tones]
    if kind == "down":
        axis = (np.arange(64, dtype=np.float32) - 31.5) / 32
        reach = np.hypot(axis[None, :], axis[:, None])
        wisps = np.clip(1 - reach, 0, 1) ** 2 * (
            0.6 + 0.4 * np.cos(np.arctan2(axis[:, None], axis[None, :]) * 13) * reach
        )
        white = np.ones((64, 64, 3), np.float32) * 0.96
        return [Sprite(np.concatenate([white * wisps[..., None], wisps[..., None]], axis=-1).astype(np.float32))]
    makers = {"maple": leaves.maple, "ginkgo": leaves.ginkgo}
    base = {"maple": palette.accent, "ginkgo": colour("#e6b422")}.get(leaf, palette.foliage)
    return [makers.get(leaf, leaves.ovate)(shifted(base, hue=float(hue))) for hue in (0.0, 0.025, -0.015)]


def _styled(stage: Stage, sprite: Sprite, soft: float) -> Sprite:
    """The sprite in the style's manner, out of focus by `soft` pixels of its own, in code values."""
    painted = sprite
    if stage.style.name in {"ink wash", "watercolor", "35mm film", "anime"}:
        painted = sprite_of(stage.style.thing(stage, sprite.straight(), 1.0, "drift"))
    if soft > 0:
        wide = np.pad(painted.planes, ((12, 12), (12, 12), (0, 0)))
        painted = Sprite(blur(wide, soft) * np.float32(0.72))
    return coded(painted)
