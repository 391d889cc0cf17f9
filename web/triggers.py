"""What deployed pipelines say of their hooks, read once for each deployment."""

from __future__ import annotations

import threading

from flows.opening import definition_of
from flows.trigger_options import TriggerOptions
from records.ledger import Ledger
from reelmill.settings import Settings


class Triggers:
    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._known: dict[str, tuple[str, TriggerOptions | None]] = {}
        self._lock = threading.Lock()

    def find(self, pipeline: str) -> TriggerOptions | None:
        """The `on:` of a pipeline as it is deployed now; None if it is not deployed or has none.

        Raises
        ------
        UseError
            If this Reelmill cannot read the definition that was deployed.
        """
        row = self._ledger.deployments.get(pipeline)
        with self._lock:
            if row is None:
                self._known.pop(pipeline, None)
                return None
            known = self._known.get(pipeline)
            if known is None or known[0] != row.definition_hash:
                trigger = definition_of(row, self._settings).pipeline(pipeline).on
                known = self._known[pipeline] = (row.definition_hash, trigger)
            return known[1]
