"""A model's folder: what lies in it, whether it is what it should be, and which revision it is. Loads nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from reelmill.errors import EngineError
from wan_engine.wan.profiles import Profile
from wan_engine.wan.safetensors_file import header

#: The parts that every model has, each a folder of its own (diffusers' layout).
PARTS = ("tokenizer", "text_encoder", "transformer", "vae")
WEIGHTED = PARTS[1:]
#: Written by `reelmill engine fetch`: where the files are from, and their hashes.
MANIFEST = "reelmill.json"
#: Digits of a commit or a hash that name a revision.
DIGITS = 12


class Weights:
    """The folder of a model.

    Raises
    ------
    EngineError
        If it is not there, not whole, not in safetensors, or another model's; the instruction says what to do.
    """

    def __init__(self, folder: Path, profile: Profile) -> None:
        self.folder, self.profile = folder, profile
        again = f"fetch it with `reelmill engine fetch {profile.name}`, or name another folder"
        if not (folder / "model_index.json").is_file():
            raise EngineError(f"there is no {profile.title} in {folder}", again)
        for part in PARTS:
            if not (folder / part).is_dir():
                raise EngineError(f"{folder} has no {part}", again)
        for part in WEIGHTED:
            if not self._files(part):
                raise EngineError(
                    f"{folder / part} has no weights in safetensors",
                    f"{again}; other formats run code when read",
                )
            for name in self._listed(part):
                if not (folder / part / name).is_file():
                    raise EngineError(f"{folder / part} lacks {name}", again)
        for part, expected in profile.architecture.configuration.items():
            self._compare(part, expected)

    def configuration(self, part: str) -> Mapping[str, Any]:
        """The configuration of a part."""
        return _json(self.folder / part / "config.json")

    @cached_property
    def revision(self) -> str:
        """A short name of exactly these weights: the commit that they were fetched at, or a hash of what they are.

        The hash is over configurations, the names, shapes and places of all tensors, and the last numbers of each file:
        it notices another model, another precision and a half-finished download in a second, where 24 GB take a minute.
        """
        manifest = self.folder / MANIFEST
        if manifest.is_file():
            return str(_json(manifest)["revision"])[:DIGITS]
        digest = hashlib.sha256()
        for part in WEIGHTED:
            digest.update(json.dumps(self.configuration(part), sort_keys=True).encode())
            for file in self._files(part):
                digest.update(_outline(file))
        return digest.hexdigest()[:DIGITS]

    def bytes_of(self, part: str) -> int:
        """How large the files of a part are."""
        return sum(file.stat().st_size for file in self._files(part))

    def _files(self, part: str) -> list[Path]:
        return sorted((self.folder / part).glob("*.safetensors"))

    def _listed(self, part: str) -> set[str]:
        """The files that the index of a part names, if it is in several."""
        return {
            str(name)
            for index in (self.folder / part).glob("*.safetensors.index.json")
            for name in dict(_json(index).get("weight_map", {})).values()
        }

    def _compare(self, part: str, expected: Mapping[str, Any]) -> None:
        found = self.configuration(part)
        for key, value in expected.items():
            if found.get(key) != value:
                raise EngineError(
                    f"{self.folder} is no {self.profile.title}: its {part} has {key} {found.get(key)!r}, not {value!r}",
                    f"name the folder of {self.profile.repository}, or the model that this one is",
                )


def _json(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{file} cannot be read: {error}", "fetch the model again") from None
    if not isinstance(found, dict):
        raise EngineError(f"{file} is no configuration", "fetch the model again")
    return found


def _outline(file: Path) -> bytes:
    """The header of a safetensors file, and its last kilobyte."""
    head = header(file)
    with file.open("rb") as stream:
        stream.seek(max(8 + len(head), file.stat().st_size - 1024))
        return head + stream.read()
