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
from reelmill.errors import FinishingError, MediaError, StorageError, TerminalError
from reelmill.failpoints import failpoint
from reelmill.ffmpeg import run
from tasks.finishing import (
    backdrop,
    captions,
    fonts,
    graph,
    overlays,
    reframe,
    subject,
    tone,
    unrest,
)
from tasks.finishing.hardware import Encoders
from tasks.finishing.job import FinishJob
from tasks.finishing.labels import visible
from tasks.finishing.labels.mark import Mark
from tasks.finishing.layout import REFERENCE, Box, lay_out
from tasks.finishing.output import Output
from tasks.finishing.rendition import complete
from tasks.finishing.sound.speech.kept import Kept
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
            outputs = _followed(master, outputs, job)
            with ThreadPoolExecutor(1) as beside:
                unrested = beside.submit(unrest.measure, master, job.seconds, job.width, job.height, workplace)
                outputs = _toned(master, job.seconds, workplace, outputs)
                restless = unrested.result()
            outputs = [replace(output, mark=output.mark.amid(restless)) for output in outputs]
            _write(workplace, outputs, job)
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


def prepare(job: FinishJob, profile_name: str) -> Output:
    """Decide everything about one rendition. Renders nothing.

    Raises
    ------
    FinishingError
        If the words do not fit, or a glyph is missing.
    """
    profile, brand = job.profile(profile_name), job.brand
    rate, times = profile.rate(job.fps)
    label = visible.design(profile, height=brand.label_height, bilingual=brand.bilingual)
    layout = lay_out(
        job.words.cleaned(),
        brand.name,
        profile,
        Box(label.x, label.y, label.width, label.height),
        backdrop.pill_width(brand, profile.short_side / REFERENCE, profile.room),
    )
    return Output(
        profile=profile,
        reframe=reframe.plan((job.width, job.height), profile.size, profile.reframe.value),
        rate=rate,
        times=times,
        frames=job.frames * times,
        label=label,
        layout=layout,
        manner=job.manner,
        overlays=overlays.plan(job, layout, profile),
        mark=Mark.of(job.produce_id, *profile.size),
        metadata=job.machine_label(),
    )


def _followed(master: Path, outputs: list[Output], job: FinishJob) -> list[Output]:
    """Move each crop that is to follow its subject; those of one shape are looked at once."""
    shapes = {output.reframe for output in outputs if output.profile.reframe.value == "follow"}
    try:
        moved = {shape: subject.follow(master, shape, job.width, job.height) for shape in shapes}
    except MediaError as error:
        raise FinishingError(f"{master.name} could not be read: {error.reason}", error.instruction) from error
    return [
        replace(output, reframe=moved[output.reframe]) if output.profile.reframe.value == "follow" else output
        for output in outputs
    ]


def _stopping(cancel: CancelToken | None) -> Callable[[], bool]:
    return lambda: cancel is not None and cancel.cancelled


def _toned(master: Path, seconds: float, workplace: Path, outputs: list[Output]) -> list[Output]:
    """Give the words of each output their colours and their ground; those of one shape are looked at once."""
    shapes = {output.reframe for output in outputs if output.has_words}
    seen = {shape: tone.look(master, seconds, shape, workplace) for shape in shapes}
    return [
        replace(output, tone=tone.decide(seen[output.reframe], output.layout)) if output.has_words else output
        for output in outputs
    ]


def _write(workplace: Path, outputs: list[Output], job: FinishJob) -> None:
    """Draw what the graph reads. What several outputs share has one name, and is drawn once."""
    (workplace / "fonts").mkdir()
    for face in fonts.SHIPPED:
        (workplace / "fonts" / face.file).symlink_to(face.path.resolve())
    for output in outputs:
        overlays.write(output.overlays, job, output.profile, workplace)
        if not (workplace / output.label_picture).exists():
            (workplace / output.label_picture).write_bytes(visible.draw(output.label).tobytes())
        if not (workplace / output.mark_picture).exists():
            output.mark.write(workplace / output.mark_picture)
        if output.tone is not None and not (workplace / output.backdrop).exists():
            (workplace / output.backdrop).write_bytes(backdrop.draw(output.layout, job.brand, output.tone).tobytes())
            top, animation = output.layout.scrim_top, output.manner.animation
            text = captions.document(output.layout, top, output.tone, animation)
            (workplace / output.captions).write_text(text, encoding="utf-8")


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
