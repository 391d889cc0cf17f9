"""The body of a feed as UTF-8, whatever it is in; and as what it turns out to be in, where that is declared wrong.

Shops declare an encoding once and change their export later. Text of another encoding is next to never UTF-8 by
chance, so bytes that are UTF-8 are read as UTF-8, whatever is said of them.
"""

from __future__ import annotations

import codecs
import io
from typing import Any

from reelmill.streams import BLOCK_BYTES
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.opening import Feed


class Characters:
    """What a feed is read by.

    Parameters
    ----------
    named:
        The encoding that a byte order mark proves, or that an option or the feed itself names.
    errors:
        What becomes of bytes that are no characters: as Python's decoders take it.
    """

    def __init__(self, feed: Feed, named: str, errors: str = encodings.MARK) -> None:
        self._transcoded: _Transcoded | None = None
        self._named = named
        if named in ("utf-8", "utf-8-sig"):
            self.body: io.BufferedReader[Any] = feed.body  #: in UTF-8, without a byte order mark
            if feed.body.peek(3).startswith(codecs.BOM_UTF8):
                feed.body.read(3)
        else:
            self._transcoded = _Transcoded(feed, named, errors)
            self.body = io.BufferedReader(self._transcoded, BLOCK_BYTES)

    @property
    def encoding(self) -> str:
        """What the feed is in, as far as it was read."""
        return self._transcoded.encoding if self._transcoded else self._named


class _Transcoded(io.RawIOBase):
    """Decides at the first bytes that are not ASCII, with all that were read with them."""

    def __init__(self, feed: Feed, named: str, errors: str) -> None:
        self._feed = feed
        self.encoding = named
        self._errors = errors
        self._decoder = self._decoding() if named.startswith("utf") else None
        self._held = b""  #: that decides nothing yet
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        while not self._ready and not self._ended:
            block = self._feed.body.read(BLOCK_BYTES)
            self._ended = not block
            self._ready = self._text(block).encode("utf-8", "replace")
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _text(self, block: bytes) -> str:
        if self._decoder is None:
            block, self._held = self._held + block, b""
            if block.isascii():
                return block.decode("ascii")
            proven = encodings.is_utf8(block, self.encoding, final=self._ended)
            if proven is None:
                self._held = block
                return ""
            if proven:
                self._feed.notes.append(
                    f"{self._feed.name} is said to be in {encodings.shown(self.encoding)}, but its bytes are UTF-8: "
                    "it is read as UTF-8"
                )
                self.encoding = "utf-8"
            self._decoder = self._decoding()
        return self._decoder.decode(block, self._ended)

    def _decoding(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.encoding)(self._errors)
