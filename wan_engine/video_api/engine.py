"""The engine that has its shots rendered by a resident server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, ReelmillError
from wan_engine.base import CancelToken, Engine, Failure, Progress, no_progress
from wan_engine.video_api.address import Address
from wan_engine.video_api.catalogue import ask, model_of
from wan_engine.video_api.orders import NAME, Orders
from wan_engine.video_api.protocol import check_order, name_of
from wan_engine.wan.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from wan_engine.video_api.client import Tempo


class VideoApiEngine(Engine):
    """Renders on the server that `REELMILL_VIDEO_API_URL` names: SGLang Diffusion, vLLM-Omni, or one like them.

    Several shots are ordered at the same time and the server queues them; outcomes come in the order in which they
    are done. What was ordered is remembered beside `folder`, so a process that was killed and started again goes on
    with the jobs that are there. A cancel deletes them.

    Parameters
    ----------
    address:
        The server. None: the one of the settings.
    tempo:
        How patient it is. None: as a run that nobody watches should be.
    """

    name = "video_api"

    def __init__(self, address: Address | None = None, tempo: Tempo | None = None) -> None:
        self._given, self._tempo = address, tempo

    @classmethod
    def drawing(cls, model: str = "") -> Self:
        return cls(replace(Address.configured(), model=model)) if model else cls()

    @property
    def model(self) -> str:
        """What the settings say the server draws with, else what it says itself, asked once a process.

        Raises
        ------
        EngineError, UseError
            If no server is configured, or not well.
        ServerUnavailable, TransientError
            If it has to be asked and does not answer.
        """
        return model_of(self._address)

    @property
    def recommended_steps(self) -> int:
        return self._profile.steps

    @property
    def recommended_guidance(self) -> float:
        return self._profile.guidance

    @property
    def _profile(self) -> Profile:
        """What is known of the model, if its name is one that we know; else what Wan2.2-TI2V-5B was made for."""
        return PROFILES.get(name_of(self.model), next(iter(PROFILES.values())))

    def unavailable(self) -> str | None:
        try:
            ask(self._address)
        except ReelmillError as error:
            return str(error)
        return None

    def check(self, shot: Shot) -> None:
        check_order(shot)
        if shot.model != self.model:
            raise EngineError(
                f"the video server draws with {self.model}, not {shot.model}", f"plan the shot anew for {self.model}"
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
        from wan_engine.video_api.client import Tempo
        from wan_engine.video_api.rendering import Rendering

        token = cancel or CancelToken()
        token.check()
        address = self._address.required()
        wanted = list(dict.fromkeys(shots))
        orders = Orders(folder.parent / NAME, address.url)
        with Rendering(address, self._tempo or Tempo(), wanted, folder, orders, images, progress) as rendering:
            for _ in wanted:
                outcome = rendering.next(token)
                yield outcome
                rendering.taken(outcome)

    @cached_property
    def _address(self) -> Address:
        return self._given or Address.configured()
