"""Which edition of a page somebody has, so that an unchanged one need not be sent again (RFC 9110, 8.8 and 13.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

#: The longest value that is remembered and sent back, in characters.
_LONGEST = 512
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_DATE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Edition:
    """What a server calls an edition of a page. False if it has no name for it."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, etag: str, last_modified: str) -> Self:
        """From two headers, of which what no server may say is left out."""
        return cls(
            etag if len(etag) <= _LONGEST and _ETAG.fullmatch(etag) else "",
            last_modified if len(last_modified) <= _LONGEST and _DATE.fullmatch(last_modified) else "",
        )

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)

    def conditions(self) -> list[tuple[bytes, bytes]]:
        """The headers that ask for another edition only. A server that knows the ETag goes by it alone."""
        asked = ((b"If-None-Match", self.etag), (b"If-Modified-Since", self.last_modified))
        return [(name, value.encode("latin-1")) for name, value in asked if value]


NO_EDITION = Edition()
