"""What the stages cost, beside a bare pipeline of diffusers that makes the same clip."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import WanPipeline

from reelmill.content import Shot
from reelmill.errors import EngineError
from wan_engine.encode import ClipEncoder
from wan_engine.wan.device import Device
from wan_engine.wan.profiles import Profile, Scheduler
from wan_engine.wan.sampling import solver
from wan_engine.wan.weights import Weights


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to make a shot, timed."""

    first: float  #: seconds of the first shot, with what is loaded and compiled for it
    seconds: tuple[float, ...]  #: of each shot after it
    frames: int
    peak: int  #: bytes: of the GPU's memory, else of the process's

    @property
    def usual(self) -> float:
        """The median of the shots after the first, in seconds; of the first, if there are no others."""
        return median(self.seconds or (self.first,))

    @property
    def frames_per_second(self) -> float:
        return self.frames / self.usual


def measure(make: Callable[[Shot], object], shot: Shot, device: Device, *, shots: int) -> Measured:
    """Make a shot so often, with a seed of its own each time.

    Parameters
    ----------
    make:
        Makes one, file and all.
    shots:
        How many after the first.
    """
    meter = PeakMeter(device)
    seconds = []
    for number in range(shots + 1):
        began = time.perf_counter()
        make(replace(shot, seed=shot.seed + number))
        seconds.append(time.perf_counter() - began)
    return Measured(seconds[0], tuple(seconds[1:]), shot.frames, meter.read())


def measure_bare(
    weights: Weights, shot: Shot, path: Path, device: Device, *, shots: int
) -> tuple[Measured | None, str]:
    """As `measure`, by the bare pipeline; or None, and why there is nothing to compare with."""
    try:
        pipe = Bare(weights, device, torch.bfloat16 if device.is_gpu else torch.float32)
        return measure(lambda one: pipe.make(one, path), shot, device, shots=shots), ""
    except torch.OutOfMemoryError:
        return None, "it runs out of memory here"
    except EngineError as error:
        return None, error.reason


class Bare:
    """diffusers' own pipeline, as its documentation shows it: all of it on the device, and the clip written at the end.

    Raises
    ------
    EngineError
        If the model is a distilled one: diffusers has no scheduler for those.
    """

    def __init__(self, weights: Weights, device: Device, precision: torch.dtype) -> None:
        profile: Profile = weights.profile
        if profile.scheduler is Scheduler.DMD:
            raise EngineError(f"diffusers alone cannot make a clip of {profile.title}", "measure it with `--no-bare`")
        self._pipe: Any = WanPipeline.from_pretrained(
            weights.folder, dtype={"vae": torch.float32, "default": precision}, local_files_only=True
        )
        self._pipe.scheduler = solver(profile)
        self._pipe.to(device.kind)
        self._pipe.set_progress_bar_config(disable=True)

    def make(self, shot: Shot, path: Path) -> None:
        """One shot to its file.

        Raises
        ------
        torch.OutOfMemoryError
        """
        frames = self._pipe(
            prompt=shot.prompt, negative_prompt=shot.negative_prompt, width=shot.width, height=shot.height,
            num_frames=shot.frames, num_inference_steps=shot.steps, guidance_scale=shot.guidance,
            generator=torch.Generator().manual_seed(shot.seed), output_type="np",
        ).frames[0]  # fmt: skip
        with ClipEncoder(path, shot.width, shot.height, shot.fps) as encoder:
            for frame in (frames * 255).round().astype("uint8"):
                encoder.write(frame)


class PeakMeter:
    """The most memory that is in use from now on: torch's on a GPU, else the process's own."""

    def __init__(self, device: Device) -> None:
        self._gpu = device.is_gpu
        gc.collect()
        if self._gpu:
            torch.cuda.reset_peak_memory_stats()
        else:
            Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark back (proc(5))
        self._before = 0 if self._gpu else _status("VmRSS")

    def read(self) -> int:
        """Bytes: of the GPU all; of the process what came on top of what it had."""
        return torch.cuda.max_memory_allocated() if self._gpu else _status("VmHWM") - self._before


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) * 1024
    raise AssertionError(f"the kernel tells no {key}")
