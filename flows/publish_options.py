"""What a pipeline may say of a target that it publishes to: which account, when, how often."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError

from flows.schedule_options import Zone, as_text
from tasks.options import Options
from tasks.publishing.calendar import Rules

#: Names of pipelines and targets: they become parts of file names, deployments and URLs.
NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"

_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_BETWEEN, _SPACING = re.compile(f"^({_TIME})-({_TIME})$"), re.compile(r"^([1-9][0-9]{0,3})(s|m|h)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _known_window(text: str) -> str:
    if _BETWEEN.fullmatch(text) is None or text[:5] == text[6:]:
        raise PydanticCustomError(
            "window",
            "this does not say from when to when",
            {"allowed": "two times of day, such as 18:00-22:00", "suggestion": _nearest_window(text)},
        )
    return text


def _nearest_window(text: str) -> str:
    """The same times as they are to be written, if that is what they are."""
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?h?\W+(\d{1,2})(?:[:.](\d{2}))?h?", text.strip())
    if found is None:
        return ""
    times = [f"{int(hour) % 24:02}:{minute or '00'}" for hour, minute in (found.group(1, 2), found.group(3, 4))]
    meant = "-".join(times)
    return meant if _BETWEEN.fullmatch(meant) and times[0] != times[1] and int(found[1]) < 24 >= int(found[3]) else ""


def _known_spacing(text: str) -> str:
    if _SPACING.fullmatch(text) is None:
        found = re.fullmatch(r"0*([1-9]\d{0,3}) *([smh])[a-z]*", text.strip().lower())
        raise PydanticCustomError(
            "spacing",
            "this is not a length of time",
            {
                "allowed": "a whole number and s, m or h, such as 20m",
                "suggestion": f"{found[1]}{found[2]}" if found else "",
            },
        )
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_NAME_SCHEMA = {"type": "string", "pattern": NAME}
_NAMES_SCHEMA = {"anyOf": [_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA, "minItems": 1}]}
Names = Annotated[
    tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1, strict=False), WithJsonSchema(_NAMES_SCHEMA)
]


#: Two times of day between which something may happen.
Window = Annotated[str, AfterValidator(_known_window), Field(json_schema_extra={"pattern": _BETWEEN.pattern})]


class PublishOptions(Options):
    """One target that a pipeline publishes to, and when."""

    to: Names
    """The name of a target in `targets:`. With several, each video goes to one of them: the one that is free first."""

    profile: str | None = None
    """The rendition that it gets. Empty: the one that suits the target best, or all if it takes any."""

    between: Window | None = None
    """Times of day between which it posts: `18:00-22:00`, or `22:00-02:00` over midnight. In the zone of `timezone`."""

    spacing: (
        Annotated[
            str,
            BeforeValidator(as_text),
            AfterValidator(_known_spacing),
            Field(json_schema_extra={"pattern": _SPACING.pattern}),
        ]
        | None
    ) = None
    """The least time between two posts to the account: `20m`."""

    per_day: Annotated[int, Field(ge=1, le=1000)] | None = None
    """At most so many posts to the account on a day, from midnight to midnight in that zone."""

    days: Annotated[int, Field(ge=1, le=60)] = 1
    """How many days a run's posts may be spread over. What does not fit is not made."""

    timezone: Zone | None = None
    """The zone of days and times. Empty: the pipeline's."""

    allow_repost: bool = False
    """Post again what the account has had already."""

    def rules(self, zone: ZoneInfo) -> Rules:
        """When it posts. `zone`: the pipeline's."""
        own = ZoneInfo(self.timezone) if self.timezone else zone
        return _rules(own, self.between or "", self.spacing or "", self.per_day, self.days)


@lru_cache(maxsize=256)  # a plan of thousands of videos asks for each of their posts
def _rules(zone: ZoneInfo, between: str, spacing: str, per_day: int | None, days: int) -> Rules:
    window = None
    if between:
        first, last = between.split("-")
        window = (dt.time.fromisoformat(first), dt.time.fromisoformat(last))
    apart = _SPACING.fullmatch(spacing)
    length = dt.timedelta(seconds=int(apart[1]) * _SECONDS[apart[2]]) if apart else dt.timedelta(0)
    return Rules(zone, window, length, per_day, days)


def _named(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


class _Named:
    """Has the schema say that a name alone will do."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [_NAME_SCHEMA, handler(schema)]}


Publish = Annotated[PublishOptions, BeforeValidator(_named), _Named()]
