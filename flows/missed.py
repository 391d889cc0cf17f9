"""The days on which a pipeline should have run and did not: a calendar may make up for them."""

from __future__ import annotations

import datetime as dt

from records.ledger import Ledger
from tasks.sources.base import Occasion

#: How far back days are looked for.
MOST_DAYS = 31


def missed(ledger: Ledger, pipeline: str, about: Occasion) -> tuple[dt.date, ...]:
    """Days without a run between the pipeline's earlier runs and an occasion, oldest first. An event misses none."""
    if about.event is not None:
        return ()
    ran = ledger.runs.dates(pipeline, about.date - dt.timedelta(days=MOST_DAYS), about.date)
    if not ran:
        return ()
    days = (about.date - min(ran)).days
    between = (min(ran) + dt.timedelta(days=number) for number in range(days))
    return tuple(day for day in between if day not in ran)
