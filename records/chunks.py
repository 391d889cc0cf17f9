"""Chunks: shots that one process on the GPU pool renders with one load of the model.

A run's missing shots are divided once and written down, so that a run that is started again goes on waiting for the
processes that render already, instead of paying for the same shots twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select, update

from records.database import Database, now
from records.tables import Chunk, ChunkShot, ClipRow, ShotRow, Video, VideoShot
from reelmill.content import Json, Shot


class Chunks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run_id: UUID, engine: str, queue: str, parts: Sequence[tuple[Sequence[str], float]]) -> list[Chunk]:
        """Write down how shots are divided.

        Parameters
        ----------
        parts:
            Per chunk the ids of its shots, and the seconds that it is expected to take.
        """
        with self._database.begin() as session:
            position = len(session.scalars(select(Chunk.id).where(Chunk.run_id == run_id)).all())
            chunks: list[Chunk] = []
            for shots, forecast in parts:
                chunk = Chunk(
                    id=uuid4(),
                    run_id=run_id,
                    position=position + len(chunks),
                    engine=engine,
                    queue=queue,
                    attempt=1,
                    forecast=forecast,
                    created_at=now(),
                )
                session.add(chunk)
                session.flush()
                session.add_all(
                    ChunkShot(chunk_id=chunk.id, position=place, shot_id=shot) for place, shot in enumerate(shots)
                )
                chunks.append(chunk)
            return chunks

    def open_of(self, run_id: UUID) -> list[Chunk]:
        """The chunks of a run that are not through, in order."""
        query = select(Chunk).where(Chunk.run_id == run_id, Chunk.closed_at.is_(None)).order_by(Chunk.position)
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, chunk_id: UUID) -> Chunk | None:
        with self._database.read() as session:
            return session.get(Chunk, chunk_id)

    def missing(self, chunk_id: UUID) -> list[Shot]:
        """The shots of a chunk that have neither become clips nor failed, in order."""
        with self._database.read() as session:
            rows = session.scalars(
                select(ShotRow)
                .join(ChunkShot, ChunkShot.shot_id == ShotRow.id)
                .outerjoin(ClipRow, (ClipRow.shot_id == ShotRow.id) & ClipRow.removed_at.is_(None))
                .where(ChunkShot.chunk_id == chunk_id, ClipRow.shot_id.is_(None), ChunkShot.failed_at.is_(None))
                .order_by(ChunkShot.position)
            ).all()
            return [Shot(**row.request) for row in rows]

    def titles(self, chunk_id: UUID) -> dict[str, str]:
        """What people call the shots of a chunk: the title of a video of its run that is made of each."""
        query = (
            select(ChunkShot.shot_id, Video.title)
            .join(Chunk, Chunk.id == ChunkShot.chunk_id)
            .join(VideoShot, VideoShot.shot_id == ChunkShot.shot_id)
            .join(Video, (Video.id == VideoShot.video_id) & (Video.run_id == Chunk.run_id))
            .where(ChunkShot.chunk_id == chunk_id)
        )
        with self._database.read() as session:
            return {row.shot_id: row.title for row in session.execute(query)}

    def failures(self, run_id: UUID) -> Mapping[str, Json]:
        """What the open chunks of a run say of shots that did not become clips, by shot id."""
        query = (
            select(ChunkShot.shot_id, ChunkShot.failure)
            .join(Chunk, Chunk.id == ChunkShot.chunk_id)
            .where(Chunk.run_id == run_id, Chunk.closed_at.is_(None))
        )
        with self._database.read() as session:
            return {shot: failure for shot, failure in session.execute(query) if failure}

    def fail(self, chunk_id: UUID, shot_id: str, failure: Mapping[str, Json]) -> None:
        """Note why a shot did not become a clip."""
        with self._database.begin() as session:
            query = select(ChunkShot).where(ChunkShot.chunk_id == chunk_id, ChunkShot.shot_id == shot_id)
            for row in session.scalars(query):
                row.failure, row.failed_at = dict(failure), now()

    def begin(self, chunk_id: UUID) -> None:
        """Note that a process renders it."""
        with self._database.begin() as session:
            chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
            chunk.begun_at = chunk.begun_at or now()

    def attach(self, chunk_id: UUID, flow_run_id: str) -> None:
        """Note which Prefect flow run renders it."""
        with self._database.begin() as session:
            session.get_one(Chunk, chunk_id, with_for_update=True).flow_run_id = flow_run_id

    def again(self, chunk_id: UUID) -> Chunk:
        """Count one more attempt: the flow run of the last one is at its end, and shots are missing."""
        with self._database.begin() as session:
            chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
            chunk.attempt, chunk.flow_run_id = chunk.attempt + 1, None
            return chunk

    def close_run(self, run_id: UUID) -> None:
        """Nothing more is expected of any chunk of a run."""
        with self._database.begin() as session:
            open_ones = update(Chunk).where(Chunk.run_id == run_id, Chunk.closed_at.is_(None))
            session.execute(open_ones.values(closed_at=now()))

    def made(self, run_id: UUID) -> frozenset[str]:
        """The shots of the open chunks of a run that have become clips."""
        query = (
            select(ChunkShot.shot_id)
            .join(Chunk, Chunk.id == ChunkShot.chunk_id)
            .join(ClipRow, ClipRow.shot_id == ChunkShot.shot_id)
            .where(Chunk.run_id == run_id, Chunk.closed_at.is_(None), ClipRow.removed_at.is_(None))
        )
        with self._database.read() as session:
            return frozenset(session.scalars(query))

    def shot_ids(self, run_id: UUID) -> frozenset[str]:
        """The shots that the open chunks of a run are to render."""
        query = (
            select(ChunkShot.shot_id)
            .join(Chunk, Chunk.id == ChunkShot.chunk_id)
            .where(Chunk.run_id == run_id, Chunk.closed_at.is_(None))
        )
        with self._database.read() as session:
            return frozenset(session.scalars(query))
