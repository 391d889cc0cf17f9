"""Proves on the very file that will be uploaded that everything that was promised of it is there.

Nothing is believed because it was done once: the file is opened again. Whatever goes wrong inside a check is a failed
check, and a promise that is missing from the records is a failed check too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from reelmill.content import Rendition
from reelmill.errors import MediaError
from reelmill.files import sha256_of
from tasks.finishing import mp4
from tasks.finishing.encoding import KINDS
from tasks.finishing.labels import aigc, c2pa, xmp
from tasks.finishing.labels.mark import Mark
from tasks.finishing.labels.visible import PRESENT, VisibleLabel, correlate
from tasks.finishing.options import LABEL_HEIGHT
from tasks.finishing.playback import Playback, play
from tasks.finishing.sound import loudness
from tasks.finishing.sound.track import keeps

#: Containers round; a video may have one frame more or less than was planned.
FRAME_TOLERANCE = 1
#: Frames per second may differ by so much from the promise, for the same reason.
RATE_TOLERANCE = 0.02
#: Seconds by which sound may be longer or shorter than the picture: some frames of AAC, and what nobody hears.
SOUND_TOLERANCE = 0.25


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, whether it is kept, and what shows it."""

    name: str
    ok: bool
    evidence: str


def verify(rendition: Rendition) -> list[Check]:
    """Open a rendition again and check every promise. Takes about half a second and never raises for a bad file.

    Returns
    -------
    list[Check]
        `sha256`, `media`, `sound`, `label`, `aigc`, `xmp`, `mark`, `c2pa` and `cover`, in this order; the rendition
        may be published if all are ok.
    """
    played: Playback | MediaError | None = None

    def playback() -> Playback:
        # One pass over the file serves three checks; its failure fails all of them.
        nonlocal played
        if played is None:
            label, mark = VisibleLabel.recall(rendition.labels["visible"]), Mark.recall(rendition.labels["mark"])
            try:
                played = play(rendition.path, label, mark)
            except MediaError as error:
                played = error
        if isinstance(played, MediaError):
            raise played
        return played

    checks: dict[str, Callable[[], tuple[bool, str]]] = {
        "sha256": lambda: _sha256(rendition),
        "media": lambda: _media(rendition, playback().frames),
        "sound": lambda: _sound(rendition),
        "label": lambda: _label(rendition, playback().correlations),
        "aigc": lambda: _aigc(rendition),
        "xmp": lambda: _xmp(rendition),
        "mark": lambda: _mark(rendition, playback()),
        "c2pa": lambda: _c2pa(rendition),
        "cover": lambda: _cover(rendition),
    }
    return [_checked(name, check) for name, check in checks.items()]


def _checked(name: str, check: Callable[[], tuple[bool, str]]) -> Check:
    try:
        return Check(name, *check())
    except Exception as error:  # noqa: BLE001 – whatever a damaged file or record provokes, it is not proven
        return Check(name, False, f"{type(error).__name__}: {error}")


def _sha256(rendition: Rendition) -> tuple[bool, str]:
    found = sha256_of(rendition.path)
    return found == rendition.sha256, f"{found} ({rendition.path.stat().st_size} bytes)"


def _media(rendition: Rendition, frames: int) -> tuple[bool, str]:
    movie = mp4.read(rendition.path)
    video, kinds = movie.video, [movie.video.kind, movie.sound.kind]
    promised = rendition.record.get("codecs")  # a rendition of before they were recorded has none
    ok = (
        abs(frames - rendition.frames) <= FRAME_TOLERANCE
        and (video.width, video.height) == (rendition.width, rendition.height)
        and abs(video.rate - rendition.fps) <= RATE_TOLERANCE * rendition.fps
        and movie.sound.samples > 0
        and movie.streamable
        and (promised is None or kinds == [KINDS[codec] for codec in promised])
    )
    return ok, f"{video.width}x{video.height}, {frames} frames decoded, {video.rate:.2f} fps, {' and '.join(kinds)}"


def _sound(rendition: Rendition) -> tuple[bool, str]:
    track, found = mp4.read(rendition.path).sound, loudness.measure(rendition.path)
    promised = rendition.record.get("sound")  # a rendition of before there was sound has none: it is silent
    seconds = rendition.frames / rendition.fps
    whole = abs(track.seconds - seconds) <= SOUND_TOLERANCE
    length = f"{track.seconds:.2f} s of {seconds:.2f}"
    if promised is None or promised["lufs"] is None:
        return whole and found.silent, f"{length}, {'silent' if found.silent else f'{found.lufs:.1f} LUFS'}"
    wanted = promised["wanted"]
    evidence = f"{length}, {found.lufs:.1f} LUFS of {wanted['lufs']:g}, true peak {found.true_peak:.1f} dB"
    return whole and keeps(found, wanted), evidence


def _label(rendition: Rendition, correlations: Sequence[float]) -> tuple[bool, str]:
    label = VisibleLabel.recall(rendition.labels["visible"])
    least = min(correlations)
    gone = [index for index, value in enumerate(correlations) if value < PRESENT]
    tall = label.ink_height >= LABEL_HEIGHT * min(rendition.width, rendition.height)
    inside = (
        0 <= label.x <= rendition.width - label.width
        and 0 <= label.y <= rendition.height - label.height
        and label.short_side == min(rendition.width, rendition.height)
    )
    evidence = (
        f"{label.text!r} at {label.x},{label.y}, {label.ink_height} px of {label.short_side}; "
        f"correlation {least:.2f} to {max(correlations):.2f} over {len(correlations)} frames"
    )
    if gone:
        evidence += f"; missing in {len(gone)} frames from number {gone[0]} on"
    return not gone and tall and inside, evidence


def _aigc(rendition: Rendition) -> tuple[bool, str]:
    promised, found = rendition.labels["aigc"], aigc.read(rendition.path)
    if promised is None:
        return (
            found is None,
            f"none promised: {rendition.labels['reason']}" if found is None else "one that is not ours",
        )
    wrong = aigc.problems(found or {})
    return found == promised and not wrong, "; ".join(wrong) or f"ProduceID {found and found['ProduceID']}"


def _xmp(rendition: Rendition) -> tuple[bool, str]:
    said = xmp.read(rendition.path)
    return said == rendition.labels["xmp"]["source_type"], said


def _mark(rendition: Rendition, played: Playback) -> tuple[bool, str]:
    promised, reading = Mark.recall(rendition.labels["mark"]), played.reading
    fits = (promised.width, promised.height) == (rendition.width, rendition.height)
    evidence = f"{promised.payload:08x} promised, {reading.payload:08x} read, strength {reading.strength:.1f}"
    return fits and reading.shows(promised), evidence


def _c2pa(rendition: Rendition) -> tuple[bool, str]:
    promised = rendition.labels["c2pa"]
    reading = c2pa.read(rendition.path, promised.get("roots"))
    if reading is None:
        return False, "it is not signed"
    if reading.expired:
        return False, _expired(reading, promised["valid_until"])
    if not reading.whole:
        return False, f"{reading.state}: {', '.join(reading.failures)}"
    if reading.fingerprint != promised["fingerprint"]:
        return False, f"signed by another certificate, of {reading.signer}: {reading.fingerprint}"
    said = (reading.source_type, list(reading.actions), reading.time, reading.aigc)
    if said != (promised["source_type"], promised["actions"], promised["time"], rendition.labels["aigc"]):
        return False, f"its manifest says something else than was promised: {said}"
    known = "known to the roots that the definition names" if promised["trusted"] else "that public readers do not know"
    return True, f"signed by {reading.signer}, by a certificate {known}"


def _expired(reading: c2pa.Reading, until: str) -> str:
    stamp = (
        "it has no time-stamp that says it was valid before"
        if reading.time is None
        else f"its time-stamp of {reading.time[:10]} is of an authority that `brand.credentials.roots` does not know"
    )
    return f"the certificate of {reading.signer} expired on {until[:10]}, and {stamp}: finish the video again"


def _cover(rendition: Rendition) -> tuple[bool, str]:
    if sha256_of(rendition.cover) != rendition.cover_sha256:
        return False, "it is not the file that was made"
    label = VisibleLabel.recall(rendition.labels["visible"])
    picture = cv2.imdecode(np.frombuffer(rendition.cover.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    promised = rendition.record.get("cover", {})  # a rendition of before covers had rules has none
    size = rendition.cover.stat().st_size
    if picture is None or not _has_shape(picture.shape, rendition, promised.get("longest_side")):
        return False, "it is not a picture of the video's shape, or of the size that was promised"
    if size > promised.get("max_bytes", size):
        return False, f"it has {size} bytes of {promised['max_bytes']}"
    if picture.shape != (rendition.height, rendition.width):
        picture = cv2.resize(picture, (rendition.width, rendition.height), interpolation=cv2.INTER_CUBIC)
    crop = picture[label.y : label.y + label.height, label.x : label.x + label.width]
    correlation = float(correlate(label, crop[None].astype(np.uint8))[0])
    return correlation >= PRESENT, f"labelled, correlation {correlation:.2f}; {size} bytes"


def _has_shape(shape: tuple[int, ...], rendition: Rendition, longest: int | None) -> bool:
    """Whether a cover has the shape of its video, which it is as large as or smaller than, and within its rule."""
    height, width = shape
    scale = max(shape) / max(rendition.height, rendition.width)
    wanted = (round(rendition.height * scale), round(rendition.width * scale))
    alike = all(abs(side - other) <= 1 for side, other in zip((height, width), wanted, strict=True))
    return alike and scale <= 1 and (longest is None or max(shape) <= longest)
