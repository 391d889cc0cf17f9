"""The bytes of an XML feed as UTF-8 that a parser takes: decoded, and without what well-meant feeds hold wrongly."""

from __future__ import annotations

import codecs
import html.entities
import re
from collections.abc import Iterator

from reelmill.errors import SourceError
from reelmill.streams import BLOCK_BYTES
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.characters import Characters
from tasks.sources.feeds.opening import Feed

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
#: Control characters, which XML 1.0 forbids even as references, and which shops paste with their descriptions.
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
#: HTML's entities: XML knows five, and a feed without a DTD may use no other. Where CDATA holds one it is HTML anyway.
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,30});")
#: As long as the longest of them with both its marks, in bytes.
_ENTITY_LENGTH = 33


def encoding_of(feed: Feed, option: str | None) -> str:
    """The encoding of a feed as it is said: what its first bytes prove, the option, what it declares, or UTF-8.

    Raises
    ------
    SourceError
        If it declares one that is not read.
    """
    head = feed.body.peek(256)
    if named := encodings.marked(head) or option:
        return named
    declared = _DECLARED.match(head)
    try:
        named = encodings.known(declared[1].decode()) if declared else "utf-8"
    except ValueError as error:
        raise SourceError(f"{feed.name}: {error}", "save it as UTF-8") from error
    # A declaration that can be read byte by byte is not UTF-16, whatever it says. .NET writes such feeds as UTF-8.
    return "utf-8" if named.startswith("utf-16") else named


def pieces(characters: Characters) -> Iterator[bytes]:
    """The feed in pieces of UTF-8, without white space before its beginning. Undecodable bytes are marked."""
    decoder = codecs.getincrementaldecoder("utf-8")(encodings.MARK)
    rest, begun, ended = b"", False, False
    while not ended:
        block = characters.body.read(BLOCK_BYTES)
        ended = not block
        data = rest + decoder.decode(block, final=ended).encode("utf-8", "replace").translate(None, _CONTROLS)
        if not begun:
            data = data.lstrip()
            begun = bool(data)
        cut = len(data)
        if not ended and (last := data.rfind(b"&", -_ENTITY_LENGTH)) >= 0 and data.find(b";", last) < 0:
            cut = last
        rest = data[cut:]
        if piece := _ENTITY.sub(_character, data[:cut]):
            yield piece


def _character(entity: re.Match[bytes]) -> bytes:
    found = html.entities.html5.get(f"{entity[1].decode()};")
    # `&LT;` is HTML's for a character that is markup here.
    return entity[0] if found is None or found in "<>&" else found.encode()
