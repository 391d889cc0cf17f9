"""What is decided about one video before anything is made. The ledger keeps it, so that resuming needs no source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Self

from pydantic import TypeAdapter

from reelmill.content import Brief, Clip, Joint, Json, PostText, Shot, Variant, fingerprint
from reelmill.errors import EngineError, TemplateError
from tasks.assembly.timing import joined
from tasks.finishing.cards import Cards, EndCard, LowerThird
from tasks.finishing.options import CaptionOptions
from tasks.finishing.profile import Profile
from tasks.finishing.sound.options import NarrationOptions
from tasks.finishing.sound.script import Script, script_of
from tasks.finishing.sound.speech.base import Voice
from tasks.finishing.words import Words
from tasks.generation.options import GenerateOptions
from tasks.prompts.compose import Prompt, clean
from tasks.prompts.locales import language_of
from tasks.prompts.options import PromptOptions
from tasks.prompts.template import Template, scope
from wan_engine.base import Engine

Clips = tuple[Clip, ...]
"""The clips of a video's shots, in order."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a post is in an experiment."""

    of: str  #: the list of the matrix whose values are compared
    value: str  #: the one that this video has
    arm: str  #: where it is shown: an account, or times of day


@dataclass(frozen=True, slots=True)
class PostPlan:
    """One post that a video is going to have."""

    target: str
    profile: str  #: the rendition that goes there
    at: dt.datetime | None = None  #: not before; None: as soon as the video is made
    repost: bool = False  #: also if the account has had this content before
    trial: Trial | None = None  #: what it is in an experiment


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """What is other from shot to shot of a video."""

    prompt: str
    negative_prompt: str
    frames: int
    seed: int
    image: str | None  #: URL or absolute path of the reference image


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """Everything that the stages need to know of one video."""

    brief_key: str
    variant: Mapping[str, Json]
    engine: str
    shots: tuple[ShotPlan, ...]
    width: int
    height: int
    fps: int
    steps: int
    guidance: float
    words: Words  #: what is drawn
    post: PostText
    profiles: tuple[str, ...]
    targets: tuple[str, ...] = ()  #: of plans that were made before posts had one each: every profile to all of them
    posts: tuple[PostPlan, ...] = ()
    misfits: tuple[str, ...] = ()  #: why a post that the definition asks for is not among them
    advice: tuple[str, ...] = field(default=())  #: what the lint says of the prompt
    shortened: tuple[str, ...] = ()  #: what posts lose of its words, since a platform takes fewer
    script: Script | None = None  #: what is spoken
    cards: Cards | None = None  #: what is drawn for a while
    joints: tuple[Joint, ...] = ()  #: before each shot but the first
    change: str = ""  #: what happened to its brief that a video is made of it; "": nothing in particular
    facts: Mapping[str, Json] = field(default_factory=dict)  #: what its source watches of the brief
    edited: bool = False  #: a person has changed it, and it is kept however often the run is planned again

    @property
    def orders(self) -> tuple[PostPlan, ...]:
        """Its posts, in the order in which they are made."""
        return self.posts or tuple(PostPlan(to, profile) for profile in self.profiles for to in self.targets)

    def to_json(self) -> dict[str, Json]:
        plain: dict[str, Json] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Json]) -> Self:
        plan = _ADAPTER.validate_python(plain if "shots" in plain else _of_one_shot(plain))
        assert isinstance(plan, cls)
        return plan

    @property
    def frames(self) -> int:
        """Of all shots together."""
        return joined([shot.frames for shot in self.shots], self.joints)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def requests(self, model: str, images: Sequence[str | None] = ()) -> list[Shot]:
        """The shots that this video is made of.

        Parameters
        ----------
        images:
            The sha256 of each shot's reference image in the store. (): none is looked at.
        """
        return [
            Shot(
                engine=self.engine,
                model=model,
                prompt=shot.prompt,
                negative_prompt=shot.negative_prompt,
                width=self.width,
                height=self.height,
                frames=shot.frames,
                fps=self.fps,
                steps=self.steps,
                guidance=self.guidance,
                seed=shot.seed,
                image=image,
            )
            for shot, image in zip(self.shots, images or [None] * len(self.shots), strict=True)
        ]


_OF_A_SHOT = tuple(field.name for field in fields(ShotPlan))


def _of_one_shot(plain: Mapping[str, Json]) -> dict[str, Json]:
    """A plan that was written down before videos could have several shots."""
    rest = {key: value for key, value in plain.items() if key not in _OF_A_SHOT}
    return rest | {"shots": [{key: plain[key] for key in _OF_A_SHOT}]}


def prompts_of(plain: Mapping[str, Json]) -> list[str]:
    """The prompts of a plan as the ledger has it; none of a video that could not be planned."""
    shots = plain.get("shots", [plain] if "prompt" in plain else [])
    return [str(shot["prompt"]) for shot in shots]


_ADAPTER: TypeAdapter[VideoPlan] = TypeAdapter(VideoPlan)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is the same for all videos of a pipeline."""

    pipeline: str
    engine: Engine
    prompts: tuple[PromptOptions, ...]  #: what each shot shows
    shots: tuple[GenerateOptions, ...]  #: how each is made
    joints: tuple[Joint, ...]
    caption: CaptionOptions
    brand: Mapping[str, Json]
    platforms: tuple[Profile, ...]  #: that are delivered to
    narration: tuple[NarrationOptions, Voice] | None = None  #: what is spoken, and who speaks


def plan_video(
    recipe: Recipe,
    brief: Brief,
    variant: Variant,
    prompts: Sequence[Prompt],
    advice: tuple[str, ...],
) -> VideoPlan:
    """Decide everything about one video but its posts.

    Parameters
    ----------
    prompts:
        One a shot.

    Raises
    ------
    TemplateError
        If a template of the caption names something that this brief does not have.
    EngineError
        If the engine cannot make such a shot, or if an image is required and the brief has none.
    FinishingError
        If the narration is too long, or in a language that its voice does not speak.
    """
    generate = recipe.shots[0]
    shots = tuple(
        ShotPlan(
            prompt=prompt.positive,
            negative_prompt=prompt.negative,
            frames=options.frames,
            seed=_seed(recipe.pipeline, brief.key, variant.id, index) if options.seed is None else options.seed,
            image=image_of(brief, options, index),
        )
        for index, (prompt, options) in enumerate(zip(prompts, recipe.shots, strict=True))
    )
    words, post = _render(recipe, brief, variant)
    plan = VideoPlan(
        brief_key=brief.key,
        variant=variant.values,
        engine=recipe.engine.name,
        shots=shots,
        width=generate.width,
        height=generate.height,
        fps=generate.fps,
        steps=recipe.engine.recommended_steps if generate.steps is None else generate.steps,
        guidance=recipe.engine.recommended_guidance if generate.guidance is None else generate.guidance,
        words=words,
        post=post,
        profiles=tuple(profile.name for profile in recipe.platforms),
        advice=advice,
        script=_script(recipe, brief, variant, joined([shot.frames for shot in shots], recipe.joints) / generate.fps),
        cards=_cards(recipe, brief, variant),
        joints=recipe.joints,
    )
    for shot in plan.requests(recipe.engine.model):
        recipe.engine.check(shot)
    return plan


def image_of(brief: Brief, options: GenerateOptions, index: int) -> str | None:
    """The reference image of a shot, by its number.

    Raises
    ------
    EngineError
        If it must have one, and the brief has none.
    """
    image = None
    if brief.images and options.image != "none":
        image = brief.images[index] if index < len(brief.images) else brief.images[0]
    if image is None and options.image == "required":
        raise EngineError(
            f"{brief.title!r} has no image, and `generate.image` is `required`", "add an image, or use `image: auto`"
        )
    return image


def _cards(recipe: Recipe, brief: Brief, variant: Variant) -> Cards | None:
    seen = scope(brief, variant, recipe.brand)

    def text(source: str | None) -> str:
        return clean(Template(source).render(**seen)) if source else ""

    third, end = recipe.caption.lower_third, recipe.caption.end_card
    if third is None and end is None:
        return None
    cards = Cards(
        LowerThird(text(third.title), text(third.text), third.start, third.seconds) if third else None,
        EndCard(text(end.text), end.seconds) if end else None,
    )
    cards.check()
    return cards


def _script(recipe: Recipe, brief: Brief, variant: Variant, seconds: float) -> Script | None:
    if recipe.narration is None:
        return None
    options, voice = recipe.narration
    text = Template(options.text).render(**scope(brief, variant, recipe.brand))
    language = options.language or language_of(variant)
    script = script_of(text, voice.engine, language=language, speed=options.speed, seconds=seconds)
    if script is not None:
        voice.check(script.language)
    return script


def _seed(pipeline: str, brief_key: str, variant_id: str, index: int) -> int:
    """A seed of its own for each shot, the same on every re-run."""
    of_video = [pipeline, brief_key, variant_id]
    return int(fingerprint([*of_video, index] if index else of_video)[:8], 16)


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
