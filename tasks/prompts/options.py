"""What a pipeline says of its prompt: the keys of `prompt:`. Every value is a template."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from tasks.options import Options

#: Longest source of one template, in characters. A prompt is cut by the text encoder at about 1,500.
LONGEST_TEMPLATE = 4000
#: A language as BCP 47 writes it.
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"

#: The parts of a prompt, in the order in which they are read.
SLOTS = ("subject", "action", "environment", "style", "camera")

#: What `negative` says for the negative prompt that Reelmill ships.
DEFAULT = "default"

TemplateText = Annotated[str, Field(max_length=LONGEST_TEMPLATE)]
_Some = Annotated[TemplateText, Field(min_length=1)]
_Language = Annotated[str, StringConstraints(pattern=f"^{LANGUAGE}$")]


def _form(value: object) -> str:
    """Which of both a part is, so that a wrong one is told once."""
    return "by language" if isinstance(value, dict) else "one text"


#: A part of a prompt: one text, or a text for each of several languages.
Slot = Annotated[
    Annotated[TemplateText, Tag("one text")]
    | Annotated[dict[_Language, TemplateText], Field(min_length=1), Tag("by language")],
    Discriminator(_form),
]
#: One that must not be empty.
FilledSlot = Annotated[
    Annotated[_Some, Tag("one text")] | Annotated[dict[_Language, _Some], Field(min_length=1), Tag("by language")],
    Discriminator(_form),
]


def _or_use(schema: JsonDict) -> None:
    """Its parts must be there, unless the library has them."""
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["use"]}]


class PromptOptions(Options):
    """The prompt in its standard form: [subject], [action], [environment], [style].

    Each is a template that sees `brief.…`, `variant.…` and `brand.…`, or one for each language: `{en: …, zh: …}`.
    """

    model_config = ConfigDict(json_schema_extra=_or_use)

    use: Annotated[str, StringConstraints(min_length=1, max_length=260)] | None = None
    """A prompt of the library: `product/steam`. What stands beside it goes before its own parts."""

    subject: FilledSlot
    """Who or what is seen: one thing, concrete. `a dark pine ridge under first snow`"""

    action: FilledSlot
    """What moves, gently: one movement. `flakes drift slowly`"""

    environment: FilledSlot
    """Where, when, in which light. `a quiet mountain valley at dusk`"""

    style: FilledSlot
    """How it looks. `ink wash`"""

    camera: Slot = "steady camera, slow smooth movement"
    """How the camera moves. An empty text leaves it to the model."""

    negative: TemplateText = DEFAULT
    """What must not be seen. `default` is the negative prompt that Reelmill ships; anything else replaces it."""

    language: Annotated[str, StringConstraints(pattern=f"^(auto|{LANGUAGE})$")] = "auto"
    """Which language is asked in, where parts have several. `auto` is the one that the model knows best."""

    @model_validator(mode="after")
    def _has_its_language(self) -> Self:
        lacking = [name for name in SLOTS if self.language not in _languages(getattr(self, name), self.language)]
        if self.language != "auto" and lacking:
            reason = f"`{', '.join(lacking)}` {'has' if len(lacking) == 1 else 'have'} no text in {self.language!r}"
            known = dict.fromkeys(one for name in lacking for one in _languages(getattr(self, name), ""))
            raise PydanticCustomError(
                "language", "{reason}", {"reason": reason, "allowed": f"auto, {', '.join(known)}"}
            )
        return self

    def spoken(self, languages: tuple[str, ...]) -> str:
        """The language that a prompt is asked in.

        Parameters
        ----------
        languages:
            Those that the model knows, the best first.
        """
        offered = [set(slot) for name in SLOTS if isinstance(slot := getattr(self, name), dict)]
        if self.language != "auto" or not offered:
            return self.language
        known = (language for language in languages if all(language in slot for slot in offered))
        return next(known, "auto")


def in_language(slot: str | dict[str, str], language: str) -> str:
    """The text of a part in a language; in its own first one, if it has none in that."""
    return slot if isinstance(slot, str) else slot.get(language) or next(iter(slot.values()))


def _languages(slot: str | dict[str, str], otherwise: str) -> tuple[str, ...]:
    return (otherwise,) if isinstance(slot, str) else tuple(slot)
