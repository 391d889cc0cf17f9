"""What a pipeline says of generation: the keys of `generate:`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from reelmill.errors import EngineError
from tasks.options import Options
from tasks.registry import names, suggest
from wan_engine.shot import NATIVE_FPS, SPATIAL_STRIDE, check_size, legal_frames

#: What Wan2.2-TI2V-5B makes in one shot without falling apart is 5 s (README, "121 frames at 24 fps"); more is allowed.
LONGEST_SECONDS = 60.0

_SIZE = r"([0-9]{2,5})x([0-9]{2,5})"


def _known_engine(value: str) -> str:
    known = ("auto", *names("engines"))
    if value in known:
        return value
    raise PydanticCustomError(
        "unknown_engine",
        "there is no engine with this name",
        {"allowed": ", ".join(known), "suggestion": suggest(value, known)},
    )


def _legal_size(value: str) -> str:
    parts = re.fullmatch(_SIZE, value)
    if parts is None:
        loose = re.fullmatch(r"\s*([0-9]{2,5})\s*[xX×*]\s*([0-9]{2,5})\s*", value)
        raise PydanticCustomError(
            "size_form",
            "this is not a size in pixels",
            {
                "allowed": "width x height, such as 704x1280",
                "suggestion": f"{loose[1]}x{loose[2]}" if loose else None,
            },
        )
    try:
        check_size(int(parts[1]), int(parts[2]))
    except EngineError as error:
        nearest = re.search(r"\d+x\d+", error.instruction)
        raise PydanticCustomError(
            "size_illegal",
            "no engine makes this size",
            {
                "allowed": f"sides that are multiples of {SPATIAL_STRIDE}, from 256 to 1920",
                "suggestion": nearest[0] if nearest else None,
            },
        ) from error
    return value


def _name_engines(schema: JsonDict) -> None:
    schema["enum"] = ["auto", *names("engines")]


class GenerateOptions(Options):
    """How clips are made. Each has a default, so `generate:` may be left out."""

    engine: Annotated[str, AfterValidator(_known_engine), Field(json_schema_extra=_name_engines)] = "auto"
    """Which engine draws: a name, or `auto` for the best one that this machine can run."""

    seconds: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)] = 5.0
    """Length of a clip in seconds. The engine makes 4k+1 frames, so it is rounded to the nearest such count."""

    size: Annotated[str, AfterValidator(_legal_size), Field(json_schema_extra={"pattern": f"^{_SIZE}$"})] = "704x1280"
    """Width x height in pixels, both multiples of 32. 704x1280 is upright; platforms get their own size from it."""

    fps: Annotated[int, Field(ge=8, le=60)] = NATIVE_FPS
    """Frames per second. 24 is what the model was trained on."""

    steps: Annotated[int, Field(ge=1, le=200)] | None = None
    """Denoising steps. Empty: what the engine recommends."""

    guidance: Annotated[float, Field(ge=0, le=20)] | None = None
    """How closely the picture follows the prompt (classifier-free guidance). Empty: what the engine recommends."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """The seed of every shot. Empty: each video has its own, derived from what it shows, the same on every re-run."""

    image: Literal["auto", "none", "required"] = "auto"
    """The reference image of a brief: used if there is one (`auto`), never (`none`), or a must (`required`)."""

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.size.split("x")[0])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.size.split("x")[1])

    @property
    def frames(self) -> int:
        """The legal count of frames nearest to `seconds`."""
        return legal_frames(self.seconds, self.fps)
