"""What a safetensors file says of itself, without a number of it being read.

https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from reelmill.errors import EngineError

#: A header that is longer is none, in bytes.
LONGEST_HEADER = 100 << 20


def header(file: Path) -> bytes:
    """The header, as it stands there.

    Raises
    ------
    EngineError
        If the file is no safetensors, or only the beginning of one.
    """
    try:
        with file.open("rb") as stream:
            size = file.stat().st_size
            (length,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\0"))
            if 0 < length <= min(size, LONGEST_HEADER):
                return stream.read(length)
    except OSError as error:
        raise EngineError(f"{file} cannot be read: {error.strerror}", "fetch it again") from None
    raise EngineError(f"{file} is no safetensors file, or only a part of one", "fetch it again")


def shapes(file: Path) -> Mapping[str, tuple[int, ...]]:
    """The shape of each tensor, by name. Errors are those of `header`."""
    try:
        told = json.loads(header(file))
        return {name: tuple(one["shape"]) for name, one in told.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EngineError(f"{file} is no safetensors file", "fetch it again") from None
