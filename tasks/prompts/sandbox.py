"""The Jinja environment of templates: what it knows, and how it looks things up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as DEFAULT_TESTS

from reelmill.content import Json
from reelmill.errors import TemplateError
from tasks.registry import suggest

#: Longest text that a filter may make, in characters.
LONGEST_PIECE = 4000
#: Greatest number that a template may multiply: a price in the smallest currency, a thousand times over.
GREATEST_NUMBER = 1e15
#: Decimal places that `round` keeps at most.
MOST_PLACES = 6


class Fields(Mapping[str, Json]):
    """Data under a name, so that what is missing can be told by its full name."""

    __slots__ = ("_values", "path")

    def __init__(self, path: str, values: Mapping[str, Json]) -> None:
        self.path = path
        self._values = values

    def __getitem__(self, key: str) -> Json:
        value = self._values[key]
        return Fields(f"{self.path}.{key}", value) if isinstance(value, Mapping) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks into data only: attributes of Python objects cannot be reached, so `brief.items` is a field like any."""

    intercepted_binops = frozenset({"*", "/", "//", "%", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._look_up(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, Undefined):
            argument = str(argument)  # raises with its name
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(f"there is no entry {argument}")
        return self._look_up(obj, argument)

    def _look_up(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Fields):
            if isinstance(name, str) and name in obj:
                return obj[name]
            near = suggest(str(name), obj)
            hint = f"there is no `{obj.path}.{name}`" + (f"; did you mean `{obj.path}.{near}`?" if near else "")
            return self.undefined(hint)
        kind = "a list" if isinstance(obj, list | tuple) else "one value"
        return self.undefined(f"`{name}` is asked of {kind}, which has no fields")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for operand in (left, right):
            if isinstance(operand, Undefined):
                str(operand)  # raises with its name
            if isinstance(operand, bool) or not isinstance(operand, int | float) or abs(operand) > GREATEST_NUMBER:
                raise TemplateError(f"`{operator}` reckons with numbers only", "join texts with `~`")
        if operator == "**":
            raise TemplateError("a template raises to a power, which is not allowed", "write the number")
        return super().call_binop(context, operator, left, right)


def _show(value: Any) -> Any:
    """What an insertion prints: nothing for null, and an error for what is not one value."""
    if value is None:
        return ""
    if isinstance(value, Fields):
        raise TemplateError(f"`{value.path}` is a group of values", f"name one of them: {', '.join(list(value)[:12])}")
    if isinstance(value, list | tuple):
        raise TemplateError(
            "a list cannot be inserted as it is", "use the filter `join`: `{{ brief.tags | join(', ') }}`"
        )
    return value


def _replace(value: Any, old: Any, new: Any) -> str:
    text = str(value)
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        raise TemplateError("`replace` takes two texts", "write `| replace('old', 'new')`")
    _within(len(text) + text.count(old) * (len(new) - len(old)), "replace")
    return text.replace(old, new)


def _join(values: Any, between: Any = "") -> str:
    if isinstance(values, Undefined):
        return str(values)  # raises with its name
    if not isinstance(values, list | tuple):
        raise TemplateError("`join` takes a list", "insert a single value without it")
    texts = [str(_show(value)) for value in values]
    _within(sum(map(len, texts)) + len(str(between)) * len(texts), "join")
    return str(between).join(texts)


def _round(value: Any, places: Any = 0) -> float | int:
    if isinstance(value, Undefined):
        return int(str(value))  # raises with its name
    if isinstance(value, bool) or not isinstance(value, int | float) or places not in range(MOST_PLACES + 1):
        raise TemplateError("`round` takes a number", f"and keeps 0 to {MOST_PLACES} places: `| round(2)`")
    return round(float(value), places) if places else round(value)


def _within(length: int, name: str) -> None:
    if length > LONGEST_PIECE:
        raise TemplateError(f"`{name}` makes more than {LONGEST_PIECE:,} characters", "shorten what goes in")


_PLAIN_FILTERS = (
    "abs", "capitalize", "d", "default", "first", "float", "int", "last", "length", "lower", "string", "title", "trim",
    "truncate", "upper",
)  # fmt: skip
_PLAIN_TESTS = (
    "boolean", "defined", "eq", "even", "false", "ge", "gt", "in", "le", "lt", "mapping", "ne", "none", "number", "odd",
    "string", "true", "undefined",
)  # fmt: skip
_JINJA_TESTS: Mapping[str, Any] = DEFAULT_TESTS
_OURS: dict[str, Callable[..., Any]] = {"join": _join, "replace": _replace, "round": _round}

#: The filters that a template may use. None of them can make much out of little.
FILTERS: dict[str, Callable[..., Any]] = {name: DEFAULT_FILTERS[name] for name in _PLAIN_FILTERS} | _OURS

#: The tests that may follow `is`.
TESTS: dict[str, Callable[..., Any]] = {name: known for name, known in _JINJA_TESTS.items() if name in _PLAIN_TESTS}


@cache
def sandbox() -> ImmutableSandboxedEnvironment:
    """The one environment. It holds no state, so threads share it."""
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False, optimized=False, finalize=_show, cache_size=0)
    environment.globals.clear()
    environment.filters = dict(FILTERS)
    environment.tests = dict(TESTS)
    environment.policies["truncate.leeway"] = 0  # `truncate(20)` means 20, not up to 25
    return environment
