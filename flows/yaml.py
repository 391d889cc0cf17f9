"""Strict YAML 1.2 with positions: plain data, the place of each key and value, and every problem in human words.

What the definition file needs and no more: mappings with text keys, lists and scalars. No aliases (a file of 342 bytes
can expand to 9^9 leaves), no tags, no merge keys, no duplicate keys. Nothing in a file can make `read` raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ruamel.yaml.error import YAMLError

from flows.composer import Composer, TooDeepError
from flows.syntax import Complaint, Place, ValuePath, explain_syntax, split_lines
from reelmill.content import Json

#: Bytes. A definition of 500 pipelines is about 300 kB.
LARGEST_FILE = 1_000_000
#: How often reading is tried again with one unreadable value left out, to find the problems behind it.
MOST_REPAIRS = 20
#: Characters that are read at most while doing so: a large file is not read twenty times.
MOST_REREAD = 2_000_000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says, and where. Values that could not be read are None in `data` and named in `broken`."""

    data: Json
    keys: Mapping[ValuePath, Place]
    values: Mapping[ValuePath, Place]
    broken: frozenset[ValuePath]
    complaints: tuple[Complaint, ...]
    lines: tuple[str, ...]

    def place(self, path: ValuePath, *, key: bool = False) -> Place:
        """Where a value (or its key) stands; for a path that is not in the file, where its nearest parent stands."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(1, 1))

    def is_broken(self, path: ValuePath) -> bool:
        """Whether the value, or something that it stands in, could not be read."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))


def read(content: bytes) -> Tree:
    """Read a file's bytes. Never raises: what is wrong is in `complaints`."""
    text, complaint = _decode(content)
    if complaint is None and not text.strip():
        complaint = Complaint(Place(1, 1), "the file is empty", "`version: 1` and `pipelines:`")
    if complaint is not None:
        return Tree(None, {}, {}, frozenset({()}), (complaint,), ())
    return _read_around_errors(text)


def _decode(content: bytes) -> tuple[str, Complaint | None]:
    if len(content) > LARGEST_FILE:
        reason = f"the file has more than {LARGEST_FILE:,} bytes"
        return "", Complaint(Place(1, 1), reason, "several files of fewer pipelines")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(errors="replace")
        return "", Complaint(_end_of(before), f"the byte 0x{content[error.start]:02x} is not UTF-8", "UTF-8 text")
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        reason = f"the invisible character U+{ord(bad[0]):04X} stands here"
        return "", Complaint(_end_of(text[: bad.start()]), reason, "printable text")
    return text, None


def _end_of(text: str) -> Place:
    lines = split_lines(text)
    return Place(len(lines), len(lines[-1]) + 1)


def _read_around_errors(text: str) -> Tree:
    """Read; where one value cannot be read, leave it out and read again, so that all problems are told at once."""
    lines = split_lines(text)
    most_repairs = min(MOST_REPAIRS, MOST_REREAD // len(text))
    repaired: dict[int, str] = {}
    complaints: list[Complaint] = []
    while True:
        composer = Composer(lines, frozenset(repaired))
        try:
            data = composer.document("\n".join(repaired.get(number, line) for number, line in enumerate(lines, 1)))
            broken = frozenset(composer.broken)
        # The scanner is foreign code: a few of its escapes and directives end in other errors than its own.
        except (YAMLError, ValueError, OverflowError, IndexError, AssertionError, AttributeError, TypeError) as error:
            found = [] if isinstance(error, TooDeepError) else explain_syntax(error, lines)
            complaints += found
            last = found[-1] if found else None
            if last and last.repair and last.place.line not in repaired and len(repaired) < most_repairs:
                repaired[last.place.line] = last.repair
                continue
            data, broken = None, frozenset({()})
        told = _in_order([*complaints, *composer.complaints])
        return Tree(data, composer.keys, composer.values, broken, told, tuple(lines))


def _in_order(complaints: Iterable[Complaint]) -> tuple[Complaint, ...]:
    unique = dict.fromkeys(complaints)
    return tuple(sorted(unique, key=lambda complaint: (complaint.place.line, complaint.place.column)))
