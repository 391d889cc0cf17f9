"""Stages that do nothing but move their video on in the ledger."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.states import VideoState
from records.tables import Post, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Clip, Decision, Master, Rendition, Verdict


def make_clips(shop: Workshop, video: Video, plan: VideoPlan) -> tuple[Clip, ...]:
    sha256 = hashlib.sha256(video.id.bytes).hexdigest()
    shop.ledger.videos.generated(video.id, master_sha256=sha256)
    return (Clip(sha256, Path(), sha256, plan.width, plan.height, plan.frames, plan.fps, preview=True),)


def examine(shop: Workshop, video: Video, master: Master) -> RecordedVerdict:
    shop.ledger.videos.move(video.id, VideoState.SCREENED)
    return RecordedVerdict(0, Verdict(master.sha256, "default", "1", Decision.PASS))


def make_renditions(shop: Workshop, video: Video, _plan: VideoPlan, _master: Master) -> list[Rendition]:
    shop.ledger.videos.move(video.id, VideoState.FINISHED)
    return []


def make_posts(
    shop: Workshop, video: Video, _plan: VideoPlan, _renditions: list[Rendition], _verdict: RecordedVerdict
) -> list[Post]:
    shop.ledger.videos.move(video.id, VideoState.DONE)
    return []


def install() -> None:
    """Have the runs of this process use these stages. A run imports its stages late, by their names."""
    from flows import filming, stages

    for module, idle in ((filming, make_clips), (stages, examine), (stages, make_renditions), (stages, make_posts)):
        assert hasattr(module, idle.__name__)
        setattr(module, idle.__name__, idle)
