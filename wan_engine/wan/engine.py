"""The engine `wan`: shots in, clips of the real model out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted, MediaError, ReelmillError
from reelmill.settings import Settings
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress
from wan_engine.wan.device import Device
from wan_engine.wan.legality import check
from wan_engine.wan.naming import ModelName
from wan_engine.wan.profiles import PROFILES, Profile, profile_named
from wan_engine.wan.weights import Weights

if TYPE_CHECKING:
    from wan_engine.wan.studio import Studio

#: What the extra `wan` brings.
PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "ftfy")
#: Where the drivers of NVIDIA, of AMD and of WSL show that there is a GPU.
GPUS = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))


class WanEngine(Engine):
    """Renders with a Wan model. The model is loaded with the first shot and stays until `close`.

    Parameters
    ----------
    profile:
        The model.
    folder:
        Where it lies.
    embeddings:
        Where embeddings of prompts are kept between processes. None: they are not.
    device:
        What it renders on. None: the GPU of this machine.
    """

    name = "wan"

    def __init__(
        self, profile: Profile, folder: Path, *, embeddings: Path | None = None, device: Device | None = None
    ) -> None:
        self.profile, self._folder, self._embeddings = profile, folder, embeddings
        self._device = device
        self._studio: Studio | None = None

    @classmethod
    def drawing(cls, model: str = "") -> Self:
        settings = Settings()
        drawn = ModelName.parse(model or settings.wan_model)
        profile = profile_named(drawn.model or next(iter(PROFILES)))
        return cls(profile, settings.models_folder / profile.name, embeddings=settings.folder / "embeddings")

    @property
    def recommended_steps(self) -> int:
        return self.profile.steps

    @property
    def recommended_guidance(self) -> float:
        return self.profile.guidance

    @property
    def model(self) -> str:
        """The profile and the revision of its weights.

        Raises
        ------
        EngineError
            If they are not there.
        """
        return f"{self.profile.name}@{self._weights.revision}"

    def unavailable(self) -> str | None:
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            return f"{', '.join(missing)} are not installed: pip install 'reelmill[wan]'"
        if self._device is None and not any(sign.exists() for sign in GPUS):
            return "there is no GPU here"
        try:
            _ = self._weights
        except EngineError as error:
            return str(error)
        return None

    def check(self, shot: Shot) -> None:
        check(self.profile, shot)
        if shot.model != self.model:
            raise EngineError(
                f"this engine draws with {self.model}, not {shot.model}", f"plan the shot anew for {self.model}"
            )

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
        for shot in sorted(shots, key=_alike):
            token.check()
            outcome: Clip | Failure
            try:
                outcome = self._film(shot, folder, images, progress, token)
            except Interrupted:
                raise
            except ReelmillError as error:
                outcome = Failure(shot.id, error)
            yield outcome

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
        progress(shot.id, 1000, 1000)
        return replace(clip, path=path)

    def _loaded(self) -> Studio:
        if self._studio is None:
            import torch

            from wan_engine.wan.probing import probe
            from wan_engine.wan.prompts import Embeddings
            from wan_engine.wan.studio import Studio

            device = self._device or probe()
            precision = torch.bfloat16 if device.is_gpu else torch.float32
            encoder = f"{self.model}|{precision}"
            self._studio = Studio(self._weights, device, Embeddings(encoder, self._embeddings), precision=precision)
        return self._studio

    @cached_property
    def _weights(self) -> Weights:
        return Weights(self._folder, self.profile)


def _alike(shot: Shot) -> tuple[int, int, int, bool]:
    """Shots of one shape come one after the other: what is compiled and planned for it is used again."""
    return shot.width, shot.height, shot.frames, shot.image is not None
