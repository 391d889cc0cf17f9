"""What the page about sources says is true: its snippets are options, its tables have what is installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.registered import Registered
from tasks.registry import find, names
from tasks.sources.base import Source
from tasks.sources.expand.options import ExpandOptions
from tasks.sources.news import FIELDS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sources.md").read_text(encoding="utf-8")


def yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


ROWS = re.findall(r"^\| `(\w+)` \|.*\| `(\{.*\})` \|$", PAGE, re.MULTILINE)
SNIPPETS = [yaml(text)["source"] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def section(name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", names("sources"))
def test_each_source_has_its_snippet(name: str) -> None:
    pages = [page.read_text(encoding="utf-8") for page in DOCS.glob("*.md")]
    assert any(f"type: {name}" in page for page in pages)


@pytest.mark.parametrize(("name", "snippet"), ROWS, ids=[name for name, _ in ROWS])
def test_the_rows_of_the_table_are_options(name: str, snippet: str) -> None:
    made = Registered("sources").validate(yaml(snippet))
    assert isinstance(made, Source)
    assert made.type == name


def test_the_snippets_are_options() -> None:
    made = [Registered("sources").validate(snippet) for snippet in SNIPPETS]
    assert [one.type for one in made if isinstance(one, Source)] == ["spreadsheet", "news", "sql", "product_feed"]


@pytest.mark.parametrize("name", ["spreadsheet", "news", "sql"])
def test_each_option_of_a_source_is_told_in_its_section(name: str) -> None:
    shared = {"type", "expand", "key_from", "title_from", "image_from", "encoding"}
    for option in find("sources", name).model_fields.keys() - shared:
        assert option in section(name), option


def test_each_option_of_expand_and_each_field_of_a_story_is_told() -> None:
    assert all(option in section("expand") for option in ExpandOptions.model_fields)
    assert all(f"`{field}`" in section("news") for field in FIELDS)
