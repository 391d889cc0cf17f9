"""What is decided about one video before anything is made. The ledger keeps it, so that resuming needs no source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import TypeAdapter

from reelmill.content import Brief, Json, PostText, Shot, Variant, fingerprint
from reelmill.errors import EngineError, TemplateError
from tasks.finishing.options import CaptionOptions
from tasks.finishing.words import Words
from tasks.generation.options import GenerateOptions
from tasks.prompts.compose import Prompt, clean
from tasks.prompts.template import Template, scope
from wan_engine.base import Engine


@dataclass(frozen=True, slots=True)
class PostPlan:
    """One post that a video is going to have."""

    target: str
    profile: str  #: the rendition that goes there
    at: dt.datetime | None = None  #: not before; None: as soon as the video is made
    repost: bool = False  #: also if the account has had this content before


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """Everything that the stages need to know of one video."""

    brief_key: str
    variant: Mapping[str, Json]
    engine: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    frames: int
    fps: int
    steps: int
    guidance: float
    seed: int
    image: str | None  #: URL or absolute path of the reference image
    words: Words  #: what is drawn
    post: PostText
    profiles: tuple[str, ...]
    targets: tuple[str, ...] = ()  #: of plans that were made before posts had one each: every profile to all of them
    posts: tuple[PostPlan, ...] = ()
    misfits: tuple[str, ...] = ()  #: why a post that the definition asks for is not among them
    advice: tuple[str, ...] = field(default=())  #: what the lint says of the prompt

    @property
    def orders(self) -> tuple[PostPlan, ...]:
        """Its posts, in the order in which they are made."""
        return self.posts or tuple(PostPlan(to, profile) for profile in self.profiles for to in self.targets)

    def to_json(self) -> dict[str, Json]:
        plain: dict[str, Json] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Json]) -> Self:
        plan = _ADAPTER.validate_python(plain)
        assert isinstance(plan, cls)
        return plan

    def shot(self, model: str, image_sha256: str | None) -> Shot:
        """The one shot that this video is made of."""
        return Shot(
            engine=self.engine,
            model=model,
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            width=self.width,
            height=self.height,
            frames=self.frames,
            fps=self.fps,
            steps=self.steps,
            guidance=self.guidance,
            seed=self.seed,
            image=image_sha256,
        )


_ADAPTER: TypeAdapter[VideoPlan] = TypeAdapter(VideoPlan)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is the same for all videos of a pipeline."""

    pipeline: str
    engine: Engine
    generate: GenerateOptions
    caption: CaptionOptions
    brand: Mapping[str, Json]
    profiles: tuple[str, ...]


def plan_video(
    recipe: Recipe,
    brief: Brief,
    variant: Variant,
    prompt: Prompt,
    advice: tuple[str, ...],
) -> VideoPlan:
    """Decide everything about one video but its posts.

    Raises
    ------
    TemplateError
        If a template of the caption names something that this brief does not have.
    EngineError
        If the engine cannot make such a shot, or if an image is required and the brief has none.
    """
    generate = recipe.generate
    image = brief.images[0] if brief.images and generate.image != "none" else None
    if image is None and generate.image == "required":
        raise EngineError(
            f"{brief.title!r} has no image, and `generate.image` is `required`", "add an image, or use `image: auto`"
        )
    words, post = _render(recipe, brief, variant)
    plan = VideoPlan(
        brief_key=brief.key,
        variant=variant.values,
        engine=recipe.engine.name,
        prompt=prompt.positive,
        negative_prompt=prompt.negative,
        width=generate.width,
        height=generate.height,
        frames=generate.frames,
        fps=generate.fps,
        steps=recipe.engine.recommended_steps if generate.steps is None else generate.steps,
        guidance=recipe.engine.recommended_guidance if generate.guidance is None else generate.guidance,
        seed=_seed(recipe.pipeline, brief.key, variant.id) if generate.seed is None else generate.seed,
        image=image,
        words=words,
        post=post,
        profiles=recipe.profiles,
        advice=advice,
    )
    recipe.engine.check(plan.shot(recipe.engine.model, None))
    return plan


def _seed(pipeline: str, brief_key: str, variant_id: str) -> int:
    """A seed of its own for each video, the same on every re-run."""
    return int(fingerprint([pipeline, brief_key, variant_id])[:8], 16)


def _render(recipe: Recipe, brief: Brief, variant: Variant) -> tuple[Words, PostText]:
    seen = scope(brief, variant, recipe.brand)

    def text(source: str | None) -> str:
        return clean(Template(source).render(**seen)) if source else ""

    caption = recipe.caption
    title, lines = text(caption.title), tuple(line for source in caption.lines if (line := text(source)))
    words = Words(title, lines, text(caption.credit), caption.typeface)
    hashtags = tuple(tag.replace(" ", "") for source in caption.hashtags if (tag := text(source).lstrip("#").strip()))
    body = Template(caption.text).render(**seen).strip() if caption.text else "\n".join([title, *lines]).strip()
    if not body and not title:
        raise TemplateError(f"the caption of {brief.title!r} is empty", "give `caption.title` or `caption.text`")
    return words, PostText(title or brief.title, body, hashtags)
