"""How long a clip takes on a GPU that somebody measured: the work that the architecture says, by the pace seen there.

Computed. Short clips run below a GPU's peak, and a plan that moves weights about costs more than this says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reelmill.content import Shot
from wan_engine.wan import cost
from wan_engine.wan.profiles import PROFILES, Profile
from wan_engine.wan.take import Take

#: Seconds of a day.
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU whose pace is known."""

    name: str
    devices: frozenset[str]  #: as its driver calls it; its namesakes for laptops and other sockets are slower
    teraflops: float  #: that it was seen to do with a Wan transformer, all losses included
    source: str

    def is_called(self, device: str) -> bool:
        """Whether a driver means this one."""
        return device in self.devices


def work(profile: Profile) -> float:
    """Floating-point operations of a clip of a model's own size, length and steps, decoding included."""
    (width, height), frames = profile.sizes[0], profile.frames
    return _denoising(profile) + cost.decoding(width, height, frames)


def work_of(profile: Profile, shot: Shot) -> float:
    """The same of one shot, at its own size, length, steps and guidance."""
    take = Take.of(profile, shot)
    shape = take.width, take.height, take.frames
    return cost.denoising(profile, *shape, steps=shot.steps, guidance=shot.guidance) + cost.decoding(*shape)


def seconds(profile: Profile, gpu: Gpu) -> float:
    """Seconds of one clip of a model's own size, length and steps, with the model loaded and the prompt encoded."""
    return work(profile) / (gpu.teraflops * 1e12)


def clips_a_day(taken: float) -> int:
    """How many clips of so many seconds one GPU makes in a day."""
    return int(DAY / taken)


def table(profiles: Sequence[Profile] = tuple(PROFILES.values())) -> str:
    """Seconds of a clip and clips of a day on every known GPU, as a Markdown table with its sources."""
    head = ["model", "clip", *(gpu.name for gpu in GPUS)]
    rows = [head, ["---", "---", *("---:" for _ in GPUS)]]
    for profile in profiles:
        (width, height), length = profile.sizes[0], profile.frames / profile.fps
        steps = f"{profile.steps} steps" + (", guided" if profile.guided else "")
        taken = [seconds(profile, gpu) for gpu in GPUS]
        cells = [f"{one:,.{0 if one >= 100 else 1}f} s · {clips_a_day(one):,} a day" for one in taken]
        rows.append([f"`{profile.name}`", f"{width}×{height}, {length:.1f} s, {steps}", *cells])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    sources = [f"- {gpu.name}: {gpu.teraflops:.0f} effective TFLOPS, {gpu.source}" for gpu in GPUS]
    note = "*Computed* from the architecture and these figures, not measured here, for a model that is loaded."
    return "\n".join([*lines, "", note, "", *sources]) + "\n"


def _denoising(profile: Profile) -> float:
    (width, height), frames = profile.sizes[0], profile.frames
    return cost.denoising(profile, width, height, frames, steps=profile.steps, guidance=profile.guidance)


_MEASURED = PROFILES["wan22-ti2v-5b"]

#: Those with a figure for Wan2.2-TI2V-5B at its native size: 50 steps with guidance, 121 frames of 1280x704.
GPUS: tuple[Gpu, ...] = (
    Gpu(
        "RTX 4090",
        frozenset({"NVIDIA GeForce RTX 4090"}),
        work(_MEASURED) / 534.7 / 1e12,  # the makers' figure is for a whole clip, decoding included
        "from 534.7 s for a clip in the makers' table (Wan2.2, `assets/comp_effic.png`)",
    ),
    Gpu(
        "H100",
        frozenset({"NVIDIA H100 80GB HBM3"}),
        350.0,
        "assumed from the H200's with a newer attention kernel; nobody published a figure",
    ),
    Gpu(
        "H200",
        frozenset({"NVIDIA H200"}),
        _denoising(_MEASURED) / 157.21 / 1e12,
        "from 157.21 s for denoising alone (FastVideo's blog on post-training, FlashAttention 2)",
    ),
)
