"""How a pipeline is operated: its pools and queues, how many runs at once, who hears of failures, what is kept."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tasks.options import Options
from tasks.secret import Secret

#: Names of work pools and tags, as Prefect takes them in URLs.
POOL = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$"

_UNITS = {"h": 3600, "d": 86400, "w": 604800}  # seconds
_SIZES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}  # bytes


def _known_age(age: str) -> str:
    if re.fullmatch(r"[1-9][0-9]{0,4}[hdw]", age) is None:
        raise PydanticCustomError(
            "age", "this is not a length of time", {"allowed": "a whole number and h, d or w, such as 30d"}
        )
    return age


def _known_size(size: str) -> str:
    if re.fullmatch(r"[1-9][0-9]{0,5}(MB|GB|TB)", size) is None:
        raise PydanticCustomError(
            "bytes", "this is not an amount of data", {"allowed": "a whole number and MB, GB or TB, such as 200GB"}
        )
    return size


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Age = Annotated[str, BeforeValidator(_as_text), AfterValidator(_known_age)]
Size = Annotated[str, BeforeValidator(_as_text), AfterValidator(_known_size)]


class WorkersOptions(Options):
    """Where the pipeline's work is done."""

    pool: Annotated[str, StringConstraints(pattern=POOL)] = "default"
    """The work pool of its runs."""

    gpu_pool: Annotated[str, StringConstraints(pattern=POOL)] = "gpu"
    """The work pool that renders its shots, where generation is done by a pool."""

    queue: Literal["urgent", "bulk"] | None = None
    """Its place in both pools. Empty: `urgent` for runs that an event starts, `bulk` for the others."""

    job_variables: dict[str, Any] = Field(default_factory=dict)
    """What the pool's workers are told for it, such as `env`, `image` or a memory limit."""


class ConcurrencyOptions(Options):
    """How many runs of the pipeline may go on at the same time."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 1
    """At most this many."""

    collision: Literal["enqueue", "cancel_new"] = "enqueue"
    """What becomes of one more: it waits, or it is cancelled."""


class KeepOptions(Options):
    """How long media files are kept. What an unfinished run or an open review needs is never removed."""

    clips: Age | None = None
    """Clips, after their videos came to their end: `30d`. Empty: for ever."""

    renditions: Age | None = None
    """Renditions, after their videos came to their end: `90d`. Empty: for ever."""

    disk: Size | None = None
    """The most that all media files may take: `200GB`. The oldest go first. Empty: no limit."""

    @property
    def clips_age(self) -> dt.timedelta | None:
        return _length(self.clips)

    @property
    def renditions_age(self) -> dt.timedelta | None:
        return _length(self.renditions)

    @property
    def disk_bytes(self) -> int | None:
        return int(self.disk[:-2]) * _SIZES[self.disk[-2:]] if self.disk else None


class NotifyOptions(Options):
    """Who hears of it when a run fails, or later one of its posts."""

    to: tuple[Secret, ...] = Field((), strict=False)
    """Where to: Apprise URLs (mail, Slack, Feishu, DingTalk, WeCom and a hundred more), each a secret."""

    on: tuple[Literal["failed", "crashed", "in_review"], ...] = Field(("failed", "crashed"), strict=False)
    """What is told: runs that failed, runs whose process died, and videos that wait for a person. With `failed` also,
    once each: posts that failed or may be public or not, and accounts that are paused because of their login."""


def _length(age: str | None) -> dt.timedelta | None:
    return dt.timedelta(seconds=int(age[:-1]) * _UNITS[age[-1]]) if age else None
