"""Looks at the processor that this process would draw on."""

from __future__ import annotations

import os

import torch

from reelmill.errors import EngineError
from wan_engine.wan.device import Device


def probe() -> Device:
    """The first GPU that this process sees, else the CPU.

    Raises
    ------
    EngineError
        If the GPU is too old to compute in bfloat16.
    """
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    if not torch.cuda.is_available():
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return Device("cpu", "this machine's CPU", whole, host, host, bf16=True, fp8=False)
    name = torch.cuda.get_device_name(0)
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        raise EngineError(
            f"{name} does not compute in bfloat16, as these models were trained; in float16 their pictures are black",
            "use a GPU of the Ampere generation or newer",
        )
    free, whole = torch.cuda.mem_get_info(0)
    return Device("cuda", name, whole, free, host, bf16=True, fp8=torch.cuda.get_device_capability(0) >= (8, 9))
