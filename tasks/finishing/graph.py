"""The one ffmpeg command that makes every rendition of a master: decoded once, and every platform encoded once.

    master ─ reframe ─ words ─ cards, subtitles ─ invisible mark ─ AI label ─┬─ encode  (per platform)
             (a tree: what looks alike is drawn once, and branches where     └─ cover candidates
             the first thing differs)

Words are set by libass on a small canvas of their own that lasts only until they stand still; its last picture is then
repeated. That costs a tenth of setting them on each frame. The AI label is drawn last: nothing can cover it.

Every name in the graph is ours. What users write is in files: ASS documents and pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reelmill.ffmpeg import SAFE_INPUT
from tasks.finishing import cover, encoding, proof
from tasks.finishing.hardware import Encoders
from tasks.finishing.labels import aigc
from tasks.finishing.layer import Layer
from tasks.finishing.output import Output
from tasks.finishing.reframe import Reframe


def command(master: Path, outputs: Sequence[Output], *, fps: int, cores: int, encoders: Encoders) -> list[str]:
    """The arguments of the one ffmpeg process, to be run in the folder where the outputs' files lie.

    Parameters
    ----------
    master:
        An absolute path.
    fps:
        Frames per second of the master.
    cores:
        Processor cores to fill.
    encoders:
        Who encodes.
    """
    seconds = max(output.seconds for output in outputs)
    used = [encoders.of(output.profile.codec.value) for output in outputs]
    arguments = [
        "-y", *dict.fromkeys(one for encoder in used for one in encoder.device), *SAFE_INPUT, "-i", str(master),
    ]  # fmt: skip
    sounds = _sounds(outputs)
    for sound in sounds:
        silence = ["-f", "lavfi", "-t", f"{seconds:.6f}", "-i", f"anullsrc=r={encoding.SOUND_RATE}:cl=stereo"]
        arguments += [*SAFE_INPUT, "-i", sound] if sound else silence
    tree = _encoded(outputs, fps, [encoder.upload for encoder in used])
    # Filters that cut each picture into slices wait for cores that the encoders have taken.
    threads = str(encoding.threads(len(outputs), cores))
    arguments += [*tree.inputs, "-filter_complex_threads", threads, "-filter_complex", tree.text]
    for index, (output, encoder) in enumerate(zip(outputs, used, strict=True)):
        arguments += [
            "-map", f"[out{index}]", "-map", f"{1 + sounds.index(output.sound)}:a",
            *encoder.arguments(output.aim), *encoding.sound(output.profile),
            "-threads:v", threads, "-frames:v", str(output.frames), "-t", f"{output.seconds:.6f}",
            *aigc.arguments(output.metadata), "-f", "mp4", output.video,
            "-map", f"[still{index}]", *cover.arguments(output.name),
        ]  # fmt: skip
    return arguments


def graph(outputs: Sequence[Output], *, fps: int, uploads: Sequence[str] = ()) -> str:
    """The filter graph. Outputs share all work up to the first thing in which they differ.

    Parameters
    ----------
    uploads:
        For each output the filters that bring it to its encoder; "": it takes it from memory.
    """
    return _encoded(outputs, fps, uploads or [""] * len(outputs)).text


def proofs(master: Path, outputs: Sequence[Output], *, fps: int) -> list[str]:
    """The arguments of an ffmpeg process that draws the outputs as `command` does and encodes nothing: of each it
    leaves a picture of a few frames, `proof.file`. It ends as soon as it has them.

    Parameters
    ----------
    master, fps:
        As of `command`.
    """

    def pictured(pad: str, index: int) -> list[str]:
        return [f"[{pad}]{proof.filters(outputs[index])}[proof{index}]"]

    tree = _Tree(outputs, fps, 1, pictured)
    arguments = ["-y", *SAFE_INPUT, "-i", str(master), *tree.inputs, "-filter_complex", tree.text]
    for index, output in enumerate(outputs):
        arguments += ["-map", f"[proof{index}]", *proof.arguments(output)]
    return arguments


def _encoded(outputs: Sequence[Output], fps: int, uploads: Sequence[str]) -> _Tree:
    """The tree whose outputs go to their encoders, and a few frames of each to its cover."""

    def delivered(pad: str, index: int) -> list[str]:
        upload = uploads[index]
        return [
            f"[{pad}]split=2[{'made' if upload else 'out'}{index}][all{index}]",
            *([f"[made{index}]{upload}[out{index}]"] if upload else []),
            f"[all{index}]{cover.filters(outputs[index].candidates)}[still{index}]",
        ]

    return _Tree(outputs, fps, 1 + len(_sounds(outputs)), delivered)


def _sounds(outputs: Sequence[Output]) -> list[str]:
    """The sound files of all outputs, each once; "" is silence."""
    return list(dict.fromkeys(output.sound for output in outputs))


class _Tree:
    """The filter graph as it grows from the master to the outputs, and the inputs that it draws.

    Parameters
    ----------
    first:
        The number of the first of these inputs.
    delivered:
        What becomes of the finished picture: the last chains, for a pad and the number of its output.
    """

    def __init__(
        self, outputs: Sequence[Output], fps: int, first: int, delivered: Callable[[str, int], list[str]]
    ) -> None:
        self.inputs: list[str] = []
        self._outputs, self._delivered = outputs, delivered
        self._layers = [output.layers for output in outputs]
        self._chains: list[str] = []
        self._next = first
        self._grow(fps)

    @property
    def text(self) -> str:
        return ";".join(self._chains)

    def _grow(self, fps: int) -> None:
        bases: dict[tuple[Reframe, int], list[int]] = {}
        for index, output in enumerate(self._outputs):
            bases.setdefault((output.reframe, output.rate), []).append(index)
        pads = self._split(f"[0:v]settb=1/{fps},setpts=N,", "m", [users[0] for users in bases.values()])
        for pad, ((reframe, rate), users) in zip(pads, bases.items(), strict=True):
            first = users[0]
            self._chains.append(reframe.filters(pad, f"f{first}"))
            resampled = f"fps={rate}," if rate != fps else ""
            self._branch(f"[f{first}]{resampled}", users, 0)

    def _branch(self, chain: str, users: list[int], depth: int) -> None:
        """Go on for those whose picture is the same up to `depth` layers: `chain` is the one that makes it."""
        branches: dict[Layer | int, list[int]] = {}
        for index in users:
            layers = self._layers[index]
            branches.setdefault(layers[depth] if depth < len(layers) else index, []).append(index)
        pads = self._split(chain, f"at{depth}_", [those[0] for those in branches.values()])
        for pad, (layer, those) in zip(pads, branches.items(), strict=True):
            if isinstance(layer, Layer):
                self._branch(self._drawn(layer, pad, those[0], depth), those, depth + 1)
            else:
                self._chains += self._delivered(pad, layer)

    def _drawn(self, layer: Layer, under: str, first: int, depth: int) -> str:
        """Draw a layer over the picture `under`; returns the chain that goes on from there."""
        over = f"{layer.kind}{first}_{depth}"
        self._chains.append(f"[{self._next}:v]{layer.above}[{over}]")
        self.inputs += layer.source
        self._next += 1
        return f"[{under}][{over}]{layer.onto},"

    def _split(self, chain: str, name: str, users: list[int]) -> list[str]:
        """End a chain with one pad for each of those who go on; pads are named after them."""
        pads = [f"{name}{index}" for index in users]
        self._chains.append(f"{chain}split={len(pads)}" + "".join(f"[{pad}]" for pad in pads))
        return pads
