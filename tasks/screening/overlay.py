"""What a policy says for one platform only: it may be stricter there, and never laxer."""

from __future__ import annotations

from pydantic import Field

from tasks.options import Options
from tasks.screening.texts.rules import Category


class Tighter(Options):
    """Lower thresholds for one label of one detector. What is not said stays as it is."""

    review: float | None = Field(None, gt=0, le=1)
    block: float | None = Field(None, gt=0, le=1)


class Overlay(Options):
    """The rules of one platform, over those for all."""

    rules: dict[str, dict[str, Tighter]] = Field(default_factory=dict)
    """By detector and label, as in the policy's own `rules`."""

    texts: list[Category] = Field(default_factory=list)
    """Categories of texts that are a block there."""
