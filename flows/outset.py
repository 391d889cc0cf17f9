"""What every process that executes a flow run begins with."""

from __future__ import annotations

from flows import tracing
from reelmill import logs
from reelmill.settings import Settings

#: How long its transactions wait for a ledger that is away, in seconds, before the run is left to be taken up later.
PATIENCE = 90.0


def settle(service: str) -> Settings:
    """Have this process write its logs and traces as its machine says, and return the settings.

    Parameters
    ----------
    service:
        What it is called in traces, such as `reelmill-run`.
    """
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    tracing.configure(service)
    return settings
