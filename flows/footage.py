"""The footage of a pipeline: how long its shots are, and how they follow each other."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.shot_options import ShotOptions
from reelmill.content import Joint, Json
from tasks.assembly.options import AssembleOptions
from tasks.assembly.timing import joined
from tasks.generation.options import GenerateOptions


class Footage(BaseModel):
    """How long the shots of a pipeline are, and how they follow each other."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    generate: GenerateOptions = GenerateOptions()
    shots: tuple[ShotOptions, ...] = Field((), strict=False)
    assemble: AssembleOptions = AssembleOptions()

    @property
    def lengths(self) -> list[int]:
        """The frames of each shot."""
        return [shot.generate(self.generate).frames for shot in self.shots or (ShotOptions(),)]

    @property
    def joints(self) -> list[Joint]:
        """Before each shot but the first."""
        return [self.assemble.joint(shot.join, self.generate.fps) for shot in self.shots[1:]]

    @property
    def frames(self) -> int:
        """Of all shots together."""
        return joined(self.lengths, self.joints)

    @property
    def seconds(self) -> float:
        return self.frames / self.generate.fps

    @property
    def is_assembled(self) -> bool:
        """Its masters are no clips."""
        return len(self.lengths) > 1 or self.assemble.effect is not None


def footage_of(pipeline: Mapping[str, Json]) -> Footage | None:
    """The footage of a pipeline as a file has it; None if a part of it is wrong, which is told there."""
    try:
        parts = {key: pipeline[key] for key in ("generate", "shots", "assemble") if pipeline.get(key) is not None}
        return Footage.model_validate_json(json.dumps(parts))
    except (ValidationError, TypeError):
        return None
