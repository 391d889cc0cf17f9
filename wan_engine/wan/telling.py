"""How far a shot is, in the time that it will take and not in steps; and where it stops if it is cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from wan_engine.base import CancelToken, Progress
from wan_engine.wan import cost
from wan_engine.wan.profiles import Profile
from wan_engine.wan.take import Take

#: Steps that progress is told in.
TOLD = 1000
#: Blocks that the GPU may be behind what was asked of it. It computes long after it is told to; with no limit, a cancel
#: would be heard at once and still wait for most of a pass, which is 5 s on a card of 2022 at 720p.
BEHIND = 2


class Telling:
    """Tells of one shot."""

    def __init__(
        self, shot_id: str, take: Take, profile: Profile, steps: int, guidance: float, progress: Progress,
        token: CancelToken,
    ) -> None:  # fmt: skip
        self._shot_id, self._progress, self._token = shot_id, progress, token
        passes = cost.denoising(profile, take.width, take.height, take.frames, steps=steps, guidance=guidance)
        decoding = cost.decoding(take.width, take.height, take.frames)
        self._share = passes / (passes + decoding)
        self._passes = steps * (2 if guidance > 1 else 1)
        self._done, self._decoded, self._to_decode = 0, 0, 1
        self._began = time.perf_counter()
        self.seconds: dict[str, float] = {}  #: by stage

    def stage(self, name: str) -> None:
        """A stage is through."""
        now = time.perf_counter()
        self.seconds[name], self._began = round(self.seconds.get(name, 0) + now - self._began, 3), now

    @contextmanager
    def denoising(self, transformer: Any, *, compiled: bool) -> Iterator[None]:
        """Listen to the blocks of the transformer meanwhile. A compiled one is heard between its passes only."""
        blocks = len(transformer.blocks)
        pulse = Pulse(lambda done: self._tell(self._share * min(done / (self._passes * blocks), 1)), self._token)
        hooks = [] if compiled else [block.register_forward_pre_hook(pulse.beat) for block in transformer.blocks]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def denoised(self, done: int, total: int) -> None:
        """So many steps are made."""
        self._tell(self._share * done / total)

    def decoding(self, pieces: int) -> None:
        """Decoding begins, or begins anew, and has so many pieces."""
        self._decoded, self._to_decode = 0, pieces

    def decoded(self) -> None:
        """One more piece is decoded."""
        self._decoded += 1
        self._tell(self._share + (1 - self._share) * self._decoded / self._to_decode)

    def check(self) -> None:
        """Raise `Interrupted` if the work shall stop."""
        self._token.check()

    def _tell(self, part: float) -> None:
        self._token.check()
        done = min(TOLD - 1, int(TOLD * part))
        if done > self._done:  # a rung or another seed begins anew; what was told is not taken back
            self._done = done
            self._progress(self._shot_id, done, TOLD)


class Pulse:
    """Is felt with each block of a transformer."""

    def __init__(self, felt: Callable[[int], None], token: CancelToken) -> None:
        self._felt, self._token = felt, token
        self._asked: list[torch.cuda.Event] = []
        self.blocks = 0

    def beat(self, block: Any, _arguments: Any) -> None:
        """A block begins.

        Raises
        ------
        Interrupted
            If the work shall stop.
        """
        self._token.check()
        if next(block.parameters()).is_cuda:
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch's own
            event.record()
            self._asked.append(event)
            if len(self._asked) > BEHIND:
                self._asked.pop(0).synchronize()
        self._felt(self.blocks)
        self.blocks += 1
