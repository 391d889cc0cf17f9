"""How large a picture is, by its header: before any decoder sees it, which may take gigabytes for a few bytes.

Pillow opens PNG and JPEG without decoding them, and hands a WebP file to a decoder that makes room for the whole
canvas at once.
"""

from __future__ import annotations

from typing import BinaryIO

#: Beginnings of a frame in JPEG (ITU T.81, table B.1): all of C0 to CF but the tables C4, C8 and CC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Markers without a length.
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
#: Segments before the frame. Photos have about twenty.
_MAX_SEGMENTS = 2000


def dimensions(stream: BinaryIO) -> tuple[int, int] | None:
    """Width and height in pixels as a JPEG, PNG or WebP file announces them; None if it does not."""
    head = stream.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return _number(head[16:20]), _number(head[20:24])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return _jpeg(stream) if head.startswith(b"\xff\xd8\xff") else None


def _webp(head: bytes) -> tuple[int, int] | None:
    """RFC 9649: the canvas of an extended file, the frame of a simple one."""
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L" and head[20:21] == b"\x2f":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(head[26:28], "little") & 0x3FFF,
            int.from_bytes(head[28:30], "little") & 0x3FFF,
        )
    return None


def _jpeg(stream: BinaryIO) -> tuple[int, int] | None:
    stream.seek(2)
    for _ in range(_MAX_SEGMENTS):
        if stream.read(1) != b"\xff":
            return None
        marker = b"\xff"
        while marker == b"\xff":  # fill bytes
            marker = stream.read(1)
        if not marker:
            return None
        if marker[0] in _BARE:
            continue
        length = _number(stream.read(2))
        if marker[0] in _FRAMES:
            frame = stream.read(5)
            return (_number(frame[3:5]), _number(frame[1:3])) if len(frame) == 5 else None
        if length < 2 or marker[0] in (0xD9, 0xDA):  # the end, or pixels without a frame
            return None
        stream.seek(length - 2, 1)
    return None


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
