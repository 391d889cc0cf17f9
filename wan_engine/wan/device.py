"""What this machine has to offer a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Where NVIDIA's driver has a folder for each GPU, whose file `information` begins with `Model: NVIDIA H200`.
DRIVER = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True, slots=True)
class Device:
    """A processor that draws, and the memory around it."""

    kind: str  #: torch's word: `cuda`, `cpu`
    name: str
    memory: int  #: bytes of its own; of a CPU, those of the machine
    free: int  #: bytes that nobody uses
    host_free: int  #: bytes of the machine that nobody uses, for parts that wait outside
    bf16: bool  #: it computes in bfloat16; without, a model that was trained so gives black pictures or none
    fp8: bool  #: it can keep weights in 8 bits

    @property
    def is_gpu(self) -> bool:
        return self.kind != "cpu"


def named_by_driver(folder: Path = DRIVER) -> str:
    """What the driver calls the GPUs of this machine, without torch; "" if there are none, or of several kinds."""
    names: set[str] = set()
    for file in folder.glob("*/information"):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # it went away, or is not for us to read
            return ""
        names.update(line.partition(":")[2].strip() for line in lines if line.startswith("Model:"))
    return names.pop() if len(names) == 1 else ""
