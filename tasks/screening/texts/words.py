"""The user's own words: what a pipeline's `screen: {words: …}` may say."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from tasks.options import Options

Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]

#: Most words of one list. Each costs a few microseconds when a run starts, and nothing for each text.
MOST = 10_000
#: A word of fewer letters is in every text: of Latin ones, of Chinese ones.
FEWEST_LATIN, FEWEST_IDEOGRAPHIC = 3, 2


class WordOptions(Options):
    """Words that a brand does not want in its texts, and those that it does.

    All spellings of a word are found: other case or width, traditional characters, separators, digits for letters.
    """

    competitors: list[Word] = Field(default_factory=list, max_length=MOST)
    """Names of competitors: a review."""

    trademarks: list[Word] = Field(default_factory=list, max_length=MOST)
    """Trademarks of others: a review."""

    blocked: list[Word] = Field(default_factory=list, max_length=MOST)
    """Whatever else must not be said: a block."""

    allowed: list[Word] = Field(default_factory=list, max_length=MOST)
    """Names and phrases that are fine although a term stands in them, such as your own brand. They excuse no block for
    sexual content or minors."""

    @model_validator(mode="after")
    def _are_words(self) -> Self:
        from tasks.screening.texts.term import Pattern

        for name in ("competitors", "trademarks", "blocked", "allowed"):
            for word in getattr(self, name):
                pattern = Pattern(word)
                if len(pattern) < (FEWEST_IDEOGRAPHIC if pattern.ideographic else FEWEST_LATIN):
                    raise ValueError(
                        f"{name}: {word!r} is too short to be looked for – give {FEWEST_LATIN} letters or digits, or "
                        f"{FEWEST_IDEOGRAPHIC} Chinese characters"
                    )
        return self
