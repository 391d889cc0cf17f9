"""What a pipeline says of each of several shots: the keys of an entry of `shots:`.

Whatever an entry does not say is said by `prompt:`, `generate:` and `assemble:` for all of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.assembly.options import JointKind
from tasks.generation.options import LONGEST_SECONDS, GenerateOptions
from tasks.options import Options
from tasks.prompts.options import FilledSlot, PromptOptions, Slot, TemplateText

#: A short video with more shots than this is a film.
MOST_SHOTS = 24

_PROMPT = ("subject", "action", "environment", "style", "camera", "negative")
_GENERATE = ("seconds", "seed", "image")


class ShotOptions(Options):
    """One of several shots: what is other than in `prompt:` and `generate:`."""

    subject: FilledSlot | None = None
    """Who or what is seen in this shot. Empty: as in `prompt`; the same holds for the other parts."""

    action: FilledSlot | None = None
    """What moves."""

    environment: FilledSlot | None = None
    """Where, when, in which light."""

    style: FilledSlot | None = None
    """How it looks."""

    camera: Slot | None = None
    """How the camera moves."""

    negative: TemplateText | None = None
    """What must not be seen."""

    seconds: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)] | None = None
    """Its length. Empty: `generate.seconds`."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """Its seed. Empty: its own, the same on every re-run."""

    image: Literal["auto", "none", "required"] | None = None
    """Its reference image. Of a brief with several, the first shot gets the first, the second the second and so on; one
    that is beyond the last gets the first."""

    join: JointKind | None = None
    """How it follows the shot before it. Empty: `assemble.join`."""

    def prompt(self, common: PromptOptions) -> PromptOptions:
        """What it shows."""
        return common.model_copy(update=self._said(_PROMPT))

    def generate(self, common: GenerateOptions) -> GenerateOptions:
        """How it is made."""
        return common.model_copy(update=self._said(_GENERATE))

    def _said(self, keys: tuple[str, ...]) -> dict[str, object]:
        return {key: value for key in keys if (value := getattr(self, key)) is not None}
