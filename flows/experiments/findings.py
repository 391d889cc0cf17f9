"""What is wrong with `experiment:` in a definition: nothing to compare, or nothing to compare it on.

Works on plain data, as `crosscheck` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.explain import Finding
from flows.syntax import ValuePath
from reelmill.content import Json
from tasks.prompts.matrix import MatrixOptions
from tasks.prompts.sampling import value_name
from tasks.registry import suggest


def comparing(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[Finding]:
    """An experiment whose list is not in the matrix, or which no entry of `publish` can take part in."""
    experiment, matrix = pipeline.get("experiment"), pipeline.get("matrix")
    if not isinstance(experiment, Mapping):
        return
    lists = matrix if isinstance(matrix, Mapping) else {}
    known = [key for key in lists if key not in MatrixOptions.model_fields]
    of, over = experiment.get("of"), experiment.get("over")
    if isinstance(of, str) and of not in known:
        told = ", ".join(known) or "a list in `matrix`, which this pipeline does not have"
        yield Finding((*path, "experiment", "of"), "the matrix has no such list", told, suggest(of, known) or "")
    elif isinstance(of, str) and isinstance(lists[of], list) and len(lists[of]) < 2:
        yield Finding((*path, "experiment", "of"), "the list has one value: there is nothing to compare", "two or more")
    elif isinstance(of, str) and experiment.get("allocate") == "thompson":
        yield from _drawing(path, of, lists)
    entries = pipeline.get("publish")
    entries = entries if isinstance(entries, list) else []
    if over == "accounts" and not any(_names_several(entry) for entry in entries):
        reason = "no entry of `publish` names several accounts, so there is nothing to share out"
        yield Finding((*path, "experiment", "over"), reason, "`publish: [{to: [account-a, account-b]}]`")
    if over == "times":
        if not entries:
            yield Finding((*path, "experiment", "over"), "nothing is published, so there is no time", "`publish`")
        for at, entry in enumerate(entries):
            if isinstance(entry, Mapping) and entry.get("between") is not None:
                reason = "the times of day come from `experiment.times`"
                yield Finding((*path, "publish", at, "between"), reason, "no `between` here")


def _drawing(path: ValuePath, of: str, matrix: Mapping[str, Json]) -> Iterator[Finding]:
    """What is best so far can be drawn more often only where something is drawn, and where values have names."""
    if not isinstance(matrix.get("sample"), Mapping):
        reason = "every brief is made with every value, so nothing is drawn"
        yield Finding((*path, "experiment", "allocate"), reason, "`matrix: {sample: {count: 1}}`, or `even`")
    weights = matrix.get("weights")
    if isinstance(weights, Mapping) and of in weights:
        reason = "how often these values are drawn is what `allocate: thompson` finds out"
        yield Finding((*path, "matrix", "weights", of), reason, "no weights of this list, or `allocate: even`")
    values = matrix[of]
    for at, value in enumerate(values if isinstance(values, list) else ()):
        if not value_name(value):
            reason = "a value that is drawn by what people did with it needs a name"
            yield Finding((*path, "matrix", of, at), reason, "an `id` in it")


def _names_several(entry: Json) -> bool:
    named = entry.get("to") if isinstance(entry, Mapping) else None
    return isinstance(named, list) and len(named) > 1
