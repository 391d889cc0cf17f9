"""How a flow run tells that its process lives, and how long its silence is believed to be no more than that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

#: A flow run tells that it lives this often, in seconds. Prefect takes no less, and its own default is 180.
EVERY = 30
#: So long without a word, and its process is taken to be gone: three heartbeats.
SILENCE = dt.timedelta(seconds=3 * EVERY)


def job_variables(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a work pool is told for a run: what the pipeline asks for, and the heartbeat that `SILENCE` counts on.

    It travels with the run, so that a worker of any kind, on any machine, passes it on.
    """
    return {**asked, "env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(EVERY), **(asked.get("env") or {})}}
