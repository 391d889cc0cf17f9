"""What an order says, as a shot: every field that we know is read strictly, every other one is left alone."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reelmill.content import Json, Shot, fingerprint
from wan_engine.server.refusals import bad_order
from wan_engine.shot import NATIVE_FPS, legal_frames
from wan_engine.video_api.protocol import GUIDANCE, STEPS, name_of

#: What an order has that names neither size nor length: as a pipeline's `generate`.
SIZE, SECONDS = (704, 1280), 5.0
#: A minute at the highest rate: an engine that has no limit of its own must not be held up for a day.
MOST_SECONDS, MOST_FRAMES = 60.0, 3601
#: Bounds of what no engine goes beyond; most are stricter, and say so themselves.
SIDES, RATES = (16, 8192), (1, 120)
#: Characters of a prompt. The text encoder of Wan reads 512 tokens.
LONGEST_PROMPT = 8000
#: As a pipeline's `generate` takes them.
LARGEST_SEED = 2**32 - 1

#: All fields that mean something here.
KNOWN = (
    "prompt", "model", "seconds", "size", "width", "height", "fps", "num_frames", "seed", "negative_prompt",
    "num_inference_steps", "guidance_scale",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """What an order can be made with."""

    engine: str
    model: str  #: with its revision
    steps: int
    guidance: float


@dataclass(frozen=True, slots=True)
class Order:
    """A shot as somebody asked for it."""

    shot: Shot
    asked: str  #: fingerprint of the words: the same order has the same, also where its seed was left to us


def read_order(fields: Mapping[str, Json], served: Served, image: str | None) -> Order:
    """The order that fields of a form, or of a JSON object, are.

    Parameters
    ----------
    image:
        The sha256 of the reference image that came with it.

    Raises
    ------
    Refusal
        If a field is malformed, or contradicts another one.
    """
    said = {name: fields[name] for name in KNOWN if fields.get(name) not in (None, "")}
    _check_model(said, served.model)
    width, height = _size(said)
    fps = _whole(said, "fps", RATES) or NATIVE_FPS
    seconds = _number(said, "seconds", (0.05, MOST_SECONDS))
    frames = _whole(said, "num_frames", (1, MOST_FRAMES))
    steps, guidance = _whole(said, "num_inference_steps", STEPS), _number(said, "guidance_scale", GUIDANCE)
    seed = _whole(said, "seed", (0, LARGEST_SEED))
    shot = Shot(
        engine=served.engine,
        model=served.model,
        prompt=_text(said, "prompt", required=True),
        negative_prompt=_text(said, "negative_prompt"),
        width=width,
        height=height,
        frames=legal_frames(SECONDS if seconds is None else seconds, fps) if frames is None else frames,
        fps=fps,
        steps=served.steps if steps is None else steps,
        guidance=served.guidance if guidance is None else guidance,
        seed=secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed,
        image=image,
    )
    return Order(shot, fingerprint([{name: str(value) for name, value in said.items()}, image]))


def _check_model(said: Mapping[str, Json], served: str) -> None:
    name = name_of(served)
    if said.get("model", name) not in (name, served):
        raise bad_order(f"model: this server draws with {served}", f"say {name}, or leave it out")


def _size(said: Mapping[str, Json]) -> tuple[int, int]:
    """Width and height in pixels, however they are said."""
    sides = _whole(said, "width", SIDES), _whole(said, "height", SIDES)
    if "size" not in said:
        if (sides[0] is None) != (sides[1] is None):
            raise bad_order("width and height: one of them is missing", "say both, or `size`")
        return SIZE if sides[0] is None or sides[1] is None else (sides[0], sides[1])
    found = re.fullmatch(r"([1-9]\d{1,3})[x×*]([1-9]\d{1,3})", str(said["size"]), re.ASCII)
    if found is None:
        raise bad_order(f"size: {_shown(said['size'])} is none", "write it as 704x1280: width x height in pixels")
    width, height = int(found[1]), int(found[2])
    if sides[0] not in (None, width) or sides[1] not in (None, height):
        raise bad_order("size contradicts width and height", "leave one of them out")
    return width, height


def _text(said: Mapping[str, Json], name: str, *, required: bool = False) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise bad_order(f"{name}: {_shown(value)} is no text", "send a text")
    if required and not value.strip():
        raise bad_order(f"{name}: it is missing", "say what is to be seen")
    if len(value) > LONGEST_PROMPT:
        raise bad_order(f"{name}: {len(value)} characters are too many", f"send at most {LONGEST_PROMPT}")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise bad_order(f"{name}: it has a NUL character or half a surrogate pair", "send Unicode text")
    return value


def _whole(said: Mapping[str, Json], name: str, bounds: tuple[int, int]) -> int | None:
    """A whole number, from JSON or from a form; None if it is left out."""
    number = _number(said, name, bounds)
    if number is not None and number != int(number):
        raise bad_order(f"{name}: {_shown(said[name])} is no whole number", _within(bounds))
    return None if number is None else int(number)


def _number(said: Mapping[str, Json], name: str, bounds: tuple[float, float]) -> float | None:
    """A number, from JSON or from a form; None if it is left out."""
    value = said.get(name)
    if value is None:
        return None
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) < 2**53 else math.inf
    elif isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,12})?", value.strip(), re.ASCII):
        number = float(value)
    if math.isnan(number):
        raise bad_order(f"{name}: {_shown(value)} is no number", _within(bounds))
    if not bounds[0] <= number <= bounds[1]:
        raise bad_order(f"{name}: {_shown(value)} cannot be had", _within(bounds))
    return number


def _within(bounds: tuple[float, float]) -> str:
    return f"say {bounds[0]} to {bounds[1]}, or leave it out"


def _shown(value: Any) -> str:
    """A foreign value as a message repeats it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
