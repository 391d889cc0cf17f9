"""Goes on with runs that are nobody else's to go on with: in processes of their own, which outlive the door.

A run is executed by one process at a time. One that is decided about while its process works gets another one after it.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable

from reelmill.settings import Settings

#: Where the processes write, in the home folder.
LOG = "review.log"

log = logging.getLogger("reelmill.review")

Start = Callable[[str], subprocess.Popen[bytes]]
"""Starts to go on with a run, by its name."""


class Resuming:
    """The runs that this door has set going.

    Parameters
    ----------
    start:
        How. None: as `reelmill resume` does.
    """

    def __init__(self, settings: Settings, start: Start | None = None) -> None:
        self._settings = settings
        self._start = start or self._resume
        self._lock = threading.Lock()
        self._again: dict[str, bool] = {}  #: the runs under way, and whether there is more to do after that

    def go_on(self, name: str) -> None:
        """Have a run go on, now or as soon as its process of before has ended."""
        with self._lock:
            if name in self._again:
                self._again[name] = True
                return
            self._again[name] = False
        # A daemon: the process goes on without its door, and nobody waits for it then.
        threading.Thread(target=self._follow, args=(name,), name=f"resume {name}", daemon=True).start()

    @property
    def busy(self) -> bool:
        """Whether any of them is under way."""
        with self._lock:
            return bool(self._again)

    def _follow(self, name: str) -> None:
        while True:
            try:
                code = self._start(name).wait()
                log.info("%s went on, and ended with %s", name, code)
            except OSError as error:
                log.warning("%s could not go on (%s): try `reelmill resume %s`", name, error, name)
            with self._lock:
                if not self._again[name]:
                    del self._again[name]
                    return
                self._again[name] = False

    def _resume(self, name: str) -> subprocess.Popen[bytes]:
        folder = self._settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "flows.cli.app", "resume", name],
                env={**os.environ, "REELMILL_HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # neither a Ctrl-C nor the end of the door ends it
            )
