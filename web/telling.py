"""From what the ledger holds to what a caller is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from flows.post_status import Status, of_video, outlook, outlook_of
from flows.video_plan import prompts_of
from records.accounts import Account
from records.runs import Tally
from records.tables import OutboxEvent, Post, PostMetrics, Run, Video
from reelmill.content import Json, Rendition
from web.door import Door
from web.lookups import find_run
from web.reports import (
    CaptionReport,
    CountReport,
    NumbersReport,
    PostReport,
    RenditionReport,
    RunReport,
    VerdictReport,
    VideoReport,
    label_of,
    public_url,
    state_of,
)


def run_report(door: Door, run_id: UUID, *, offset: int, limit: int) -> RunReport | None:
    """A run with some of its videos; also one that is not opened yet."""
    with door.ledger.moment():
        found = find_run(door.ledger, run_id)
        if found is None:
            return None
        if isinstance(found, OutboxEvent):
            return _waiting(door, found)
        return _run(door, found, door.ledger.accounts.of_run(run_id, offset=offset, limit=limit))


def _run(door: Door, run: Run, videos: Sequence[Account]) -> RunReport:
    return RunReport(
        id=run.id,
        pipeline=run.pipeline,
        occasion=run.occasion,
        date=run.date,
        state=state_of(run),
        reason=run.reason,
        attempt=run.attempt,
        opened_at=run.opened_at,
        closed_at=run.closed_at,
        url=f"{door.signer.base}/runs/{run.id}",
        events_url=door.signer.events_url(run.id),
        count=count_report(door.ledger.runs.tallies([run])[run.id]),
        posts=outlook(outlook_of(door.ledger, run)),
        videos=video_reports(door, videos, run),
    )


def _waiting(door: Door, event: OutboxEvent) -> RunReport:
    return RunReport(
        id=event.run_id,
        pipeline=event.pipeline,
        occasion=f"event:{event.id}",
        date=None,
        state="waiting",
        reason="",
        attempt=0,
        opened_at=None,
        closed_at=None,
        url=f"{door.signer.base}/runs/{event.run_id}",
        events_url=door.signer.events_url(event.run_id),
        count=CountReport(found=0, states={}, unfinished=0, holds=True),
        posts=[],
        videos=[],
    )


def count_report(tally: Tally) -> CountReport:
    states = {state: count for state, count in tally.states.items() if count}
    return CountReport.model_validate(
        {"found": tally.found, "states": states, "unfinished": tally.open, "holds": tally.holds}
    )


def video_reports(door: Door, accounts: Sequence[Account], run: Run) -> list[VideoReport]:
    """Everything that a caller is told of videos of a run."""
    numbers = door.ledger.measurements.newest([post.id for one in accounts for post in one.posts])
    return [_video(door, one, run, numbers) for one in accounts]


def _video(door: Door, account: Account, run: Run, numbers: Mapping[UUID, PostMetrics]) -> VideoReport:
    video, verdict = account.video, account.verdict
    return VideoReport(
        id=video.id,
        run_id=video.run_id,
        title=video.title,
        brief=video.brief_key,
        variant=video.variant_id,
        state=video.state.value,
        reason=video.reason,
        url=f"{door.signer.base}/videos/{video.id}",
        watch_url=door.signer.watch_url(video.id),
        prompt="\n".join(prompts_of(video.plan)),
        caption=_caption(video.plan),
        verdict=None
        if verdict is None
        else VerdictReport(decision=verdict.decision.value, reasons=list(verdict.reasons)),
        renditions=[_rendition(door, video, one) for one in account.shown],
        posts=[
            _post(post, status, numbers.get(post.id))
            for post, status in zip(account.posts, of_video(account, run, ZoneInfo(run.zone)), strict=True)
        ],
    )


def _post(post: Post, status: Status, numbers: PostMetrics | None) -> PostReport:
    seen = post.detail.get("read_back") or {}
    return PostReport.model_validate(
        {
            "id": post.id,
            "target": post.target,
            "platform": post.profile,
            "state": post.state.value,
            "status": status.kind.slug,
            "words": status.words,
            "url": public_url(post),
            "reason": post.reason,
            "attempts": post.attempts,
            "due_at": post.due_at,
            "live_at": post.live_at,
            "seen_at": post.seen_at,
            "public": seen.get("public"),
            "labelled": seen.get("labelled"),
            "numbers": None if numbers is None else NumbersReport.model_validate(numbers, from_attributes=True),
        }
    )


def _caption(plan: Mapping[str, Json]) -> CaptionReport | None:
    words, post = plan.get("words"), plan.get("post")
    if not isinstance(words, dict) or not isinstance(post, dict):
        return None
    return CaptionReport(
        title=words.get("title", ""),
        lines=list(words.get("lines", ())),
        credit=words.get("credit", ""),
        text=post.get("caption", ""),
        hashtags=list(post.get("hashtags", ())),
    )


def _rendition(door: Door, video: Video, one: Rendition) -> RenditionReport:
    name = f"{video.title} {one.profile}"
    return RenditionReport(
        platform=one.profile,
        url=door.signer.file_url(one.sha256, one.path.suffix, name),
        cover_url=door.signer.file_url(one.cover_sha256, one.cover.suffix, name),
        width=one.width,
        height=one.height,
        seconds=round(one.frames / one.fps, 3),
        bytes=one.size_bytes,
        sha256=one.sha256,
        label=label_of(one),
    )
