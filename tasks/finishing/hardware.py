"""Encoders that are made of silicon: chosen where one is present and works, given up for good where it fails.

Sources: ffmpeg's own documentation of each encoder, and NVIDIA's, Intel's and Apple's guides for ffmpeg. Which picture
is made does not hang on who encodes it, so a rendition has the same identity either way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reelmill.errors import ReelmillError
from reelmill.ffmpeg import run
from tasks.finishing.encoding import SOFTWARE_NAMES, Aim, software
from tasks.finishing.profile import Codec

log = logging.getLogger("reelmill.finishing")

#: Frames of the picture that an encoder is tried with, and how large it is: NVENC takes none below 145x49.
TRIAL_FRAMES, TRIAL_SIZE = 8, "320x320"
#: Seconds that a trial may take. A driver that hangs is not one that works.
TRIAL_TIMEOUT = 20
#: Where Linux shows the render node of a GPU.
RENDER_NODE = Path("/dev/dri/renderD128")


@dataclass(frozen=True, slots=True)
class Encoder:
    """Something that encodes a picture stream."""

    name: str  #: as ffmpeg calls it
    arguments: Callable[[Aim], list[str]]
    upload: str = ""  #: the filters that bring a picture to it
    device: tuple[str, ...] = ()  #: what ffmpeg is told before anything else

    @property
    def is_hardware(self) -> bool:
        return self.name not in SOFTWARE_NAMES.values()


def _nvenc(name: str) -> Encoder:
    return Encoder(
        name,
        lambda aim: [
            "-c:v", name, "-preset", "p5", "-tune", "hq", "-rc", "vbr", "-cq", str(aim.profile.crf.value), "-b:v", "0",
            *aim.limits, "-g", str(aim.interval), "-bf", "2", "-forced-idr", "1", "-strict_gop", "1", *_tag(aim),
            "-pix_fmt", "yuv420p",
        ],
    )  # fmt: skip


def _qsv(name: str) -> Encoder:
    return Encoder(
        name,
        lambda aim: [
            "-c:v", name, "-preset", "medium", "-global_quality", str(aim.profile.crf.value), *aim.limits,
            "-g", str(aim.interval), "-bf", "2", "-idr_interval", "0", *_tag(aim), "-pix_fmt", "nv12",
        ],
    )  # fmt: skip


def _vaapi(name: str) -> Encoder:
    return Encoder(
        name,
        lambda aim: [
            "-c:v", name, "-rc_mode", "QVBR", "-global_quality", str(aim.profile.crf.value), "-b:v", str(aim.peak // 2),
            *aim.limits, "-g", str(aim.interval), "-bf", "2", "-idr_interval", "0", *_tag(aim),
        ],
        upload="format=nv12,hwupload",
        device=("-vaapi_device", str(RENDER_NODE)),
    )  # fmt: skip


def _videotoolbox(name: str) -> Encoder:
    # Its quality runs from 1 to 100, the best last; 65 looks like x264's 21.
    return Encoder(
        name,
        lambda aim: [
            "-c:v", name, "-q:v", str(max(1, min(100, 128 - 3 * aim.profile.crf.value))), *aim.limits,
            "-g", str(aim.interval), "-bf", "2", "-allow_sw", "0", *_tag(aim), "-pix_fmt", "yuv420p",
        ],
    )  # fmt: skip


def _tag(aim: Aim) -> list[str]:
    return ["-tag:v", "hvc1"] if aim.profile.codec.value == "hevc" else []


#: In the order in which they are tried.
FAMILIES: dict[str, Callable[[str], Encoder]] = {
    "nvenc": _nvenc,
    "qsv": _qsv,
    "vaapi": _vaapi,
    "videotoolbox": _videotoolbox,
}


class Encoders:
    """Which encoder this process uses. What failed once is not tried again.

    Parameters
    ----------
    wanted:
        `auto`: hardware where it works. `software`: never. Or the name of one family.
    """

    def __init__(self, wanted: str = "auto") -> None:
        self._wanted = wanted
        self._lock = threading.Lock()
        self._chosen: dict[Codec, Encoder] = {}

    def of(self, codec: Codec) -> Encoder:
        """The encoder for a codec. The first question may take a second: candidates are tried."""
        with self._lock:
            if codec not in self._chosen:
                self._chosen[codec] = self._found(codec)
            return self._chosen[codec]

    def give_up(self, encoder: Encoder, reason: str) -> None:
        """Hardware has failed in earnest: this process encodes in software from now on."""
        with self._lock:
            for codec, chosen in self._chosen.items():
                if chosen.is_hardware:
                    self._chosen[codec] = _processor(codec)
        log.warning("%s failed, and is not used any more by this process: %s", encoder.name, reason)

    def _found(self, codec: Codec) -> Encoder:
        families = () if self._wanted == "software" else FAMILIES if self._wanted == "auto" else (self._wanted,)
        for family in families:
            encoder = FAMILIES[family](f"{codec}_{family}")
            reason = trial(encoder)
            if not reason:
                log.info("%s encodes", encoder.name)
                return encoder
            told = logging.WARNING if self._wanted != "auto" else logging.DEBUG
            log.log(told, "%s does not work here: %s", encoder.name, reason)
        return _processor(codec)


def _processor(codec: Codec) -> Encoder:
    return Encoder(SOFTWARE_NAMES[codec], software)


@cache
def encoders_of(wanted: str) -> Encoders:
    """The encoders of this process."""
    return Encoders(wanted)


def trial(encoder: Encoder) -> str:
    """Encode a few frames and throw them away. Returns what is wrong, or nothing."""
    if encoder.device and not RENDER_NODE.exists():
        return f"there is no {RENDER_NODE}"
    upload = f",{encoder.upload}" if encoder.upload else ""
    try:
        run(
            [
                *encoder.device, "-f", "lavfi", "-i", f"testsrc2=s={TRIAL_SIZE}:r=24",
                "-vf", f"format=yuv420p{upload}", "-frames:v", str(TRIAL_FRAMES),
                "-c:v", encoder.name, "-f", "null", "-",
            ],
            timeout=TRIAL_TIMEOUT,
        )  # fmt: skip
    except ReelmillError as error:
        return error.reason
    return ""
