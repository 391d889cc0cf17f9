"""What a pipeline says of how its clips become one master: the keys of `assemble:`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from reelmill.content import Joint
from tasks.options import Options

JointKind = Literal["cut", "crossfade", "black"]

#: `effects.py:warm`: a file beside the definition, or below, and a function in it.
CALL = r"^(\w[\w. -]*/)*\w[\w. -]*\.py:[A-Za-z_][A-Za-z0-9_]*$"


class EffectOptions(Options):
    """A function of your own that gets a MoviePy clip of the master and returns one."""

    call: Annotated[str, StringConstraints(pattern=CALL)]
    """A Python file, relative to pipelines.yaml, and a function in it: `effects.py:warm`. The file stands by itself:
    it may import what is installed beside MoviePy, and no other file of yours."""

    options: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")], str | int | float | bool] = Field(
        default_factory=dict
    )
    """What the function gets besides, by name: `{strength: 0.4}`."""


class AssembleOptions(Options):
    """How clips become one master. A pipeline without this key cuts from shot to shot."""

    join: JointKind = "cut"
    """How a shot follows the one before it, unless the shot says otherwise: at once (`cut`), one melting into the other
    (`crossfade`), or through black (`black`)."""

    join_seconds: Annotated[float, Field(gt=0, le=3)] = 0.5
    """How long that takes. Both shots are seen meanwhile, so the video is shorter by it."""

    effect: EffectOptions | None = None
    """What is done to the master before it is screened. Needs MoviePy, in an environment of its own."""

    def joint(self, kind: JointKind | None, fps: int) -> Joint:
        """How a shot follows the one before it, in frames."""
        kind = kind or self.join
        return Joint(kind, 0 if kind == "cut" else max(1, round(self.join_seconds * fps)))
