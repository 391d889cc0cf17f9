"""How a shot is executed here: where each part of the model is in each stage, and what comes next if that is too much.

Rungs change execution, never what was asked for: neither size, nor frames, nor steps, nor the seed. All but the last of
denoising leave the numbers alone as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from wan_engine.wan.device import Device


class Stage(StrEnum):
    """What can run out of memory, each on its own."""

    ENCODE = "encode"
    DENOISE = "denoise"
    DECODE = "decode"


class Encoding(StrEnum):
    """Where the text encoder works."""

    RESIDENT = "resident"  #: on the GPU, and stays there
    VISIT = "visit"  #: on the GPU while prompts are encoded, alone
    HOST = "host"  #: on the CPU


class Denoising(StrEnum):
    """Where the transformer works."""

    RESIDENT = "resident"  #: on the GPU, and stays there
    ALONE = "alone"  #: on the GPU, and nothing else
    GROUP = "group"  #: its blocks come one after the other, each while the one before computes
    FP8 = "fp8"  #: alone, its weights kept in 8 bits: the one rung that changes numbers a little


class Decoding(StrEnum):
    """In what pieces the VAE decodes. Tiles overlap by a quarter and are blended."""

    WHOLE = "whole"
    TILE_512 = "tile-512"
    TILE_384 = "tile-384"
    TILE_256 = "tile-256"
    ALONE = "alone"  #: in tiles of 256, with nothing else on the GPU
    HOST = "host"  #: on the CPU, in tiles of 256

    @property
    def tile(self) -> int | None:
        """The side of a tile in pixels; None: the picture is decoded whole."""
        return {"whole": None, "tile-512": 512, "tile-384": 384}.get(self.value, 256)


Rung = TypeVar("Rung", Encoding, Denoising, Decoding)


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to execute."""

    encoding: Encoding
    denoising: Denoising
    decoding: Decoding

    def __str__(self) -> str:
        return f"encode {self.encoding} · denoise {self.denoising} · decode {self.decoding}"

    def lighter(self, stage: Stage) -> Plan | None:
        """The next rung of a stage that ran out of memory; None if there is none."""
        if stage is Stage.ENCODE:
            encoding = _after(self.encoding)
            return replace(self, encoding=encoding) if encoding else None
        if stage is Stage.DECODE:
            decoding = _after(self.decoding)
            return replace(self, decoding=decoding) if decoding else None
        denoising = _after(self.denoising)
        if denoising is None:
            return None
        # Whoever has no room for the rest of the transformer has none for the text encoder beside it.
        encoding = Encoding.VISIT if self.encoding is Encoding.RESIDENT else self.encoding
        return replace(self, encoding=encoding, denoising=denoising)


def _after(rung: Rung) -> Rung | None:
    rungs = list(type(rung))
    place = rungs.index(rung) + 1
    return rungs[place] if place < len(rungs) else None


def plans(device: Device) -> Iterator[Plan]:
    """Every plan that makes sense on a device, the fastest first."""
    if not device.is_gpu:
        yield Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)
        yield Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.TILE_256)
        return
    for decoding in (Decoding.WHOLE, Decoding.TILE_512, Decoding.TILE_384):
        yield Plan(Encoding.RESIDENT, Denoising.RESIDENT, decoding)
    for decoding in (Decoding.WHOLE, Decoding.TILE_512, Decoding.TILE_384, Decoding.TILE_256):
        yield Plan(Encoding.VISIT, Denoising.RESIDENT, decoding)
    for encoding in (Encoding.VISIT, Encoding.HOST):
        yield Plan(encoding, Denoising.RESIDENT, Decoding.ALONE)
        yield Plan(encoding, Denoising.ALONE, Decoding.ALONE)
        yield Plan(encoding, Denoising.GROUP, Decoding.ALONE)
        if device.fp8:
            yield Plan(encoding, Denoising.FP8, Decoding.ALONE)
