"""What is deployed: the definition that scheduled and triggered runs obey, and how far their times were looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select

from records.database import Database, now
from records.tables import Deployment
from reelmill.content import Json


@dataclass(frozen=True, slots=True)
class Deploying:
    """A pipeline that is about to be deployed."""

    pipeline: str
    definition: Mapping[str, Json]
    definition_hash: str
    folder: str
    dates_until: dt.date | None = None


class Deployments:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, deploying: Deploying) -> Deployment:
        """Record a pipeline as deployed. Scheduled times before its first deployment are nobody's concern."""
        with self._database.begin() as session:
            row = session.get(Deployment, deploying.pipeline, with_for_update=True)
            if row is None:
                row = Deployment(pipeline=deploying.pipeline, considered_until=now())
                session.add(row)
            row.definition = dict(deploying.definition)
            row.definition_hash = deploying.definition_hash
            row.folder = deploying.folder
            row.dates_until = deploying.dates_until
            row.deployed_at = now()
            return row

    def remove(self, pipeline: str) -> None:
        with self._database.begin() as session:
            session.execute(delete(Deployment).where(Deployment.pipeline == pipeline))

    def get(self, pipeline: str) -> Deployment | None:
        with self._database.read() as session:
            return session.get(Deployment, pipeline)

    def all(self) -> list[Deployment]:
        """Every deployed pipeline by name."""
        with self._database.read() as session:
            return list(session.scalars(select(Deployment).order_by(Deployment.pipeline)))

    def considered(self, pipeline: str, until: dt.datetime) -> None:
        """Note that every scheduled time up to a moment has its run, or was let go."""
        with self._database.begin() as session:
            row = session.get(Deployment, pipeline, with_for_update=True)
            if row is not None and row.considered_until < until:
                row.considered_until = until
