"""How long clips took that were made before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, not_, select

from records.database import Database
from records.tables import ClipRow, ShotRow
from reelmill.content import Shot

#: The newest clips of a kind say how long the next one takes: so many are looked at.
SAMPLE = 200
#: They are looked for among so many clips of all kinds, the newest ones. What is older says little of a machine of
#: today, and to look through years takes long.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True, slots=True)
class ClipTime:
    """How long a clip took."""

    shot: Shot
    seconds: float
    device: str  #: what drew it, as its driver calls it; "": its engine does not say


class ClipTimes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def like(self, shot: Shot) -> list[ClipTime]:
        """The newest clips of the same engine, model, size, length and steps."""
        request = ShotRow.request
        return self._newest(
            *_of_model(shot),
            ClipRow.width == shot.width,
            ClipRow.height == shot.height,
            ClipRow.frames == shot.frames,
            request["fps"].as_integer() == shot.fps,
            request["steps"].as_integer() == shot.steps,
        )

    def of_model(self, shot: Shot) -> list[ClipTime]:
        """The newest clips of the same engine and model, whatever their size, length and steps."""
        return self._newest(*_of_model(shot))

    def _newest(self, *conditions: ColumnElement[bool]) -> list[ClipTime]:
        recent = select(ClipRow.shot_id).order_by(ClipRow.created_at.desc()).limit(LOOKED_THROUGH).subquery()
        query = (  # members of the record are read, not the record: what an engine records may be long
            select(ShotRow.request, ClipRow.record["seconds_taken"], ClipRow.record["device"])
            .join(ClipRow, ClipRow.shot_id == ShotRow.id)
            .join(recent, recent.c.shot_id == ClipRow.shot_id)
            .where(*conditions)
            .order_by(ClipRow.created_at.desc())
            .limit(SAMPLE)
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [ClipTime(Shot(**request), float(taken), device or "") for request, taken, device in rows if taken]


def _of_model(shot: Shot) -> Iterator[ColumnElement[bool]]:
    """Clips of the model under any revision, with the same put on it: weights of one shape take the same time."""
    model = ShotRow.request["model"].as_string()
    yield ShotRow.request["engine"].as_string() == shot.engine
    name, _, rest = shot.model.partition("@")
    if not rest:
        yield model == shot.model
        return
    put_on = rest[len(rest.replace("~", "+").partition("+")[0]) :]
    yield model.startswith(f"{name}@", autoescape=True)
    yield model.endswith(put_on, autoescape=True)
    yield from (not_(model.contains(sign)) for sign in "+~" if sign not in put_on)
