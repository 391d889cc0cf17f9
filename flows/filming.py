"""From a video's plan to its master: which shots it wants, the clips that they became, and what the clips become.

Plain functions, like `flows.stages`, which goes on from the master.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flows.video_plan import Clips, VideoPlan
from flows.workshop import Workshop
from records.media import VIDEO
from records.tables import Video
from reelmill.content import Master, Shot
from reelmill.errors import EngineError
from reelmill.failpoints import failpoint
from tasks.assembly.effect import Effects
from tasks.assembly.stage import assemble, edit_of
from tasks.generation.reference import keep_reference
from tasks.generation.stage import generate


def request_shots(shop: Workshop, video: Video, plan: VideoPlan) -> list[Shot]:
    """The shots that a video is made of: as they were asked for before, or asked for now, their images fetched.

    Raises
    ------
    EngineError
        If the engine cannot make them, or is another one than the video was planned for.
    FetchError, MediaError, TransientError
        If a reference image cannot be had.
    """
    shots = shop.ledger.media.requested(video.id)
    model = shop.engine.model
    if shots and {(shot.engine, shot.model) for shot in shots} == {(plan.engine, model)}:
        return shots
    if shop.engine.name != plan.engine:
        raise EngineError(
            f"the video was planned for the engine {plan.engine!r}, this machine would use {shop.engine.name!r}",
            "name the engine in the definition, or plan the run again with `reelmill run`",
        )
    with shop.scratch(video.id) as folder:
        named = dict.fromkeys(shot.image for shot in plan.shots if shot.image)
        how, size = shop.pipeline.generate.photo, (plan.width, plan.height)
        images = {
            image: keep_reference(image, shop.ledger.store, shop.fetcher, folder, how=how, size=size) for image in named
        }
    shots = plan.requests(model, [images[shot.image] if shot.image else None for shot in plan.shots])
    for shot in shots:
        shop.engine.check(shot)
    shop.ledger.media.request(video.id, shots)
    return shots


def make_clips(shop: Workshop, video: Video, plan: VideoPlan) -> Clips:
    """planned → generated. The clips of the video's shots, made now or kept from before.

    Raises
    ------
    TerminalError, TransientError, Interrupted
    """
    shots = request_shots(shop, video, plan)
    parts = dict.fromkeys((shot.id for shot in shots), 0.0)

    def progress(shot_id: str, done: int, total: int) -> None:
        parts[shot_id] = done / max(total, 1)
        shop.observer.advanced(video, round(1000 * sum(parts.values())), 1000 * len(parts))

    with shop.scratch(video.id) as folder:
        made = generate(shop.ledger, shop.engine, shots, folder, progress=progress, cancel=shop.cancel)
    clips = tuple(made[shot.id] for shot in shots)
    take_clips(shop, video, plan, clips)
    return clips


def fetch_clips(shop: Workshop, shots: Sequence[Shot]) -> Clips | None:
    """The clips of a video's shots with their files on this machine, if all of them were made and are still there.

    Raises
    ------
    ServerUnavailable, StorageError, TerminalError
        As `Media.fetch_clip`.
    """
    clips = []
    for shot in shots:
        if (clip := shop.ledger.media.fetch_clip(shot.id)) is None:
            return None
        clips.append(clip)
    return tuple(clips)


def take_clips(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> None:
    """planned → generated, with clips that somebody made. The ledger knows what they become before it is made.

    Raises
    ------
    MediaError
        If they are not of one size and rate.
    FinishingError
        If the pipeline's effect is not there.
    """
    edit = edit_of(clips, plan.joints, effect.effect if (effect := _effects(shop)) else None)
    if edit.changes_nothing:
        shop.ledger.videos.generated(video.id, master_sha256=clips[0].sha256)
    else:
        shop.ledger.videos.generated(video.id, edit_id=edit.id)


def is_assembled(shop: Workshop, clips: Clips) -> bool:
    """Whether the master is something else than the one clip."""
    return len(clips) > 1 or shop.pipeline.assemble.effect is not None


def make_master(shop: Workshop, video: Video, plan: VideoPlan, clips: Clips) -> Master:
    """The master of a video that is generated: assembled now, or kept from before.

    Raises
    ------
    MediaError, FinishingError, Interrupted
        As `assemble`.
    """
    effects = _effects(shop)
    edit = edit_of(clips, plan.joints, effects.effect if effects else None)
    master = shop.ledger.media.fetch_master(edit.id)
    if master is None:
        with shop.scratch(video.id) as folder:
            made = assemble(clips, edit, folder, effects=effects, cancel=shop.cancel)
            failpoint("assemble.made")
            master = replace(made, path=shop.ledger.store.add(made.path, made.sha256, VIDEO))
            failpoint("assemble.stored")
            shop.ledger.media.record_master(master)
    failpoint("assemble.recorded")
    shop.ledger.videos.assembled(video.id, master_sha256=master.sha256, edit_id=edit.id)
    return master


def _effects(shop: Workshop) -> Effects | None:
    options, settings = shop.pipeline.assemble.effect, shop.settings
    if options is None:
        return None
    return Effects.of(options, shop.definition.folder, python=settings.effects_python, home=settings.folder)
