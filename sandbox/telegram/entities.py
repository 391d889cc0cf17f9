r"""Telegram's formatted texts: what a reader sees of them, and what is no formatted text.

Source: Telegram Bot API, "Formatting options": HTML with a few tags, MarkdownV2 in which
``_ * [ ] ( ) ~ ` > # + - = | { } . !`` are escaped by a backslash, and the older Markdown.
"""

from __future__ import annotations

import html
import re

_TAGS = {
    *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji", "code"),
    *("pre", "blockquote"),
}
_HTML = re.compile(r"<(?P<end>/?)(?P<tag>[a-zA-Z][\w-]*)[^<>]*>|(?P<entity>&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)|<")
_RESERVED = set("]()>#+-=|{}.!")
_LINK = re.compile(r"\((?:\\.|[^)\\])*\)")


def plain(text: str, parse_mode: str) -> str:
    """What is left when the entities were parsed.

    Raises
    ------
    ValueError
        Why they cannot be: what the API says after "can't parse entities: ".
    """
    mode = parse_mode.lower()
    if mode == "html":
        return _of_html(text)
    if mode == "markdownv2":
        return _of_markdown(text)
    return _of_old_markdown(text) if mode == "markdown" else text


def _offset(text: str, at: int) -> int:
    return len(text[:at].encode())


def _of_html(text: str) -> str:
    seen, at, opened = [], 0, list[str]()
    for found in _HTML.finditer(text):
        seen.append(text[at : found.start()])
        at, tag = found.end(), (found["tag"] or "").lower()
        if found["entity"]:
            seen.append(html.unescape(found["entity"]))
        elif tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" at byte offset {_offset(text, found.start())}')
        elif not found["end"]:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            raise ValueError(f"Unmatched end tag at byte offset {_offset(text, found.start())}")
    if opened:
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{opened[-1]}"')
    return "".join([*seen, text[at:]])


def _of_markdown(text: str) -> str:
    seen, at, opened = [], 0, list[str]()
    while at < len(text):
        mark = next((mark for mark in ("```", "__", "||") if text.startswith(mark, at)), text[at])
        code = bool(opened) and "`" in opened[-1]
        if mark == "\\" and at + 1 < len(text):
            seen.append(text[at + 1])
            at += 1
        elif code and mark != opened[-1]:
            mark = text[at]
            seen.append(mark)
        elif mark in {"*", "_", "__", "~", "||", "`", "```"}:
            _toggle(opened, mark, text, at)
        elif mark == "[":
            opened.append(mark)
        elif mark == "]" and opened[-1:] == ["["]:
            opened.pop()
            link = _LINK.match(text, at + 1)
            at = link.end() - 1 if link else at
        elif mark in _RESERVED and not _starts_something(text, at):
            raise ValueError(f"Character '{mark}' is reserved and must be escaped with the preceding '\\'")
        elif mark not in _RESERVED:
            seen.append(mark)
        at += len(mark)
    if opened:
        raise ValueError(f"Can't find end of the entity {opened[-1]!r} at byte offset {_offset(text, len(text))}")
    return "".join(seen)


def _toggle(opened: list[str], mark: str, text: str, at: int) -> None:
    if opened[-1:] == [mark]:
        opened.pop()
    elif mark in opened:
        raise ValueError(f"Can't find end of the entity {opened[-1]!r} at byte offset {_offset(text, at)}")
    else:
        opened.append(mark)


def _starts_something(text: str, at: int) -> bool:
    """A quotation at the start of a line, or a custom emoji: `![…](tg://emoji?id=…)`."""
    return (text[at] == ">" and text[at - 1 : at] in {"", "\n"}) or text.startswith("![", at)


def _of_old_markdown(text: str) -> str:
    """Entities do not nest, and only the marks that start one can be escaped."""
    seen, at = [], 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in {"_", "*", "`", "["}:
            seen.append(text[at + 1])
            at += 2
            continue
        mark = "```" if text.startswith("```", at) else text[at]
        if mark not in {"_", "*", "`", "```", "["}:
            seen.append(mark)
            at += 1
            continue
        end = text.find("]" if mark == "[" else mark, at + len(mark))
        if end < 0:
            raise ValueError(f"Can't find end of the entity starting at byte offset {_offset(text, at)}")
        seen.append(text[at + len(mark) : end])
        link = _LINK.match(text, end + 1) if mark == "[" else None
        at = link.end() if link else end + (1 if mark == "[" else len(mark))
    return "".join(seen)
