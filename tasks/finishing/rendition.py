"""The last steps of one rendition: what was encoded is proven, labelled, given a cover, and told of."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from reelmill.content import Json, Rendition
from reelmill.errors import FinishingError, MediaError
from reelmill.files import sha256_of
from tasks.finishing import cover, labelling, mp4, subtitles
from tasks.finishing.encoding import KINDS
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.labels import aigc
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.output import Output
from tasks.finishing.sound import track


def complete(
    workplace: Path,
    folder: Path,
    output: Output,
    job: FinishJob,
    signer: Credentials,
    master_sha256: str,
    record: Mapping[str, Json],
) -> Rendition:
    """Prove and label what was encoded for one platform, choose its cover, and move both into the folder.

    Raises
    ------
    FinishingError, StorageError, TransientError
        If it is not what was ordered, or cannot be labelled.
    """
    made, signed = workplace / output.video, workplace / f"{output.name}-signed.mp4"
    _check_made(made, output)
    heard = track.told(job.sound, output.profile, made, output.seconds)
    labels = labelling.label(made, signed, output, job, signer)
    _check_size(signed, output)
    stills = cover.stills(workplace, output.name)
    chosen = cover.best(stills)
    cover.fit(stills[chosen], output.profile.cover)
    video, still = folder / output.video, folder / f"{output.name}.jpg"
    shutil.move(signed, video)
    shutil.move(stills[chosen], still)
    return Rendition(
        master_sha256=master_sha256,
        profile=output.name,
        recipe=recipe(job, output.name),
        path=video,
        sha256=sha256_of(video),
        cover=still,
        cover_sha256=sha256_of(still),
        width=output.profile.size[0],
        height=output.profile.size[1],
        frames=output.frames,
        fps=output.rate,
        size_bytes=video.stat().st_size,
        labels=labels,
        preview=job.preview,
        record={
            "reframe": {"policy": output.reframe.policy, "lost": round(output.reframe.lost, 4)},
            "shortened": output.layout.shortened,
            "codecs": [output.profile.codec.value, output.profile.audio_codec.value],
            "cover_frame": output.candidates[chosen],
            "cover": output.profile.cover.model_dump(exclude={"source"}),
            "sound": heard,
            **_subtitles(job, output),
            **record,
        },
    )


def _subtitles(job: FinishJob, output: Output) -> dict[str, Json]:
    """What is spoken, as documents: small enough to be kept in the record, where `reelmill.subtitles` finds them."""
    if not job.cues:
        return {}
    shown, (width, height) = job.manner.subtitles, output.profile.size
    return {
        "subtitles": {
            "srt": subtitles.srt(job.cues),
            "vtt": subtitles.vtt(job.cues),
            "ass": subtitles.ass(job.cues, width, height, karaoke=shown == "karaoke"),
            "drawn": shown != "none",
        }
    }


def _check_made(made: Path, output: Output) -> None:
    """ffmpeg's exit code proves neither metadata nor the number of frames: look."""
    try:
        movie = mp4.read(made)
        found = (movie.video.width, movie.video.height, movie.video.samples)
        kinds = (movie.video.kind, movie.sound.kind)
        metadata = aigc.read(made)
    except MediaError as error:
        raise FinishingError(f"{made.name} is not what was ordered: {error.reason}", "") from error
    wanted = (*output.profile.size, output.frames)
    if found != wanted:
        raise FinishingError(
            "{} has {}x{} pixels and {} frames instead of {}x{} and {}".format(made.name, *found, *wanted),
            "compare the master's real number of frames with the ledger",
        )
    if kinds != (KINDS[output.profile.codec.value], KINDS[output.profile.audio_codec.value]):
        raise FinishingError(f"{made.name} is encoded as {' and '.join(kinds)}", "use the ffmpeg that Reelmill ships")
    if metadata != output.metadata:
        raise FinishingError(f"{made.name} has lost its AIGC metadata", "use the ffmpeg that Reelmill ships")


def _check_size(signed: Path, output: Output) -> None:
    size = signed.stat().st_size
    if size > output.profile.max_bytes.value:
        raise FinishingError(
            f"{output.video} has {size} bytes, {output.profile.title} takes {output.profile.max_bytes.value}",
            "make the clip shorter",
        )
