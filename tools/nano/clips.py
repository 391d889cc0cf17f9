"""What the nano model knows of the world: one coloured shape that moves over a grey ground, drawn from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch

#: Side of a clip in pixels, and how many frames it has.
SIDE, FRAMES = 64, 9
#: RGB from 0 to 1.
COLOURS = {"red": (0.9, 0.1, 0.1), "green": (0.1, 0.75, 0.15), "blue": (0.12, 0.2, 0.95)}
SHAPES = ("square", "circle")
#: Where a shape goes, in x and y; y points down.
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
#: Every prompt there is.
PROMPTS = [f"a {colour} {shape} moving {to}" for colour, shape, to in product(COLOURS, SHAPES, DIRECTIONS)]
#: Half of a shape's side, and its way from one frame to the next, in pixels: from, to.
RADIUS, SPEED = (8, 12), (2.0, 3.5)
#: Grey of the ground, and how much it changes over a side, from 0 to 1: from, to.
GREY, SLOPE = (0.15, 0.5), (-0.12, 0.12)
#: How far a colour is from its name's.
JITTER = 0.04


@dataclass(frozen=True, slots=True)
class Clips:
    """A batch of clips."""

    pixels: torch.Tensor  #: (clips, 3, frames, side, side) from -1 to 1
    covered: torch.Tensor  #: (clips, 1, frames, side, side): how much of a pixel the shape covers, from 0 to 1


def draw(prompts: Sequence[int], generator: torch.Generator, *, frames: int = FRAMES) -> Clips:
    """Clips of these prompts, by their places in `PROMPTS`. The shape is inside the picture all the time."""
    count = len(prompts)

    def between(bounds: tuple[float, float], *shape: int) -> torch.Tensor:
        low, high = bounds
        return low + (high - low) * torch.rand((count, *(shape or (1,))), generator=generator)

    words = [PROMPTS[number].split() for number in prompts]
    colour = torch.tensor([COLOURS[word[1]] for word in words]) + between((-JITTER, JITTER), 3)
    circle = torch.tensor([[word[2] == "circle"] for word in words])
    towards = torch.tensor([DIRECTIONS[word[4]] for word in words], dtype=torch.float32)
    radius, speed = between(RADIUS), between(SPEED)
    way = towards * speed * (FRAMES - 1)
    low = radius + 1 + (-way).clamp(min=0)
    high = SIDE - radius - 1 - way.clamp(min=0)
    start = low + (high - low) * between((0, 1), 2)
    times = torch.arange(frames, dtype=torch.float32)
    centre = start[:, None] + towards[:, None] * speed[:, None] * times[None, :, None]  # (clips, frames, 2)

    pixel = torch.arange(SIDE, dtype=torch.float32) + 0.5
    across = pixel.view(1, 1, 1, -1) - centre[:, :, 0, None, None]
    down = pixel.view(1, 1, -1, 1) - centre[:, :, 1, None, None]
    distance = torch.where(circle[:, :, None, None], torch.hypot(across, down), torch.maximum(across.abs(), down.abs()))
    covered = (radius[:, :, None, None] - distance + 0.5).clamp(0, 1)[:, None]

    place = pixel / SIDE - 0.5
    slope = between(SLOPE, 2)[:, :, None, None]
    ground = between(GREY)[:, :, None] + slope[:, 0] * place.view(1, 1, -1) + slope[:, 1] * place.view(1, -1, 1)
    pixels = ground[:, None, None] * (1 - covered) + colour[:, :, None, None, None] * covered
    return Clips(pixels * 2 - 1, covered)


def any_prompts(count: int, generator: torch.Generator) -> list[int]:
    """So many prompts, by their places."""
    found: list[int] = torch.randint(len(PROMPTS), (count,), generator=generator).tolist()
    return found
