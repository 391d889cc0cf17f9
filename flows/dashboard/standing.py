"""Where each video of a run stands, read from the ledger once for everything that is shown of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from flows.counting import counted
from flows.post_status import Status, of_video
from records.ledger import Ledger
from records.states import ENDED, PostState, VideoState
from records.tables import Post, Run, Video
from reelmill.content import Rendition

#: What the ledger notes of a video that is on its way again: no reason for anything.
_NOTES = frozenset({"", "taken up again", "tried again", "planned again"})

#: States by how much they want a person, and the sign that each is known by.
SIGNS = {
    VideoState.FAILED: "✗",
    VideoState.IN_REVIEW: "?",
    VideoState.PLANNED: "…",
    VideoState.GENERATED: "…",
    VideoState.SCREENED: "…",
    VideoState.FINISHED: "…",
    VideoState.REJECTED: "⊘",
    VideoState.SKIPPED: "–",
    VideoState.DONE: "✓",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A video, what screening said of it, what was made of it, and where it was posted."""

    video: Video
    decision: str  #: the newest verdict on its master; "" if there is none
    clips: int
    renditions: tuple[Rendition, ...]  #: of its present master
    posts: tuple[Post, ...]
    statuses: dict[UUID, Status]  #: how each post stands, by its id

    @property
    def state(self) -> VideoState:
        return self.video.state

    @property
    def state_words(self) -> str:
        return self.state.value.replace("_", " ")

    @property
    def sign(self) -> str:
        return SIGNS[self.state]

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def why(self) -> str:
        """Why it is where it is; "" if that needs no reason."""
        return "" if self.video.reason in _NOTES else self.video.reason

    @property
    def cover(self) -> Path | None:
        """A picture of it. There is none of what screening did not pass: a dashboard is a place that people share."""
        if self.state in {VideoState.IN_REVIEW, VideoState.REJECTED} or not self.renditions:
            return None
        return self.renditions[0].cover

    @property
    def kept(self) -> str:
        """What is there of it and is not made again: `1 clip and 4 renditions are kept; 3 posts are live`."""
        made = [
            counted(count, noun) for count, noun in ((self.clips, "clip"), (len(self.renditions), "rendition")) if count
        ]
        count = self.clips + len(self.renditions)
        parts = [f"{' and '.join(made)} {'is' if count == 1 else 'are'} kept"] if made else ["nothing was made yet"]
        if live := sum(post.state is PostState.LIVE for post in self.posts):
            parts.append(f"{counted(live, 'post')} {'is' if live == 1 else 'are'} live")
        return "; ".join(parts)


def standings(ledger: Ledger, run: Run) -> list[Standing]:
    """The videos of a run in the plan's order."""
    return [
        Standing(
            video=one.video,
            decision=one.verdict.decision.value if one.verdict else "",
            clips=len(one.clips),
            renditions=one.current,
            posts=one.posts,
            statuses=dict(zip((post.id for post in one.posts), of_video(one, run, ZoneInfo(run.zone)), strict=True)),
        )
        for one in ledger.accounts.of_run(run.id)
    ]


def statuses(standings: Sequence[Standing]) -> list[Status]:
    """How all posts stand."""
    return [status for one in standings for status in one.statuses.values()]
