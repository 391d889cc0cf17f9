"""Videos in the ledger: planned once per run, carried from state to state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from records.database import Database, now
from records.seen import Reading, keep
from records.states import VideoState
from records.tables import Base, Run, Transition, Video, VideoShot
from records.text_verdicts import newest_of, note
from records.transitions import begin_state, history, move, move_video
from reelmill.content import Decision, Json, fingerprint
from reelmill.identity import video_identity
from reelmill.text_verdict import TextVerdict

#: Videos that one statement names: databases take some ten thousand parameters, and a list may be longer.
AT_ONCE = 1000

#: Videos that are not going to be made, nor posted.
GIVEN_UP = (VideoState.SKIPPED, VideoState.REJECTED, VideoState.FAILED)

_SAID = {
    Decision.PASS: VideoState.PLANNED,
    Decision.REVIEW: VideoState.IN_REVIEW,
    Decision.BLOCK: VideoState.REJECTED,
}

_TABLE = Base.metadata.tables[Video.__tablename__]
_MADE_OF = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("video"))
    .values(master_sha256=bindparam("master"), edit_id=bindparam("edit"))
)


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
    texts: TextVerdict | None = None  #: what screening says of its texts

    @property
    def first_state(self) -> VideoState:
        if self.failed:
            return VideoState.FAILED
        if self.skipped:
            return VideoState.SKIPPED
        return _SAID[self.texts.decision] if self.texts is not None else VideoState.PLANNED

    @property
    def reason(self) -> str:
        """Why it is not going to be made, or not yet; empty otherwise."""
        return self.skipped or self.failed or ("; ".join(self.texts.reasons) if self.texts is not None else "")

    @property
    def plan_hash(self) -> str:
        return fingerprint(dict(self.plan))


NOTHING_READ = Reading()


class Videos:
    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(
        self,
        run_id: UUID,
        planned: Sequence[PlannedVideo],
        *,
        unchanged: int,
        remake: bool,
        reading: Reading = NOTHING_READ,
    ) -> None:
        """Write a run's videos down, and what was learned from its source, all in one transaction.

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
            for item in planned:  # only now: what was said before is why a video is held
                if item.texts is not None:
                    note(session, item.texts)
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
            keep(session, run.pipeline, run_id, reading)

    def _replan(self, session: Session, video: Video, item: PlannedVideo) -> None:
        if video.plan.get("edited") and video.fingerprint == item.fingerprint and not item.failed and not item.skipped:
            item = replace(item, plan=video.plan, texts=None)  # a person changed it: that is the plan
        changed = video.plan_hash != item.plan_hash
        if changed:
            session.execute(delete(VideoShot).where(VideoShot.video_id == video.id))
        video.title, video.fingerprint = item.title, item.fingerprint
        video.plan, video.plan_hash = dict(item.plan), item.plan_hash
        video.texts_sha256 = item.texts.texts_sha256 if item.texts is not None else video.texts_sha256
        if item.first_state is not VideoState.PLANNED:
            if (video.state, video.reason) == (item.first_state, item.reason):
                return
            if video.state is not VideoState.PLANNED:
                move(session, video, VideoState.PLANNED, "planned again")
            move(session, video, item.first_state, item.reason)
        elif video.state is not VideoState.PLANNED:
            held = video.state in {VideoState.REJECTED, VideoState.IN_REVIEW}
            if held and not changed and not self._held_by_texts(session, video):
                return  # screening has spoken about exactly this master; asking again is no way around it
            move(session, video, VideoState.PLANNED, "planned again")

    def _held_by_texts(self, session: Session, video: Video) -> bool:
        """Whether its texts are why it waits or was rejected, and not what is seen in it."""
        row = newest_of(session, video.texts_sha256) if video.texts_sha256 is not None else None
        return row is not None and row.decision is not Decision.PASS

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

    def move(self, video_id: UUID, after: VideoState, reason: str = "") -> None:
        """Change a video's state. One that it has already is left alone: the answer to a commit may have been lost.

        Raises
        ------
        TerminalError
            If the move is not legal.
        """
        # What a power cut makes it forget of this is found again by the clips, renditions and posts that it has.
        with self._database.write(lasting=False) as connection:
            move_video(connection, video_id, after, reason)

    def generated(self, video_id: UUID, *, master_sha256: str | None = None, edit_id: str | None = None) -> None:
        """A video's clips are there: one is its master, or it says what they become before that is made.

        Raises
        ------
        TerminalError
            If the move is not legal.
        """
        with self._database.write(lasting=False) as connection:
            move_video(connection, video_id, VideoState.GENERATED, "")
            connection.execute(_MADE_OF, {"video": video_id, "master": master_sha256, "edit": edit_id})

    def assembled(self, video_id: UUID, *, master_sha256: str, edit_id: str) -> None:
        """A video's master is there, named as it was made: an effect may have been edited since the clips were."""
        with self._database.write(lasting=False) as connection:
            connection.execute(_MADE_OF, {"video": video_id, "master": master_sha256, "edit": edit_id})

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

    def plans(self, pipeline: str, limit: int) -> dict[UUID, Mapping[str, Json]]:
        """The plans of a pipeline's newest videos, by video. Those that are not going to be made are left out."""
        query = (
            select(Video.id, Video.plan)
            .join(Run, Run.id == Video.run_id)
            .where(Run.pipeline == pipeline, Video.state.not_in(GIVEN_UP))
            .order_by(Video.created_at.desc(), Video.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return {row.id: row.plan for row in session.execute(query)}

    def history(self, video_id: UUID) -> list[Transition]:
        with self._database.read() as session:
            return history(session, video_id)


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
        texts_sha256=item.texts.texts_sha256 if item.texts is not None else None,
        state=item.first_state,
        reason="" if item.first_state is VideoState.PLANNED else item.reason,
        created_at=now(),
        updated_at=now(),
    )
