"""What stands in an MP4 file, box by box (ISO/IEC 14496-12, QuickTime metadata), without decoding a frame.

ffmpeg's exit code proves nothing about metadata, and the ffmpeg that imageio-ffmpeg ships has no ffprobe.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from reelmill.errors import MediaError

#: A file with more boxes than this on one level is not one that a person or a tool of ours made.
MOST_BOXES = 10_000
#: Metadata beyond this is not read.
MOST_VALUE = 1 << 20


@dataclass(frozen=True, slots=True)
class Box:
    """One box: where its content begins and ends in the file."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Track:
    """One track."""

    handler: str  #: `vide` or `soun`
    width: int  #: pixels, 0 for sound
    height: int
    samples: int  #: frames of a video
    seconds: float
    edits: bool  #: it has an edit list
    kind: str  #: how it is encoded, as its sample entry says: `avc1`, `hvc1`, `av01`, `mp4a`

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.samples / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Movie:
    """What a file says of itself."""

    tracks: tuple[Track, ...]
    streamable: bool  #: the index comes before the pictures
    metadata: tuple[tuple[str, str], ...]  #: keys of `mdta` metadata and their values, with repetitions

    @property
    def video(self) -> Track:
        return self._one("vide")

    @property
    def sound(self) -> Track:
        return self._one("soun")

    def _one(self, handler: str) -> Track:
        found = [track for track in self.tracks if track.handler == handler]
        if len(found) != 1:
            raise MediaError(f"the file has {len(found)} tracks of kind {handler}", "")
        return found[0]


def read(path: Path) -> Movie:
    """Read the boxes of a file.

    Raises
    ------
    MediaError
        If the file is not an MP4 or is cut.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            top = list(_boxes(file, 0, size))
            order = [box.kind for box in top]
            if b"moov" not in order or b"mdat" not in order:
                raise MediaError(f"{path.name} has no moov or no mdat box", "")
            index = top[order.index(b"moov")]
            return Movie(
                tracks=tuple(_track(file, box) for box in _boxes(file, index.start, index.end) if box.kind == b"trak"),
                streamable=order.index(b"moov") < order.index(b"mdat"),
                metadata=tuple(
                    pair
                    for way in ((b"udta", b"meta"), (b"meta",))
                    for box in _all(file, index, *way)
                    for pair in _metadata(file, box)
                ),
            )
    except (struct.error, IndexError, OSError) as error:
        raise MediaError(f"{path.name} is not an MP4 file that can be read: {error}", "") from error


def user_boxes(path: Path, identifier: UUID) -> list[bytes]:
    """The contents of the `uuid` boxes on the top level that have this identifier, without it.

    Raises
    ------
    MediaError
        If the file is not an MP4, is cut, or such a box is too large to be metadata.
    """
    found: list[bytes] = []
    try:
        with path.open("rb") as file:
            for box in _boxes(file, 0, file.seek(0, 2)):
                if box.kind != b"uuid" or box.end - box.start < 16:
                    continue
                file.seek(box.start)
                if _exactly(file, 16) == identifier.bytes:
                    if box.end - box.start > MOST_VALUE:
                        raise MediaError(f"a uuid box of {path.name} has {box.end - box.start} bytes", "")
                    found.append(_exactly(file, box.end - box.start - 16))
    except (struct.error, OSError) as error:
        raise MediaError(f"{path.name} is not an MP4 file that can be read: {error}", "") from error
    return found


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    position = start
    for _ in range(MOST_BOXES):
        if position + 8 > end:
            return
        file.seek(position)
        size, kind = struct.unpack(">I4s", _exactly(file, 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", _exactly(file, 8))[0], 16
        elif size == 0:
            size = end - position
        if size < head or position + size > end:
            raise MediaError(f"a box {kind!r} at byte {position} is cut or broken", "")
        yield Box(kind, position + head, position + size)
        position += size
    raise MediaError("the file has too many boxes", "")


def _all(file: BinaryIO, parent: Box, *way: bytes) -> Iterator[Box]:
    """Every box that is reached by going down the way."""
    first, *rest = way
    start = parent.start
    if parent.kind == b"meta":
        file.seek(start)
        # ISO's meta box has four bytes of version and flags before its content, QuickTime's has not.
        start += 0 if _exactly(file, 8)[4:] == b"hdlr" else 4
    for box in _boxes(file, start, parent.end):
        if box.kind == first:
            if rest:
                yield from _all(file, box, *rest)
            else:
                yield box


def _only(file: BinaryIO, parent: Box, *way: bytes) -> Box:
    for box in _all(file, parent, *way):
        return box
    raise MediaError(f"the box {b'/'.join(way).decode('latin-1')} is missing", "")


def _track(file: BinaryIO, track: Box) -> Track:
    file.seek(_only(file, track, b"mdia", b"hdlr").start + 8)
    handler = _exactly(file, 4).decode("latin-1")
    header = _only(file, track, b"mdia", b"mdhd")
    file.seek(header.start)
    wide = _exactly(file, 4)[0] == 1  # version 1 has 64-bit times
    file.seek(header.start + (20 if wide else 12))
    scale, duration = struct.unpack(">IQ" if wide else ">II", _exactly(file, 12 if wide else 8))
    file.seek(_only(file, track, b"mdia", b"minf", b"stbl", b"stsz").start + 8)
    samples = struct.unpack(">I", _exactly(file, 4))[0]
    # stsd: version, count, then the first entry: size, kind, six reserved bytes and so on; its size is at 24.
    entry = _only(file, track, b"mdia", b"minf", b"stbl", b"stsd").start + 8
    file.seek(entry + 4)
    kind = _exactly(file, 4).decode("latin-1")
    width = height = 0
    if handler == "vide":
        file.seek(entry + 8 + 24)
        width, height = struct.unpack(">HH", _exactly(file, 4))
    return Track(
        handler=handler,
        width=width,
        height=height,
        samples=samples,
        seconds=duration / scale if scale else 0.0,
        edits=any(True for _ in _all(file, track, b"edts", b"elst")),
        kind=kind,
    )


def _metadata(file: BinaryIO, meta: Box) -> Iterator[tuple[str, str]]:
    keys: list[str] = []
    for box in _all(file, meta, b"keys"):
        file.seek(box.start + 4)
        count = struct.unpack(">I", _exactly(file, 4))[0]
        for _ in range(min(count, MOST_BOXES)):
            size = struct.unpack(">I4x", _exactly(file, 8))[0]
            keys.append(_exactly(file, min(max(0, size - 8), MOST_VALUE)).decode("utf-8", "replace"))
    for box in _all(file, meta, b"ilst"):
        for item in _boxes(file, box.start, box.end):
            index = struct.unpack(">I", item.kind)[0]
            for data in _boxes(file, item.start, item.end):
                if data.kind == b"data" and 1 <= index <= len(keys):
                    file.seek(data.start + 8)
                    value = _exactly(file, min(max(0, data.end - data.start - 8), MOST_VALUE))
                    yield keys[index - 1], value.decode("utf-8", "replace")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise MediaError("the file ends within a box", "")
    return data
