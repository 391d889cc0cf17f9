"""What is wrong with `experiment:` in a definition: nothing to compare, or nothing to compare it on.

Works on plain data, as `crosscheck` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.explain import Finding
from flows.syntax import ValuePath
from reelmill.content import Json
from tasks.prompts.matrix import MatrixOptions
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


def _names_several(entry: Json) -> bool:
    named = entry.get("to") if isinstance(entry, Mapping) else None
    return isinstance(named, list) and len(named) > 1
