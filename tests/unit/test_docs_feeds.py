"""What the page about product feeds says is true: its snippets are definitions, its names and numbers the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.definition import loads
from flows.marks import EDITIONS
from tasks.generation import reference
from tasks.sources.feeds import copies, delimited, opening, paging, retrying, xml_items
from tasks.sources.feeds.attributes import ATTRIBUTES, FIELDS
from tasks.sources.feeds.jsonfeed import LISTS
from tasks.sources.product_feed import MAX_ITEMS, ProductFeed
from tests.line import DEFINITION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n    source:(.*?)```", PAGE, re.DOTALL)


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


@pytest.mark.parametrize("number", range(9))
def test_each_snippet_is_a_definition(number: int, tmp_path: Path) -> None:
    assert len(SNIPPETS) == PAGE.count("```yaml") == 9
    text = DEFINITION.format(source=SNIPPETS[number].rstrip(), subject="{{ brief.title }}", title="tea", more="")
    source = loads(text, tmp_path / "pipelines.yaml").pipeline("quick").source
    assert isinstance(source, ProductFeed)


def test_every_field_of_a_brief_is_in_the_table() -> None:
    named = set()
    for row in re.findall(r"^\| (`.*?) \|", section("What becomes what"), re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", row))
    assert named == FIELDS


def test_every_key_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section("All keys"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {field.alias or name for name, field in ProductFeed.model_fields.items()} - {"type"}
    formats = ProductFeed.model_fields["format"].annotation
    assert all(f"`{name}`" in section("All keys") for name in formats.__args__)  # type: ignore[union-attr]
    assert all(f"`{name}`" in section("All keys") for name in LISTS)


def test_the_numbers_are_those_of_the_code() -> None:
    refused = section("What is passed over")
    assert f"{MAX_ITEMS:,} items" in refused
    assert f"{opening.MAX_FEED_BYTES // 1024**3} GB unpacked" in refused
    assert f"{delimited.MAX_COLUMNS:,} columns" in refused
    assert f"{xml_items.MAX_DEPTH} levels" in refused
    places = section("Where it is read from")
    assert f"at most {copies.MAX_BYTES // 1024**3} GB" in places
    assert f"longer pause than {retrying.LONGEST_PAUSE:g} s" in places
    assert "tried four times" in places
    assert (len(retrying.PAUSES) + 1, round(sum(retrying.PAUSES), -1)) == (4, 10)
    assert f"at most {reference.MAX_BYTES // 2**20} MB" in places
    assert f"{reference.MAX_PIXELS // 10**6} million pixels" in places
    assert f"({paging.PAGE_ITEMS} products each" in PAGE


def test_what_is_no_other_image_is_named() -> None:
    said = PAGE.partition("### Which images are the same")[2].partition("###")[0]
    assert set(re.findall(r"`(\w+)`", said)) == EDITIONS | {"changes_only"}


def test_what_snippets_map_to_are_attributes() -> None:
    for names in re.findall(r"columns: \{(.*?)\}", PAGE):
        assert {pair.partition(":")[2].strip() for pair in names.split(",")} <= ATTRIBUTES
