"""Which plan a take gets on a device."""

from __future__ import annotations

from reelmill.errors import EngineError
from wan_engine.wan import memory
from wan_engine.wan.device import Device
from wan_engine.wan.plan import Plan, plans
from wan_engine.wan.profiles import PROFILES, Profile
from wan_engine.wan.take import Take


def choose(profile: Profile, device: Device, take: Take) -> Plan:
    """The fastest plan that is expected to fit.

    Raises
    ------
    EngineError
        If none is, with the largest model that does.
    """
    if not device.is_gpu:  # only models that are much smaller than their architecture says come here
        return next(plans(device))
    for plan in plans(device):
        if fits(profile, device, take, plan):
            return plan
    raise EngineError(
        f"{device.name} is too small for {profile.title} at {take}", what_fits(device, pictured=take.pictured)
    )


def fits(profile: Profile, device: Device, take: Take, plan: Plan) -> bool:
    """Whether a plan is expected to have room on the device. Too little of the machine's own memory makes it slow."""
    peaks = memory.peaks(
        profile.architecture, plan, take.width, take.height, take.frames,
        own_times=profile.architecture.expand_timesteps and take.pictured,
    )  # fmt: skip
    return max(peaks.values()) <= device.free * memory.PLANNED


def largest_that_fits(device: Device, *, pictured: bool = False) -> tuple[Profile, Take] | None:
    """The largest model that this device has room for, at the size and the length that it was trained for.

    Parameters
    ----------
    pictured:
        With a reference image.
    """
    if not device.is_gpu:
        return None
    for profile in sorted(PROFILES.values(), key=lambda one: -one.architecture.transformer_parameters):
        width, height = profile.sizes[0]
        take = Take(width, height, profile.frames, profile.fps, pictured)
        if (profile.images or not pictured) and any(fits(profile, device, take, plan) for plan in plans(device)):
            return profile, take
    return None


def what_fits(device: Device, *, pictured: bool) -> str:
    """What to do on a device that is too small for what was asked of it."""
    found = largest_that_fits(device, pictured=pictured) or largest_that_fits(device)
    if found is None:
        return "no model that is known fits it; use a larger GPU, or the engine `video_api`"
    profile, take = found
    return (
        f"the largest that fits is `model: {profile.name}` at {take}; or ask for less: a smaller size, or fewer seconds"
    )
