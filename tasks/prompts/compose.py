"""From the four parts of a prompt to what an engine is asked: [subject], [action], [environment], [style], [camera]."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from reelmill.content import Brief, Json, Variant
from reelmill.errors import TemplateError
from tasks.prompts.options import DEFAULT, PromptOptions, in_language
from tasks.prompts.template import Template, scope

#: What must not be seen, unless the pipeline says otherwise. In the two languages that the model knows best; its own
#: default is a list of the same kind (Wan2.2, shared_config.py). `painting` is not in it: styles are wanted.
DEFAULT_NEGATIVE = (
    "overexposed, washed out, blurred details, low quality, compression artifacts, letters, subtitles, watermark, "
    "signature, frozen picture, flicker, jitter, shaky camera, fast camera movement, crowd, cluttered background, "
    "deformed face, disfigured body, extra limbs, missing limbs, extra fingers, fused fingers, badly drawn hands, "
    "walking backwards, "
    "过曝，发灰，细节模糊，画质低劣，压缩痕迹，文字，字幕，水印，签名，画面静止，闪烁，抖动，镜头摇晃，镜头快速运动，"
    "人群拥挤，背景杂乱，面部变形，形体畸形，多余的肢体，残缺的肢体，多余的手指，手指粘连，手部画坏，倒着走"
)

_EDGES = " \t,.;:!，。；：！、…"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine is asked for, and what it is asked to leave out."""

    positive: str
    negative: str


def compose(
    options: PromptOptions,
    brief: Brief,
    variant: Variant,
    brand: Mapping[str, Json],
    languages: tuple[str, ...] = ("en", "zh"),
) -> Prompt:
    """Render the parts for one video and join them.

    Parameters
    ----------
    languages:
        Those that the model knows, the best first: where parts are written in several, one of them is taken.

    Parts that turn out empty are left out. Line breaks, control characters and invisible direction marks that came with
    the data are removed, so that a prompt is one clean line.

    Raises
    ------
    TemplateError
        If a part names a missing field, or if nothing is left to be seen.
    """
    seen = scope(brief, variant, brand)

    language = options.spoken(languages)

    def part(slot: str | dict[str, str]) -> str:
        return clean(Template(in_language(slot, language)).render(**seen)).strip(_EDGES)

    subject = part(options.subject)
    if not subject:
        raise TemplateError(
            f"the subject of the prompt is empty for {brief.title!r}", "check `prompt.subject` and the brief's fields"
        )
    parts = [subject, *map(part, (options.action, options.environment, options.style, options.camera))]
    negative = DEFAULT_NEGATIVE if options.negative == DEFAULT else clean(Template(options.negative).render(**seen))
    return Prompt(", ".join(part for part in parts if part), negative)


def clean(text: str) -> str:
    """One line without control and format characters (which can hide or reorder text)."""
    if not text.isprintable():  # else there is none of them, and asking that is a hundred times faster than looking
        text = "".join(" " if char in "\n\r\t" else char for char in text if char in "\n\r\t" or _is_visible(char))
    return " ".join(text.split())


def _is_visible(char: str) -> bool:
    # U+200D joins emoji: a format character that is seen when it is missing.
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"} or char == "\u200d"
