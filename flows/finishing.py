"""The order for finishing a video, from what was planned and what was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flows.examining import photo_of
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.tables import Video
from reelmill.content import Master
from tasks.finishing.brand import Brand
from tasks.finishing.cards import Cards
from tasks.finishing.job import FinishJob
from tasks.finishing.sound.heard import Narration, Sound
from tasks.finishing.sound.music import music_of
from tasks.finishing.sound.speech.choice import voice_of
from tasks.generation.reference import PNG


def finish_job(shop: Workshop, video: Video, plan: VideoPlan, master: Master) -> FinishJob:
    """All of it.

    Raises
    ------
    FinishingError, StorageError, TerminalError
        If the logo, the music, the voice or the photo is not there.
    """
    return replace(silent_job(shop, video, plan, master), sound=_sound(shop, video, plan))


def silent_job(shop: Workshop, video: Video, plan: VideoPlan, master: Master) -> FinishJob:
    """All that is seen, but for the subtitles. No voice and no music needs to be there.

    Raises
    ------
    FinishingError, StorageError, TerminalError
        If the logo or the photo is not there.
    """
    drawn_by = {shot.model for shot in shop.ledger.media.requested(video.id)}
    return FinishJob(
        words=plan.words,
        brand=Brand.of(shop.definition.brand, shop.definition.folder),
        profiles=plan.profiles,
        catalogue=shop.definition.profiles,
        produce_id=video.id.hex,
        preview=master.preview,
        width=master.width,
        height=master.height,
        frames=master.frames,
        fps=master.fps,
        agent=", ".join(sorted(drawn_by)),
        home=shop.settings.folder,
        manner=shop.pipeline.caption.manner,
        cards=plan.cards or Cards(),
        photo=_photo(shop, video),
    )


def _photo(shop: Workshop, video: Video) -> Path | None:
    """The product's photo for the end card, if that shows one and the brief had any."""
    photo = photo_of(shop.ledger, shop.definition, shop.run.pipeline, video.id)
    return shop.ledger.store.get(photo, PNG) if photo is not None else None


def _sound(shop: Workshop, video: Video, plan: VideoPlan) -> Sound | None:
    options, folder = shop.pipeline.sound, shop.definition.folder
    if options is None:
        return None
    narration, music = None, None
    if options.narration is not None and plan.script is not None:
        narration = Narration(plan.script, voice_of(options.narration, folder, plan.script.engine))
    if options.music is not None:
        music = music_of(options.music, folder, video.id.hex)
    return Sound(narration, music) if narration or music else None
