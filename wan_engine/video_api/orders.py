"""Which shot was ordered as which job: so that a process that was started again goes on with what is paid for.

The API takes no id and no label from its client, and SGLang does not even repeat the prompt, so a job cannot be found
again by what it is about: the id that the server gave is kept here, a small file a shot. Between the moment in which
the server takes an order and the one in which its answer is written down, a crash still costs that one order.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from reelmill.errors import StorageError

#: The folder, beside those of the runs.
NAME = "video-api"


class Orders:
    """The orders at one server.

    Parameters
    ----------
    folder:
        Where they are kept. It is made when the first one is.
    server:
        The server's address: what was ordered at another one is not looked for here.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self._folder, self._server = folder, server

    def job(self, shot_id: str) -> str | None:
        """The id of the job that the shot was ordered as, or None."""
        try:
            kept = json.loads(self._path(shot_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none, or one that a full disk left empty: the shot is ordered anew
            return None
        if not isinstance(kept, dict) or kept.get("server") != self._server:
            return None
        return kept["job"] if isinstance(kept.get("job"), str) else None

    def remember(self, shot_id: str, job: str) -> None:
        """Write an order down, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        unfinished = self._folder / f"{uuid4().hex}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps({"server": self._server, "job": job}), encoding="utf-8")
            unfinished.replace(self._path(shot_id))
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise StorageError(
                f"the order at the video server cannot be written down: {error.strerror}", "make room, then resume"
            ) from error

    def forget(self, shot_id: str) -> None:
        """The order is done with."""
        with suppress(OSError):  # a note that stays costs one question, to which the server says that it knows no job
            self._path(shot_id).unlink()

    def _path(self, shot_id: str) -> Path:
        return self._folder / f"{shot_id}.json"
