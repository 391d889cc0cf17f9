"""Generation: from a request to a clip in the store and in the ledger. A clip that is there is never made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    outcomes = list(render(ledger, engine, shots, scratch, progress=progress, cancel=cancel))
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if failures:
        raise failures[0].error
    return {outcome.shot_id: outcome for outcome in outcomes if isinstance(outcome, Clip)}


def render(
    ledger: Ledger,
    engine: Engine,
    shots: Sequence[Shot],
    scratch: Path,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Iterator[Clip | Failure]:
    """Each shot's outcome as soon as it is there; a clip is in the store and in the ledger before it is yielded.

    Raises
    ------
    Interrupted
        If `cancel` fired.
    """
    missing = []
    for shot in dict.fromkeys(shots):
        if (clip := ledger.media.fetch_clip(shot.id)) is not None:
            yield clip
        else:
            missing.append(shot)
    images = {shot.image: ledger.store.get(shot.image, PNG) for shot in missing if shot.image is not None}
    scratch.mkdir(parents=True, exist_ok=True)
    for outcome in engine.generate(missing, scratch, images=images, progress=progress, cancel=cancel):
        if isinstance(outcome, Failure):
            yield outcome
            continue
        failpoint("generate.encoded")
        stored = replace(outcome, path=ledger.store.add(outcome.path, outcome.sha256, VIDEO))
        failpoint("generate.stored")
        ledger.media.record_clip(stored)
        failpoint("generate.recorded")
        yield stored
