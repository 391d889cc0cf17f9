"""What the Prefect UI shows of a run: its name, how far it is, and at its end what came of it and what to do next.

The ledger has all of this; the dashboard is where people look. It is never the work: if the Prefect API does not
answer, that is logged once and the run goes on.
"""

from flows.dashboard.naming import flow_run_name, rename, tags
from flows.dashboard.progress import Progress, key
from flows.dashboard.show import show_end

__all__ = ["Progress", "flow_run_name", "key", "rename", "show_end", "tags"]
