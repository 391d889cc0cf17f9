"""The lock between tidying, which takes files away, and whoever records a file that may be the very same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.store import Content
from records.tables import ClipRow, MasterRow, RenditionRow

#: Suffixes in the store.
VIDEO, PICTURE = ".mp4", ".jpg"


def lock_naming(session: Session, contents: Collection[Content]) -> bool:
    """Lock every row that names this content, until the transaction ends.

    Whoever takes a file away, and whoever is about to name one, takes these locks first and looks at the file under
    them. Rows that are not given up are locked as well, so that they cannot be in the meantime. SQLite has one lock for
    everything, and a writing transaction has it from its beginning.

    Returns
    -------
    bool
        Whether one of them is given up: then its file can be anywhere between there and gone.
    """
    videos = [content.sha256 for content in contents if content.suffix == VIDEO]
    covers = [content.sha256 for content in contents if content.suffix == PICTURE]
    removed: list[dt.datetime | None] = []
    # Always in this order, so that no two of us wait for each other.
    if videos:
        clips = select(ClipRow.removed_at).where(ClipRow.sha256.in_(videos)).order_by(ClipRow.shot_id)
        removed += session.scalars(clips.with_for_update())
        masters = select(MasterRow.removed_at).where(MasterRow.sha256.in_(videos)).order_by(MasterRow.id)
        removed += session.scalars(masters.with_for_update())
    for column, names in ((RenditionRow.sha256, videos), (RenditionRow.cover_sha256, covers)):
        if names:
            renditions = select(RenditionRow.removed_at).where(column.in_(names)).order_by(RenditionRow.id)
            removed += session.scalars(renditions.with_for_update())
    return any(at is not None for at in removed)
