r"""LinkedIn's "little text", the format of a post's commentary.

Source: Microsoft Learn, "little Text Format": the characters `| { } @ [ ] ( ) < > # \ * _ ~` are reserved and are
escaped by a backslash, except in an element: `@[name](urn)`, `{hashtag|\#|tag}`, or `#tag`.
"""

from __future__ import annotations

import re

_RESERVED = r"\\<>#~_|\[\]*(){}@"
_TOKEN = re.compile(
    rf"""\\(?P<escaped>[{_RESERVED}])
    | \{{hashtag\|\\(?P<sign>[#＃])\|(?P<tag>(?:\\.|[^{{}}|\\])+)\}}
    | @\[(?P<name>(?:\\.|[^\]\\])+)\]\(urn:li:(?:person|organization):[\w-]+\)
    | (?P<hash>[#＃](?=\w))
    | (?P<plain>[^{_RESERVED}])""",
    re.VERBOSE,
)


def plain(text: str) -> str:
    """What a reader sees.

    Raises
    ------
    ValueError
        If a reserved character stands there that is neither escaped nor part of an element.
    """
    seen, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"the reserved character {text[at]!r} at {at} is not escaped")
        sign = found["sign"] or ""
        words = found["tag"] or found["name"] or found["escaped"] or found["hash"] or found["plain"]
        seen.append(sign + (re.sub(r"\\(.)", r"\1", words) if found["tag"] or found["name"] else words))
        at = found.end()
    return "".join(seen)
