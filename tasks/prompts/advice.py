"""What is said of a prompt before it is drawn: of its words, and of the model that is to draw it.

What each family of models wants is data, beside the rules for all of them: `lint.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.prompts.compose import Prompt
from tasks.prompts.lint import Family, Remark, families, lint, short

#: With classifier-free guidance of this or less, the negative prompt is not even encoded (engine.md §2, "enabled iff
#: `guidance_scale > 1.0`").
UNGUIDED = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """What draws, as far as a prompt has to know it."""

    name: str  #: name and revision, as a shot has it
    guidance: float  #: how closely the picture follows the prompt; 1 is not at all
    preview: bool = False  #: it stands in for the model that is meant

    @property
    def family(self) -> Family | None:
        """The family that it belongs to; None for one that nobody has described. A preview stands in for the first."""
        known = families()
        if self.preview:
            return known[0]
        return next((family for family in known if family.has(self.name)), None)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that it knows, the best first."""
        family = self.family
        return family.languages if family is not None else ("en",)


#: The model that shipped prompts are written for.
LIGHT = Model("wan22-ti2v-5b", 5.0)


def advise(prompt: Prompt, model: Model, *, own_negative: bool = False) -> list[Remark]:
    """Remarks on a prompt for the model that is going to draw it.

    Parameters
    ----------
    own_negative:
        The negative prompt was written for this pipeline.
    """
    return [*lint(prompt.positive), *_wanted(prompt, model), *_unheard(prompt, model, own_negative=own_negative)]


def _wanted(prompt: Prompt, model: Model) -> Iterator[Remark]:
    family = model.family
    for want in family.wants if family is not None else ():
        if not any(want.words.spans(prompt.positive)):
            yield Remark(want.name, short(prompt.positive), want.reason, want.advice)


def _unheard(prompt: Prompt, model: Model, *, own_negative: bool) -> Iterator[Remark]:
    """A negative prompt that has no effect."""
    if own_negative and prompt.negative and model.guidance <= UNGUIDED and not model.preview:
        name = re.split("[@+]", model.name)[0]
        reason = f"at guidance {model.guidance:g}, {name} does not read the negative prompt"
        advice = "say in the prompt what is there instead, or leave `negative` out"
        yield Remark("negative-unheard", short(prompt.negative), reason, advice)
