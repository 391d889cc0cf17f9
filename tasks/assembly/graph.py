"""The ffmpeg command that joins clips: each is decoded once, and the master is encoded once.

Every clip is brought to the same clock of whole frames first: what comes out has exactly the frames that `timing` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reelmill.content import Joint
from reelmill.ffmpeg import SAFE_INPUT

#: Quality of x264: near-transparent, as that of the clips, for a master is encoded once more for every platform.
CRF = 14
#: x264 gives other bytes with another number of threads, and the same master must come out on every machine.
THREADS = 4

#: What ffmpeg's `xfade` calls them.
_XFADE = {"crossfade": "fade", "black": "fadeblack"}
_BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def command(clips: Sequence[Path], frames: Sequence[int], joints: Sequence[Joint], fps: int, target: Path) -> list[str]:
    """The arguments of the one ffmpeg process.

    Parameters
    ----------
    frames:
        Of each clip.
    joints:
        Before each clip but the first.
    """
    arguments = ["-y"]
    for clip in clips:
        arguments += [*SAFE_INPUT, "-i", str(clip)]
    return [
        *arguments, "-filter_complex", graph(frames, joints, fps), "-map", "[master]", "-an",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", str(CRF), "-profile:v", "high", "-g", str(fps * 2),
        "-threads:v", str(THREADS), "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-movflags", "+faststart", "-f", "mp4", str(target),
    ]  # fmt: skip


def graph(frames: Sequence[int], joints: Sequence[Joint], fps: int) -> str:
    """The filter graph."""
    clock = f"settb=1/{fps},setpts=N"
    chains = [
        f"[{index}:v]{clock},fps={fps},trim=end_frame={count},format=yuv420p,{_BT709}[clip{index}]"
        for index, count in enumerate(frames)
    ]
    so_far, length = "clip0", frames[0]
    for index, joint in enumerate(joints, start=1):
        both = f"[{so_far}][clip{index}]"
        if joint.frames:
            offset, seconds = (length - joint.frames) / fps, joint.frames / fps
            how = f"xfade=transition={_XFADE[joint.kind]}:duration={seconds:.6f}:offset={offset:.6f}"
        else:
            how = "concat=n=2:v=1"
        so_far, length = f"joined{index}", length + frames[index] - joint.frames
        chains.append(f"{both}{how},{clock},fps={fps}[{so_far}]")
    chains.append(f"[{so_far}]format=yuv420p,{_BT709}[master]")
    return ";".join(chains)
