"""What a pipeline says of generation: the keys of `generate:`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from reelmill.errors import EngineError
from tasks.options import Options
from tasks.registry import names, suggest
from wan_engine.shot import NAMED_SIZES, NATIVE_FPS, SPATIAL_STRIDE, check_size, legal_frames
from wan_engine.wan.naming import NAME, Adapter, ModelName
from wan_engine.wan.profiles import PROFILES

#: What Wan2.2-TI2V-5B makes in one shot without falling apart is 5 s (README, "121 frames at 24 fps"); more is allowed.
LONGEST_SECONDS = 60.0

#: What an adapter's file is called, without its suffix.
AdapterName = Annotated[str, StringConstraints(pattern=f"^{NAME}$")]

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


def _known_model(value: str, info: ValidationInfo) -> str:
    """A name that the engine knows. A video server's names are its own."""
    if not value or value in PROFILES or info.data.get("engine") not in {"auto", "wan"}:
        return value
    raise PydanticCustomError(
        "unknown_model",
        "there is no model with this name",
        {"allowed": ", ".join(PROFILES), "suggestion": suggest(value, PROFILES)},
    )


def _legal_size(value: str) -> str:
    value = NAMED_SIZES.get(value, value)
    parts = re.fullmatch(_SIZE, value)
    if parts is None:
        loose = re.fullmatch(r"\s*([0-9]{2,5})\s*[xX×*]\s*([0-9]{2,5})\s*", value)
        raise PydanticCustomError(
            "size_form",
            "this is not a size in pixels",
            {
                "allowed": f"width x height, such as 704x1280, or a name: {', '.join(NAMED_SIZES)}",
                "suggestion": f"{loose[1]}x{loose[2]}" if loose else suggest(value, NAMED_SIZES),
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


def _name_models(schema: JsonDict) -> None:
    schema["examples"] = list(PROFILES)


def _form_size(schema: JsonDict) -> None:
    schema["pattern"] = f"^({_SIZE}|{'|'.join(NAMED_SIZES)})$"


class GenerateOptions(Options):
    """How clips are made. Each has a default, so `generate:` may be left out."""

    engine: Annotated[str, AfterValidator(_known_engine), Field(json_schema_extra=_name_engines)] = "auto"
    """Which engine draws: a name, or `auto` for the best one that this machine can run."""

    model: Annotated[str, AfterValidator(_known_model), Field(json_schema_extra=_name_models)] = ""
    """The model that the engine draws with. Empty: the one of each machine's settings."""

    loras: dict[AdapterName, Annotated[float, Field(ge=-4, le=4)]] = Field(default_factory=dict)
    """LoRA adapters of the engine `wan` and their weights, such as `{ink-wash: 0.8}`, by the names of their files."""

    tier: Literal["exact", "fast"] = "exact"
    """With `fast`, the engine `wan` leaves out work that changes little, where it has proven that it changes little."""

    seconds: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)] = 5.0
    """Length of a clip in seconds. The engine makes 4k+1 frames, so it is rounded to the nearest such count."""

    size: Annotated[str, AfterValidator(_legal_size), Field(json_schema_extra=_form_size)] = "704x1280"
    """Width x height in pixels, both multiples of 32, or a name such as `720p-portrait`, which is 704x1280. Platforms
    get their own size from it."""

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

    photo: Literal["whole", "subject", "cutout"] = "whole"
    """What becomes of a product's photo: it is taken `whole`; or, where its ground is plain or transparent, the product
    is put into the middle of the clip's shape, on its own ground (`subject`) or on none (`cutout`)."""

    @property
    def drawing(self) -> str:
        """What an engine is asked to draw with: model, adapters and tier in one word; "" if nothing is named."""
        return str(ModelName(self.model, "", tuple(map(Adapter, self.loras, self.loras.values())), self.tier == "fast"))

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
