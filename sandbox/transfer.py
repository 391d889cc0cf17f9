"""A file that arrives over several connections, of which only the newest may write."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sandbox.request import Cut
from sandbox.upload import Upload


class Transfer:
    """An upload that is taken up again after its connection broke.

    What a dead connection still had on its way must not land among the bytes of its successor. So each connection
    takes over from the one before, whose bytes are refused from then on.
    """

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self._turn = 0
        self._lock = threading.Lock()

    def take_over(self) -> tuple[int, int]:
        """The number of this turn, and the bytes that are there; without this turn they become no more."""
        with self._lock:
            self._turn += 1
            return self._turn, self.upload.size

    def receive(self, turn: int, pieces: Iterable[bytes], at: int) -> int:
        """Write pieces from `at` on. Returns where they end.

        Raises
        ------
        Cut
            If another connection took over.
        """
        for piece in pieces:
            with self._lock:
                if turn != self._turn:
                    raise Cut
                at += self.upload.append([piece], at=at)
        return at

    def truncate(self, turn: int, size: int) -> None:
        """Throw away what came after `size`, unless another connection took over."""
        with self._lock:
            if turn == self._turn:
                self.upload.truncate(size)
