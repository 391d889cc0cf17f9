"""The one ffmpeg command that makes every rendition of a master: decoded once, and every platform encoded once.

    master ─ reframe ─ split ─┬─ words ─ AI label ─┬─ encode  (per platform)
             (per shape)      │                    └─ cover candidates
                              └─ …

Words are set by libass on a small canvas of their own that lasts only until they stand still; its last picture is then
repeated. That costs a tenth of setting them on each frame. The AI label is drawn last: nothing can cover it.

Every name in the graph is ours. What users write is in files: ASS documents and pictures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reelmill.ffmpeg import SAFE_INPUT
from tasks.finishing import captions, cover, encoding
from tasks.finishing.labels import aigc
from tasks.finishing.labels.visible import VisibleLabel
from tasks.finishing.layout import Layout
from tasks.finishing.profiles import Profile
from tasks.finishing.reframe import Reframe

#: Seconds in which the darkening below the words comes in.
SCRIM_FADE = 0.3

BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
#: Pictures are RGB, videos are YUV: said explicitly, or ffmpeg would take BT.601 and shift the brand's colour.
TO_VIDEO = "scale=out_color_matrix=bt709:out_range=tv,format=yuva420p"


@dataclass(frozen=True, slots=True)
class Output:
    """One rendition in the making. Files lie in the folder that ffmpeg runs in, under the profile's name."""

    profile: Profile
    reframe: Reframe
    rate: int  #: frames per second that are delivered
    times: int  #: how often each frame of the master is shown
    frames: int  #: that are delivered
    label: VisibleLabel
    layout: Layout
    metadata: Mapping[str, str] | None  #: AIGC

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def has_words(self) -> bool:
        return self.layout.scrim_top < self.layout.height

    @property
    def video(self) -> str:
        return f"{self.name}.mp4"

    @property
    def backdrop(self) -> str:
        return f"{self.name}-backdrop.png"

    @property
    def captions(self) -> str:
        return f"{self.name}.ass"

    @property
    def label_picture(self) -> str:
        return f"{self.name}-label.png"

    @property
    def settled(self) -> int:
        """Frames until the words stand still."""
        return min(self.frames, math.ceil(max(captions.settled(self.layout), SCRIM_FADE) * self.rate) + 1)

    @property
    def candidates(self) -> tuple[int, ...]:
        """The frames of which one becomes the cover."""
        return cover.candidates(self.frames, self.settled if self.has_words else 0)


def command(master: Path, outputs: Sequence[Output], *, fps: int, cores: int) -> list[str]:
    """The arguments of the one ffmpeg process, to be run in the folder where the outputs' files lie.

    Parameters
    ----------
    master:
        An absolute path.
    fps:
        Frames per second of the master.
    cores:
        Processor cores to fill.
    """
    seconds = max(output.frames / output.rate for output in outputs)
    arguments = [
        "-y", *SAFE_INPUT, "-i", str(master),
        "-f", "lavfi", "-t", f"{seconds:.6f}", "-i", f"anullsrc=r={encoding.SOUND_RATE}:cl=stereo",
    ]  # fmt: skip
    for output in outputs:
        pictures = [output.backdrop, output.label_picture] if output.has_words else [output.label_picture]
        for picture in pictures:
            arguments += ["-framerate", str(output.rate), *SAFE_INPUT, "-i", picture]
    arguments += ["-filter_complex", graph(outputs, fps=fps)]
    threads = str(encoding.threads(len(outputs), cores))
    for index, output in enumerate(outputs):
        arguments += [
            "-map", f"[out{index}]", "-map", "1:a", *encoding.arguments(output.profile, output.rate, output.times),
            "-threads:v", threads, "-frames:v", str(output.frames), "-t", f"{output.frames / output.rate:.6f}",
            *aigc.arguments(output.metadata), "-f", "mp4", output.video,
            "-map", f"[still{index}]", *cover.arguments(output.name),
        ]  # fmt: skip
    return arguments


def graph(outputs: Sequence[Output], *, fps: int) -> str:
    """The filter graph. Outputs that share a shape and a rate share all work up to the first thing drawn."""
    bases: dict[tuple[Reframe, int], list[int]] = {}
    for index, output in enumerate(outputs):
        bases.setdefault((output.reframe, output.rate), []).append(index)
    chains = [f"[0:v]settb=1/{fps},setpts=N,split={len(bases)}" + "".join(f"[m{base}]" for base in range(len(bases)))]
    for base, ((reframe, rate), users) in enumerate(bases.items()):
        chains.append(reframe.filters(f"m{base}", f"f{base}"))
        resampled = f"fps={rate}," if rate != fps else ""
        chains.append(f"[f{base}]{resampled}split={len(users)}" + "".join(f"[base{index}]" for index in users))
    picture = 2  # the inputs before are the master and the silence
    for index, output in enumerate(outputs):
        drawn, label = f"base{index}", output.label
        if output.has_words:
            chains += [_canvas(output, index, picture), _worded(output, index)]
            drawn, picture = f"worded{index}", picture + 1
        last = f"[{drawn}][label{index}]overlay={label.x}:{label.y}:format=yuv420:eof_action=repeat,{BT709}"
        chains += [
            f"[{picture}:v]{TO_VIDEO}[label{index}]",
            f"{last},split=2[out{index}][all{index}]",
            f"[all{index}]{cover.filters(output.candidates)}[still{index}]",
        ]
        picture += 1
    return ";".join(chains)


def _canvas(output: Output, index: int, picture: int) -> str:
    """The small canvas with the words on it, as long as they move."""
    still = f"[{picture}:v]format=rgba,loop=loop={output.settled - 1}:size=1:start=0,settb=1/{output.rate},setpts=N"
    set_words = f"ass=f={output.captions}:fontsdir=fonts:alpha=1"
    return f"{still},fade=t=in:st=0:d={SCRIM_FADE}:alpha=1,{set_words},{TO_VIDEO}[words{index}]"


def _worded(output: Output, index: int) -> str:
    return (
        f"[base{index}][words{index}]overlay=0:{output.layout.scrim_top}:format=yuv420:eof_action=repeat[worded{index}]"
    )
