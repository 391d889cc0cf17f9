"""The job that the engine has in hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from wan_engine.base import CancelToken
from wan_engine.server.job import Job


@dataclass(slots=True)
class Current:
    """The job in the making."""

    job: Job
    token: CancelToken = field(default_factory=CancelToken)
    percent: int = 0

    def listen(self, shot_id: str, done: int, total: int) -> None:
        """A `Progress`. 100 is told only when the film is in its place."""
        self.percent = max(self.percent, min(99, done * 100 // max(total, 1)))
