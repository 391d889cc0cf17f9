"""Which characters the bytes of a feed are: as they prove, as is declared, or as an option says. No guesses.

Bytes that are none of the encoding's characters become a mark, so that the item that holds them can be told and passed
over, and the rest goes on.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from reelmill.errors import SourceError

#: Encodings in which two bytes (or more) are one character.
OF_TWO_BYTES = frozenset(
    {"gbk", "gb2312", "gb18030", "big5", "big5hkscs", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"}
)

#: The encodings that are read, by Python's own names. A list, because Python also "decodes" zip and base64.
ENCODINGS = frozenset(
    {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "koi8-r", "mac-roman", "tis-620"}
    | OF_TWO_BYTES
    | {f"cp125{page}" for page in range(9)}
    | {f"iso8859-{part}" for part in range(1, 17) if part != 12}
)

#: A byte order mark, or XML's own beginning in UTF-16 (XML 1.0, appendix F).
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)

#: Characters of two bytes in UTF-8 that prove it where two bytes are one character anyway: a Chinese one is both with
#: a chance of one in five. 小雪 in GBK is Сѩ.
_ENOUGH = 4

#: What stands for bytes that are no characters: one of Unicode's noncharacters, which no text holds and XML allows.
UNDECODABLE = "\ufdd0"
#: The handler that puts it there, by the name that Python's decoders take.
MARK = "reelmill-mark"


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return UNDECODABLE, error.end


codecs.register_error(MARK, _mark)


def known(name: str) -> str:
    """Python's name of an encoding.

    Raises
    ------
    ValueError
        If there is no such encoding, or it is not one of characters.
    """
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        found = ""
    if found not in ENCODINGS:
        raise ValueError(f"{name!r} is not an encoding that is read; try utf-8, gb18030, big5, shift_jis or cp1252")
    return found


def marked(head: bytes) -> str | None:
    """The encoding that the first bytes prove, if they do."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def is_utf8(data: bytes, named: str, *, final: bool = True) -> bool | None:
    """Whether bytes that are said to be in an encoding are UTF-8.

    Unless they are `final`, the last character may not be there as a whole; None if it is the only one that counts.
    """
    try:
        found = codecs.getincrementaldecoder("utf-8")().decode(data, final)
    except UnicodeDecodeError:
        return False
    if found.isascii():
        return final or None
    if named not in OF_TWO_BYTES:
        return True
    try:
        codecs.getincrementaldecoder(named)().decode(data, final)
    except UnicodeDecodeError:
        return True
    # Three bytes in a row that are a character are no chance any more.
    return max(found) > "\u07ff" or sum(character > "\x7f" for character in found) >= _ENOUGH


def is_undecodable(texts: Iterable[str]) -> bool:
    """Whether one of the texts holds bytes that were no characters."""
    return any(UNDECODABLE in text for text in texts)


def reason(encoding: str) -> str:
    """Why an item is passed over whose bytes are not in the encoding."""
    return f"its text is not {shown(encoding)}; save the feed as UTF-8, or name its `encoding:`"


def undecodable(name: str, encoding: str) -> SourceError:
    """The error for a feed in which nothing is in the encoding."""
    return SourceError(
        f"{name} is not {shown(encoding)}", "save it as UTF-8, or name its encoding, such as `encoding: gb18030`"
    )


def shown(encoding: str) -> str:
    """An encoding's name for people."""
    return encoding.removesuffix("-sig").upper() if encoding.startswith("utf") else encoding
