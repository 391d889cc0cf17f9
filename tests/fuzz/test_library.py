"""Files of a library that nobody would write: whatever stands in them, what comes back is a prompt or words."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.library import Reading, find, read
from tasks.prompts.proving import prove, unproven
from tests.unit.test_library import GOOD

MANY = settings(max_examples=200, deadline=None, derandomize=True)
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "\n",
    "  ",
    "'",
    '"',
    "#",
    "*a",
    "&a",
    "!!",
    "{{",
    "}}",
    "{%",
    "%}",
    "brief.leaf",
    "|",
]


def reading(content: bytes) -> Reading:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leaf.yaml"
        path.write_bytes(content)
        found = read(path)
    assert (found.prompt is None) == bool(found.problems)
    for problem in found.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.reason
    if found.prompt is not None:
        for proof in prove(found.prompt):
            assert all(isinstance(failure, str) for failure in proof.failures)
        unproven(found.prompt)
    return found


@MANY
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    reading(content)


@MANY
@given(st.integers(0, len(GOOD)), st.integers(0, 20), st.lists(st.sampled_from(PIECES), max_size=4))
def test_a_good_file_with_something_cut_out_or_put_in(start: int, cut: int, put_in: list[str]) -> None:
    reading((GOOD[:start] + "".join(put_in) + GOOD[start + cut :]).encode())


@MANY
@given(st.text(max_size=60))
def test_any_name(name: str) -> None:
    found = find(name, Path("/nowhere"))
    assert found is None or found.shipped
