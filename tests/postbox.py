"""A ledger with one video that is finished and passed, so that nothing is left to do but to post it."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from records.ledger import Ledger
from records.runs import Opening
from records.states import VideoState
from records.videos import PlannedVideo
from reelmill.content import Decision, Destination, Examination, PostText, Rendition, Verdict
from reelmill.ffmpeg import run
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob
from tasks.finishing.profiles import shipped
from tasks.finishing.stage import finish
from tasks.finishing.words import Words
from tasks.publishing.base import Delivery, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.stage import Order
from tasks.registry import find
from tasks.screening.policy import load

#: The least that every platform takes: it is looked at again before every upload.
SMALL = {"width": 720, "height": 1280}
FRAMES, FPS = 97, 24  #: the shortest video that every platform takes


def make_rendition(folder: Path) -> Rendition:
    """A real one: four seconds, labelled, as the finishing stage makes it."""
    master = folder / "master.mp4"
    source = f"gradients=s=270x480:r={FPS}:c0=0x24423a:c1=0x8fa79a:nb_colors=2:speed=0.01:seed=5"
    arguments = ["-y", "-f", "lavfi", "-i", source, "-frames:v", str(FRAMES), "-pix_fmt", "yuv420p", master]
    run(arguments, timeout=120)
    job = FinishJob(
        Words("小雪", ("花雪随风不厌看",), "", "serif"), Brand("山野茶事", "#2f6f4f"), ("tiktok",), "video-1", False,
        270, 480, FRAMES, FPS, shipped().changed("tiktok", "tiktok", SMALL), home=folder,
    )  # fmt: skip
    (made,) = finish(master, sha256_of(master), job, folder)
    return made


@dataclass(frozen=True)
class Postbox:
    """Where the ledger is, and what is to be posted."""

    settings: Settings
    video_id: UUID
    rendition_id: str

    def order(self, ledger: Ledger, target: Target, context: TargetContext, *, name: str = "target") -> Order:
        rendition = ledger.media.fetch_rendition(self.rendition_id)
        verdict = ledger.verdicts.latest(rendition.master_sha256) if rendition else None
        assert rendition is not None
        assert verdict is not None
        where = Destination(name, target.platform, target.account_key(context), rendition.id)
        delivery = Delivery(
            where.post_id,
            replace(rendition, preview=False),
            PostText("小雪 Light Snow", "小雪 – 花雪随风不厌看 snow follows the wind", ("小雪", "tea")),
            "solar-terms/2026-11-22",
            "xiaoxue.tiktok",
            {"pipeline": "solar-terms", "date": "2026-11-22"},
            "AI-generated",
        )
        return Order(self.video_id, delivery, where, target, verdict)


def make_postbox(settings: Settings, rendition: Rendition) -> Postbox:
    """Fill a new ledger."""
    with Ledger(settings) as ledger:
        opening = Opening(
            "solar-terms", "2026-11-22", dt.date(2026, 11, 22), "Asia/Shanghai", None, {}, "h" * 64, "/somewhere"
        )
        opened = ledger.runs.open(opening)
        ledger.videos.plan(opened.id, [PlannedVideo("one", "", "小雪", "f", {"a": 1})], unchanged=0, remake=False)
        (video,) = ledger.videos.of_run(opened.id)
        looked = Examination("opennsfw", "1.0", "e" * 64, FRAMES, 0.1)
        version = load("default", settings.folder).identity([looked.identity])
        passed = Verdict(
            rendition.master_sha256, "default", version, Decision.PASS, (), (), (looked,), FRAMES, FRAMES, 0.1
        )
        ledger.verdicts.record(passed)
        settings.folder.mkdir(parents=True, exist_ok=True)
        copies = [shutil.copyfile(one, settings.folder / one.name) for one in (rendition.path, rendition.cover)]
        stored = replace(  # the store takes what it is given
            rendition,
            path=ledger.store.add(copies[0], rendition.sha256, ".mp4"),
            cover=ledger.store.add(copies[1], rendition.cover_sha256, ".jpg"),
        )
        ledger.media.record_rendition(stored)
        ledger.media.link(video.id, [stored])
        states = (VideoState.GENERATED, VideoState.SCREENED, VideoState.FINISHED, VideoState.DONE)
        for state in states:
            ledger.videos.move(video.id, state)
        return Postbox(settings, video.id, rendition.id)


def make_target(kind: str, **keys: object) -> Target:
    made = find("targets", kind).model_validate({"type": kind, **keys})
    assert isinstance(made, Target)
    return made
