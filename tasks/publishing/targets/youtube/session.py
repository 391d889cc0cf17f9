"""A resumable upload session (Data API v3, "Resumable uploads"): asked how far it is, and given the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.publishing.client import Reply
from tasks.publishing.outcome import Resync, Retry
from tasks.publishing.slices import Slice

#: What a chunk's size is a multiple of, in bytes.
GRAIN = 256 * 1024

_RANGE = re.compile(r"bytes=0-(\d+)")
_GOES_ON, _GONE = 308, (404, 410)

Put = Callable[..., Reply]
"""A PUT to the session: `doing`, and what `Client.call` takes."""


class SessionGone(Exception):
    """The session is over. What it brought may be a video all the same."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session, and the file that goes through it.

    Parameters
    ----------
    chunk_size:
        Bytes in one request, a multiple of `GRAIN`.
    """

    put: Put
    path: Path
    total: int
    chunk_size: int

    def probe(self) -> str | int:
        """The id of the video if it is whole; else how many bytes there are.

        Raises
        ------
        SessionGone, Retry, Defer, Reauthorise
        """
        return self._answer("asking YouTube how far the upload is", f"bytes */{self.total}", b"", question=True)

    def send(self, start: int) -> str:
        """Send what is missing from `start` on, and return the id of the video.

        Raises
        ------
        Resync
            If YouTube kept less than was sent, or more.
        SessionGone, Retry, Defer, Reauthorise, Refused
        """
        while start < self.total:
            part = Slice(self.path, start, min(self.chunk_size, self.total - start))
            came = self._answer("uploading to YouTube", part.range_of(self.total), part)
            if isinstance(came, str):
                return came
            if came != part.last + 1:
                raise Resync(f"YouTube has {came} bytes of the {part.last + 1} that were sent", "go on from there")
            start = came
        raise Retry("YouTube has every byte of the upload and names no video", "ask again later")

    def _answer(self, doing: str, content_range: str, body: Slice | bytes, *, question: bool = False) -> str | int:
        headers = {"Content-Range": content_range, "Content-Type": "video/mp4"}
        reply = self.put(doing, accept=(_GOES_ON, *_GONE), headers=headers, body=body, question=question)
        if reply.status in _GONE:
            raise SessionGone
        if reply.status == _GOES_ON:
            found = _RANGE.fullmatch(reply.headers.get("range", "").strip())
            return int(found[1]) + 1 if found else 0
        return str(reply.need("id"))
