"""The YAML keys that finishing owns: `brand:` at the top, `caption:` and `deliver:` in each pipeline."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from tasks.options import Options

#: 27 characters: `00`, then who answers for the content (TC260 coding rules, 网安秘字〔2025〕29号).
AIGC_PRODUCER = r"^00[0-9A-Z]{25}$"

#: A colour as people write it for the web.
COLOR = r"^#[0-9a-fA-F]{6}$"

#: The smallest that the visible label may be, as a part of the picture's short side. GB 45438-2025 §5.4 asks for 5 %;
#: the rest is for what a platform's own re-encoding takes away.
LABEL_HEIGHT = 0.055


def _known_profile(name: str) -> str:
    from tasks.finishing import profiles  # reads its data only when a definition is checked
    from tasks.registry import suggest

    if name not in profiles.names():
        near = suggest(name, profiles.names())
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"there is no platform profile {name!r}{hint} (there are: {', '.join(profiles.names())})")
    return name


def _list_the_names(schema: dict[str, Any]) -> None:
    from tasks.finishing import profiles

    schema["enum"] = list(profiles.names())


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("at least one platform profile is needed")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is named twice")
    return names


def _producer_code(code: str) -> str:
    if not re.fullmatch(AIGC_PRODUCER, code):
        raise ValueError(
            f"{code!r} is not a producer code: it has 27 characters, `00` and then 25 digits or capital letters; "
            "leave it out (null) until your organisation has one"
        )
    return code


#: One platform profile, by name.
ProfileName = Annotated[str, AfterValidator(_known_profile), Field(json_schema_extra=_list_the_names)]

#: `deliver:` of a pipeline: the platforms that each master is finished for.
Deliver = Annotated[
    tuple[ProfileName, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "uniqueItems": True}),
    AfterValidator(_different),
]


class LabelOptions(Options):
    """How the visible AI label looks. It can be made larger and can say more; it cannot be turned off."""

    height: float = Field(LABEL_HEIGHT, ge=LABEL_HEIGHT, le=0.08, strict=False)
    """Height of the smallest letter, as a part of the picture's short side."""
    bilingual: bool = False
    """Say it in Chinese and English on every platform, and not only in the platform's own language."""


class BrandOptions(Options):
    """`brand:` – who speaks. Drawn on every rendition of every pipeline."""

    name: str = Field(min_length=1, max_length=40)
    """The brand's name as viewers read it."""
    logo: str | None = None
    """A PNG, JPEG or WebP file, relative to the definition file. Transparent edges look best."""
    color: str = Field("#2f6f4f", pattern=COLOR)
    """The brand's colour."""
    ai_producer: (
        Annotated[str, AfterValidator(_producer_code), WithJsonSchema({"type": "string", "pattern": AIGC_PRODUCER})]
        | None
    ) = None
    """The organisation's registered code as a producer of AI content (27 characters). Never invented: without one,
    no AIGC metadata is written."""
    ai_label: LabelOptions = LabelOptions()
    """The visible AI label."""


class CaptionOptions(Options):
    """`caption:` – the words on the picture, and the words of the post. Every string is a template."""

    title: str | None = None
    """The large line on the picture, and the title of the post."""
    lines: tuple[str, ...] = Field((), strict=False, max_length=6)
    """The lines below the title: a verse, a claim, a price."""
    credit: str | None = None
    """Whose words the lines are; small, below them."""
    typeface: Literal["serif", "sans"] = "serif"
    """`serif` for verse and calm, `sans` for goods and news."""
    text: str | None = None
    """The words of the post beside the video. Nothing of it is drawn."""
    hashtags: tuple[str, ...] = Field((), strict=False, max_length=30)
    """The hashtags of the post, with or without `#`."""

    def templates(self) -> dict[str, str]:
        """Every template with its path below `caption`, so that the definition can check them in their places."""
        found: dict[str, Any] = {"title": self.title, "credit": self.credit, "text": self.text}
        found |= {f"lines.{index}": line for index, line in enumerate(self.lines)}
        found |= {f"hashtags.{index}": tag for index, tag in enumerate(self.hashtags)}
        return {path: source for path, source in found.items() if source is not None}
