"""The YouTube Analytics API, "Reports: query": for how long people watched one video, over all days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sandbox.audience import Audience
from sandbox.request import Request
from sandbox.youtube.errors import refused

METRIC = "estimatedMinutesWatched"


def video_asked(request: Request) -> str:
    """The id of the video that a report is asked about."""
    wanted = {"ids": "channel==MINE", "metrics": METRIC}
    if any(request.query.get(name) != value for name, value in wanted.items()):
        raise refused("badRequest", "The query is not supported.")
    if not all(_is_date(request.query.get(name, "")) for name in ("startDate", "endDate")):
        raise refused("badRequest", "Invalid value for a date.")
    return request.query.get("filters", "").removeprefix("video==")


def result_table(identity: str = "", age: float = -1.0) -> dict[str, Any]:
    """The answer; it has no row for a video that nobody could see yet.

    Parameters
    ----------
    age:
        Seconds since people can see it.
    """
    audience = Audience.of(identity, age)
    return {
        "kind": "youtubeAnalytics#resultTable",
        "columnHeaders": [{"name": METRIC, "columnType": "METRIC", "dataType": "INTEGER"}],
        "rows": [[int(audience.views * audience.watched / 60)]] if age >= 0 else [],
    }


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
