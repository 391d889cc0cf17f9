"""What a run says of itself where nobody sits before it: lines in Prefect's log, which the dashboard shows."""

from __future__ import annotations

from prefect.logging import get_run_logger

from flows.counting import counted
from flows.observer import Observer
from records.tables import Video


class Journal(Observer):
    """Writes what happens into the log of the flow run in whose context it is made."""

    def __init__(self) -> None:
        super().__init__()
        self._log = get_run_logger()

    def planned(self, videos: int, skipped: int, unchanged: int) -> None:
        self._log.info("planned %s, %d skipped, %d unchanged", counted(videos, "video"), skipped, unchanged)

    def told(self, words: str) -> None:
        self._log.warning("%s", words)

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        self._log.info("%s %s: %s (%.1f s)", stage, video.title, note, seconds)

    def failed(self, video: Video, error: Exception) -> None:
        self._log.error("%s failed: %s", video.title, error)
