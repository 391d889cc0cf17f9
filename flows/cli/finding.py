"""One thing that `reelmill doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do."""

    what: str
    state: Literal["ok", "warning", "missing"]
    found: str
    instruction: str = ""
