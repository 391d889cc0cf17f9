"""What the page about planning says is true: its snippets are options, and it knows every kind of change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from flows.budget_options import BudgetOptions
from flows.changes import FEW, MOST_GONE
from flows.missed import MOST_DAYS
from flows.pace import Certainty
from flows.pipeline import Pipeline
from flows.registered import Registered
from tasks.finishing.options import CaptionOptions
from tasks.generation.options import GenerateOptions
from tasks.sources.changes import Changing, Kind

PAGE = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
SNIPPETS: list[dict[str, Any]] = [
    YAML(typ="safe", pure=True).load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


@pytest.mark.parametrize("snippet", SNIPPETS, ids="-".join)
def test_each_snippet_can_be_used(snippet: dict[str, Any]) -> None:
    reads = {
        "source": Registered("sources").validate,
        "budget": BudgetOptions.model_validate,
        "generate": GenerateOptions.model_validate,
        "caption": CaptionOptions.model_validate,
    }
    for key, value in snippet.items():
        assert reads[key](value) is not None


def test_each_kind_of_change_has_its_line() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE.partition("| `on` |")[2].partition("\n\n")[0], re.M)) == set(
        get_args(Kind)
    )
    default = ", ".join(Changing.model_fields["on"].default)
    assert f"Without `on` it is `[{default}]`" in PAGE


def test_each_way_to_foretell_how_long_a_clip_takes_has_its_line() -> None:
    table = PAGE.partition("| `certainty` |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \| ", table, re.M) == list(Certainty)


def test_the_numbers_are_those_of_the_code() -> None:
    assert MOST_GONE == 0.1
    assert FEW < 10, "small shops lose a few without being taken for broken"
    assert "more than a tenth of all items" in PAGE
    assert f"at most {MOST_DAYS} days back" in PAGE
    assert f"1 before 9, without it {Pipeline.model_fields['priority'].default}" in PAGE
