"""What a YAML parser's complaint means, in the words of somebody who edits the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ruamel.yaml.error import MarkedYAMLError

#: Where a value stands in its file: keys, and places in lists from 0.
ValuePath = tuple[str | int, ...]

#: Characters of a line that are looked at: nobody's definition has longer ones.
LONGEST_LINE = 1000

#: What YAML counts as the end of a line, so that our line numbers are the parser's.
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAB_INDENT = re.compile(r"^ *\t\s*\S")
#: `key: value`, perhaps as a list entry: a line whose value can be left out without touching its neighbours.
_KEY_AND_VALUE = re.compile(r"^(?P<key>\s*(?:- +)?[\w.-]+:)\s+\S")
_UNQUOTED_TEMPLATE = re.compile(r":\s+(?P<value>[^\"'|>#\s].*\{[{%].*|\{[{%].*)$")
_COMMENT = re.compile(r"\s#")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the file, both from 1; columns are counted in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that is wrong with the file as YAML."""

    place: Place
    reason: str
    allowed: str = ""
    suggestion: str = ""
    path: ValuePath = ()
    is_local: bool = False  #: the trouble is inside one value; what stands around it can be read
    repair: str | None = None  #: the line without its unreadable value, if the rest of the file can be read with that


def split_lines(text: str) -> list[str]:
    """The lines of a text, at least one, without their ends."""
    return _BREAK.split(text)


def quoted(value: str) -> str:
    """A value in the quotes that need the fewest escapes."""
    value = value.strip()
    if '"' in value and "'" not in value:
        return f"'{value}'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def explain_syntax(error: Exception, lines: Sequence[str]) -> list[Complaint]:
    """What the parser stumbled over, as one complaint or as several of the same kind."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return [Complaint(Place(1, 1), "the file cannot be read as YAML", "YAML 1.2")]
    at = Place(error.problem_mark.line + 1, error.problem_mark.column + 1)
    opened = Place(error.context_mark.line + 1, error.context_mark.column + 1) if error.context_mark else at
    stumble = _Stumble(f"{error.context or ''}: {error.problem or ''}", at, opened, lines)
    if "'\\t'" in stumble.problem or _TAB_INDENT.match(stumble.here):
        return _tabs(lines) or [Complaint(at, "a tab stands here", "spaces")]
    complaint = next(found for found in (rule(stumble) for rule in _RULES) if found)
    part = _KEY_AND_VALUE.match(stumble.line(complaint.place.line))
    return [replace(complaint, repair=f"{part['key']} ~") if part and complaint.is_local else complaint]


@dataclass(frozen=True, slots=True)
class _Stumble:
    """Where a parser gave up, and what it said."""

    problem: str
    at: Place
    opened: Place  #: where the thing begins that it was in: a bracket, a quote, a mapping
    lines: Sequence[str]

    @property
    def here(self) -> str:
        return self.line(self.at.line)

    @property
    def start(self) -> Place:
        """Where the text of the line begins."""
        return Place(self.at.line, _indent(self.here) + 1)

    def line(self, number: int) -> str:
        return self.lines[number - 1][:LONGEST_LINE] if number <= len(self.lines) else ""

    def char(self, place: Place) -> str:
        return self.line(place.line)[place.column - 1 : place.column]


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _value_of(text: str) -> str:
    """What stands after the first colon of a line, or after the dash of a list entry."""
    part = re.match(r"^\s*(?:- +)?(?:[\w.-]+:\s+)?(?P<value>.*)$", text)
    return _COMMENT.split(part["value"] if part else text)[0].strip()


def _token(text: str, column: int) -> str:
    """The value that begins in this column: the rest of the line, or one entry of a list in brackets."""
    if text[: column - 1].rstrip().endswith(("[", ",", "{")):
        return re.split(r"[,\]}]", text[column - 1 :])[0]
    return _value_of(text)


def _tabs(lines: Sequence[str]) -> list[Complaint]:
    return [
        Complaint(Place(number, text.index("\t") + 1), "a tab is used for indentation", "spaces only")
        for number, text in enumerate(lines, 1)
        if _TAB_INDENT.match(text)
    ]


def _template(stumble: _Stumble) -> Complaint | None:
    for number in dict.fromkeys((stumble.at.line, stumble.opened.line)):
        template = _UNQUOTED_TEMPLATE.search(stumble.line(number))
        if template:
            written = quoted(_COMMENT.split(template["value"])[0])
            place = Place(number, template.start("value") + 1)
            return Complaint(place, "a template must stand in quotes", suggestion=written, is_local=True)
    return None


def _first_character(stumble: _Stumble) -> Complaint | None:
    scanning = "scanning an alias" in stumble.problem or "scanning an anchor" in stumble.problem
    if not scanning and "cannot start any token" not in stumble.problem:
        return None
    place = stumble.opened if scanning else stumble.at
    near = quoted(_token(stumble.line(place.line), place.column))
    reason = f"a value cannot begin with {stumble.char(place)!r}"
    return Complaint(place, reason, "a text in quotes", near, is_local=True)


def _quotes(stumble: _Stumble) -> Complaint | None:
    if "quoted scalar" in stumble.problem and "end of stream" in stumble.problem:
        return Complaint(stumble.opened, "this quote is never closed", "a closing quote", is_local=True)
    if "escape" in stumble.problem:
        reason = f"`\\{stumble.char(stumble.at)}` is not an escape in double quotes"
        return Complaint(stumble.at, reason, "single quotes, or `\\\\` for a backslash", is_local=True)
    if "<block end>" in stumble.problem and "scalar" in stumble.problem and stumble.at.column > stumble.start.column:
        allowed = "one pair of quotes around the whole value; a quote inside single quotes is written twice"
        return Complaint(stumble.at, "text follows a closing quote", allowed, is_local=True)
    return None


def _brackets(stumble: _Stumble) -> Complaint | None:
    if "flow" in stumble.problem and ("expected ','" in stumble.problem or "stream end" in stumble.problem):
        reason = f"this `{stumble.char(stumble.opened) or '['}` is never closed, or a comma is missing in it"
        return Complaint(stumble.opened, reason, "`]` closes `[`, and `}` closes `{`", is_local=True)
    if "expected the node content" in stumble.problem:
        return Complaint(stumble.at, f"a value is missing before `{stumble.char(stumble.at)}`", "a value")
    return None


def _markers(stumble: _Stumble) -> Complaint | None:
    if "sequence entries are not allowed" in stumble.problem:
        return Complaint(stumble.at, "a list cannot begin behind a key", "`- ` on a line of its own, or `[a, b]`")
    if "block scalar" in stumble.problem:
        return Complaint(stumble.at, "text follows `|` or `>` in its line", "the text in the lines below, indented")
    if "directive" in stumble.problem or "'<document start>'" in stumble.problem:
        return Complaint(stumble.at, "the file goes on after its end", "one mapping of keys, without `%` and `---`")
    if "mapping keys are not allowed" in stumble.problem:
        near = quoted(_value_of(stumble.here))
        return Complaint(stumble.at, "`? ` cannot begin a value", "a text in quotes", near, is_local=True)
    return None


def _colons(stumble: _Stumble) -> Complaint | None:
    """A colon where none can be, or none where one must be."""
    if "could not find expected ':'" in stumble.problem:
        words = stumble.line(stumble.opened.line).strip()[:40]
        return Complaint(stumble.opened, f"`{words}` has no colon, and is no part of the value above", "`key: value`")
    if "mapping values are not allowed" not in stumble.problem:
        return None
    first = re.match(r"^\s*(?:- +)?[\w.-]+:\s+(?P<value>.*)$", stumble.here)
    if first and first.start("value") < stumble.at.column:
        near = quoted(_value_of(stumble.here))
        return Complaint(stumble.at, "a second colon stands in this value", "a text in quotes", near, is_local=True)
    return _line_above(stumble)


def _line_above(stumble: _Stumble) -> Complaint:
    """A key that was taken for the rest of the line above, by what that line is."""
    number = stumble.at.line - 1
    while number > 1 and not stumble.line(number).strip():
        number -= 1
    above = stumble.line(number) if number else ""
    indent = _indent(above)
    missing_space = re.match(r"^\s*(?:- +)?[\w.-]+:(?=\S)", above)
    if not above.strip():
        return Complaint(stumble.at, "a colon cannot stand here", "`key: value`, or a text in quotes")
    if missing_space and ": " not in above:
        return Complaint(Place(number, missing_space.end()), "a space is missing after the colon", "`key: value`")
    if re.match(r"^\s*(?:- +)?[^\s:#][^:#]*:\s+\S", above) and _indent(stumble.here) <= indent:
        words = stumble.here[: stumble.at.column - 1].strip()[:40]
        return Complaint(stumble.start, f"`{words}` is not a key", "`key: value`, or a text in quotes")
    if _indent(stumble.here) > indent:
        reason = f"this line is indented below line {number}, which has a value already"
        return Complaint(stumble.start, reason, "the same indentation as the keys beside it")
    return Complaint(Place(number, indent + 1), f"`{above.strip()[:40]}` has no colon", "`key: value`")


def _indentation(stumble: _Stumble) -> Complaint | None:
    if "<block end>" not in stumble.problem:
        return None
    if "'-'" in stumble.problem:
        return Complaint(stumble.at, "a list entry stands where a key is expected", "entries of one kind at one depth")
    if stumble.here.lstrip().startswith("- "):
        return Complaint(
            stumble.start, "this list entry is indented unlike its neighbours", "the same number of spaces"
        )
    reason = "this line's indentation fits no line above it"
    return Complaint(stumble.start, reason, "the same number of spaces as the keys beside it")


def _anything(stumble: _Stumble) -> Complaint:
    said = stumble.problem.split(": ", 1)[1] or "this cannot be read"
    return Complaint(stumble.at, f"not YAML here: {said.replace('<', '').replace('>', '')}", "YAML 1.2")


#: The first that knows what happened tells it.
_RULES: tuple[Callable[[_Stumble], Complaint | None], ...] = (
    _template, _first_character, _quotes, _brackets, _markers, _colons, _indentation, _anything,
)  # fmt: skip
