"""What all pipelines together may use up in a time: the keys of `budget:`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from flows.schedule_options import Zone
from reelmill.amount import Limit
from tasks.options import Options

_MONEY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,2})?) ([A-Z]{3})")


def _known_money(text: str) -> str:
    if _MONEY.fullmatch(text) is None:
        raise PydanticCustomError(
            "money", "this is not an amount of money", {"allowed": "a number and a currency, such as `20 USD`"}
        )
    return text


class BudgetOptions(Options):
    """What all pipelines of the file together may use up. What does not fit is left out, and told."""

    videos: Annotated[int, Field(ge=1)] | None = None
    """The most videos."""

    gpu_minutes: Annotated[float, Field(gt=0)] | None = None
    """The most minutes of GPU, forecast before a video is made and counted once it is."""

    spend: Annotated[str, AfterValidator(_known_money)] | None = None
    """The most money for GPUs, such as `20 USD`. What an hour costs is the setting REELMILL_GPU_PRICE."""

    per: Literal["day", "week", "month"] = "day"
    """In how long. A week begins on Monday."""

    timezone: Zone = "UTC"
    """The zone in which a day begins."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.videos is None and self.gpu_minutes is None and self.spend is None:
            raise PydanticCustomError(
                "no_limit", "it limits nothing", {"allowed": "at least one of `videos`, `gpu_minutes`, `spend`"}
            )
        return self

    @property
    def currency(self) -> str | None:
        return None if self.spend is None else self.spend.split()[1]

    @property
    def limit(self) -> Limit:
        return Limit(
            self.videos,
            None if self.gpu_minutes is None else self.gpu_minutes * 60,
            None if self.spend is None else float(self.spend.split()[0]),
        )

    def period(self, at: dt.datetime) -> str:
        """The name of the day, week or month that a moment lies in: `2026-11-29`, `2026-W48`, `2026-11`."""
        day = at.astimezone(ZoneInfo(self.timezone)).date()
        if self.per == "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        return day.isoformat() if self.per == "day" else f"{day:%Y-%m}"

    def ends(self, at: dt.datetime) -> dt.datetime:
        """When that time is over."""
        zone = ZoneInfo(self.timezone)
        day = at.astimezone(zone).date()
        after = {
            "day": day + dt.timedelta(days=1),
            "week": day + dt.timedelta(days=7 - day.weekday()),
            "month": (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1),
        }[self.per]
        return dt.datetime.combine(after, dt.time(), zone)
