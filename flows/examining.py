"""What is looked at of a video: its master, and the photo that its end card shows; and the pictures of what decided."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from flows.definition import Definition
from records.ledger import Ledger
from records.media import VIDEO
from reelmill.content import Decision, Thumbnail, Verdict
from reelmill.errors import MediaError
from tasks.generation.reference import PNG
from wan_engine.base import CancelToken

if TYPE_CHECKING:  # brings OpenCV
    from tasks.screening.stage import Screener

log = logging.getLogger("reelmill.screening")


def photo_of(ledger: Ledger, definition: Definition, pipeline: str, video_id: UUID) -> str | None:
    """The sha256 of the product's photo for the end card, if that shows one and the brief had any."""
    end = definition.pipeline(pipeline).caption.end_card
    if end is None or not end.photo:
        return None
    return next((shot.image for shot in ledger.media.requested(video_id) if shot.image), None)


def look(
    ledger: Ledger,
    screener: Screener,
    master_sha256: str,
    photo: str | None,
    *,
    frames: int | None,
    seconds: float = 0.0,
    cancel: CancelToken | None = None,
) -> Verdict:
    """One verdict on a master and the photo that is going to be drawn on it.

    Parameters
    ----------
    photo:
        Its sha256.
    frames:
        How many the master was made with. None: its container is asked.
    seconds:
        How long the master is: the photo is shown at its end.

    Raises
    ------
    Interrupted, TransientError, StorageError
    """
    path = ledger.store.get(master_sha256, VIDEO)
    verdict = screener.screen(path, master_sha256, expected_frames=frames, cancel=cancel)
    if photo is None:
        return verdict
    from tasks.screening.stills import together

    return together(verdict, screener.look(ledger.store.get(photo, PNG), photo), photo, seconds)


def pictures(ledger: Ledger, verdict: Verdict, photo: str | None) -> list[Thumbnail]:
    """What decided, for the person who reviews it. A verdict counts without them as well."""
    if verdict.decision is Decision.PASS:
        return []
    from tasks.screening.thumbnails import of_photo, thumbnails

    made: list[Thumbnail] = []
    try:
        made = thumbnails(ledger.store.get(verdict.master_sha256, VIDEO), verdict)
        if photo is not None:
            made = [*of_photo(ledger.store.get(photo, PNG), verdict), *made]
    except MediaError as error:  # a file that is damaged behind what was found in it
        log.warning("no pictures of what was found: %s", error.reason)
    return made
