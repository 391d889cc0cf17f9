"""What a run has planned before: a video that is planned again keeps its posts, where they are made or can be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from flows.definition import Definition
from flows.pipeline import Pipeline
from flows.video_plan import PostPlan, VideoPlan
from records.ledger import Ledger
from records.slots import Kept
from records.states import PostState, VideoState
from tasks.publishing.context import TargetContext

#: Videos that screening has spoken about: another time would be another plan, and screened again.
_JUDGED = (VideoState.IN_REVIEW, VideoState.REJECTED)
#: Posts that are not made any more unless somebody asks again.
_GONE = (PostState.FAILED, PostState.WITHDRAWN)


class Earlier:
    """The posts that the last plan of a run gave to its videos.

    Parameters
    ----------
    at:
        A time that is over by then is not kept.
    remake:
        Nothing is kept but times.
    """

    def __init__(
        self,
        ledger: Ledger,
        definition: Definition,
        pipeline: Pipeline,
        context: TargetContext,
        run_id: UUID,
        at: dt.datetime,
        *,
        remake: bool,
    ) -> None:
        self._remake = remake
        self._videos = {video.id: video for video in ledger.videos.of_run(run_id)}
        self._posts: dict[UUID, set[tuple[str, str]]] = {}
        begun: set[tuple[UUID, str, str]] = set()
        for post in ledger.posts.of_run(run_id):
            begun.add((post.video_id, post.target, post.profile))
            if post.state not in _GONE:
                self._posts.setdefault(post.video_id, set()).add((post.target, post.profile))

        def good(kept: Kept) -> bool:
            target = definition.targets.get(kept.target)
            return (
                kept.at > at
                and (kept.video_id, kept.target, kept.profile) not in begun
                and self._videos[kept.video_id].state is not VideoState.REJECTED
                and target is not None
                and (target.platform, target.account_key(context)) == (kept.platform, kept.account)
                and any(
                    entry.rules(pipeline.zone).opens_at(kept.at)
                    for entry in pipeline.publish
                    if kept.target in entry.to and entry.profile in {None, kept.profile}
                )
            )

        self._kept = [kept for kept in ledger.slots.of_run(run_id) if good(kept)]
        self._held: dict[UUID, set[tuple[str, str]]] = {}
        for kept in self._kept:
            self._held.setdefault(kept.video_id, set()).add((kept.target, kept.profile))

    def times(self, platform: str, account: str) -> list[dt.datetime]:
        """The times of an account that videos of the run keep, and which no post has taken up yet."""
        return [kept.at for kept in self._kept if (kept.platform, kept.account) == (platform, account)]

    def done(self, video_id: UUID, mark: str) -> VideoPlan | None:
        """The plan of a video that is done, and is not made again."""
        video = self._videos.get(video_id)
        if video is None or video.state is not VideoState.DONE or video.fingerprint != mark or self._remake:
            return None
        return VideoPlan.from_json(video.plan)

    def of_video(self, video_id: UUID, mark: str) -> Mapping[tuple[str, str], PostPlan]:
        """The posts that a video keeps, by target and profile. `mark`: the fingerprint of its brief, as it is now."""
        video = self._videos.get(video_id)
        if video is None or not video.plan:
            return {}
        same = video.fingerprint == mark and not self._remake
        holds = self._held.get(video_id, set())
        if same:
            holds = holds | self._posts.get(video_id, set())
        posts = {(post.target, post.profile): post for post in VideoPlan.from_json(video.plan).posts}
        return {key: post for key, post in posts.items() if key in holds or (same and video.state in _JUDGED)}
