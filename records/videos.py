"""Videos in the ledger: planned once per run, carried from state to state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from records.database import Database, now
from records.states import VideoState
from records.tables import Base, Run, SeenBrief, Transition, Video, VideoShot
from records.transitions import begin_state, history, move, move_video
from reelmill.content import Json, fingerprint, video_identity

#: Videos that one statement names: databases take some ten thousand parameters, and a list may be longer.
AT_ONCE = 1000

_TABLE = Base.metadata.tables[Video.__tablename__]
_MASTER = update(_TABLE).where(_TABLE.c.id == bindparam("video")).values(master_sha256=bindparam("master"))


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """A video as the plan has it. With `skipped` or `failed` it only says why there is none."""

    brief_key: str
    variant_id: str
    title: str
    fingerprint: str
    plan: Mapping[str, Json]
    skipped: str = ""
    failed: str = ""

    @property
    def first_state(self) -> VideoState:
        if self.failed:
            return VideoState.FAILED
        return VideoState.SKIPPED if self.skipped else VideoState.PLANNED

    @property
    def plan_hash(self) -> str:
        return fingerprint(dict(self.plan))


class Videos:
    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, run_id: UUID, planned: Sequence[PlannedVideo], *, unchanged: int, remake: bool) -> None:
        """Write a run's videos down, all in one transaction.

        A video that is done keeps its state and its plan, unless its brief has changed since or `remake` says to make
        it again; any other one takes the new plan and starts over, which costs nothing where its work is kept. Videos
        that the plan no longer has stay, if they are done, and are skipped otherwise.
        """
        with self._database.begin() as session:
            run = session.get_one(Run, run_id, with_for_update=True)
            existing = {video.id: video for video in session.scalars(select(Video).where(Video.run_id == run_id))}
            wanted: set[UUID] = set()
            new: list[Video] = []
            for position, item in enumerate(planned):
                identity = video_identity(run_id, item.brief_key, item.variant_id)
                wanted.add(identity)
                video = existing.get(identity)
                if video is None:
                    new.append(_new(run_id, identity, position, item))
                    continue
                video.position = position
                if video.state is VideoState.DONE and video.fingerprint == item.fingerprint and not remake:
                    continue
                self._replan(session, video, item)
            session.add_all(new)
            session.flush()
            for video in new:
                begin_state(session, video, video.reason)
            for identity, video in existing.items():
                if identity not in wanted and video.state not in {VideoState.DONE, VideoState.SKIPPED}:
                    if video.state is not VideoState.PLANNED:
                        move(session, video, VideoState.PLANNED, "planned again")
                    move(session, video, VideoState.SKIPPED, "the plan no longer has it")
            run.found = len(existing.keys() | wanted)
            run.unchanged = unchanged

    def _replan(self, session: Session, video: Video, item: PlannedVideo) -> None:
        changed = video.plan_hash != item.plan_hash
        if changed:
            session.execute(delete(VideoShot).where(VideoShot.video_id == video.id))
        video.title, video.fingerprint = item.title, item.fingerprint
        video.plan, video.plan_hash = dict(item.plan), item.plan_hash
        if item.first_state is not VideoState.PLANNED:
            if (video.state, video.reason) == (item.first_state, item.skipped or item.failed):
                return
            if video.state is not VideoState.PLANNED:
                move(session, video, VideoState.PLANNED, "planned again")
            move(session, video, item.first_state, item.skipped or item.failed)
        elif video.state is not VideoState.PLANNED:
            if video.state in {VideoState.REJECTED, VideoState.IN_REVIEW} and not changed:
                return  # screening has spoken about exactly this; asking again is no way around it
            move(session, video, VideoState.PLANNED, "planned again")

    def reopen(self, run_id: UUID) -> int:
        """Put the failed videos of a run back to `planned`, for a retry. Returns how many there were.

        One that could not even be planned stays failed: only a new plan can help it.
        """
        with self._database.begin() as session:
            query = select(Video).where(Video.run_id == run_id, Video.state == VideoState.FAILED)
            failed = [video for video in session.scalars(query) if video.plan]
            for video in failed:
                move(session, video, VideoState.PLANNED, "tried again")
            return len(failed)

    def restart(self, videos: Sequence[Video], reason: str) -> list[Video]:
        """Put videos that are under way back to `planned`, so that their stages find their place by what is recorded.

        Returns
        -------
        list[Video]
            The same videos in the same order, as they are now.
        """
        asked = [video.id for video in videos]
        now_are: dict[UUID, Video] = {}
        with self._database.begin() as session:
            for start in range(0, len(asked), AT_ONCE):
                some = Video.id.in_(asked[start : start + AT_ONCE])
                found = session.scalars(select(Video).where(some).order_by(Video.id).with_for_update())
                now_are |= {video.id: video for video in found}
            for video in now_are.values():
                if video.state is not VideoState.PLANNED:
                    move(session, video, VideoState.PLANNED, reason)
        return [now_are[identity] for identity in asked]

    def move(self, video_id: UUID, after: VideoState, reason: str = "", *, master_sha256: str | None = None) -> None:
        """Change a video's state. One that it has already is left alone: the answer to a commit may have been lost.

        Raises
        ------
        TerminalError
            If the move is not legal.
        """
        # What a power cut makes it forget of this is found again by the clips, renditions and posts that it has.
        with self._database.write(lasting=False) as connection:
            move_video(connection, video_id, after, reason)
            if master_sha256 is not None:
                connection.execute(_MASTER, {"video": video_id, "master": master_sha256})

    def of_run(self, run_id: UUID, states: Iterable[VideoState] = ()) -> list[Video]:
        """The videos of a run in the plan's order."""
        query = select(Video).where(Video.run_id == run_id).order_by(Video.position, Video.id)
        if wanted := list(states):
            query = query.where(Video.state.in_(wanted))
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, video_id: UUID) -> Video:
        with self._database.read() as session:
            return session.get_one(Video, video_id)

    def history(self, video_id: UUID) -> list[Transition]:
        with self._database.read() as session:
            return history(session, video_id)

    def seen(self, pipeline: str) -> dict[str, str]:
        """The fingerprint of each brief of this pipeline whose videos were all done, by its key."""
        with self._database.read() as session:
            rows = session.execute(select(SeenBrief.key, SeenBrief.fingerprint).where(SeenBrief.pipeline == pipeline))
            return {row.key: row.fingerprint for row in rows}

    def remember_seen(self, pipeline: str, run_id: UUID) -> None:
        """Note the briefs of a run of which every video is done."""
        with self._database.begin() as session:
            videos = list(session.scalars(select(Video).where(Video.run_id == run_id)))
            unfinished = {video.brief_key for video in videos if video.state is not VideoState.DONE}
            marks = {video.brief_key: video.fingerprint for video in videos if video.brief_key not in unfinished}
            for brief in session.scalars(select(SeenBrief).where(SeenBrief.pipeline == pipeline)):
                if (mark := marks.pop(brief.key, None)) is not None:
                    brief.fingerprint, brief.run_id, brief.seen_at = mark, run_id, now()
            session.add_all(
                SeenBrief(pipeline=pipeline, key=key, fingerprint=mark, run_id=run_id, seen_at=now())
                for key, mark in marks.items()
            )


def _new(run_id: UUID, identity: UUID, position: int, item: PlannedVideo) -> Video:
    return Video(
        id=identity,
        run_id=run_id,
        position=position,
        brief_key=item.brief_key,
        variant_id=item.variant_id,
        title=item.title,
        fingerprint=item.fingerprint,
        plan=dict(item.plan),
        plan_hash=item.plan_hash,
        state=item.first_state,
        reason=item.skipped or item.failed,
        created_at=now(),
        updated_at=now(),
    )
