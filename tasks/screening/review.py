"""When a person looks: what a pipeline says under `screen: {review: …}`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, StringConstraints

from reelmill.content import fingerprint
from tasks.options import Options

#: Why a person looks at a video that had passed: a reason of its verdict.
SAMPLED = "it passes, and is one of those that a person looks at all the same"

#: A deadline that is none.
NEVER = "never"
_UNITS = {"m": 60, "h": 3600, "d": 86400}


class ReviewOptions(Options):
    """How long videos wait for a person, and how many that pass are looked at all the same."""

    deadline: Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,3}[mhd]|never)$")] = "7d"
    """A video that nobody has decided about in this time is rejected: `24h`. `never`: it waits for ever."""

    sample: Annotated[float, Field(ge=0, le=1)] = 0.02
    """The share of videos that pass which a person looks at before they go out, so that one learns what detectors miss.
    Previews, which are no product, are not among them."""

    @property
    def waits(self) -> dt.timedelta | None:
        """How long a video waits at most; None: for ever."""
        if self.deadline == NEVER:
            return None
        return dt.timedelta(seconds=int(self.deadline[:-1]) * _UNITS[self.deadline[-1]])

    def samples(self, master_sha256: str) -> bool:
        """Whether a master that passes is looked at. The same one always is, or never."""
        return int(fingerprint(["sample", master_sha256])[:8], 16) < self.sample * 2**32
