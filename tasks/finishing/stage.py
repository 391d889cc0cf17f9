"""The stage: one master in, one rendition for each platform out, by one ffmpeg process."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from reelmill.content import Rendition
from reelmill.errors import FinishingError, StorageError, TerminalError
from reelmill.failpoints import failpoint
from reelmill.ffmpeg import run
from reelmill.kept import Kept
from tasks.finishing import graph, unrest
from tasks.finishing.hardware import Encoders
from tasks.finishing.job import FinishJob
from tasks.finishing.output import Output
from tasks.finishing.preparing import followed, prepare, toned, write
from tasks.finishing.rendition import complete
from tasks.finishing.sound.track import Track
from wan_engine.base import CancelToken

#: Seconds that ffmpeg may take before it is stopped: a start-up, and far more a frame than any machine needs.
STARTUP, PER_FRAME = 60.0, 0.5


def finish(
    master: Path,
    master_sha256: str,
    job: FinishJob,
    folder: Path,
    *,
    cancel: CancelToken | None = None,
    encoders: Encoders | None = None,
    kept: Kept | None = None,
) -> list[Rendition]:
    """Finish a master for every platform of the job.

    Sound of the master is not carried over: every rendition gets the job's, or a silent track, which platforms ask for.

    Parameters
    ----------
    master:
        The video to finish.
    master_sha256:
        Of its bytes; a rendition says what it was made of.
    folder:
        An existing folder where the renditions and their covers are left. The caller stores and removes them.
    cancel:
        Ends ffmpeg within a quarter of a second.
    encoders:
        Who encodes. None: this machine's processor.
    kept:
        What was spoken before, so that it is not paid for again.

    Raises
    ------
    FinishingError
        If the words cannot be set or spoken, a platform does not take a video like this, or the master cannot be
        encoded.
    TransientError
        If a voice does not answer now, or a time-stamping authority that is named gives no time-stamp.
    StorageError
        If the disk is full or the folder cannot be written.
    Interrupted
        If `cancel` fired. Nothing stays in the folder.
    """
    job.check()
    signer = job.credentials()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="finish-", dir=folder) as scratch:
            workplace = Path(scratch)
            stopped = _stopping(cancel)
            heard = Track(job.sound, job.seconds, workplace, kept, stopped)
            job = replace(job, cues=heard.speak())
            outputs = [prepare(job, name) for name in job.profiles]
            outputs = [replace(output, sound=heard.file(output.profile)) for output in outputs]
            outputs = followed(master, outputs, job)
            with ThreadPoolExecutor(1) as beside:
                unrested = beside.submit(unrest.measure, master, job.seconds, job.width, job.height, workplace)
                outputs = toned(master, job.seconds, workplace, outputs)
                restless = unrested.result()
            outputs = [replace(output, mark=output.mark.amid(restless)) for output in outputs]
            write(workplace, outputs, job)
            names = _encode(master, workplace, outputs, job, stopped, encoders or Encoders("software"))
            failpoint("finish.encoded")
            seconds = round(time.monotonic() - started, 3)  # of all renditions of this master together
            return [
                complete(
                    workplace, folder, output, job, signer, master_sha256, {"encoder": name, "seconds_taken": seconds}
                )
                for output, name in zip(outputs, names, strict=True)
            ]
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise StorageError(
                f"{folder} cannot be written: {error.strerror}", "free some space, then resume the run"
            ) from error
        raise


def _stopping(cancel: CancelToken | None) -> Callable[[], bool]:
    return lambda: cancel is not None and cancel.cancelled


def _encode(
    master: Path,
    workplace: Path,
    outputs: list[Output],
    job: FinishJob,
    stopped: Callable[[], bool],
    encoders: Encoders,
) -> list[str]:
    """Encode all outputs, and once more in software where hardware fails. Returns who encoded each."""

    def encode(encoders: Encoders) -> list[str]:
        run(
            graph.command(master.resolve(), outputs, fps=job.fps, cores=os.cpu_count() or 1, encoders=encoders),
            timeout=STARTUP + PER_FRAME * sum(output.frames for output in outputs),
            stopped=stopped,
            cwd=workplace,
        )
        return [encoders.of(output.profile.codec.value).name for output in outputs]

    used = [encoders.of(output.profile.codec.value) for output in outputs]
    hardware = next((encoder for encoder in used if encoder.is_hardware), None)
    try:
        try:
            return encode(encoders)
        except TerminalError as error:
            if hardware is None:
                raise
            names = encode(Encoders("software"))
            encoders.give_up(hardware, error.reason)  # only now: a broken master is no fault of the hardware
            return names
    except TerminalError as error:
        raise FinishingError(f"{master.name} could not be finished: {error.reason}", error.instruction) from error
