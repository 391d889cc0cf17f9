"""From a pipeline and an occasion to the list of its videos: what `reelmill plan` shows and what a run writes down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from flows.allotting import Allot
from flows.definition import Definition
from flows.pipeline import Pipeline
from flows.video_plan import Recipe, plan_video
from records.videos import PlannedVideo
from reelmill.content import Brief, Skipped, Variant
from reelmill.errors import ReelmillError, SourceError
from reelmill.fetching import Fetcher
from reelmill.settings import Settings
from tasks.generation.choice import engine_of
from tasks.prompts.compose import compose
from tasks.prompts.lint import lint
from tasks.prompts.matrix import variants
from tasks.sources.base import Occasion, SourceContext


@dataclass(slots=True)
class Plan:
    """The videos of a run, and what the source found besides."""

    videos: list[PlannedVideo] = field(default_factory=list)
    briefs: int = 0
    unchanged: int = 0  #: briefs that were made before and have not changed
    misfits: list[str] = field(default_factory=list)  #: why posts do not fit, for each of them

    @property
    def skipped(self) -> int:
        return sum(bool(video.skipped) for video in self.videos)

    @property
    def failed(self) -> int:
        return sum(bool(video.failed) for video in self.videos)

    def skip(self, item: Skipped) -> None:
        """Note an item that cannot be used; its place in the source is its name."""
        name = f"{item.where} ({self.skipped + 1})"
        self.videos.append(PlannedVideo(name, "", item.where, "", {}, skipped=item.reason))

    @property
    def to_make(self) -> list[PlannedVideo]:
        return [video for video in self.videos if not video.skipped and not video.failed]


def plan_run(
    definition: Definition,
    name: str,
    occasion: Occasion,
    settings: Settings,
    *,
    seen: Mapping[str, str],
    allot: Allot | None = None,
    limit: int | None = None,
) -> Plan:
    """Ask the source and decide about every video. Nothing is made or fetched but the source itself.

    Parameters
    ----------
    seen:
        Fingerprints of briefs that are made already, by key; used by sources with `changes_only`.
    allot:
        Gives each video its posts. None: they get none.
    limit:
        At most this many videos.

    Raises
    ------
    SourceError
        If the source cannot be read, or has nothing at all for this occasion.
    ReelmillError
        The first failure of a video, if every single one failed to be planned.
    """
    pipeline = definition.pipeline(name)
    recipe = Recipe(
        pipeline=name,
        engine=engine_of(pipeline.generate, settings),
        generate=pipeline.generate,
        caption=pipeline.caption,
        brand=definition.brand.model_dump(mode="json"),
        profiles=tuple(pipeline.deliver),
    )
    plan, first_error, keys = Plan(), None, set[str]()
    cells = variants(pipeline.matrix)
    only_changes = getattr(pipeline.source, "changes_only", False)
    for found in _briefs(definition, pipeline, occasion, settings):
        if limit is not None and len(plan.to_make) >= limit:
            break
        if isinstance(found, Skipped):
            plan.skip(found)
            continue
        plan.briefs += 1
        if found.key in keys:
            plan.skip(Skipped(found.key, "the source gave this key twice"))
            continue
        keys.add(found.key)
        if only_changes and seen.get(found.key) == found.fingerprint:
            plan.unchanged += 1
            continue
        for variant in cells:
            if limit is not None and len(plan.to_make) >= limit:
                break
            video, error, misfits = _plan(recipe, pipeline, found, variant, allot)
            plan.videos.append(video)
            plan.misfits += misfits
            first_error = first_error or error
    if first_error is not None and not plan.to_make:
        raise first_error
    if not plan.briefs:
        raise SourceError(
            f"the source of {name} has nothing for {occasion.date}"
            + (f": {plan.skipped} items, all skipped ({plan.videos[0].skipped})" if plan.videos else ""),
            "look at the source, or run it for another day with --date",
        )
    return plan


def _briefs(
    definition: Definition, pipeline: Pipeline, occasion: Occasion, settings: Settings
) -> Iterator[Brief | Skipped]:
    fetcher = Fetcher(allow=settings.fetch_private)
    yield from pipeline.source.briefs(SourceContext(occasion, definition.folder, fetcher))


def _plan(
    recipe: Recipe, pipeline: Pipeline, brief: Brief, variant: Variant, allot: Allot | None
) -> tuple[PlannedVideo, ReelmillError | None, tuple[str, ...]]:
    title = _title(pipeline, brief, variant)
    try:
        prompt = compose(pipeline.prompt, brief, variant, recipe.brand)
        advice = tuple(str(warning) for warning in lint(prompt.positive))
        plan = plan_video(recipe, brief, variant, prompt, advice)
        plan.words.check()  # a missing glyph is found before a second of rendering, and not after
    except ReelmillError as error:
        return PlannedVideo(brief.key, variant.id, title, brief.fingerprint, {}, failed=str(error)), error, ()
    posts, misfits = allot(brief.key, variant.id, brief.fingerprint) if allot is not None else ((), ())
    if misfits and not posts:
        reason = "; ".join(misfits)
        return PlannedVideo(brief.key, variant.id, title, brief.fingerprint, {}, skipped=reason), None, misfits
    plan = replace(plan, posts=posts, misfits=misfits)
    return PlannedVideo(brief.key, variant.id, title, brief.fingerprint, plan.to_json()), None, misfits


def _title(pipeline: Pipeline, brief: Brief, variant: Variant) -> str:
    """The brief and the cell for people. What `include` adds to a cell explains it and does not name it."""
    lists = pipeline.matrix.lists if pipeline.matrix else {}
    named = [str(value) for key, value in variant.values.items() if key in lists or not lists]
    return " · ".join([brief.title, *named])
