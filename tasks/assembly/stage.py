"""The stage: a video's clips in, its master out. Nothing is drawn yet; what comes out is what is screened."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reelmill.content import Clip, Edit, Effect, Joint, Master
from reelmill.errors import MediaError
from reelmill.ffmpeg import run
from reelmill.files import sha256_of
from tasks.assembly import effect, graph
from tasks.assembly.timing import joined
from wan_engine.base import CancelToken

#: What joins clips, with its version: it is raised whenever the same clips would become other pixels.
MAKER = "assembly@1"
#: Seconds that ffmpeg may take before it is stopped: a start-up, and far more a frame than any machine needs.
STARTUP, PER_FRAME = 60.0, 0.5


def edit_of(clips: Sequence[Clip], joints: Sequence[Joint], applied: Effect | None) -> Edit:
    """What these clips become.

    Raises
    ------
    MediaError
        If they are not of one size and rate.
    """
    shapes = {(clip.width, clip.height, clip.fps) for clip in clips}
    if len(shapes) != 1:
        told = ", ".join(f"{width}x{height} at {fps} frames a second" for width, height, fps in sorted(shapes))
        raise MediaError(f"the clips of one video differ: {told}", "see what the engine says of its sizes")
    return Edit(MAKER, tuple(clip.sha256 for clip in clips), tuple(joints), applied)


def assemble(
    clips: Sequence[Clip],
    edit: Edit,
    folder: Path,
    *,
    effects: effect.Effects | None = None,
    cancel: CancelToken | None = None,
) -> Master:
    """Make a master.

    Parameters
    ----------
    clips:
        In the order of the edit, their files on this machine.
    folder:
        An existing folder where the master is left. The caller stores and removes it.
    effects:
        Who applies the effect, if the edit has one.
    cancel:
        Ends the work within a quarter of a second.

    Raises
    ------
    TerminalError
        If a clip cannot be decoded.
    FinishingError
        If the effect fails, or does not give back what it got: the same size, rate and number of frames.
    Interrupted
        If `cancel` fired.
    """
    started = time.monotonic()
    first = clips[0]
    frames = joined([clip.frames for clip in clips], edit.joints)
    path = first.path
    if len(clips) > 1:
        path = folder / "joined.mp4"
        run(
            graph.command([clip.path for clip in clips], [clip.frames for clip in clips], edit.joints, first.fps, path),
            timeout=STARTUP + PER_FRAME * frames,
            stopped=lambda: cancel is not None and cancel.cancelled,
        )
    master = Master(
        path, "", first.width, first.height, frames, first.fps, any(clip.preview for clip in clips), edit.id
    )
    if edit.effect is not None:
        assert effects is not None, "an edit with an effect needs somebody who applies it"
        target = folder / "affected.mp4"
        effects.apply(edit.effect, master, target, cancel=cancel)
        if len(clips) > 1:
            path.unlink()
        master = replace(master, path=target)
    record = {"clips": list(edit.clips), "seconds_taken": round(time.monotonic() - started, 3)}
    return replace(master, sha256=sha256_of(master.path), record=record)
