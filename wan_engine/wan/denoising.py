"""From noise to latents, a step at a time. A step that ran out of memory can be made again; others are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from wan_engine.wan.cost import latent_frames
from wan_engine.wan.profiles import Profile
from wan_engine.wan.prompts import padded
from wan_engine.wan.sampling import noise, sampler


@dataclass(frozen=True, slots=True)
class Guided:
    """What steers the shots of a batch, by shot."""

    prompts: Sequence[torch.Tensor]  #: embeddings, (tokens, channels)
    negatives: Sequence[torch.Tensor]  #: those too; none without guidance
    seeds: Sequence[int]
    first: torch.Tensor | None = None  #: the first latent frame of a batch of one, (1, channels, 1, height, width)

    def sown(self, *seeds: int) -> Guided:
        """The same with other seeds."""
        return replace(self, seeds=seeds)


class Denoising:
    """A batch of shots of one shape on its way.

    Parameters
    ----------
    width, height, frames:
        Of each shot, in pixels and at the model's own rate.
    one_time:
        Tell the transformer one time for all tokens where all have the same: the same mathematics as one for each, at a
        fifth of the memory. Without a first frame only.
    """

    def __init__(
        self,
        transformer: Any,
        profile: Profile,
        guided: Guided,
        width: int,
        height: int,
        frames: int,
        *,
        steps: int,
        guidance: float,
        device: torch.device,
        one_time: bool = True,
    ) -> None:
        self.transformer = transformer  #: can be exchanged between two steps
        self._guidance = guidance
        self._first = guided.first
        self._dtype = transformer.dtype
        self._prompts = padded(guided.prompts).to(device, self._dtype)
        self._negatives = padded(guided.negatives).to(device, self._dtype) if guidance > 1 else None
        generators = [torch.Generator().manual_seed(seed) for seed in guided.seeds]
        shape = (
            len(generators),
            transformer.config.in_channels,
            latent_frames(profile.architecture, frames),
            height // profile.architecture.compression,
            width // profile.architecture.compression,
        )
        self._latents = noise(shape, generators, device)
        self._sampler = sampler(profile, steps, generators, device)
        self._sigmas = [float(sigma) for sigma in self._sampler.sigmas]
        self._own_times = profile.architecture.expand_timesteps and (self._first is not None or not one_time)
        self._unknown = torch.ones((1, 1, *shape[2:]), device=device)  #: where the model has to find something
        if self._first is not None:
            self._first = self._first.to(device, torch.float32)
            self._unknown[:, :, 0] = 0
        self.done, self.total = 0, len(self._sampler.timesteps)

    @torch.no_grad()
    def step(self) -> None:
        """One step. If it raises before its end, nothing has changed.

        Raises
        ------
        torch.OutOfMemoryError
        """
        time = self._sampler.timesteps[self.done].to(self._latents.device)
        seen = self._with_first(self._latents).to(self._dtype)
        times = self._times(time)
        velocity = self._velocity("cond", seen, times, self._prompts)
        if self._negatives is not None:
            away = self._velocity("uncond", seen, times, self._negatives)
            velocity = away + self._guidance * (velocity - away)
        self._latents = self._sampler.step(velocity, time, self._latents, return_dict=False)[0]
        self.done += 1

    @property
    def latents(self) -> torch.Tensor:
        """Where it is, (shots, channels, latent frames, height, width), normalised, in float32."""
        return self._with_first(self._latents).float()

    def _velocity(
        self, context: str, seen: torch.Tensor, times: torch.Tensor, embeddings: torch.Tensor
    ) -> torch.Tensor:
        noted = {"step_index": self.done, "sigma": self._sigmas[self.done], "num_inference_steps": self.total}
        with self.transformer.cache_context(context, **noted):
            told: torch.Tensor = self.transformer(
                hidden_states=seen, timestep=times, encoder_hidden_states=embeddings, return_dict=False
            )[0]
        return told

    def _times(self, time: torch.Tensor) -> torch.Tensor:
        """The time of each shot, or of each token of each shot: 0 where the picture is known."""
        shots = len(self._latents)
        if not self._own_times:
            return time.expand(shots)
        _, patch_height, patch_width = self.transformer.config.patch_size
        return (self._unknown[0, 0, :, ::patch_height, ::patch_width] * time).flatten().expand(shots, -1)

    def _with_first(self, latents: torch.Tensor) -> torch.Tensor:
        if self._first is None:
            return latents
        return (1 - self._unknown) * self._first + self._unknown * latents
