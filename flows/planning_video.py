"""One video of a run: from a brief and a cell of the matrix to all that is decided about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.allotting import Allot
from flows.changes import Worth
from flows.pipeline import Pipeline
from flows.post_length import shortenings
from flows.texts import Reader
from flows.video_plan import Recipe, VideoPlan, plan_video
from records.videos import PlannedVideo
from reelmill.content import Brief, Decision, Variant
from reelmill.errors import ReelmillError
from tasks.prompts.advice import Model, advise
from tasks.prompts.compose import Prompt, compose
from tasks.prompts.locales import localised
from tasks.prompts.options import DEFAULT
from tasks.prompts.sampling import value_name


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of one video."""

    video: PlannedVideo  #: as the ledger keeps it
    plan: VideoPlan | None = None  #: the same for whoever goes on; None: there is none, and the video says why
    error: ReelmillError | None = None  #: why it could not be planned
    misfits: tuple[str, ...] = ()  #: why posts do not fit


def planned(
    recipe: Recipe, pipeline: Pipeline, worth: Worth, variant: Variant, allot: Allot | None, reader: Reader
) -> Planned:
    """Decide everything about one video. What is wrong with it is told, and not raised."""
    brief, mark = worth.brief, worth.mark
    title = _title(pipeline, brief, variant)
    variant = localised(variant, pipeline.matrix.locales if pipeline.matrix else ())
    try:
        prompts, advice = _prompts(recipe, brief, variant)
        plan = plan_video(recipe, brief, variant, prompts, tuple(advice))
        plan.words.check()  # a missing glyph is found before a second of rendering, and not after
    except ReelmillError as error:
        return Planned(PlannedVideo(brief.key, variant.id, title, mark, {}, failed=str(error)), error=error)
    texts = reader.read(plan)
    # A video that is blocked is not going to be made, so it takes nobody's time of posting.
    blocked = texts.decision is Decision.BLOCK
    posts, misfits = ((), ()) if allot is None or blocked else allot(brief.key, variant.id, mark)
    if misfits and not posts:
        skipped = PlannedVideo(brief.key, variant.id, title, mark, {}, skipped="; ".join(misfits))
        return Planned(skipped, misfits=misfits)
    plan = replace(
        plan,
        change=worth.kind or "",
        facts=worth.facts,
        shortened=shortenings(recipe.platforms, plan.post),
        posts=posts,
        misfits=misfits,
    )
    video = PlannedVideo(brief.key, variant.id, title, mark, plan.to_json(), texts=texts)
    return Planned(video, plan, misfits=misfits)


def _prompts(recipe: Recipe, brief: Brief, variant: Variant) -> tuple[list[Prompt], dict[str, None]]:
    """The prompt of each shot, and what is to be said of them, for the model that is going to draw."""
    engine = recipe.engine
    prompts: list[Prompt] = []
    advice: dict[str, None] = {}
    for options, generate in zip(recipe.prompts, recipe.shots, strict=True):
        guidance = engine.recommended_guidance if generate.guidance is None else generate.guidance
        model = Model(engine.model, guidance, engine.preview)
        prompt = compose(options, brief, variant, recipe.brand, model.languages)
        own = options.negative != DEFAULT
        advice |= dict.fromkeys(map(str, advise(prompt, model, own_negative=own)))
        prompts.append(prompt)
    return prompts, advice


def _title(pipeline: Pipeline, brief: Brief, variant: Variant) -> str:
    """The brief and the cell for people. What `include` adds to a cell explains it and does not name it."""
    lists = pipeline.matrix.lists if pipeline.matrix else {}
    own = localised(variant, pipeline.matrix.locales if pipeline.matrix else ()).values
    named = [value_name(value) or str(own[key]) for key, value in variant.values.items() if key in lists or not lists]
    return " · ".join([brief.title, *named])
