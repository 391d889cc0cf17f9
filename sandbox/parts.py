"""A file that arrives in numbered parts."""

from __future__ import annotations

from sandbox.platform import Platform
from sandbox.request import Cut, Request
from sandbox.upload import Upload


class Parts:
    """Numbered parts, in any order; one that comes again takes the place of the earlier of its number.

    Parameters
    ----------
    first:
        The number of the first part.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self._parts: dict[int, Upload] = {}

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def following(self) -> int:
        """The first number that is not there."""
        number = self.first
        while number in self._parts:
            number += 1
        return number

    @property
    def gapless(self) -> bool:
        return self.following - self.first == len(self._parts)

    @property
    def sizes(self) -> list[int]:
        """Bytes of each part, by number."""
        return [self._parts[number].size for number in sorted(self._parts)]

    def __getitem__(self, number: int) -> Upload:
        return self._parts[number]

    def put(self, number: int, part: Upload) -> None:
        earlier = self._parts.get(number)
        self._parts[number] = part
        if earlier is not None:
            earlier.path.unlink()

    def join(self, whole: Upload) -> None:
        """Make the whole of the parts, which are then no more."""
        whole.concat(self._parts[number].path for number in sorted(self._parts))
        for part in self._parts.values():
            part.path.unlink()
        self._parts.clear()


def stored(platform: Platform, content: bytes) -> Upload:
    """Bytes that came in a multipart body or in JSON."""
    upload = platform.new_upload()
    upload.append([content])
    return upload


def received(platform: Platform, request: Request) -> Upload:
    """A body, all of which is one part; of one whose connection broke nothing is kept."""
    part = platform.new_upload()
    try:
        part.append(request.body.pieces())
    except Cut:
        part.path.unlink()
        raise
    return part
