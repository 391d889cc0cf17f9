"""Foreign words and values made plain: what feeds, lists and events say, cleaned before it becomes a brief.

Control and bidi characters go (they could hide or turn words in a caption), white space collapses, lengths and depths
are capped, and what JSON cannot hold is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import math
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from reelmill.content import Json

#: The longest text of a list or an event, in characters.
MAX_TEXT = 2000
#: How deep values may be nested, and how many of them one item may hold.
MAX_DEPTH, MAX_VALUES = 8, 1000

#: What a key of a brief looks like.
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEY_HEAD_LENGTH = 40
_HASH_LENGTH = 12  # 48 bits: among 200,000 products two alike are rarer than one in 10,000

#: Unicode's general categories that no caption needs: control, format (bidi among them, UAX #9), surrogate, private
#: use, unassigned.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: The two format characters that spell words: joiner and non-joiner, in emoji and in Persian and Indic scripts.
_JOINERS = frozenset("\u200c\u200d")

#: Comments, scripts and styles with what is in them, and tags, also those that never end. Each match goes as far as it
#: can, so that any text takes linear time. (Python's own parser raises on `<![ `, and is not linear.)
_MARKUP = re.compile(
    r"""<!--.*?(?:-->|\Z)
      | <(script|style)\b.*?(?:</\1\s*>|\Z)
      | <[/a-z](?:[^>"']++|"[^"]*+"|'[^']*+')*+>
      | <[/!?a-z][^>]*+(?:>|\Z)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def text(value: str, limit: int = MAX_TEXT) -> str:
    """One line of plain text of at most `limit` characters; what was longer ends with an ellipsis."""
    spaced = " ".join(value[: limit * 4].split())
    # A printable text holds none of what is dropped, and asking that is a hundred times faster than looking.
    kept = spaced if spaced.isprintable() else " ".join("".join(filter(_is_kept, spaced)).split())
    clean = unicodedata.normalize("NFC", kept).strip()
    return clean if len(clean) <= limit else f"{clean[: limit - 1].rstrip()}…"


def _is_kept(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _DROPPED


def text_of_html(value: str, limit: int) -> str:
    """The words of a piece of HTML, as `text`. Scripts, styles and comments are no words."""
    if "<" not in value and "&" not in value:
        return text(value, limit)
    # Unescaped twice: shops escape what their system escapes again.
    return text(html.unescape(html.unescape(_MARKUP.sub(" ", value[: limit * 10]))), limit)


def key(identifier: str) -> str:
    """A key for somebody else's identifier: itself if it is a slug, else a readable beginning and a hash."""
    if KEY.fullmatch(identifier):
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    head = re.sub(r"[^a-z0-9]+", "-", identifier.lower())[:_KEY_HEAD_LENGTH].strip("-")
    return f"{head}-{digest}" if head else digest


def file_in(folder: Path, name: str, *, anywhere: bool = False) -> Path:
    """The file that foreign data names, as an absolute path. Only in `folder` or below it, unless `anywhere`.

    Raises
    ------
    ValueError
        If it is not there.
    """
    home = folder.resolve()
    try:
        path = (home / name).resolve()
        there = (anywhere or path.is_relative_to(home)) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # a name too long for the disk, with a NUL in it, or a loop of links
        there = False
    if not there:
        raise ValueError(
            f"its image {text(name, 100)!r} is not "
            + ("there" if anywhere else "in the folder of the file that names it")
        )
    return path


def value(found: object, depth: int = MAX_DEPTH) -> Json:
    """A value as JSON can hold it, with each text cleaned. Dates become ISO texts, keys become texts.

    Raises
    ------
    ValueError
        If it is nested too deeply, holds too many values, or is of a kind that JSON has no word for.
    """
    return _value(found, depth, [MAX_VALUES])


def _value(found: object, depth: int, left: list[int]) -> Json:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"it holds more than {MAX_VALUES} values")
    if depth == 0:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, str):
        return text(found)
    if isinstance(found, int | float):
        if not math.isfinite(found):
            raise ValueError(f"{found} is not a finite number")
        return found
    if isinstance(found, dt.date | dt.time):
        return found.isoformat()
    if isinstance(found, Mapping):
        return {text(str(name), 100): _value(inner, depth - 1, left) for name, inner in found.items()}
    if isinstance(found, list | tuple):
        return [_value(inner, depth - 1, left) for inner in found]
    raise ValueError(f"a value of the kind {type(found).__name__} cannot be used")
