"""Pages that show what was made: a player for each video, and the recent runs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from flows import server
from flows.post_status import of_video, outlook, outlooks_of
from flows.video_plan import prompts_of
from records.accounts import Account
from records.runs import Tally
from records.states import ENDED
from records.tables import Run, Video
from reelmill.content import Rendition
from reelmill.subtitles import Subtitles
from tasks.finishing import profiles
from web import pages
from web.callers import Caller, Expires, Signature, refusal
from web.door import Door, Opened
from web.problems import documented
from web.reports import label_of, public_url

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

#: Runs on the first page.
RECENT = 25
#: Events without a run that are counted; more are told as that many.
MOST_WAITING = 100
#: Seconds after which a page that waits for something looks again.
REFRESH = 5

_TO_LOGIN: dict[int | str, dict[str, Any]] = {303: {"description": "To the login page, for who may not read."}}
_PAGE: dict[int | str, dict[str, Any]] = {
    status.value: {"description": status.phrase, "content": {"text/html": {"schema": {"type": "string"}}}}
    for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
}


@router.get("/watch/{video_id}", summary="Watch a video", responses={**_TO_LOGIN, **_PAGE, **documented()})
def watch(
    video_id: UUID, door: Opened, caller: Caller, expires: Expires = None, signature: Signature = None
) -> Response:
    """A page that plays a video in each of its renditions, with its words, its verdict and its posts."""
    path = f"/watch/{video_id}"
    if refused := refusal(door, path, caller, expires, signature):
        return pages.refuse(door, refused, path, linked=signature is not None)
    account = door.ledger.accounts.of_video(video_id)
    if account is None:
        return pages.message(
            door, HTTPStatus.NOT_FOUND, "There is no such video", "The link may be from another ledger."
        )
    waits = not account.shown and account.video.state not in ENDED
    return pages.render(door, "watch.html", refresh=REFRESH if waits else 0, **_video(door, account))


@router.get("/", summary="The first page", responses={**_TO_LOGIN, **_PAGE, **documented()})
def index(door: Opened, caller: Caller) -> Response:
    """Recent runs, and where everything else is."""
    if refused := refusal(door, "/", caller, None, None):
        return pages.refuse(door, refused, "/", linked=False)
    runs = door.ledger.runs.recent(limit=RECENT)
    tallies = door.ledger.runs.tallies(runs)
    statuses = outlooks_of(door.ledger, runs)
    to_come = {run.id: outlook(statuses[run.id]) for run in runs}
    return pages.render(
        door,
        "index.html",
        runs=[_run(run, tallies[run.id], to_come[run.id]) for run in runs],
        in_review=door.ledger.reviews.count(),
        waiting=len(door.ledger.outbox.waiting(limit=MOST_WAITING)),
        most_waiting=MOST_WAITING,
        dashboard=(server.configured() or "").removesuffix("/api"),
        caller=caller.name if caller is not None else "",
    )


def _run(run: Run, tally: Tally, to_come: Sequence[str]) -> dict[str, Any]:
    return {
        "to_come": to_come,
        "id": run.id,
        "pipeline": run.pipeline,
        "occasion": f"event of {run.date}" if run.event is not None else run.occasion,
        "state": run.state.value,
        "count": ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in tally.states.items()),
        "opened_at": run.opened_at,
    }


def _video(door: Door, account: Account) -> dict[str, Any]:
    video = account.video
    run = door.ledger.runs.get(video.run_id)
    assert run is not None, "a video has its run"
    statuses = of_video(account, run, ZoneInfo(run.zone))
    numbers = door.ledger.measurements.newest([post.id for post in account.posts])
    return {
        "video": video,
        "words": video.plan.get("words") or {},
        "post": video.plan.get("post") or {},
        "prompt": "\n".join(prompts_of(video.plan)),
        "reason": "" if video.reason == "taken up again" else video.reason,
        "verdict": account.verdict,
        "renditions": [_rendition(door, video, one) for one in account.shown],
        "posts": [
            {
                "target": post.target,
                "platform": profiles.shipped().title(post.profile),
                "status": status,
                "url": public_url(post),
                "numbers": numbers.get(post.id),
            }
            for post, status in zip(account.posts, statuses, strict=True)
        ],
    }


def _rendition(door: Door, video: Video, one: Rendition) -> dict[str, Any]:
    name = f"{video.title} {one.profile}"
    return {
        "platform": profiles.shipped().title(one.profile),
        "video": door.signer.file_url(one.sha256, one.path.suffix, name),
        "cover": door.signer.file_url(one.cover_sha256, one.cover.suffix, name),
        "width": one.width,
        "height": one.height,
        "seconds": round(one.frames / one.fps, 1),
        "megabytes": round(one.size_bytes / 1e6, 1),
        "label": label_of(one),
        "spoken": Subtitles.of(one.record),
        "preview": one.preview,
    }
