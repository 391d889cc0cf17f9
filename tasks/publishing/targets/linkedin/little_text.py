"""LinkedIn's "little text", the format of a commentary."""

from __future__ import annotations

import re
from collections.abc import Collection

_RESERVED = re.compile(r"#(\w+)|[\\<>#~_|\[\]*(){}@]")


def little_text(text: str, hashtags: Collection[str] = ()) -> str:
    r"""A text as a commentary has it: reserved characters behind a backslash, known hashtags as elements.

    Source: LinkedIn, "little Text Format".

    >>> little_text("1 < 2 #tea", {"tea"})
    '1 \\< 2 {hashtag|\\#|tea}'
    """

    def written(found: re.Match[str]) -> str:
        word = found[1]
        if word is None:
            return f"\\{found[0]}"
        escaped = word.replace("_", "\\_")
        return f"{{hashtag|\\#|{escaped}}}" if word in hashtags else f"\\#{escaped}"

    return _RESERVED.sub(written, text)
