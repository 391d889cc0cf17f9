"""Leases: one holder at a time for a piece of work, and a way out when the holder dies.

Every holder has an epoch of its own. While a lease is held, each writing transaction of its ledger first sees that the
epoch is still ours: a process that slept, and woke up after another one took over, can write nothing any more.

A lease lives `SECONDS` after its last renewal. A holder on this same machine whose process is gone loses it at once, so
that a run can be resumed the moment after a `kill -9`.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from records.database import Database, now
from records.tables import Base, Lease
from reelmill.errors import LeaseHeld, ReelmillError
from reelmill.processes import start_of

#: How long a lease lives without being renewed. Also the longest wait after a machine died.
SECONDS = 60.0

_TABLE = Base.metadata.tables[Lease.__tablename__]
_HOLDER = select(_TABLE.c.epoch, _TABLE.c.holder).where(_TABLE.c.name == bindparam("lease")).with_for_update(read=True)


def this_process() -> str:
    """Who we are: host, process id, and the process's start, so that a reused process id is not taken for us."""
    return f"{socket.gethostname()}:{os.getpid()}:{start_of(os.getpid())}"


class Leases:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def hold(self, name: str, what: str, *, lost: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold a lease for the time of the block, renewed in the background.

        What the block writes, also in threads that copy its context, is fenced by this lease and by those around it.

        Parameters
        ----------
        name:
            What is leased, e.g. `run:<id>`.
        what:
            The same for people, for the error.
        lost:
            Called from another thread if the lease is found to be somebody else's, so that the work stops soon.

        Raises
        ------
        LeaseHeld
            If a living process holds it; and from every writing transaction in the block once another one took it.
        """
        holder = this_process()
        try:
            epoch = self._take(name, what, holder)
        except IntegrityError:  # on Postgres two may find that there is no row: the other one has written it now
            epoch = self._take(name, what, holder)

        def fence(connection: Connection) -> None:
            lease = connection.execute(_HOLDER, {"lease": name}).one_or_none()
            if lease is None or tuple(lease) != (epoch, holder):
                raise LeaseHeld(
                    f"{what} was taken over by another process while this one was away",
                    "nothing is lost: see how far it is with `reelmill show`",
                )

        ended = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(name, holder, epoch, ended, lost), daemon=True)
        renewer.start()
        try:
            with self._database.fenced(fence):
                yield
        finally:
            ended.set()
            renewer.join()
            with self._database.begin() as session:
                session.execute(delete(Lease).where(Lease.name == name, Lease.epoch == epoch, Lease.holder == holder))

    def held(self, name: str) -> str | None:
        """Who holds a lease right now, or None if it is free, expired, or its holder is gone."""
        with self._database.read() as session:
            lease = session.get(Lease, name)
            return lease.holder if lease is not None and is_alive(lease) else None

    def living(self, prefix: str) -> frozenset[str]:
        """The names of all leases that begin so and are held right now."""
        with self._database.read() as session:
            leases = session.scalars(select(Lease).where(Lease.name.startswith(prefix, autoescape=True))).all()
        return frozenset(lease.name for lease in leases if is_alive(lease))

    def _take(self, name: str, what: str, holder: str) -> int:
        with self._database.begin() as session:
            lease = session.get(Lease, name, with_for_update=True)
            refuse_if_held(lease, what)
            expires = now() + dt.timedelta(seconds=SECONDS)
            if lease is None:
                session.add(Lease(name=name, holder=holder, epoch=1, expires_at=expires))
                return 1
            lease.holder, lease.epoch, lease.expires_at = holder, lease.epoch + 1, expires
            return lease.epoch

    def _renew(self, name: str, holder: str, epoch: int, ended: threading.Event, lost: Callable[[], None]) -> None:
        while not ended.wait(SECONDS / 4):
            try:
                with self._database.begin() as session:
                    ours = update(Lease).where(Lease.name == name, Lease.epoch == epoch, Lease.holder == holder)
                    renewed = session.execute(ours.values(expires_at=now() + dt.timedelta(seconds=SECONDS)))
            except ReelmillError:
                continue  # the database was away; three more tries fit before the lease ends
            if not cast("CursorResult[Any]", renewed).rowcount:
                lost()
                return


def refuse_if_held(lease: Lease | None, what: str) -> None:
    """Raise `LeaseHeld` if somebody works on it."""
    if lease is not None and is_alive(lease):
        host, process, _ = lease.holder.split(":")
        raise LeaseHeld(
            f"{what} is being worked on by process {process} on {host}",
            "wait until it ends, or stop that process and repeat the command",
        )


def is_alive(lease: Lease) -> bool:
    """Whether its holder still works: not expired, and not a process of this machine that is gone."""
    if lease.expires_at <= now():
        return False
    host, process, started = lease.holder.split(":")
    return host != socket.gethostname() or start_of(int(process)) == started
