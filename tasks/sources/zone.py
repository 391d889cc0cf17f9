"""The name of a time zone, as an option."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from tasks.registry import suggest


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        near = suggest(name, available_timezones())
        raise ValueError(f"{name!r} is not a time zone" + (f"; did you mean {near!r}?" if near else ""))
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
