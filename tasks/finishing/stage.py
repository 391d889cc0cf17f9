"""The stage: one master in, one rendition for each platform out, by one ffmpeg process."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from reelmill.content import Json, Rendition
from reelmill.errors import FinishingError, MediaError, StorageError, TerminalError
from reelmill.failpoints import failpoint
from reelmill.ffmpeg import run
from tasks.finishing import backdrop, captions, cover, fonts, graph, mp4, profiles, reframe, tone
from tasks.finishing.graph import Output
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.labels import aigc, visible
from tasks.finishing.layout import REFERENCE, Box, lay_out
from tasks.finishing.tone import Tone
from wan_engine.base import CancelToken

#: Seconds that ffmpeg may take before it is stopped: a start-up, and far more a frame than any machine needs.
STARTUP, PER_FRAME = 60.0, 0.5


def finish(
    master: Path, master_sha256: str, job: FinishJob, folder: Path, *, cancel: CancelToken | None = None
) -> list[Rendition]:
    """Finish a master for every platform of the job.

    Sound of the master is not carried over: every rendition gets a silent track, which platforms ask for.

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

    Raises
    ------
    FinishingError
        If the words cannot be set, a platform does not take a video like this, or the master cannot be encoded.
    StorageError
        If the disk is full or the folder cannot be written.
    Interrupted
        If `cancel` fired. Nothing stays in the folder.
    """
    job.check()
    outputs = [prepare(job, name) for name in job.profiles]
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="finish-", dir=folder) as scratch:
            workplace = Path(scratch)
            _write(workplace, outputs, job, _tones(master, workplace, outputs))
            _encode(master, workplace, outputs, job, cancel)
            failpoint("finish.encoded")
            seconds = time.monotonic() - started
            return [_rendition(workplace, folder, output, job, master_sha256, seconds) for output in outputs]
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
    profile, brand = profiles.find(profile_name), job.brand
    rate, times = profile.rate(job.fps)
    label = visible.design(profile, height=brand.label_height, bilingual=brand.bilingual)
    return Output(
        profile=profile,
        reframe=reframe.plan((job.width, job.height), profile.size, profile.reframe),
        rate=rate,
        times=times,
        frames=job.frames * times,
        label=label,
        layout=lay_out(
            job.words.cleaned(),
            brand.name,
            profile,
            Box(label.x, label.y, label.width, label.height),
            backdrop.pill_width(brand, profile.short_side / REFERENCE, profile.room),
        ),
        metadata=job.machine_label(),
    )


def _tones(master: Path, workplace: Path, outputs: list[Output]) -> dict[str, Tone]:
    """The colours of the words and of their ground, for each output that has words."""
    worded = [output for output in outputs if output.has_words]
    if not worded:
        return {}
    seen = {shape: tone.look(master, shape, workplace) for shape in {output.reframe for output in worded}}
    return {output.name: tone.decide(seen[output.reframe], output.layout) for output in worded}


def _write(workplace: Path, outputs: list[Output], job: FinishJob, tones: dict[str, Tone]) -> None:
    (workplace / "fonts").mkdir()
    for face in fonts.FACES.values():
        (workplace / "fonts" / face.file).symlink_to(face.path.resolve())
    for output in outputs:
        visible.draw(output.label).save(workplace / output.label_picture, compress_level=1)
        if output.has_words:
            backdrop.draw(output.layout, job.brand, tones[output.name]).save(
                workplace / output.backdrop, compress_level=1
            )
            text = captions.document(output.layout, output.layout.scrim_top, tones[output.name])
            (workplace / output.captions).write_text(text, encoding="utf-8")


def _encode(master: Path, workplace: Path, outputs: list[Output], job: FinishJob, cancel: CancelToken | None) -> None:
    frames = sum(output.frames for output in outputs)
    try:
        run(
            graph.command(master.resolve(), outputs, fps=job.fps, cores=os.cpu_count() or 1),
            timeout=STARTUP + PER_FRAME * frames,
            stopped=lambda: cancel is not None and cancel.cancelled,
            cwd=workplace,
        )
    except TerminalError as error:
        raise FinishingError(f"{master.name} could not be finished: {error.reason}", error.instruction) from error


def _rendition(
    workplace: Path, folder: Path, output: Output, job: FinishJob, master_sha256: str, seconds: float
) -> Rendition:
    made = workplace / output.video
    _check_made(made, output)
    stills = cover.stills(workplace, output.name)
    chosen = cover.best(stills)
    video, still = folder / output.video, folder / f"{output.name}.jpg"
    shutil.move(made, video)
    shutil.move(stills[chosen], still)
    return Rendition(
        master_sha256=master_sha256,
        profile=output.name,
        recipe=recipe(job, output.name),
        path=video,
        sha256=_sha256(video),
        cover=still,
        cover_sha256=_sha256(still),
        width=output.profile.size[0],
        height=output.profile.size[1],
        frames=output.frames,
        fps=output.rate,
        size_bytes=video.stat().st_size,
        labels=_labels(output),
        preview=job.preview,
        record={
            "reframe": {"policy": output.reframe.policy, "lost": round(output.reframe.lost, 4)},
            "shortened": output.layout.shortened,
            "cover_frame": output.candidates[chosen],
            "seconds_taken": round(seconds, 3),  #: of all renditions of this master together
        },
    )


def _check_made(made: Path, output: Output) -> None:
    """ffmpeg's exit code proves neither metadata nor the number of frames: look."""
    try:
        movie = mp4.read(made)
        found = (movie.video.width, movie.video.height, movie.video.samples)
        metadata = aigc.read(made)
    except MediaError as error:
        raise FinishingError(f"{made.name} is not what was ordered: {error.reason}", "") from error
    wanted = (*output.profile.size, output.frames)
    if found != wanted:
        raise FinishingError(
            "{} has {}x{} pixels and {} frames instead of {}x{} and {}".format(made.name, *found, *wanted),
            "compare the master's real number of frames with the ledger",
        )
    if metadata != output.metadata:
        raise FinishingError(f"{made.name} has lost its AIGC metadata", "use the ffmpeg that Reelmill ships")
    size = made.stat().st_size
    if size > output.profile.max_bytes.value:
        raise FinishingError(
            f"{made.name} has {size} bytes, {output.profile.title} takes {output.profile.max_bytes.value}",
            "make the clip shorter",
        )


def _labels(output: Output) -> dict[str, Json]:
    labels: dict[str, Json] = {"visible": output.label.evidence(), "aigc": None}
    if output.metadata is None:
        return {**labels, "reason": aigc.NOT_SET}
    return {**labels, "aigc": dict(output.metadata)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
