"""What this machine has to offer a model."""

from __future__ import annotations

from dataclasses import dataclass


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
