"""A prompt of the library: the parts of a prompt, what it is for, and examples that prove it.

about: what it shows
needs: [brief.title]
subject: "{{ brief.title }}"
action: {en: warm steam rises slowly, zh: 热气缓缓升起}
…
examples: [{brief: {title: a cup}, holds: [a cup, steam]}]
counter_examples: [{brief: {title: a cup in a crowd}, remark: crowd}]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.content import Brief, Json, Variant
from tasks.options import Options
from tasks.prompts.options import DEFAULT, LANGUAGE, SLOTS, FilledSlot, PromptOptions, Slot, TemplateText

#: A name that a template can use: `brief.title`, `variant.style`.
_FIELD = r"^(brief|variant)(\.[a-zA-Z_][a-zA-Z0-9_]{0,63}){1,8}$"

_Words = Annotated[str, StringConstraints(min_length=1, max_length=400)]
_LanguageName = Annotated[str, StringConstraints(pattern=f"^{LANGUAGE}$")]


class Data(Options):
    """What the templates are filled with."""

    brief: dict[str, Any] = Field(default_factory=dict)
    """The fields of the brief, `title` among them."""

    variant: dict[str, Any] = Field(default_factory=dict)
    """The cell of the matrix."""

    brand: dict[str, Any] = Field(default_factory=dict)
    """The brand."""

    language: _LanguageName | None = None
    """The language that is asked in. Empty: the one that the model knows best."""

    @property
    def as_brief(self) -> Brief:
        """A brief with these fields."""
        return Brief("example", str(self.brief.get("title", "")), self.brief)

    @property
    def as_variant(self) -> Variant:
        """A variant with these values."""
        return Variant("", self.variant)


class Example(Data):
    """What a good use of it makes."""

    holds: Annotated[tuple[_Words, ...], Field(strict=False, min_length=1, max_length=20)]
    """What must be in the prompt."""

    lacks: Annotated[tuple[_Words, ...], Field(strict=False, max_length=20)] = ()
    """What must not be in it."""


class CounterExample(Data):
    """A use that goes wrong, and how that is told."""

    remark: str | None = None
    """The rule of the lint that must speak: `crowd`, `several-subjects`."""

    error: _Words | None = None
    """Words of the error that must come."""

    @model_validator(mode="after")
    def _expects_one_thing(self) -> Self:
        if (self.remark is None) == (self.error is None):
            reason = "a counter-example says which remark or which error must come"
            raise PydanticCustomError("counter_example", "{reason}", {"reason": reason, "allowed": "one of the two"})
        return self


class LibraryPrompt(Options):
    """One file of the library."""

    about: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """What it shows, in one sentence."""

    needs: Annotated[tuple[Annotated[str, StringConstraints(pattern=_FIELD)], ...], Field(strict=False)] = ()
    """The fields that it cannot do without: `[brief.title]`."""

    subject: FilledSlot
    """Who or what is seen."""

    action: FilledSlot
    """What moves."""

    environment: FilledSlot
    """Where, when, in which light."""

    style: FilledSlot
    """How it looks."""

    camera: Slot = {"en": "steady camera, slow smooth movement", "zh": "固定镜头，动作缓慢平稳"}  # noqa: RUF012 (frozen)
    """How the camera moves."""

    negative: TemplateText = DEFAULT
    """What must not be seen."""

    examples: Annotated[tuple[Example, ...], Field(strict=False, min_length=1, max_length=50)]
    """Uses that work, at least one for each language."""

    counter_examples: Annotated[tuple[CounterExample, ...], Field(strict=False, max_length=50)] = ()
    """Uses that go wrong."""

    @property
    def parts(self) -> dict[str, Json]:
        """What it gives to `prompt:` of a pipeline."""
        return {name: getattr(self, name) for name in (*SLOTS, "negative")}

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that it is written in; none if all of its parts are one text."""
        written = [tuple(slot) for slot in self._slots.values() if isinstance(slot, dict)]
        return tuple(dict.fromkeys(language for slot in written for language in slot))

    @property
    def texts(self) -> list[tuple[tuple[str, ...], str]]:
        """Every template with its path in the file."""
        found: list[tuple[tuple[str, ...], str]] = []
        for name, slot in self._slots.items():
            texts = {(name,): slot} if isinstance(slot, str) else {(name, key): text for key, text in slot.items()}
            found += texts.items()
        return found if self.negative == DEFAULT else [*found, (("negative",), self.negative)]

    @property
    def _slots(self) -> Mapping[str, str | dict[str, str]]:
        own = {name: getattr(self, name) for name in SLOTS}
        if "camera" not in self.model_fields_set:  # the default is in two languages, also where nothing else is
            del own["camera"]
        return own

    def options(self, language: str | None = None) -> PromptOptions:
        """What a pipeline has that uses it as it is."""
        return PromptOptions(**self.parts, language=language or "auto")
