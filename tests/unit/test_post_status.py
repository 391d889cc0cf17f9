"""Every state of a post is told in plain words, with the command that helps; none is taken for another one."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from flows.post_status import Kind, clock, counts, outlook, status_of
from records.states import PostState, VideoState
from records.tables import Post, Run, Standing

NOW = dt.datetime.now(dt.UTC)
SOON, EARLIER = NOW + dt.timedelta(days=400), NOW - dt.timedelta(hours=1)
IDENTITY = UUID("7b4543be-0000-0000-0000-000000000000")
RUN = Run(pipeline="tea", occasion="event:a b")
P = PostState


def post(state: PostState, **facts: Any) -> Post:
    known = {"id": IDENTITY, "platform": "tiktok", "target": "tiktok-main", "reason": "", "attempts": 0, "detail": {}}
    return Post(state=state, **{**known, **facts})


@pytest.mark.parametrize(
    ("found", "kind", "words", "command"),
    [
        (post(P.PLANNED), Kind.NOT_SENT, "not sent yet", ""),
        (post(P.PLANNED, due_at=EARLIER), Kind.NOT_SENT, "not sent yet", ""),
        (post(P.PLANNED, due_at=SOON), Kind.WAITING, f"waiting until {clock(SOON)}", ""),
        (post(P.UPLOADING), Kind.NOT_SENT, "being uploaded", ""),
        (post(P.UPLOADING, due_at=SOON, attempts=2), Kind.RETRIED, f"tried again {clock(SOON)}, after 2 tries", ""),
        (post(P.ARMED), Kind.AT_PLATFORM, "being looked up", ""),
        (post(P.ARMED, accepted_at=NOW, due_at=SOON), Kind.AT_PLATFORM, f"at the platform, asked again {clock(SOON)}",
         ""),
        (post(P.ARMED, accepted_at=NOW, detail={"public_at": SOON.isoformat()}), Kind.WAITING,
         f"public at {clock(SOON)}, by the platform's clock", ""),
        (post(P.ARMED, accepted_at=NOW, detail={"public_at": EARLIER.isoformat()}), Kind.AT_PLATFORM,
         "at the platform", ""),
        (post(P.ARMED, accepted_at=NOW, platform="handoff"), Kind.HANDED_OVER, "a person publishes it",
         "reelmill reconcile 7b4543be --live URL"),
        (post(P.LIVE), Kind.LIVE, "live", ""),
        (post(P.LIVE, detail={"read_back": {"public": False, "labelled": False}}), Kind.LIVE,
         "live, but not public and not labelled as AI", ""),
        (post(P.FAILED), Kind.FAILED, "failed", "reelmill resume 'tea@event:a b'"),
        (post(P.UNKNOWN), Kind.UNKNOWN, "may be posted", "reelmill reconcile 7b4543be --live URL, or --not-posted"),
        (post(P.WITHDRAWN), Kind.WITHDRAWN, "withdrawn", ""),
    ],
)  # fmt: skip
def test_a_post_is_told_by_what_happens_next(found: Post, kind: Kind, words: str, command: str) -> None:
    status = status_of(found, {}, run=RUN)
    assert (status.kind, status.words, status.command) == (kind, words, command)


@pytest.mark.parametrize("state", PostState)
def test_a_login_that_ended_keeps_back_what_is_not_at_its_end_and_nothing_else(state: PostState) -> None:
    login = Standing(platform="tiktok", account="a", target="tiktok-main", reason="401 – log in again")
    status = status_of(post(state), {IDENTITY: login}, run=RUN)
    if state in {P.PLANNED, P.UPLOADING, P.ARMED}:
        assert (status.words, status.command) == ("paused: login", "reelmill targets tiktok-main")
        assert status.why == "401 – log in again"
    else:
        assert status.kind is not Kind.PAUSED


@pytest.mark.parametrize("video", [VideoState.FAILED, VideoState.FINISHED])
def test_a_post_whose_video_is_not_done_does_not_go_out_by_itself(video: VideoState) -> None:
    held = status_of(post(P.PLANNED, due_at=SOON), {}, run=RUN, video=video)
    assert (held.kind, held.command) == (Kind.HELD, "reelmill resume 'tea@event:a b'")
    assert status_of(post(P.ARMED), {}, video=video).kind is Kind.AT_PLATFORM, "it may be public, and is looked up"


def test_posts_are_summed_up_with_the_next_time() -> None:
    later = SOON + dt.timedelta(days=1)
    found = [status_of(post(P.PLANNED, due_at=at), {}) for at in (later, SOON)]
    found += [status_of(post(state), {}) for state in (P.LIVE, P.WITHDRAWN, P.UNKNOWN)]
    assert counts(found) == f"1 unknown, 2 waiting (next {clock(SOON)}), 1 withdrawn, 1 live"
    assert outlook(found) == [
        "1 post may be public or not",
        f"2 posts wait for their time (next {clock(SOON)})",
        "1 post is withdrawn",
    ]
    assert (counts([]), outlook([])) == ("", [])


def test_a_time_is_told_in_its_zone_and_with_its_day_unless_that_is_today() -> None:
    zone = dt.timezone(dt.timedelta(hours=8))
    noon = NOW.astimezone(zone).replace(hour=12, minute=5)
    assert clock(noon.astimezone(dt.UTC), zone) == "12:05"
    assert clock(dt.datetime(2001, 11, 30, 20, 0, tzinfo=dt.UTC), zone) == "2001-12-01 04:00"
