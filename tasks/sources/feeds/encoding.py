"""Which characters the bytes of a feed are: UTF-8, what a byte order mark or XML declares, or an option. No guesses."""

from __future__ import annotations

import codecs

from reelmill.errors import SourceError

#: The encodings that are read, by Python's own names. A list, because Python also "decodes" zip and base64.
ENCODINGS = frozenset(
    {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5hkscs"}
    | {"shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "koi8-r", "mac-roman", "tis-620"}
    | {f"cp125{page}" for page in range(9)}
    | {f"iso8859-{part}" for part in range(1, 17) if part != 12}
)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
    """The encoding that a byte order mark at the beginning says, if there is one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def undecodable(name: str, error: UnicodeError, encoding: str) -> SourceError:
    """The error for a feed whose bytes are not in the encoding."""
    at = f" at byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
    return SourceError(
        f"{name} is not {encoding}{at}", "save it as UTF-8, or name its encoding, such as `encoding: gb18030`"
    )
