"""The YAML keys that finishing owns: `brand:` at the top, `caption:` and `deliver:` in each pipeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from tasks.finishing.manner import Animation, Manner, Subtitles
from tasks.options import Options
from tasks.secret import Secret

#: 27 characters: `00`, then who answers for the content (TC260 coding rules, 网安秘字〔2025〕29号).
AIGC_PRODUCER = r"^00[0-9A-Z]{25}$"

#: A colour as people write it for the web.
COLOR = r"^#[0-9a-fA-F]{6}$"

#: The smallest that the visible label may be, as a part of the picture's short side. GB 45438-2025 §5.4 asks for 5 %;
#: the rest is for what a platform's own re-encoding takes away.
LABEL_HEIGHT = 0.055


#: How a profile may be called: it becomes a part of file names.
PROFILE = r"^[a-z][a-z0-9_]{0,39}$"


def _list_the_names(schema: dict[str, Any]) -> None:
    from tasks.finishing import profiles  # reads its data only when somebody asks for the schema

    pattern = schema.pop("pattern")
    schema["anyOf"] = [{"enum": list(profiles.names())}, {"pattern": pattern}]


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


#: One platform profile, by name. Whether there is one of that name, the definition as a whole says.
ProfileName = Annotated[str, StringConstraints(pattern=PROFILE)]

#: `deliver:` of a pipeline: the platforms that each master is finished for.
Deliver = Annotated[
    tuple[Annotated[ProfileName, Field(json_schema_extra=_list_the_names)], ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "uniqueItems": True}),
    AfterValidator(_different),
]


class LabelOptions(Options):
    """How the visible AI label looks. It can be made larger and can say more; it cannot be turned off."""

    height: float = Field(LABEL_HEIGHT, ge=LABEL_HEIGHT, le=0.08, strict=False)
    """Height of the smallest letter, as a part of the picture's short side."""
    bilingual: bool = False
    """Say it in Chinese and English on every platform, and not only in the platform's own language."""


class CredentialOptions(Options):
    """`credentials:` – your own certificate. Without it, a self-made one signs, which no public reader trusts."""

    chain: str = Field(min_length=1)
    """A PEM file: the certificate that signs first, then those that issued it. Relative to the definition file."""
    key: Secret
    """Where its private key is: PEM, without a password."""
    tsa_url: str | None = Field(None, pattern=r"^https?://\S+$", max_length=2000)
    """The address of a time-stamping authority (RFC 3161). With a time-stamp, what was signed stays valid after the
    certificate has expired."""
    roots: str | None = Field(None, min_length=1)
    """A PEM file with the roots that you trust. Relative to the definition file."""

    def within(self, folder: Path) -> Self:
        """The same with absolute paths, for a definition in `folder`. The key's path is absolute already."""
        roots = str(folder / self.roots) if self.roots else None
        return self.model_copy(update={"chain": str(folder / self.chain), "roots": roots})


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
    credentials: CredentialOptions | None = None
    """What the videos are signed with (C2PA)."""


class LowerThirdOptions(Options):
    """Two lines above the words, for a while: who or what is seen. Every string is a template."""

    title: str = Field(min_length=1)
    """The upper line, the larger one."""
    text: str | None = None
    """The lower line."""
    start: float = Field(1.0, ge=0, le=600, strict=False)
    """Second at which it comes."""
    seconds: float = Field(3.0, ge=0.5, le=600, strict=False)
    """How long it stays."""


class EndCardOptions(Options):
    """The last seconds of a video: the brand's logo, its name, and what it says."""

    text: str | None = None
    """What viewers are to do. A template."""
    seconds: float = Field(1.5, ge=0.5, le=10, strict=False)
    """How long it is seen."""
    photo: bool = False
    """Show the product's photo in the place of the logo, cut out where its ground is plain."""


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
    lower_third: LowerThirdOptions | None = None
    """Two lines above the words, for a while."""
    end_card: EndCardOptions | None = None
    """The last seconds."""
    animation: Animation = "fade"
    """How title and lines come in: they appear softly, they slide in, or they stand there from the first frame on."""
    subtitles: Subtitles = "plain"
    """What a narration says, on the picture while it is said: as a whole, word by word (`karaoke`), or not at all."""
    text: str | None = None
    """The words of the post beside the video. Nothing of it is drawn."""
    hashtags: tuple[str, ...] = Field((), strict=False, max_length=30)
    """The hashtags of the post, with or without `#`."""

    @property
    def manner(self) -> Manner:
        """How its words are shown."""
        return Manner(self.animation, self.subtitles)

    def templates(self) -> dict[str, str]:
        """Every template with its path below `caption`, so that the definition can check them in their places."""
        found: dict[str, Any] = {"title": self.title, "credit": self.credit, "text": self.text}
        if self.lower_third is not None:
            found |= {"lower_third.title": self.lower_third.title, "lower_third.text": self.lower_third.text}
        if self.end_card is not None:
            found["end_card.text"] = self.end_card.text
        found |= {f"lines.{index}": line for index, line in enumerate(self.lines)}
        found |= {f"hashtags.{index}": tag for index, tag in enumerate(self.hashtags)}
        return {path: source for path, source in found.items() if source is not None}
