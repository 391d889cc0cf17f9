"""The `texts:` of a policy: how much each category of the lexicon weighs."""

from __future__ import annotations

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from tasks.options import Options

Category = Literal[
    "sexual",
    "minors",
    "violence",
    "weapons",
    "drugs",
    "gambling",
    "hate",
    "politics",
    "medical",
    "absolutes",
    "competitors",
    "trademarks",
    "blocked",
]
"""What a text may be held back for. The last three are the user's own words."""

Rule = Literal["off", "review", "block"]

CATEGORIES: tuple[Category, ...] = get_args(Category)

#: What may not be said on any platform, so no policy switches it off, and no word of a user's excuses it.
PROTECTED: frozenset[Category] = frozenset({"sexual", "minors"})


class TextRules(Options):
    """What a policy says of texts. Nothing at all is a fine rule: then the lexicon's own levels count."""

    levels: dict[Category, Rule] = Field(default_factory=dict)
    """For a whole category, instead of what the lexicon says of each term. `sexual` cannot be `off`, and `minors` can
    only be `block`."""

    def rule(self, category: str) -> Rule | None:
        """What is said of a category, if anything is."""
        return self.levels.get(category)  # type: ignore[call-overload, no-any-return]

    @model_validator(mode="after")
    def _protects(self) -> Self:
        if self.levels.get("sexual") == "off":
            raise ValueError("the category sexual cannot be off – use review or block")
        if self.levels.get("minors", "block") != "block":
            raise ValueError("the category minors can only be block")
        return self
