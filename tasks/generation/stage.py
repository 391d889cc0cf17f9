"""Generation: from a request to a clip in the store and in the ledger. A clip that is there is never made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from records.ledger import Ledger
from records.media import VIDEO
from reelmill.content import Clip, Shot
from reelmill.failpoints import failpoint
from tasks.generation.reference import PNG
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress


def generate(
    ledger: Ledger,
    engine: Engine,
    shots: Sequence[Shot],
    scratch: Path,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Mapping[str, Clip]:
    """The clip of each shot: from the store if it was made before, else made now and recorded as soon as it is whole.

    Raises
    ------
    ReelmillError
        The first failure of a shot, after all others were tried, so that nothing finished is lost.
    Interrupted
        If `cancel` fired.
    """
    clips = {shot.id: clip for shot in shots if (clip := ledger.media.clip(shot.id)) is not None}
    missing = [shot for shot in dict.fromkeys(shots) if shot.id not in clips]
    images = {shot.image: ledger.store.get(shot.image, PNG) for shot in missing if shot.image is not None}
    scratch.mkdir(parents=True, exist_ok=True)
    failures: list[Failure] = []
    for outcome in engine.generate(missing, scratch, images=images, progress=progress, cancel=cancel):
        if isinstance(outcome, Failure):
            failures.append(outcome)
            continue
        failpoint("generate.encoded")
        stored = replace(outcome, path=ledger.store.add(outcome.path, outcome.sha256, VIDEO))
        failpoint("generate.stored")
        ledger.media.record_clip(stored)
        failpoint("generate.recorded")
        clips[stored.shot_id] = stored
    if failures:
        raise failures[0].error
    return clips
