"""The matrix of a pipeline: lists of values whose combinations are the variants of every brief.

It works as people know it from GitHub Actions (docs.github.com, "Running variations of jobs in a workflow"):

1. Every combination of the lists is a cell. The first list varies slowest.
2. `exclude` takes cells away. An entry may name some of the keys only; it takes every cell that agrees with it. A key
   that is no list of the matrix is an error.
3. `include` comes after `exclude`. An entry that agrees with original values of a cell (or names none of the lists)
   adds its other keys to that cell, and may overwrite what an earlier entry added, but never an original value. An
   entry that fits no cell becomes a cell of its own, to which later entries add nothing. So an excluded cell can be
   put back.
4. A matrix of `include` alone has its entries as cells.
5. Values agree as GitHub's `==` has it: texts without regard to case, and a text equals the number that it spells.
   Mappings agree in part: `{copy: {tone: warm}}` agrees with every copy whose tone is warm.
6. `sample` draws some of the cells for each brief, or for each run; `weights` says which values are drawn more often.
   `max` keeps the first ones.
7. At most 256 cells, of those that are left; see `sampling` and `locales`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reelmill.content import Json, Variant, fingerprint
from tasks.options import Options
from tasks.prompts.locales import LOCALE, lacking
from tasks.prompts.sampling import MOST_DRAWN, SampleOptions, Weights, draw, value_name, weigh
from tasks.prompts.slug import cell_id
from tasks.registry import suggest

#: Cells of one matrix, as at GitHub.
MOST_CELLS = MOST_DRAWN
#: Combinations of the lists before `exclude`, so that a check never takes long.
MOST_COMBINATIONS = 4096
#: Entries of `include`, and of `exclude`.
MOST_ENTRIES = 256

_KEY = r"[a-z_][a-z0-9_]{0,31}"

Entry = Annotated[dict[str, Any], Field(min_length=1)]


class MatrixOptions(Options):
    """Lists of values under keys of your own. Every combination is a variant, which templates see as `variant.…`."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"minProperties": 1, "propertyNames": {"pattern": f"^{_KEY}$"}}
    )
    __pydantic_extra__: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(init=False)

    include: Annotated[tuple[Entry, ...], Field(max_length=MOST_ENTRIES)] = ()
    """Adds keys to the cells that agree, or a cell of its own. Comes after `exclude`."""

    exclude: Annotated[tuple[Entry, ...], Field(max_length=MOST_ENTRIES)] = ()
    """Takes away the cells that agree with an entry."""

    max: Annotated[int, Field(ge=1, le=MOST_CELLS)] | None = None
    """At most so many variants of a brief: the first ones, or with `sample` the first ones drawn."""

    sample: SampleOptions | None = None
    """Draws some of the cells instead of making all of them."""

    weights: Weights = Field(default_factory=dict)
    """How often a value is drawn against the others of its list: `{style: {ink wash: 3}}`. Others weigh 1."""

    @property
    def lists(self) -> dict[str, list[Json]]:
        """The lists of values by key, in the order of the file."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def locales(self) -> list[Json]:
        """The values of the list `locale`; none without one."""
        return self.lists.get(LOCALE, [])

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = list(_problems(self))
        if not problems:
            problems = list(_cell_problems(self))
        if problems:
            raise PydanticCustomError("several", "the matrix does not work out", {"problems": problems})
        return self


def variants(options: MatrixOptions | None) -> list[Variant]:
    """The cells of a matrix, in order, each with an id that depends on its values only. Without a matrix: one, `""`."""
    if options is None:
        return [Variant("")]
    return list(_cells(options))


def chosen(
    options: MatrixOptions | None,
    cells: Sequence[Variant],
    *,
    brief: str,
    run: str,
    weights: Weights | None = None,
) -> list[Variant]:
    """Those of the cells that one brief gets, in order.

    Parameters
    ----------
    brief, run:
        The key of the brief, and the occasion of the run: a sample is drawn for one of them.
    weights:
        How often values are drawn, of lists whose weights the matrix leaves open.
    """
    if options is None or options.sample is None:
        return list(cells[: options.max if options else None])
    sample = options.sample
    count = min(sample.count, options.max or sample.count)
    of = brief if sample.per == "brief" else run
    weighed = options.weights | (weights or {})
    return draw(cells, count, sample.seed, of, lambda cell: weigh(cell, weighed))


def agrees(wanted: Json, actual: Json) -> bool:
    """Whether a value agrees with what an `include` or `exclude` entry asks for."""
    if isinstance(wanted, Mapping):
        return all(
            agrees(value, actual.get(key) if isinstance(actual, Mapping) else None) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        found = actual if isinstance(actual, list) else []
        return all(agrees(value, found[at] if at < len(found) else None) for at, value in enumerate(wanted))
    if isinstance(wanted, str) and isinstance(actual, str):
        return wanted.casefold() == actual.casefold()
    if wanted is None and actual is None:
        return True
    return _number(wanted) == _number(actual)


def _number(value: Json) -> float:
    """What GitHub's `==` makes of a value when the types differ; NaN equals nothing."""
    if value is None or isinstance(value, bool):
        return float(bool(value))
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        return (
            float(text) if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", text) else math.nan if text else 0.0
        )
    return math.nan


def _cells(options: MatrixOptions) -> Iterator[Variant]:
    lists = options.lists
    entries = [
        ({key: entry[key] for key in lists if key in entry}, {key: entry[key] for key in entry if key not in lists})
        for entry in options.include
    ]
    used: set[int] = set()
    for values in itertools.product(*lists.values()) if lists else ():
        cell = dict(zip(lists, values, strict=True))
        if any(agrees(entry, cell) for entry in options.exclude):
            continue
        extra: dict[str, Json] = {}
        for at, (asked, added) in enumerate(entries):
            if agrees(asked, cell):
                used.add(at)
                extra |= added
        yield Variant(cell_id(cell, whole=True), cell | extra)
    for at, (asked, added) in enumerate(entries):
        if at not in used:
            whole = not added and asked.keys() == lists.keys()
            yield Variant(cell_id(asked | added, whole=whole), asked | added)


def _problems(options: MatrixOptions) -> Iterator[dict[str, Any]]:
    """What is wrong with the keys and the lists."""
    lists = options.lists
    known = ", ".join(lists) or "nothing, since the matrix has no lists"
    if not lists and not options.include:
        yield _problem((), "the matrix is empty", "at least one list of values, or `include`")
    named: list[tuple[tuple[str | int, ...], Mapping[str, Json]]] = [((), lists)]
    named += [(("include", at), entry) for at, entry in enumerate(options.include)]
    for path, entry in named:
        for key in entry:
            if not re.fullmatch(_KEY, key):
                near = re.sub(r"[^a-z0-9_]", "_", key.lower())
                near = near if re.fullmatch(_KEY, near) else ""
                reason = f"`{key}` cannot be named in a template"
                yield _problem((*path, key), reason, "a-z, 0-9 and _, first a letter", near, key=True)
    for at, entry in enumerate(options.exclude):
        for key in entry:
            if key not in lists:
                reason = f"`{key}` is no list of this matrix"
                yield _problem(("exclude", at, key), reason, known, suggest(key, lists) or "", key=True)
    for key, values in lists.items():
        marks: set[str] = set()
        for at, value in enumerate(values):
            mark = fingerprint(value)
            if mark in marks:
                yield _problem((key, at), "this value is in the list already", "each value once")
            marks.add(mark)
    yield from _weight_problems(options)
    combinations = math.prod(map(len, lists.values())) if lists else 0
    if combinations > MOST_COMBINATIONS:
        most = MOST_COMBINATIONS if options.max or options.sample else MOST_CELLS
        yield _problem((), f"the lists have {combinations:,} combinations", f"at most {most:,} cells")


def _weight_problems(options: MatrixOptions) -> Iterator[dict[str, Any]]:
    lists = options.lists
    if options.weights and options.sample is None:
        reason = "nothing is drawn here, so there is nothing to weigh"
        yield _problem(("weights",), reason, "`sample: {count: …}` beside it", key=True)
    for key, named in options.weights.items():
        if key not in lists:
            reason, known = f"`{key}` is no list of this matrix", ", ".join(lists) or "nothing"
            yield _problem(("weights", key), reason, known, suggest(key, lists) or "", key=True)
            continue
        values = [value_name(value) for value in lists[key]]
        for name in named:
            if name.casefold() not in {value.casefold() for value in values}:
                known = ", ".join(filter(None, values))
                near = suggest(name, values) or ""
                yield _problem(("weights", key, name), f"`{key}` has no value of this name", known, near, key=True)


def _cell_problems(options: MatrixOptions) -> Iterator[dict[str, Any]]:
    """What shows only when the cells are there. Asked when the keys and the lists are in order."""
    cells = variants(options)
    if not cells:
        yield _problem(("exclude",), "every combination is excluded", "at least one cell left, or one in `include`")
    if len(cells) > MOST_CELLS and not options.max and not options.sample:
        allowed = f"at most {MOST_CELLS}; draw some of them with `sample`, or split it into two pipelines"
        yield _problem((), f"the matrix has {len(cells)} cells", allowed)
    yield from _locale_problems(options, cells)
    seen: set[str] = set()
    for cell in cells:
        if cell.id in seen:
            yield _problem(
                ("include",),
                f"two cells are the same: {', '.join(map(str, cell.values.values()))}",
                "each combination once",
            )
        seen.add(cell.id)


def _locale_problems(options: MatrixOptions, cells: Sequence[Variant]) -> Iterator[dict[str, Any]]:
    """Texts by locale that lack one which a cell asks for."""
    lists = options.lists
    told: list[tuple[tuple[str | int, ...], str, Json]] = [
        ((key, at), key, value) for key, values in lists.items() for at, value in enumerate(values)
    ]
    told += [(("include", at, key), key, entry[key]) for at, entry in enumerate(options.include) for key in entry]
    for path, key, value in told:
        if missing := lacking(key, value, options.locales, cells):
            yield _problem(path, f"there is no text for {', '.join(missing)}", "one for each value of `locale`")


def _problem(
    path: Sequence[str | int], reason: str, allowed: str, suggestion: str = "", *, key: bool = False
) -> dict[str, Any]:
    return {"loc": tuple(path), "reason": reason, "allowed": allowed, "suggestion": suggestion, "key": key}
