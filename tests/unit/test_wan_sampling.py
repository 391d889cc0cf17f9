"""A distilled model's few steps, by hand and by the scheduler of diffusers that does the same with other times."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from diffusers import FlowMatchLCMScheduler

from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.sampling import DmdSampler, noise, sampler

CPU = torch.device("cpu")
SHAPE = (2, 4, 3, 2, 2)


def generators() -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in (1, 2)]


def velocity(sample: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """Something that depends on both."""
    return torch.sin(sample) + time / 1000


@pytest.mark.parametrize("name", ["fastwan22-5b", "turbo22-5b"])
def test_each_step_goes_to_the_picture_and_back_to_as_much_noise_as_is_next(name: str) -> None:
    profile = PROFILES[name]
    ours = sampler(profile, profile.steps, generators(), CPU)
    drawn = generators()
    sample = expected = noise(SHAPE, generators(), CPU)
    times = [*profile.timesteps, 0.0]
    for time, after in pairwise(times):
        (sample,) = ours.step(velocity(sample, torch.tensor(time)), torch.tensor(time), sample, return_dict=False)
        expected = expected - time / 1000 * velocity(expected, torch.tensor(time))
        if after:
            fresh = torch.cat([torch.randn((1, *SHAPE[1:]), generator=one) for one in drawn])
            expected = (1 - after / 1000) * expected + after / 1000 * fresh
    assert torch.allclose(sample, expected, atol=1e-6)


def test_it_is_the_consistency_scheduler_of_diffusers_at_other_times() -> None:
    theirs = FlowMatchLCMScheduler(num_train_timesteps=1000, shift=1.0)
    theirs.set_timesteps(sigmas=[1.0, 0.75, 0.5, 0.25])
    ours = DmdSampler((1000.0, 750.0, 500.0, 250.0), [torch.Generator().manual_seed(5)])
    assert torch.allclose(theirs.sigmas, ours.sigmas)
    same = torch.Generator().manual_seed(5)
    one = other = noise((1, *SHAPE[1:]), [torch.Generator().manual_seed(9)], CPU)
    for time in ours.timesteps[:-1]:
        (one,) = ours.step(velocity(one, time), time, one, return_dict=False)
        (other,) = theirs.step(velocity(other, time), time, other, generator=same, return_dict=False)
        assert torch.allclose(one, other, atol=1e-6)


def test_a_shot_gets_the_same_noise_alone_and_among_others() -> None:
    together = noise(SHAPE, generators(), CPU)
    for number in range(2):
        assert torch.equal(together[number : number + 1], noise((1, *SHAPE[1:]), [generators()[number]], CPU))
