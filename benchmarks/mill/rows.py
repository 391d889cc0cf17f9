"""A ledger as a year of running leaves it: rows as the stages write them, put straight into the tables."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from flows.definition import Definition
from flows.occasion import on_date
from flows.opening import opening
from flows.video_plan import VideoPlan
from records.database import Database
from records.states import PostState, RunState, VideoState
from records.tables import (
    Base,
    ClipRow,
    Post,
    RenditionRow,
    Run,
    ShotRow,
    StageWork,
    Transition,
    VerdictRow,
    Video,
    VideoRendition,
    VideoShot,
)
from records.videos import PlannedVideo
from reelmill.content import Decision, Json, Rendition
from reelmill.identity import post_identity, video_identity

#: Videos of a run, and how many of them wait for a person.
PER_RUN, WAITING = 100, 3
#: The day of the newest run.
NEWEST = dt.date(2026, 11, 22)
MODEL = "storyboard@1"
TARGET = "outbox"

Rows = dict[type[Base], list[dict[str, Any]]]


class Year:
    """Runs of one pipeline on days that follow each other.

    Parameters
    ----------
    planned:
        Videos as the pipeline really plans them; those of a run are made after their pattern.
    """

    def __init__(self, definition: Definition, pipeline: str, planned: Sequence[PlannedVideo]) -> None:
        self._definition, self._pipeline = definition, pipeline
        self._planned = planned
        self._plans = [VideoPlan.from_json(item.plan) for item in planned]
        self._verdicts = 0
        self.files: list[tuple[str, str]] = []  #: what the store has of the newest run: sha256 and suffix

    def write(self, database: Database, videos: int) -> None:
        """Fill an empty ledger, the oldest run first, one transaction a run."""
        runs = max(videos // PER_RUN, 1)
        for back in reversed(range(runs)):
            self.files = []
            rows = self._run(NEWEST - dt.timedelta(days=back), min(videos, PER_RUN))
            with database.begin() as session:
                for table in Base.metadata.sorted_tables:
                    for kind, values in rows.items():
                        if kind.__table__ is table and values:
                            session.execute(insert(kind), values)

    def _run(self, day: dt.date, videos: int) -> Rows:
        rows: Rows = {kind: [] for kind in (Run, Transition, Video, ShotRow, VideoShot, ClipRow, VerdictRow)}
        rows |= {kind: [] for kind in (RenditionRow, VideoRendition, Post, StageWork)}
        told = opening(
            self._definition, self._pipeline, on_date(self._definition.pipeline(self._pipeline).zone, day.isoformat())
        )
        began = dt.datetime.combine(day, dt.time(6), dt.UTC)
        waiting = min(WAITING, videos)
        reason = f"{videos} found = {videos - waiting} done + 0 failed + {waiting} in review + 0 rejected + 0 skipped"
        rows[Run].append(
            {**asdict(told), "id": told.run_id, "state": RunState.IN_REVIEW, "attempt": 1, "found": videos,
             "unchanged": 0, "flow_run_id": str(told.run_id), "reason": reason, "opened_at": began,
             "closed_at": began + dt.timedelta(seconds=10 * videos)}
        )  # fmt: skip
        _moves(rows, "run", told.run_id, began, ("running", "in_review"))
        for position in range(videos):
            moment = began + dt.timedelta(seconds=10 * position)
            self._video(rows, told.run_id, position, moment, waits=position < waiting)
        return rows

    def _video(self, rows: Rows, run_id: UUID, position: int, moment: dt.datetime, *, waits: bool) -> None:
        pattern = position % len(self._planned)
        item, plan = self._planned[pattern], self._plans[pattern]
        key = f"{item.brief_key}-{position}"
        identity = video_identity(run_id, key, item.variant_id)
        shot = asdict(plan.requests(MODEL)[0]) | {"seed": position, "prompt": f"{plan.shots[0].prompt} {run_id}"}
        shot_id, master = _hash(f"shot {identity}"), _hash(f"master {identity}")
        state = VideoState.IN_REVIEW if waits else VideoState.DONE
        rows[Video].append(
            {"id": identity, "run_id": run_id, "position": position, "brief_key": key, "variant_id": item.variant_id,
             "title": item.title, "fingerprint": item.fingerprint, "plan": dict(item.plan),
             "plan_hash": item.plan_hash, "state": state, "reason": "frame 61: exposed skin (0.61)" if waits else "",
             "master_sha256": master, "created_at": moment, "updated_at": moment + dt.timedelta(seconds=9)}
        )  # fmt: skip
        rows[ShotRow].append({"id": shot_id, "request": shot, "created_at": moment})
        rows[VideoShot].append({"video_id": identity, "position": 0, "shot_id": shot_id})
        record = {"seconds_taken": 2.63, "plan": ["sky", "ridge", "snow"], "engine": MODEL, "ffmpeg": "9.0.2"}
        rows[ClipRow].append(
            {"shot_id": shot_id, "sha256": master, "width": 704, "height": 1280, "frames": 121, "fps": 24,
             "preview": True, "record": record, "created_at": moment + dt.timedelta(seconds=3)}
        )  # fmt: skip
        self._verdicts += 1
        rows[VerdictRow].append(_verdict(self._verdicts, master, moment, waits=waits))
        ways = (
            ("planned", "generated", "in_review") if waits else ("planned", "generated", "screened", "finished", "done")
        )
        _moves(rows, "video", identity, moment, ways)
        for stage in ("generate", "screen") if waits else ("generate", "screen", "finish", "publish"):
            rows[StageWork].append(
                {"run_id": run_id, "video_id": identity, "stage": stage, "seconds": 2.5, "host": "mill",
                 "ended_at": moment + dt.timedelta(seconds=9)}
            )  # fmt: skip
        for profile in () if waits else plan.profiles:
            self._rendition(rows, identity, master, profile, moment)

    def _rendition(self, rows: Rows, video_id: UUID, master: str, profile: str, moment: dt.datetime) -> None:
        identity = Rendition.identity(master, profile, _hash(profile))
        sha256, cover = _hash(f"rendition {identity}"), _hash(f"cover {identity}")
        self.files += [(sha256, ".mp4"), (cover, ".jpg")]
        labels = {
            "visible": {"text": "AI生成", "frames": 121},
            "metadata": {"comment": "AIGC", "produce_id": video_id.hex},
        }
        rows[RenditionRow].append(
            {"id": identity, "master_sha256": master, "profile": profile, "recipe": _hash(profile), "sha256": sha256,
             "cover_sha256": cover, "width": 1080, "height": 1920, "frames": 121, "fps": 24, "size_bytes": 1_055_250,
             "labels": labels, "preview": True, "record": {"ffmpeg": "9.0.2", "crf": 20, "seconds_taken": 10.3},
             "created_at": moment + dt.timedelta(seconds=6)}
        )  # fmt: skip
        rows[VideoRendition].append({"video_id": video_id, "profile": profile, "rendition_id": identity})
        content = _hash(f"content {identity}")
        post = post_identity(content, "folder", "/srv/outbox")
        url = (Path("/srv/outbox") / self._pipeline / str(moment.date()) / f"{video_id}.{profile}.mp4").as_uri()
        rows[Post].append(
            {"id": post, "video_id": video_id, "rendition_id": identity, "master_sha256": master,
             "verdict_id": self._verdicts, "verdict_decision": Decision.PASS, "profile": profile, "target": TARGET,
             "platform": "folder", "account": "/srv/outbox", "content": content, "edition": "", "attempts": 0,
             "armed_by": "", "live_at": moment + dt.timedelta(seconds=8),
             "state": PostState.LIVE, "reason": "", "handle": {"staged": f".{post}.part"}, "url": url,
             "platform_id": str(post), "detail": {"read_back": {"sha256": sha256, "bytes": 1_055_250, "cover": cover}},
             "created_at": moment + dt.timedelta(seconds=7), "updated_at": moment + dt.timedelta(seconds=8)}
        )  # fmt: skip
        _moves(rows, "post", post, moment, ("planned", "uploading", "armed", "live"))


def _verdict(number: int, master: str, moment: dt.datetime, *, waits: bool) -> dict[str, Any]:
    examinations: list[Json] = [
        {"detector": name, "version": "1", "model_sha256": _hash(name), "frames": 121, "worst": 0.31}
        for name in ("nudenet", "opennsfw")
    ]
    hit = {"category": "sexual", "level": "review", "detector": "nudenet", "label": "exposed skin", "score": 0.61,
           "frame": 61, "seconds": 2.54, "box": [10, 20, 30, 40]}  # fmt: skip
    return {
        "id": number, "master_sha256": master, "policy": "default", "policy_version": "1+cd739d1be754",
        "decision": Decision.REVIEW if waits else Decision.PASS, "fault": False,
        "reasons": ["frame 61: exposed skin (0.61)"] if waits else [], "hits": [hit] if waits else [],
        "examinations": examinations, "frames": 121, "examined": 121, "seconds_taken": 4.45,
        "created_at": moment + dt.timedelta(seconds=5),
    }  # fmt: skip


def _moves(rows: Rows, subject: str, identity: UUID, moment: dt.datetime, states: Sequence[str]) -> None:
    for step, (before, after) in enumerate(zip((None, *states), states, strict=False)):
        rows[Transition].append(
            {"at": moment + dt.timedelta(seconds=step), "subject": subject, "subject_id": identity, "before": before,
             "after": after, "reason": ""}
        )  # fmt: skip


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
