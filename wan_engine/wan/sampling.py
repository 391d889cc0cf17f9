"""How noise becomes a picture: the schedulers of the models, always set up anew for a shot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from diffusers import UniPCMultistepScheduler

from wan_engine.wan.profiles import Profile, Scheduler

#: Times of training; a model is told a time between 0 and this.
TRAINED_TIMES = 1000


class Sampler(Protocol):
    """What a denoising asks of a scheduler; those of diffusers answer."""

    timesteps: torch.Tensor
    sigmas: torch.Tensor

    def step(
        self, model_output: torch.Tensor, timestep: torch.Tensor, sample: torch.Tensor, *, return_dict: bool
    ) -> tuple[torch.Tensor, ...]:
        """The next sample, alone in a tuple."""


class DmdSampler:
    """The few fixed steps of a distilled model: to the picture at once, and back to noise for the next time.

    With the velocity v that the model tells at noise s, the picture is x − s·v; the next sample is (1 − s')·picture +
    s'·new noise, and the last picture is the result. `DmdDenoisingStage` of FastVideo and
    `wan22_fewstep_inference.py` of Wan2.2-TI2V-5B-Turbo do the same.

    The new noise is drawn with the generators of the shots, on the CPU: a seed gives the same clip on any machine.
    """

    def __init__(self, timesteps: Sequence[float], generators: Sequence[torch.Generator]) -> None:
        self._generators = list(generators)
        self.timesteps = torch.tensor(list(timesteps), dtype=torch.float32)
        self.sigmas = torch.cat([self.timesteps / TRAINED_TIMES, torch.zeros(1)])
        self._index = 0

    def step(
        self, model_output: torch.Tensor, timestep: torch.Tensor, sample: torch.Tensor, *, return_dict: bool = False
    ) -> tuple[torch.Tensor, ...]:
        """The next sample, in float32, alone in a tuple."""
        noisy, next_noisy = float(self.sigmas[self._index]), float(self.sigmas[self._index + 1])
        picture = sample.float() - noisy * model_output.float()
        self._index += 1
        if next_noisy == 0:
            return (picture,)
        return ((1 - next_noisy) * picture + next_noisy * noise(picture.shape, self._generators, picture.device),)


def sampler(profile: Profile, steps: int, generators: Sequence[torch.Generator], device: torch.device) -> Sampler:
    """A scheduler at its beginning."""
    if profile.scheduler is Scheduler.DMD:
        return DmdSampler(profile.timesteps, generators)
    scheduler = solver(profile)
    scheduler.set_timesteps(steps, device=device)
    scheduler.set_begin_index(0)
    return scheduler  # type: ignore[no-any-return]  # diffusers' own


def solver(profile: Profile) -> UniPCMultistepScheduler:
    """The multistep solver over a model's own noise schedule."""
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        num_train_timesteps=TRAINED_TIMES,
        flow_shift=profile.shift,
    )


def noise(shape: Sequence[int], generators: Sequence[torch.Generator], device: torch.device) -> torch.Tensor:
    """Normal noise in float32, (shots, …), drawn on the CPU with the generator of each shot."""
    drawn = [torch.randn((1, *shape[1:]), generator=one, dtype=torch.float32) for one in generators]
    return torch.cat(drawn).to(device)
