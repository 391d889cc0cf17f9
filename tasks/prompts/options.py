"""What a pipeline says of its prompt: the keys of `prompt:`. Every value is a template."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tasks.options import Options

#: Longest source of one template, in characters. A prompt is cut by the text encoder at about 1,500.
LONGEST_TEMPLATE = 4000

TemplateText = Annotated[str, Field(max_length=LONGEST_TEMPLATE)]


class PromptOptions(Options):
    """The prompt in its standard form: [subject], [action], [environment], [style].

    Each is a template that sees `brief.…`, `variant.…` and `brand.…`.
    """

    subject: Annotated[TemplateText, Field(min_length=1)]
    """Who or what is seen: one thing, concrete. `a dark pine ridge under first snow`"""

    action: Annotated[TemplateText, Field(min_length=1)]
    """What moves, gently: one movement. `flakes drift slowly`"""

    environment: Annotated[TemplateText, Field(min_length=1)]
    """Where, when, in which light. `a quiet mountain valley at dusk`"""

    style: Annotated[TemplateText, Field(min_length=1)]
    """How it looks. `ink wash`"""

    camera: TemplateText = "steady camera, slow smooth movement"
    """How the camera moves. An empty text leaves it to the model."""

    negative: TemplateText = "default"
    """What must not be seen. `default` is the negative prompt that Reelmill ships; anything else replaces it."""
