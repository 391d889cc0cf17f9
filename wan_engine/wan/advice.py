"""What a device gets for a model, and why: the plan, what each stage takes, and what stood against the faster plans.

Needs no torch and no weights, so it also answers for a GPU that somebody thinks of buying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wan_engine.wan import memory
from wan_engine.wan.device import Device
from wan_engine.wan.memory import in_words
from wan_engine.wan.pace import GPUS, seconds
from wan_engine.wan.plan import Plan, Stage, plans
from wan_engine.wan.profiles import Profile


@dataclass(frozen=True, slots=True)
class Considered:
    """A plan, and the most that each stage would take of the GPU."""

    plan: Plan
    peaks: Mapping[Stage, int]  #: in bytes

    @property
    def most(self) -> int:
        """Bytes of the hungriest stage."""
        return max(self.peaks.values())

    def against(self, room: int) -> str:
        """What stands against it where there is so much room; "" if nothing does."""
        over = (f"{stage} takes {in_words(peak)}" for stage, peak in self.peaks.items() if peak > room)
        return ", ".join(over)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a device gets for a model at its native size."""

    profile: Profile
    device: Device
    width: int
    height: int
    frames: int
    room: int  #: bytes of the device that are planned with
    taken: Considered | None  #: the fastest plan that fits
    passed_over: tuple[Considered, ...]  #: faster ones that do not, the fastest first
    waiting: int  #: bytes of the machine's own memory that the plan needs
    seconds: float | None  #: of one clip, computed; None: nobody measured such a device
    reason: str  #: why it cannot run; "": it can

    @property
    def short_of_host(self) -> int:
        """Bytes of the machine's own memory that the plan needs and that are not free."""
        return max(0, self.waiting - self.device.host_free)


def advise(profile: Profile, device: Device, *, picture: bool = False) -> Advice:
    """What a device gets for a model at its native size and length.

    Parameters
    ----------
    picture:
        Whether the clip begins with a reference image, which costs memory.
    """
    (width, height), frames = profile.sizes[0], profile.frames
    own_times = profile.architecture.expand_timesteps and picture
    room = int(device.free * memory.PLANNED)
    passed_over: list[Considered] = []
    taken = None
    for plan in plans(device) if device.is_gpu else ():
        peaks = memory.peaks(profile.architecture, plan, width, height, frames, own_times=own_times)
        considered = Considered(plan, peaks)
        if considered.most <= room:
            taken = considered
            break
        passed_over.append(considered)
    return Advice(
        profile,
        device,
        width,
        height,
        frames,
        room,
        taken,
        tuple(passed_over),
        waiting=memory.waiting(profile.architecture, taken.plan) if taken else 0,
        seconds=_seconds(profile, device) if taken else None,
        reason="" if taken else _reason(device, passed_over, room),
    )


def _seconds(profile: Profile, device: Device) -> float | None:
    gpu = next((gpu for gpu in GPUS if gpu.is_called(device.name)), None)
    return seconds(profile, gpu) if gpu else None


def _reason(device: Device, passed_over: list[Considered], room: int) -> str:
    if not device.is_gpu:
        return "there is no GPU here"
    lightest = min(passed_over, key=lambda one: one.most)
    return f"even in its lightest plan {lightest.against(room)}, and {in_words(room)} can be planned with"
