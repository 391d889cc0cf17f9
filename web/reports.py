"""What callers are told of runs and videos: the shape of the API's answers. Paths on this machine are not in them."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from records.tables import Post, Run
from reelmill.content import Rendition

RunState = Literal["waiting", "running", "done", "in_review", "failed", "interrupted"]
VideoState = Literal[
    "planned", "generated", "screened", "finished", "done", "skipped", "rejected", "failed", "in_review"
]
PostState = Literal["planned", "uploading", "armed", "live", "failed", "unknown", "withdrawn"]
PostStatus = Literal[
    "unknown",
    "failed",
    "paused",
    "for_a_person",
    "tried_again",
    "held_back",
    "not_sent_yet",
    "at_the_platform",
    "waiting",
    "withdrawn",
    "live",
]


class RenditionReport(BaseModel):
    """A video, finished for one platform."""

    platform: str
    url: str = Field(description="The file, signed: it needs no token for a week. Seeking works.")
    cover_url: str = Field(description="Its cover, as a JPEG.")
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    seconds: float
    bytes: int
    sha256: str
    label: str = Field(description="What the picture says of being made by a machine.")


class NumbersReport(BaseModel):
    """What people had done with a post at a moment. None: the platform does not say."""

    at: dt.datetime
    views: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    watch_seconds: float | None


class PostReport(BaseModel):
    """A rendition for a target: posted, or to be posted."""

    id: UUID
    target: str
    platform: str = Field(description="The profile that it was finished for.")
    state: PostState
    status: PostStatus = Field(description="What happens next with it.")
    words: str = Field(description="The same for people: `waiting until 18:20`, in the run's time zone.")
    url: str | None = Field(description="Where it can be seen, if it is on the web.")
    reason: str
    attempts: int = Field(description="How often it was put off because something did not work.")
    due_at: dt.datetime | None = Field(description="It is not tried before; None: at once.")
    live_at: dt.datetime | None
    seen_at: dt.datetime | None = Field(description="When the platform last showed it to us.")
    public: bool | None = Field(description="Whether it was public then, if the platform says so.")
    labelled: bool | None = Field(description="Whether the platform's own AI label was on it then.")
    numbers: NumbersReport | None = Field(description="The newest that the platform has told.")


class VerdictReport(BaseModel):
    """What screening says."""

    decision: Literal["pass", "review", "block"]
    reasons: list[str]


class CaptionReport(BaseModel):
    """The words on the picture and beside it."""

    title: str
    lines: list[str]
    credit: str
    text: str = Field(description="The text of posts.")
    hashtags: list[str]


class VideoReport(BaseModel):
    """One video: what it shows, where it stands, its files and posts."""

    id: UUID
    run_id: UUID
    title: str
    brief: str = Field(description="The key of what it is about, in its source.")
    variant: str
    state: VideoState
    reason: str
    url: str = Field(description="This report.")
    watch_url: str = Field(description="A page that plays it, signed.")
    prompt: str
    caption: CaptionReport | None = Field(description="None for a video that could not be planned.")
    verdict: VerdictReport | None = Field(description="None until it is screened.")
    renditions: list[RenditionReport] = Field(description="Only those whose master has passed screening.")
    posts: list[PostReport]


class CountReport(BaseModel):
    """What became of everything that the source found."""

    found: int
    states: dict[VideoState, int] = Field(description="Videos by state.")
    unfinished: int
    holds: bool = Field(description="Whether found = done + skipped + rejected + in review + failed.")


class RunReport(BaseModel):
    """One run: its count and its videos."""

    id: UUID
    pipeline: str
    occasion: str = Field(description="The logical date, or `event:` and the id of the event that has started it.")
    date: dt.date | None = Field(description="The logical date. None until the run begins.")
    state: RunState
    reason: str
    attempt: int = Field(description="How often it was begun; 0 while it waits.")
    opened_at: dt.datetime | None
    closed_at: dt.datetime | None
    url: str = Field(description="This report.")
    events_url: str = Field(description="Its progress as server-sent events, signed.")
    count: CountReport
    posts: list[str] = Field(description="What is still to come of its posts, in words; empty if all are live.")
    videos: list[VideoReport] = Field(description="In the plan's order, as far as they were asked for.")


def state_of(run: Run | None) -> RunState:
    """Where a run stands; one that is not opened yet waits."""
    return "waiting" if run is None else run.state.value


def public_url(post: Post) -> str | None:
    """Where a post can be seen by others. A path in a folder of this machine is nobody's business."""
    return post.url if post.url is not None and post.url.startswith(("https://", "http://")) else None


def label_of(rendition: Rendition) -> str:
    visible = rendition.labels.get("visible")
    return str(visible.get("text", "")) if isinstance(visible, dict) else ""
