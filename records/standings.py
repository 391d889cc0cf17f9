"""How things stand with accounts: whether posts go out to them now, and what they said of themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Update, delete, select, update
from sqlalchemy.orm import Session

from records.database import Database, now
from records.notices import pause_key
from records.posts import OPEN
from records.tables import Notice, Post, Standing
from reelmill.logs import mask


class Standings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, platform: str, account: str) -> Standing | None:
        with self._database.read() as session:
            return session.get(Standing, (platform, account))

    def all(self) -> list[Standing]:
        with self._database.read() as session:
            return list(session.scalars(select(Standing).order_by(Standing.target, Standing.platform)))

    def pauses(self, posts: Sequence[Post]) -> dict[UUID, Standing]:
        """The accounts that wait for a person, by those of the posts that they keep back."""
        with self._database.read() as session:
            return pauses(session, posts)

    def pause(
        self, platform: str, account: str, target: str, until: dt.datetime, reason: str, *, needs_person: bool
    ) -> None:
        """Try no post of an account before a time.

        Parameters
        ----------
        needs_person:
            It does not get better by itself: a login that has to be renewed.
        """
        reason = mask(reason)
        with self._database.begin() as session:
            row = self._row(session, platform, account, target)
            if row.needs_person and row.reason != reason:  # posts are known by the reason that they were put off for
                session.execute(_kept_back(row).values(reason=reason))
            row.paused_until, row.reason, row.needs_person = until, reason, needs_person

    def clear(self, platform: str, account: str) -> bool:
        """An account is well again, and the posts that its login kept back may be tried. Says whether it was paused."""
        standing = self.get(platform, account)
        if standing is None or standing.paused_until is None:
            return False
        with self._database.begin() as session:
            row = self._row(session, platform, account, standing.target)
            if row.needs_person:
                session.execute(_kept_back(row).values(due_at=None, reason=""))
            row.paused_until, row.reason, row.needs_person = None, "", False
            session.execute(delete(Notice).where(Notice.key == pause_key(platform, account)))
        return True

    def prove(self, platform: str, account: str) -> None:
        """A post went out to an account: if its login was waited for, it is good again, and the next end is news."""
        with self._database.read() as session:
            row = session.get(Standing, (platform, account))
            waited = row is not None and (
                row.needs_person or session.get(Notice, pause_key(platform, account)) is not None
            )
        if not waited:
            return
        with self._database.begin() as session:
            row = session.get_one(Standing, (platform, account), with_for_update=True)
            if row.needs_person:
                session.execute(_kept_back(row).values(due_at=None, reason=""))
                row.paused_until, row.reason, row.needs_person = None, "", False
            session.execute(delete(Notice).where(Notice.key == pause_key(platform, account)))

    def note(
        self, platform: str, account: str, target: str, *, identity: str, quota: tuple[int, int] | None
    ) -> Standing:
        """What an account said of itself just now. `quota`: the total and what is used of it."""
        with self._database.begin() as session:
            row = self._row(session, platform, account, target)
            row.identity, row.looked_at = identity, now()
            row.quota_total, row.quota_used = quota or (None, None)
            return row

    def _row(self, session: Session, platform: str, account: str, target: str) -> Standing:
        row = session.get(Standing, (platform, account), with_for_update=True)
        if row is None:
            row = Standing(
                platform=platform, account=account, target=target, reason="", needs_person=False, identity=""
            )
            session.add(row)
        row.target = target
        return row


def pauses(session: Session, posts: Sequence[Post]) -> dict[UUID, Standing]:
    """The same within a reading."""
    waiting = [post for post in posts if post.state in OPEN]
    if not waiting:
        return {}
    rows = session.scalars(select(Standing).where(Standing.needs_person)).all()
    accounts = {(row.platform, row.account): row for row in rows}
    return {
        post.id: row
        for post in waiting
        if (row := accounts.get((post.platform, post.account))) is not None and _keeps_back(row, post)
    }


def _kept_back(row: Standing) -> Update:
    """The posts that were put off because their account waits for a person."""
    return update(Post).where(
        Post.platform == row.platform, Post.account == row.account, Post.state.in_(OPEN), Post.reason == row.reason
    )


def _keeps_back(row: Standing, post: Post) -> bool:
    """Whether an account is paused, or was when the post was put off and was not tried since."""
    is_paused = row.paused_until is not None and row.paused_until > now()
    return is_paused or (bool(row.reason) and post.reason == row.reason)
