"""How far a shot is, as one count that never goes back, whatever the server says in between."""

from __future__ import annotations

from wan_engine.base import Progress

#: The end of each part, in percent: rendered at the server, fetched, and whole.
RENDERED, FETCHED, WHOLE = 95, 99, 100


class Meter:
    """Tells a `Progress` of one shot."""

    def __init__(self, shot_id: str, progress: Progress) -> None:
        self._shot_id, self._progress, self._told = shot_id, progress, -1

    def tell(self, percent: int) -> None:
        """So far it is now; says nothing if it was there before."""
        if percent > self._told:
            self._told = percent
            self._progress(self._shot_id, percent, WHOLE)
