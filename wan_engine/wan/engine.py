"""The engine `wan`: shots in, clips of the real model out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, MediaError
from reelmill.settings import Settings
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress, one_by_one
from wan_engine.wan.adapters import FOLDER, Shelf
from wan_engine.wan.device import Device, named_by_driver
from wan_engine.wan.legality import check
from wan_engine.wan.naming import Adapter, ModelName
from wan_engine.wan.profiles import PROFILES, Profile, profile_named
from wan_engine.wan.telling import TOLD
from wan_engine.wan.weights import DIGITS, PARTS, Weights

if TYPE_CHECKING:
    from wan_engine.wan.studio import Studio

#: What the extra `wan` brings.
PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors", "ftfy")
#: Where the drivers of NVIDIA, of AMD and of WSL show that there is a GPU.
GPUS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))
#: A model whose files are larger would take hours for a clip on a CPU, in bytes.
LARGEST_ON_CPU = 1 << 30


@dataclass(frozen=True, slots=True)
class Premises:
    """Where things are, and how the operator wants them done."""

    models: Path  #: a folder for each model, and one for the adapters
    kept: Path  #: where what was computed once is kept: embeddings of prompts, proofs of the fast way
    attention: str = "native"
    compiles: bool = True
    picky: bool = True

    @classmethod
    def configured(cls) -> Self:
        """Those of this machine's settings."""
        settings = Settings()
        return cls(
            settings.models_folder,
            settings.folder / "engine",
            settings.wan_attention,
            settings.wan_compile == "auto",
            settings.wan_quality == "retry",
        )


class WanEngine(Engine):
    """Renders with a Wan model. The model is loaded with the first shot and stays until `close`.

    Parameters
    ----------
    drawn:
        The model, and what is put on it. Its revision matters only where the model is not.
    device:
        What it renders on. None: the GPU of this machine.
    """

    name = "wan"

    def __init__(self, drawn: ModelName, premises: Premises, *, device: Device | None = None) -> None:
        self.profile: Profile = profile_named(drawn.model)
        self._drawn, self._premises, self._device = drawn, premises, device
        self._studio: Studio | None = None

    @classmethod
    def drawing(cls, model: str = "") -> Self:
        drawn, usual = ModelName.parse(model), ModelName.parse(Settings().wan_model)
        if not drawn.model:
            drawn = replace(drawn, model=usual.model or next(iter(PROFILES)))
        if drawn.model == usual.model and not drawn.revision:
            drawn = replace(drawn, revision=usual.revision)
        return cls(drawn, Premises.configured())

    @property
    def recommended_steps(self) -> int:
        return self.profile.steps

    @property
    def recommended_guidance(self) -> float:
        return self.profile.guidance

    @property
    def model(self) -> str:
        """The profile and the revision of its weights, with adapters and tier.

        Where the weights are not, as on a machine that only plans, the revision is the one that was asked for, or that
        `reelmill engine fetch` would fetch.

        Raises
        ------
        EngineError
            If the weights are not here and nobody said which they are, or if an adapter is not here.
        """
        return str(replace(self._drawn, revision=self._revision, adapters=self._adapters))

    @property
    def device(self) -> str:
        return self._device.name if self._device is not None else named_by_driver()

    def unavailable(self) -> str | None:
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            return f"{', '.join(missing)} are not installed: pip install 'reelmill[wan]'"
        try:
            small = sum(self.weights.bytes_of(part) for part in PARTS) <= LARGEST_ON_CPU
        except EngineError as error:
            return str(error)
        if self._device is None and not small and not any(sign.exists() for sign in GPUS):
            return "there is no GPU here"
        return None

    def check(self, shot: Shot) -> None:
        check(self.profile, shot)
        asked = ModelName.parse(shot.model)
        if (asked.model, asked.revision) != (self.profile.name, self._revision):
            here = f"{self.profile.name}@{self._revision}"
            raise EngineError(f"this engine draws with {here}, not {shot.model}", f"plan the shot anew for {here}")
        if asked.adapters:
            self._shelf.find(asked.adapters)

    def generate(
        self,
        shots: Sequence[Shot],
        folder: Path,
        *,
        images: dict[str, Path],
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Iterator[Clip | Failure]:
        token = cancel or CancelToken()
        yield from one_by_one(
            sorted(shots, key=_alike), lambda shot: self._film(shot, folder, images, progress, token), token
        )

    def close(self) -> None:
        if self._studio is not None:
            self._studio.close()
        self._studio = None

    def _film(self, shot: Shot, folder: Path, images: dict[str, Path], progress: Progress, token: CancelToken) -> Clip:
        self.check(shot)
        picture = None
        if shot.image is not None and (picture := images.get(shot.image)) is None:
            raise MediaError(f"the reference image {shot.image[:12]} is not here", "fetch the images of this run again")
        path, unfinished = folder / f"{shot.id}.mp4", folder / f"{shot.id}.part"
        clip = self._loaded().film(shot, unfinished, picture, progress, token)
        unfinished.replace(path)
        progress(shot.id, TOLD, TOLD)
        return replace(clip, path=path)

    def _loaded(self) -> Studio:
        if self._studio is None:
            # Less is lost to gaps between blocks. torch reads it when it is imported.
            os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
            import torch

            from wan_engine.wan.model import Tuning
            from wan_engine.wan.probing import probe
            from wan_engine.wan.prompts import Embeddings
            from wan_engine.wan.proof import Proofs
            from wan_engine.wan.studio import Equipment, Studio

            device, premises = self._device or probe(), self._premises
            precision = torch.bfloat16 if device.is_gpu else torch.float32
            encoder = f"{self.profile.name}@{self._revision}|{precision}"
            equipment = Equipment(
                Embeddings(encoder, premises.kept / "embeddings"),
                self._shelf,
                Proofs(premises.kept / "proofs"),
                Tuning(premises.attention, compiles=premises.compiles and device.is_gpu),
                picky=premises.picky,
            )
            self._studio = Studio(self.weights, device, equipment, precision=precision)
        return self._studio

    @property
    def _revision(self) -> str:
        try:
            return self.weights.revision
        except EngineError:
            if revision := self._drawn.revision or self.profile.revision[:DIGITS]:
                return revision
            raise

    @cached_property
    def _adapters(self) -> tuple[Adapter, ...]:
        return self._shelf.find(self._drawn.adapters)

    @property
    def _shelf(self) -> Shelf:
        return Shelf(self._premises.models / FOLDER)

    @cached_property
    def weights(self) -> Weights:
        """The folder of the model.

        Raises
        ------
        EngineError
            If it is not here, or is no such model.
        """
        return Weights(self._premises.models / self.profile.name, self.profile)


def _alike(shot: Shot) -> tuple[str, int, int, int, int, bool]:
    """Shots of one shape and dress come one after the other: what is put on, compiled and planned is used again."""
    return shot.model, shot.width, shot.height, shot.frames, shot.fps, shot.image is not None
