"""What happens when memory runs out: a lighter way for that stage, and nothing of the others is made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from reelmill.errors import EngineError
from wan_engine.wan.plan import Plan, Stage

Result = TypeVar("Result")

#: How torch's CPU allocator says the same: it has no exception of its own.
_HOST_FULL = "DefaultCPUAllocator"


@dataclass
class Ladder:
    """The plan of a shot, and how it came to it.

    Parameters
    ----------
    plan:
        The first one that is tried.
    give_back:
        Called after each failure, when nothing of the attempt is held any more.
    too_small:
        What to tell when the last rung of a stage was not enough: what would fit here.
    """

    plan: Plan
    give_back: Callable[[], None]
    too_small: Callable[[], str]
    history: list[str] = field(default_factory=list)  #: one line for each rung that was taken

    def climb(self, stage: Stage, attempt: Callable[[Plan], Result]) -> Result:
        """The outcome of the attempt under the first plan that has room for it.

        Raises
        ------
        EngineError
            If no plan has.
        """
        while True:
            found, full = self._try(attempt)
            if full is None:
                return found  # type: ignore[return-value]  # there is an outcome where there is no failure
            # Here the failed attempt is gone, its frames and tensors too: that is why it was not handled in `except`.
            lighter = self.plan.lighter(stage)
            self.give_back()
            if lighter is None:
                raise EngineError(f"there is too little memory to {stage}: {full}", self.too_small())
            self.history.append(f"{stage}: {self.plan} was too much ({full}); on with {lighter}")
            self.plan = lighter

    def _try(self, attempt: Callable[[Plan], Result]) -> tuple[Result | None, str | None]:
        try:
            return attempt(self.plan), None
        except torch.OutOfMemoryError as error:
            return None, _first_line(error)
        except RuntimeError as error:
            if _HOST_FULL not in str(error):
                raise
            return None, _first_line(error)


def _first_line(error: RuntimeError) -> str:
    return str(error).strip().splitlines()[0].split(". GPU")[0]
