"""Markdown in which foreign text cannot be anything but text. A feed's titles and a platform's reasons end up here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import unquote

#: Longest text of a foreign origin, in characters, unless somebody asks for less.
LONGEST = 400

#: Whatever breaks a line, steers a terminal or turns the direction of what follows.
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028-\u202f\u2060-\u206f\ufeff]+")
#: Where a text could become something else: marks of Markdown, tags and entities of HTML, addresses that become links.
#: A backslash makes each itself again. Nothing else gets one, since Prefect's first UI shows it in a link's text.
_MARKS = re.compile(
    r"""
      [\\`*\[\]<|~]
    | (?<![^\W_])_ | _(?![^\W_])  # within a word it is a letter
    | &(?=\#?\w+;)
    | :(?=//) | (?<=www)\. | (?<=\w)@(?=\w)
    | ^[\#>+=:-] | (?<=^\d)[.)] | (?<=^\d\d)[.)]  # what begins a block
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Where a cell of a table could become a link or a tag: the first UI reads it as Markdown, the second one as text.
_TURNS = re.compile(r"(?<=\])(?=[(\[:])|(?<=<)")
WORD_JOINER = "\u2060"
#: What would end a link's destination, or a table's cell, too early.
_ENDINGS = re.compile(r"[\s<>()|\\`\"';]")


def plain(text: str, longest: int = LONGEST) -> str:
    """A text on one line, without control characters, shortened if need be."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def escaped(text: str, longest: int = LONGEST) -> str:
    r"""A foreign text that shows as it is, in a paragraph, a table or a link.

    >>> print(escaped("a|b [c](d) <e> snake_case 5 * 3"))
    a\|b \[c\](d) \<e> snake_case 5 \* 3
    """
    return _MARKS.sub(r"\\\g<0>", plain(text, longest))


def harmless(text: str, longest: int = LONGEST) -> str:
    """A foreign text for places that one UI reads as Markdown and the other one as it is: invisible signs part it."""
    return _TURNS.sub(WORD_JOINER, plain(text, longest))


def code(text: str, longest: int = LONGEST) -> str:
    """A foreign text as code, whatever backticks it has.

    >>> code("a`b")
    '``a`b``'
    """
    line = plain(text, longest)
    fence = "`" * (_longest_row_of_backticks(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def block(command: str) -> str:
    """A command in a block of its own, to be copied."""
    line = plain(command)
    fence = "`" * max(3, _longest_row_of_backticks(line) + 1)
    return f"{fence}\n{line}\n{fence}"


def link(shown: str, url: str) -> str:
    """A link, if the address is one of the web; else what would have been shown.

    Parameters
    ----------
    shown:
        Markdown.
    """
    return f"[{shown}]({_destination(url)})" if is_web(url) else shown


def picture_link(source: str, words: str, url: str) -> str:
    """A picture on a line of its own, a link where it can be one.

    As HTML, because the first UI shows no picture within a link of Markdown; of this it shows the picture alone.

    Parameters
    ----------
    source:
        A `data:` URI.
    words:
        What it shows, as foreign text.
    """
    shown = f'<img src="{source}" alt="{_attribute(words)}">'
    shown = f'<a href="{_attribute(_destination(url))}">{shown}</a>' if is_web(url) else shown
    return f"{shown}<div></div>"  # which ends the line in both UIs, and takes no room


def address(url: str, longest: int = 80) -> str:
    """An address as a person can use it: a link on the web, code anywhere else, such as in a folder."""
    if is_web(url):
        return link(escaped(url.partition("://")[2].removeprefix("www.").rstrip("/"), longest), url)
    return code(unquote(url).replace("|", "%7C"))  # code in a table ends at a bar, escaped or not


def is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown.

    Parameters
    ----------
    columns:
        Headings; a trailing `:` lets numbers stand at the right.
    """
    lines = [[heading.removesuffix(":") for heading in columns]]
    lines += [["---:" if heading.endswith(":") else "---" for heading in columns]]
    lines += [list(row) for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _attribute(text: str) -> str:
    """A text in an attribute of HTML, in a cell of a table of Markdown."""
    return escape(plain(text)).replace("|", "&#124;")


def _destination(url: str) -> str:
    return _ENDINGS.sub(lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode()), url)


def _longest_row_of_backticks(text: str) -> int:
    return max((len(row) for row in re.findall(r"`+", text)), default=0)
