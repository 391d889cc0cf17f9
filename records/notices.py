"""What people hear of once: that a run ended, and what came about later, such as posts that may be public.

What came about later is found in the ledger itself, so nobody has to remember to report it, and a process that dies
loses none of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, String, cast, delete, exists, func, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from records.database import Database, now
from records.posts import OPEN
from records.states import PostState, RunState
from records.tables import Deployment, Notice, Post, Run, Standing, Transition, Video

#: What is older is no news, such as on the day that the first pipeline is deployed.
NEWS = dt.timedelta(days=7)
#: Posts that are told of in one round.
MOST = 200


def end_key(flow_run_id: str, state_id: str) -> str:
    """The notice of one end of a flow run. Tried again, it may end again, which is told again."""
    return f"end:{flow_run_id}:{state_id}"


def pause_key(platform: str, account: str) -> str:
    """The notice of a pause. It is forgotten when the pause ends, so that the next one is told again."""
    return f"pause:{platform}:{account}"


@dataclass(frozen=True, slots=True)
class LatePost:
    """A post whose outcome a person has to know."""

    key: str
    post: Post
    title: str  #: of its video
    run: Run


@dataclass(frozen=True, slots=True)
class Pause:
    """An account to which nothing goes out until a person has done something."""

    key: str
    standing: Standing
    waiting: int  #: posts that it keeps back
    pipeline: str  #: of the newest of these


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    def late_posts(self) -> list[LatePost]:
        """Posts of deployed pipelines that failed or became unknown after their run was closed, oldest first."""
        step = aliased(Transition)
        newest = select(func.max(step.id)).where(step.subject_id == Post.id).correlate(Post).scalar_subquery()
        key = literal("post:").concat(cast(Transition.id, String))
        query = (
            select(Post, Video.title, Run, Transition.id)
            .join(Video, Video.id == Post.video_id)
            .join(Run, Run.id == Video.run_id)
            .join(Transition, Transition.id == newest)
            .where(Post.state.in_((PostState.FAILED, PostState.UNKNOWN)), Post.updated_at > now() - NEWS)
            # What came about while the run went on is in what its end says.
            .where(Run.state != RunState.RUNNING, Transition.at > Run.closed_at)
            .where(_is_deployed(), ~exists().where(Notice.key == key))
            .order_by(Transition.id)
            .limit(MOST)
        )
        with self._database.read() as session:
            return [LatePost(f"post:{number}", post, title, run) for post, title, run, number in session.execute(query)]

    def pauses(self) -> list[Pause]:
        """Accounts that wait for a person, and keep posts of deployed pipelines back."""
        key = literal("pause:").concat(Standing.platform).concat(":").concat(Standing.account)
        query = (
            select(Standing)
            .where(Standing.needs_person, Standing.paused_until > now(), ~exists().where(Notice.key == key))
            .order_by(Standing.platform, Standing.account)
        )
        with self._database.read() as session:
            found = [self._pause(session, standing) for standing in session.scalars(query).all()]
        return [one for one in found if one is not None]

    def _pause(self, session: Session, standing: Standing) -> Pause | None:
        query = (
            select(Run.pipeline)
            .join(Video, Video.run_id == Run.id)
            .join(Post, Post.video_id == Video.id)
            .where(Post.platform == standing.platform, Post.account == standing.account, Post.state.in_(OPEN))
            .where(_is_deployed())
            .order_by(Post.updated_at.desc())
        )
        pipelines = session.scalars(query).all()
        if not pipelines:
            return None
        return Pause(pause_key(standing.platform, standing.account), standing, len(pipelines), pipelines[0])

    def add(self, pipeline: str, words: Mapping[str, str]) -> None:
        """Write down what goes into one message, by its keys. It is to be told from now on."""
        batch, at = uuid4(), now()
        with self._database.begin() as session:
            for key, text in words.items():
                session.add(Notice(key=key, batch=batch, pipeline=pipeline, words=text, made_at=at))

    def untold(self) -> list[Sequence[Notice]]:
        """What is to be told, by messages, oldest first."""
        query = select(Notice).where(Notice.told_at.is_(None)).order_by(Notice.made_at, Notice.batch, Notice.key)
        with self._database.read() as session:
            return [tuple(notices) for _, notices in groupby(session.scalars(query).all(), lambda one: one.batch)]

    def told(self, batch: UUID) -> None:
        """A message is on its way."""
        with self._database.begin() as session:
            session.execute(update(Notice).where(Notice.batch == batch).values(told_at=now()))

    def claim(self, key: str, pipeline: str, words: str) -> bool:
        """Whether the caller is the first to tell of this, and so the one who does. `forget` gives it back."""
        at = now()
        try:
            with self._database.begin() as session:
                session.add(Notice(key=key, batch=uuid4(), pipeline=pipeline, words=words, made_at=at, told_at=at))
        except IntegrityError:  # somebody has told of it
            return False
        return True

    def forget(self, key: str) -> None:
        """Nobody heard of this: the next one may tell of it."""
        with self._database.begin() as session:
            session.execute(delete(Notice).where(Notice.key == key))


def _is_deployed() -> ColumnElement[bool]:
    """Whoever starts a run at a terminal hears of its posts there."""
    return exists().where(Deployment.pipeline == Run.pipeline)
