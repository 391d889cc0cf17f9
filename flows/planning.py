"""From a pipeline and an occasion to the list of its videos: what `reelmill plan` shows and what a run writes down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.allotting import Allot
from flows.changes import Changes, Worth
from flows.definition import Definition
from flows.experiments.allocation import Allocation
from flows.marks import Shown, shown_by
from flows.occasion import name_of
from flows.pipeline import Pipeline
from flows.planning_video import Planned, planned
from flows.texts import Known, Reader, nothing_known
from flows.video_plan import Recipe, VideoPlan
from records.seen import Reading, Seen
from records.states import VideoState
from records.videos import PlannedVideo
from reelmill.content import Json, Skipped
from reelmill.errors import SourceError
from reelmill.fetching import Fetcher
from reelmill.settings import Settings
from tasks.finishing.sound.speech.choice import ready
from tasks.generation.choice import engine_of
from tasks.prompts.matrix import chosen, variants
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.expand.expansion import expanded


@dataclass(slots=True)
class Plan:
    """The videos of a run, and what the source found besides."""

    videos: list[PlannedVideo] = field(default_factory=list)
    plans: dict[int, VideoPlan] = field(default_factory=dict)  #: of the videos that have one, by their places
    briefs: int = 0
    unchanged: int = 0  #: briefs that were made before and have not changed
    misfits: list[str] = field(default_factory=list)  #: why posts do not fit, for each of them
    reading: Reading = field(default_factory=Reading)  #: what is to be known of the source from now on
    gone: tuple[str, ...] = ()  #: keys of briefs that the source does not have any more
    doubtful: bool = False  #: so many of them that the source is rather broken
    note: str = ""  #: why there is nothing, if that is as it should be
    notes: list[str] = field(default_factory=list)  #: what the source tells besides
    model: str = ""  #: the engine and the model that draw, if anything is drawn
    allocation: Allocation | None = None  #: how often the values of an experiment are drawn, if not alike
    cursors: dict[str, Json] = field(default_factory=dict)  #: how far the source is read before each brief, by its key
    skipped: int = 0  #: videos that are; counted as they come, since each that is skipped is named by it

    @property
    def failed(self) -> int:
        return sum(bool(video.failed) for video in self.videos)

    @property
    def held(self) -> int:
        """Videos whose texts a person has to read first, or that are rejected for them."""
        return sum(_is_held(video) for video in self.videos)

    def add(self, one: Planned) -> None:
        """Note the next video."""
        if one.plan is not None:
            self.plans[len(self.videos)] = one.plan
        self.videos.append(one.video)
        self.skipped += bool(one.video.skipped)
        self.misfits += one.misfits

    def skip(self, item: Skipped) -> None:
        """Note an item that cannot be used; its place in the source is its name."""
        name = f"{item.where} ({self.skipped + 1})"
        self.add(Planned(PlannedVideo(name, "", item.where, "", {}, skipped=item.reason)))

    def leave_out(self, reasons: Mapping[int, str]) -> None:
        """Do not make videos, by their places, and say why. A source with a cursor is read again from there."""
        for place, reason in reasons.items():
            video = self.videos[place]
            self.videos[place] = replace(video, plan={}, skipped=reason, texts=None)
            self.plans.pop(place, None)
        self.skipped += len(reasons)
        first = min(reasons, default=None)
        if first is not None and self.reading.cursor is not None:
            self.reading = replace(self.reading, cursor=self.cursors.get(self.videos[first].brief_key))

    @property
    def to_make(self) -> list[PlannedVideo]:
        return [video for video in self.videos if video.first_state is VideoState.PLANNED]

    @property
    def plans_to_make(self) -> list[VideoPlan]:
        """The plans of the videos that are to be made."""
        return [plan for place, plan in self.plans.items() if self.videos[place].first_state is VideoState.PLANNED]


def _is_held(video: PlannedVideo) -> bool:
    return video.first_state in {VideoState.IN_REVIEW, VideoState.REJECTED}


def plan_run(
    definition: Definition,
    name: str,
    occasion: Occasion,
    settings: Settings,
    *,
    seen: Mapping[str, Seen],
    allot: Allot | None = None,
    limit: int | None = None,
    known: Known = nothing_known,
    cursor: Json = None,
    missed: tuple[dt.date, ...] = (),
    allocation: Allocation | None = None,
) -> Plan:
    """Ask the source and decide about every video. Nothing is made or fetched but the source itself.

    Parameters
    ----------
    seen:
        What is known of briefs, by key; used by sources with `changes_only`.
    cursor:
        How far the source was read before.
    missed:
        Days before the occasion's for which there was no run.
    allot:
        Gives each video its posts. None: they get none.
    limit:
        At most this many videos.
    known:
        What was said of texts before.
    allocation:
        Which values of an experiment are drawn more often.

    Raises
    ------
    SourceError
        If the source cannot be read, or has nothing at all for this occasion and is not read on from a cursor.
    ReelmillError
        The first failure of a video, if every single one failed to be planned.
    FinishingError
        If nobody on this machine can speak its narration, or there is no music that can be played.
    """
    pipeline = definition.pipeline(name)
    narration = pipeline.sound.narration if pipeline.sound else None
    _check_music(pipeline, definition.folder)
    _check_effect(pipeline, definition.folder, settings)
    recipe = Recipe(
        pipeline=name,
        engine=engine_of(pipeline.generate, settings),
        prompts=tuple(options for options, _ in pipeline.filmed),
        shots=tuple(options for _, options in pipeline.filmed),
        joints=tuple(pipeline.footage.joints),
        caption=pipeline.caption,
        brand=definition.brand.model_dump(mode="json", exclude={"credentials"}),
        platforms=tuple(definition.profiles[profile] for profile in pipeline.deliver),
        narration=(narration, ready(narration, definition.folder)) if narration else None,
    )
    reader = Reader(definition, name, known)
    plan, first_error, keys, to_make = Plan(), None, set[str](), 0
    cells, weights = variants(pipeline.matrix), allocation.weights if allocation else None
    shown = shown_by(pipeline)
    changes = Changes(pipeline.source, seen, shown)
    context = SourceContext(
        occasion, definition.folder, Fetcher(allow=settings.fetch_private), settings.folder / "cache", missed, cursor
    )
    sifted = changes.sift(pipeline.source.briefs(context))
    for found in chain.from_iterable(_expanded(one, pipeline, context, shown) for one in sifted):
        if to_make == limit:
            break
        if isinstance(found, Skipped):
            plan.skip(found)
            continue
        plan.briefs += 1
        if found.brief.key in keys:
            plan.skip(Skipped(found.brief.key, "the source gave this key twice"))
            continue
        keys.add(found.brief.key)
        plan.cursors[found.brief.key] = cursor
        cursor = cursor if found.brief.cursor is None else found.brief.cursor
        for variant in chosen(pipeline.matrix, cells, brief=found.brief.key, run=name_of(occasion), weights=weights):
            if to_make == limit:
                break
            one = planned(recipe, pipeline, found, variant, allot, reader)
            plan.add(one)
            to_make += one.video.first_state is VideoState.PLANNED
            first_error = first_error or one.error
    plan.briefs, plan.unchanged = plan.briefs + changes.unchanged, changes.unchanged
    plan.reading = Reading(changes.noted, cursor)
    plan.notes += dict.fromkeys([*context.notes, *changes.notes])
    plan.gone, plan.doubtful = changes.gone, changes.doubtful
    plan.allocation = allocation
    if any(video.plan for video in plan.videos):  # a machine that does not draw may not even know the model's revision
        plan.model = f"{recipe.engine.name} {recipe.engine.model}"
    if first_error is not None and not plan.to_make and not plan.held:
        raise first_error
    if not plan.briefs and not plan.videos and pipeline.source.is_calendar:
        plan.note = _next_day(pipeline, context)
    elif not plan.briefs and cursor is None:  # a source that is read on may have nothing new
        raise SourceError(
            f"the source of {name} has nothing for {occasion.date}"
            + (f": {plan.skipped} items, all skipped ({plan.videos[0].skipped})" if plan.videos else ""),
            "look at the source, or run it for another day with --date",
        )
    return plan


def _next_day(pipeline: Pipeline, context: SourceContext) -> str:
    """That a calendar has nothing for a day, and when it has something again."""
    date = context.occasion.date
    after = replace(context, occasion=replace(context.occasion, date=date + dt.timedelta(days=1)))
    day = next(iter(pipeline.source.days(after, date + dt.timedelta(days=366))), None)
    return f"nothing is on {date}; " + (f"the next is on {day}" if day else "nor in the year after")


def _check_effect(pipeline: Pipeline, folder: Path, settings: Settings) -> None:
    """An effect that nobody here can apply would fail every video after it was rendered."""
    if pipeline.assemble.effect is not None:
        from tasks.assembly.effect import Effects

        Effects.of(pipeline.assemble.effect, folder, python=settings.effects_python, home=settings.folder)


def _check_music(pipeline: Pipeline, folder: Path) -> None:
    """A file that is no music would fail the videos that get it after they were rendered."""
    if pipeline.sound is None or pipeline.sound.music is None:
        return
    from tasks.finishing.sound.music import check

    with TemporaryDirectory(prefix="music-") as scratch:
        check(pipeline.sound.music, folder, Path(scratch))


def _expanded(
    found: Worth | Skipped, pipeline: Pipeline, context: SourceContext, shown: Shown
) -> Iterator[Worth | Skipped]:
    """What `expand` makes of a brief that is worth a video; about what is not, no model is asked."""
    if isinstance(found, Skipped):
        yield found
        return
    for one in expanded(found.brief, pipeline.source.expand, context):
        if isinstance(one, Skipped):
            yield one
        else:  # a change is one of the source's own fields: other words of a model are none
            yield replace(found, brief=one, mark=shown.mark(one) if found.kind is None else found.mark)
