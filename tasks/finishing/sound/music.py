"""The music of a video: one file of a folder, always the same one for the same video."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from reelmill import files
from reelmill.content import Json
from reelmill.errors import FinishingError, MediaError, TerminalError
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing.sound import loudness
from tasks.finishing.sound.loudness import Loudness, Stopped, never
from tasks.finishing.sound.options import MusicOptions

#: What ffmpeg reads each kind of file as. Nothing is guessed from the bytes: a playlist is no music.
DEMUXERS = {".mp3": "mp3", ".m4a": "mov", ".wav": "wav", ".ogg": "ogg", ".flac": "flac"}
#: Samples per second of everything that is mixed.
RATE = 48_000
#: Seconds that reading a file may take, and more for each second of it.
STARTUP, PER_SECOND = 60.0, 2.0
#: Seconds that are decoded to see whether a file is music at all.
GLANCE = 0.5


@dataclass(frozen=True, slots=True)
class Music:
    """One file, and how it is played."""

    path: Path
    volume: float  #: dB against the narration
    fade: float  #: seconds
    duck: float  #: dB

    @property
    def identity(self) -> dict[str, Json]:
        """All that decides how it sounds."""
        return {"sha256": sha256_of(self.path), "volume": self.volume, "fade": self.fade, "duck": self.duck}

    def decode(self, target: Path, seconds: float, stopped: Stopped = never) -> Loudness:
        """Write as much of it as is needed as WAV, and say how loud that is.

        Raises
        ------
        FinishingError
            If it is no music.
        """
        _decode(self.path, target, seconds, stopped)
        try:
            return loudness.measure(target, seconds=seconds, stopped=stopped)
        except MediaError as error:
            raise _unreadable(self.path, error) from error


def tracks(folder: Path) -> list[Path]:
    """The music files of a folder, by name.

    Raises
    ------
    FinishingError
        If there are none.
    """
    advice = f"put {', '.join(kind[1:] for kind in DEMUXERS)} files there, or correct `sound.music.folder`"
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in DEMUXERS and path.is_file())
    except OSError as error:
        raise FinishingError(f"the music folder {folder} cannot be read: {error.strerror}", advice) from error
    found = [path for path in found if not path.name.startswith(".")]
    if not found:
        raise FinishingError(f"there is no music in {folder}", advice)
    return found


def music_of(options: MusicOptions, folder: Path, video_id: str) -> Music:
    """The music of a video.

    Each file has a number from its name and the video, and the greatest one is played: so a file that is added changes
    the music of few videos, and not of all.

    Parameters
    ----------
    folder:
        Of the definition, where relative paths begin.
    """
    chosen = max(
        tracks(folder / options.folder), key=lambda path: hashlib.sha256(f"{video_id}/{path.name}".encode()).digest()
    )
    return Music(chosen, options.volume, options.fade, options.duck)


def check(options: MusicOptions, folder: Path, scratch: Path) -> None:
    """Raise `FinishingError` if there is no music, or if a file is none."""
    for path in tracks(folder / options.folder):
        _decode(path, scratch / "glance.wav", GLANCE)


def _decode(path: Path, target: Path, seconds: float, stopped: Stopped = never) -> None:
    try:
        run(
            [
                "-y", *SAFE_INPUT, "-f", DEMUXERS[path.suffix.lower()], "-i", path.absolute(),
                "-map", "0:a:0", "-t", f"{seconds:.6f}", "-ac", "2", "-ar", str(RATE), "-c:a", "pcm_s16le", target,
            ],
            timeout=STARTUP + PER_SECOND * seconds,
            stopped=stopped,
        )  # fmt: skip
    except TerminalError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: TerminalError) -> FinishingError:
    return FinishingError(
        f"the music {path.name} cannot be read: {error.reason}", "take it out of `sound.music.folder`"
    )


def sha256_of(path: Path) -> str:
    """The hash of a file.

    Raises
    ------
    FinishingError
        If it cannot be read.
    """
    try:
        state = path.stat()
        return _sha256(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise FinishingError(f"the music {path} cannot be read: {error.strerror}", "put it back") from error


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    """Each file is read once: every profile of every video asks for it."""
    return files.sha256_of(path)
