"""Videos that wait for a person, in the ledger with their masters, as runs leave them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from flows.definition import loads
from flows.texts import Reader
from flows.video_plan import ShotPlan, VideoPlan
from records.ledger import Ledger
from records.runs import Opening
from records.states import VideoState
from records.tables import Run, Video
from records.videos import PlannedVideo
from reelmill.content import Decision, Examination, Hit, PostText, Thumbnail, Verdict
from reelmill.text_verdict import TextVerdict
from tasks.finishing.words import Words

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {outbox: {type: folder, path: outbox}}
pipelines:
  quick:
    timezone: Asia/Shanghai
    source: {type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}
    prompt: {subject: "{{ brief.prompt }}", action: snow falls, environment: a valley, style: ink wash}
    generate: {engine: storyboard, seconds: 1, size: 256x448, fps: 12}
    caption: {title: "{{ brief.name }}", lines: [花雪随风不厌看]}
    screen: {policy: default, review: {deadline: 24h}}
    deliver: [youtube_shorts]
    publish: [outbox]
"""
HITS = (
    Hit("sexual", Decision.REVIEW, "opennsfw", "nsfw", 0.412, 15, 1.25),
    Hit("faces", Decision.PASS, "nudenet", "FACE_FEMALE", 0.7, 6, 0.5, (40, 60, 100, 120)),
)


JPEG = b"\xff\xd8 blurred \xff\xd9"


def begin(ledger: Ledger, folder: Path, text: str = DEFINITION) -> Run:
    """A run that has just been opened."""
    definition = loads(text, folder / "pipelines.yaml")
    opening = Opening(
        "quick", uuid4().hex, dt.date(2026, 11, 22), "Asia/Shanghai", None, definition.snapshot,
        definition.hash("quick"), str(folder),
    )  # fmt: skip
    return ledger.runs.open(opening)


def hold(
    ledger: Ledger,
    folder: Path,
    *titles: str,
    master: bytes = b"a master",
    caption: str = "Snow falls.",
    definition: str = DEFINITION,
    category: str = "sexual",
    hits: Sequence[Hit] = HITS,
    thumbnails: Sequence[Thumbnail] = (Thumbnail(15, 1.25, JPEG),),
) -> list[Video]:
    """Videos of one run that wait because of their pictures.

    Parameters
    ----------
    category:
        Of the first hit.
    """
    seen = (*(replace(hit, category=category) for hit in hits[:1]), *hits[1:])
    run = begin(ledger, folder, definition)
    _plan(ledger, run, titles, caption)
    for video in ledger.videos.of_run(run.id):
        content = master + video.id.bytes
        (folder / "master.mp4").write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        ledger.store.add(folder / "master.mp4", sha256, ".mp4")
        ledger.videos.generated(video.id, master_sha256=sha256)
        looked = (Examination("opennsfw", "1.0", "e" * 64, 24, 0.412), Examination("nudenet", "3.4", "f" * 64, 24, 0.7))
        reasons = ("sexual: opennsfw saw nsfw in 1 frame at 1.2 s, highest 0.412 (review)",)
        verdict = Verdict(sha256, "default", "1", Decision.REVIEW, reasons, seen, looked, 24, 24, 0.1)
        ledger.verdicts.record(verdict, thumbnails)
        ledger.videos.move(video.id, VideoState.IN_REVIEW, reasons[0])
    ledger.runs.close(run.id)
    return ledger.videos.of_run(run.id)


def hold_texts(ledger: Ledger, folder: Path, title: str, caption: str) -> tuple[Video, TextVerdict]:
    """A video that waits because of its texts, as screening has read them."""
    run = begin(ledger, folder)
    definition = loads(DEFINITION, folder / "pipelines.yaml")
    plan = plan_of(title, caption)
    said = Reader(definition, "quick").read(plan)
    ledger.videos.plan(
        run.id, [PlannedVideo("doubt", "", title, "mark", plan.to_json(), texts=said)], unchanged=0, remake=False
    )
    ledger.runs.close(run.id)
    (video,) = ledger.videos.of_run(run.id)
    return video, said


def _plan(ledger: Ledger, run: Run, titles: tuple[str, ...], caption: str) -> None:
    planned = [
        PlannedVideo(f"key{number}", "", title, "mark", plan_of(title, caption).to_json())
        for number, title in enumerate(titles)
    ]
    ledger.videos.plan(run.id, planned, unchanged=0, remake=False)


def plan_of(title: str, caption: str) -> VideoPlan:
    return VideoPlan(
        brief_key="key",
        variant={},
        engine="storyboard",
        shots=(ShotPlan("a dark pine ridge", "blur", 12, 7, None),),
        width=256,
        height=448,
        fps=12,
        steps=1,
        guidance=1.0,
        words=Words(title, ("花雪随风不厌看",)),
        post=PostText(title, caption, ("节气",)),
        profiles=("youtube_shorts",),
    )
