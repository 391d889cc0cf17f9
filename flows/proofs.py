"""Proofs of videos that wait for a person: what their renditions are going to look like, drawn when somebody asks."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.finishing import silent_job
from flows.observer import Observer
from flows.rewording import Rewording, with_words
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.ledger import Ledger
from records.media import VIDEO
from records.reviews import Waiting
from reelmill.content import fingerprint
from reelmill.errors import UseError
from reelmill.kept import Kept
from reelmill.settings import Settings
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.proving import prove

#: Raise it whenever the same order gives another proof.
VERSION = 1


class Proofs:
    """Draws proofs, one video at a time, so that who looks takes little from the runs of the same machine.

    May be shared between threads.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._kept = Kept(settings.folder / "proofs")
        self._drawing = threading.Lock()

    def get(self, waits: Waiting, profile: str, words: Rewording | None = None) -> bytes:
        """The proof of a video for a platform, as JPEG: drawn now, or kept from before.

        All platforms of a video are drawn together, since they share most of the work.

        Parameters
        ----------
        words:
            Other words than the planned ones.

        Raises
        ------
        UseError
            If the video has no picture, or is not made for this platform.
        FinishingError
            If the words cannot be drawn on it.
        TerminalError, ServerUnavailable, StorageError
            If its file is not in the store any more, or the store does not answer.
        """
        plan = VideoPlan.from_json(waits.video.plan)
        sha256 = waits.video.master_sha256
        master = self._ledger.media.master_of(sha256) if sha256 is not None and waits.texts is None else None
        if master is None:
            raise UseError(f"{waits.video.title} has no picture yet", "decide about its texts first")
        if profile not in plan.profiles:
            raise UseError(f"{waits.video.title} is not made for '{profile}'", f"it is for {', '.join(plan.profiles)}")
        shop = Workshop(self._settings, self._ledger, waits.run, Observer())
        if words is not None and not words.says_nothing:
            plan = with_words(plan, words, shop.definition)
        job = silent_job(shop, waits.video, plan, master)
        keys = {name: fingerprint([VERSION, master.sha256, recipe(job, name)]) for name in job.profiles}
        with TemporaryDirectory(prefix="reelmill-proofs-") as scratch, self._drawing:
            folder = Path(scratch)
            kept = folder / "kept.jpg"
            if not self._kept.fetch(keys[profile], kept):
                kept = self._draw(master.sha256, job, keys, folder)[profile]
            return kept.read_bytes()

    def _draw(self, sha256: str, job: FinishJob, keys: dict[str, str], folder: Path) -> dict[str, Path]:
        drawn = prove(self._ledger.store.get(sha256, VIDEO), job, folder)
        for name, path in drawn.items():
            self._kept.keep(keys[name], path)
        return drawn
