"""How a rendition is encoded: what ffmpeg is told for picture, sound and container."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.finishing.profile import Codec, Profile

#: Pictures that x264 looks ahead. With `mbtree` the preset `superfast` then makes files as small and as good as
#: `veryfast` does, in 30 to 45 % less time (measured on drawn, smooth and grainy clips of 704x1280).
LOOKAHEAD = 10
#: Seconds of the peak rate that a player's buffer holds.
BUFFER = 1.5

SOUND_RATE = 48_000  #: hertz

#: The index first, keys of our own kept, no edit lists: YouTube and Instagram ask for none, and without
#: `negative_cts_offsets` the picture would then start two frames after the sound.
CONTAINER = (
    "-movflags", "+faststart+use_metadata_tags+negative_cts_offsets",
    "-use_editlist", "0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aim:
    """What one picture stream shall be."""

    profile: Profile
    rate: int  #: frames per second
    times: int  #: how often each frame of the master is shown
    seconds: float

    @property
    def interval(self) -> int:
        """Frames from one key frame to the next."""
        return max(1, round(self.rate * self.profile.gop_seconds.value))

    @property
    def peak(self) -> int:
        """The most bits per second."""
        return self.profile.bitrate(self.seconds)

    @property
    def limits(self) -> list[str]:
        """The peak, as every encoder of ffmpeg is told it."""
        return ["-maxrate", str(self.peak), "-bufsize", str(round(self.peak * BUFFER))]


def software(aim: Aim) -> list[str]:
    """The picture, encoded by this machine's processor."""
    return _SOFTWARE[aim.profile.codec.value](aim)


def _x264(aim: Aim) -> list[str]:
    return [
        "-c:v", "libx264", "-preset", "superfast", "-profile:v", "high", "-bf", "2",
        "-crf", str(aim.profile.crf.value), *aim.limits,
        "-g", str(aim.interval), "-keyint_min", str(aim.interval), "-sc_threshold", "0",
        "-x264-params", f"mbtree=1:rc-lookahead={min(LOOKAHEAD * aim.times, 40)}",
        "-pix_fmt", "yuv420p", "-flags:v", "+cgop+bitexact",
    ]  # fmt: skip


def _x265(aim: Aim) -> list[str]:
    keys = f"keyint={aim.interval}:min-keyint={aim.interval}:scenecut=0:open-gop=0:log-level=error"
    return [
        # `hvc1`, without which Apple's players show nothing
        "-c:v", "libx265", "-preset", "fast", "-crf", str(aim.profile.crf.value), *aim.limits, "-x265-params", keys,
        "-tag:v", "hvc1", "-pix_fmt", "yuv420p", "-flags:v", "+bitexact",
    ]  # fmt: skip


def _svt_av1(aim: Aim) -> list[str]:
    rate = f"mbr={aim.peak // 1000}"  # in its own parameter: it takes no `-maxrate` beside a quality
    return [
        "-c:v", "libsvtav1", "-preset", "8", "-crf", str(aim.profile.crf.value), "-g", str(aim.interval),
        "-svtav1-params", rate, "-pix_fmt", "yuv420p", "-flags:v", "+bitexact",
    ]  # fmt: skip


_SOFTWARE = {"h264": _x264, "hevc": _x265, "av1": _svt_av1}
#: What ffmpeg calls the encoders of this machine's processor.
SOFTWARE_NAMES: dict[Codec, str] = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}
#: What an MP4 calls them. HEVC is tagged for Apple's players.
KINDS = {"h264": "avc1", "hevc": "hvc1", "av1": "av01", "aac": "mp4a"}


def sound(profile: Profile) -> list[str]:
    """The sound, and the container around both."""
    return [
        "-c:a", profile.audio_codec.value, "-ar", str(profile.audio_rate.value), "-ac", "2",
        "-b:a", str(profile.audio_bitrate.value),
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", *CONTAINER,
    ]  # fmt: skip


def arguments(aim: Aim) -> list[str]:
    """What ffmpeg is told for one output that this machine's processor encodes."""
    return [*software(aim), *sound(aim.profile)]


def threads(outputs: int, cores: int) -> int:
    """Threads of one encoder when several work side by side: together they fill the cores, and no more."""
    return max(1, min(8, -(-cores // outputs)))
