"""LoRA adapters: small files that change what a model draws. Each is looked at before it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reelmill.errors import EngineError
from reelmill.files import sha256_of
from wan_engine.wan.naming import Adapter
from wan_engine.wan.safetensors_file import shapes
from wan_engine.wan.weights import DIGITS

#: Where they lie, beside the models.
FOLDER = "loras"
SUFFIX = ".safetensors"

_BLOCK = re.compile(r"blocks[._](\d+)[._]")
#: What the two halves of an adapted weight are called: by peft, by kohya's scripts and their like.
_IN, _OUT = ("lora_A", "lora_down"), ("lora_B", "lora_up")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The adapters that lie on this machine."""

    folder: Path

    def find(self, wanted: Iterable[Adapter]) -> tuple[Adapter, ...]:
        """The same adapters, each with the revision of its file, in one order.

        Raises
        ------
        EngineError
            If one is not here, or is another one than the shot was planned for.
        """
        found = []
        for one in sorted(wanted, key=lambda adapter: adapter.name):
            revision = sha256_of(self.path(one))[:DIGITS]
            if one.revision not in {"", revision}:
                raise EngineError(
                    f"the adapter {one.name} here is {revision}, not {one.revision}",
                    f"put the file that the shot was planned with into {self.folder}, or plan it anew",
                )
            found.append(replace(one, revision=revision))
        return tuple(found)

    def path(self, adapter: Adapter) -> Path:
        """The file of an adapter.

        Raises
        ------
        EngineError
            If it is not here.
        """
        file = self.folder / f"{adapter.name}{SUFFIX}"
        if not file.is_file():
            here = ", ".join(sorted(one.stem for one in self.folder.glob(f"*{SUFFIX}"))) or "none"
            raise EngineError(f"there is no adapter {adapter.name!r}", f"put {file} there; there are: {here}")
        return file


def check(file: Path, transformer: Mapping[str, Any]) -> None:
    """See whether an adapter is one for this transformer, by its header alone.

    Parameters
    ----------
    transformer:
        The transformer's configuration.

    Raises
    ------
    EngineError
        If it has other blocks or other widths, or adapts nothing: those of Wan's 14B models are often mistaken for it.
    """
    layers, width = int(transformer["num_layers"]), _width(transformer)
    fits = {width, int(transformer["ffn_dim"])}
    found = shapes(file)
    blocks = {int(match[1]) for name in found if (match := _BLOCK.search(name))}
    if not blocks or not any(part in name for name in found for part in (*_IN, *_OUT)):
        raise EngineError(f"{file.name} is no LoRA for a Wan model", "use one that was trained on this model")
    if max(blocks) >= layers:
        raise EngineError(
            f"{file.name} adapts {max(blocks) + 1} blocks, and this model has {layers}",
            "use one that was trained on this model",
        )
    for name, shape in found.items():
        if not _BLOCK.search(name) or len(shape) != 2:
            continue
        side = shape[1] if any(part in name for part in _IN) else shape[0] if any(part in name for part in _OUT) else 0
        if side and side not in fits:
            raise EngineError(
                f"{file.name} is for a model {side} channels wide, and this one is {width}",
                "use one that was trained on this model",
            )


def _width(transformer: Mapping[str, Any]) -> int:
    return int(transformer["num_attention_heads"]) * int(transformer["attention_head_dim"])
