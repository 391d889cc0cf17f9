"""Whether there is room for a run, asked before it begins: a full disk at 3 a.m. helps nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import func, select

from records.ledger import Ledger
from records.naming import VIDEO
from records.store import Store, open_store
from records.store.cache import limit_of
from records.tables import ClipRow, RenditionRow, Run, Video, VideoRendition, VideoShot
from reelmill.errors import StorageError
from reelmill.settings import Settings

#: What must be left free whatever comes, in bytes: for the ledger, logs and everybody else.
RESERVE = 500_000_000
#: What a second of video takes where this pipeline has made none yet, in bytes. The peak that most platform profiles
#: allow (10 Mbit/s), and twice that for a clip, which is encoded almost without loss.
RENDITION_SECOND, CLIP_SECOND = 1_250_000, 2_500_000
#: A cover, in bytes.
COVER = 400_000
#: The newest files of a pipeline say how large the next ones are: so many are looked at.
SAMPLE = 50
#: They may come out larger by so much.
MARGIN = 1.2


def check_space(settings: Settings, forecast_bytes: int) -> None:
    """See that a run fits on the disks of this machine.

    Parameters
    ----------
    forecast_bytes:
        What it is going to leave in the store.

    Raises
    ------
    StorageError
        If it does not, with the numbers.
    """
    for folder, needed in _places(settings, open_store(settings), forecast_bytes):
        free = shutil.disk_usage(folder).free
        if free < needed + RESERVE:
            raise StorageError(
                f"this run needs about {_amount(needed)}, and {_amount(RESERVE)} are kept free; "
                f"{_amount(free)} are free on {folder}",
                "make room, or set REELMILL_HOME (or REELMILL_STORE_URL) to a folder on a larger disk",
            )


def forecast(
    ledger: Ledger,
    pipeline: str,
    videos: int,
    profiles: Sequence[str],
    *,
    seconds: float = 5.0,
    clips: int = 1,
    assembled: bool = False,
) -> int:
    """The bytes that videos of a pipeline are going to take in the store.

    Parameters
    ----------
    pipeline:
        Its name. What it made before tells the sizes.
    videos:
        How many are to be made.
    profiles:
        The platforms that each is finished for.
    seconds:
        The length of a video, for a pipeline that has made none.
    clips:
        How many there are to a video.
    assembled:
        Its master is a file of its own beside them.
    """
    clip = _clip_size(ledger, pipeline) or CLIP_SECOND * seconds / clips
    each = clip * clips * (2 if assembled else 1)
    sizes = _rendition_sizes(ledger, pipeline)
    for profile in profiles:
        each += sizes.get(profile, RENDITION_SECOND * seconds) + COVER
    return round(videos * each * MARGIN)


def _places(settings: Settings, store: Store, forecast_bytes: int) -> Iterator[tuple[Path, int]]:
    """Each disk that the run writes to, by a folder on it, with what it is going to put there."""
    kept = min(forecast_bytes, limit_of(settings.store_cache)) if store.remote else forecast_bytes
    here, scratch = nearest(store.root), nearest(settings.scratch)
    yield here, kept
    if here.stat().st_dev != scratch.stat().st_dev:
        yield scratch, 0  # files stay there only until they are whole


def nearest(folder: Path) -> Path:
    """A folder that exists: this one, or the nearest above it."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _clip_size(ledger: Ledger, pipeline: str) -> float | None:
    """The mean size of the pipeline's newest clips, as far as their files are on this machine."""
    query = (
        select(ClipRow.sha256)
        .join(VideoShot, VideoShot.shot_id == ClipRow.shot_id)
        .join(Video, Video.id == VideoShot.video_id)
        .join(Run, Run.id == Video.run_id)
        .where(Run.pipeline == pipeline, ClipRow.removed_at.is_(None))
        .order_by(ClipRow.created_at.desc())
        .limit(SAMPLE)
    )
    with ledger.database.read() as session:
        paths = [ledger.store.path(sha256, VIDEO) for sha256 in set(session.scalars(query))]
    sizes = [size for path in paths if (size := _size_of(path)) is not None]
    return sum(sizes) / len(sizes) if sizes else None


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # on another machine, or just given up


def _rendition_sizes(ledger: Ledger, pipeline: str) -> dict[str, float]:
    """The mean size of the pipeline's newest renditions, by profile. Rows keep it when files are given up."""
    newest = (
        select(
            RenditionRow.profile,
            RenditionRow.size_bytes,
            func.row_number()
            .over(partition_by=RenditionRow.profile, order_by=RenditionRow.created_at.desc())
            .label("place"),
        )
        .join(VideoRendition, VideoRendition.rendition_id == RenditionRow.id)
        .join(Video, Video.id == VideoRendition.video_id)
        .join(Run, Run.id == Video.run_id)
        .where(Run.pipeline == pipeline)
        .subquery()
    )
    query = select(newest.c.profile, func.avg(newest.c.size_bytes)).where(newest.c.place <= SAMPLE)
    with ledger.database.read() as session:
        return {profile: float(size) for profile, size in session.execute(query.group_by(newest.c.profile))}


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
