"""The JSON Schema of the definition file: committed, equal to the code, and as strict as a schema can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from flows.definition import load, loads, schema
from flows.yaml import read
from reelmill.errors import DefinitionError
from tests.unit.test_definition import GOOD, HEAD, KEYS, pipeline

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "pipelines.schema.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def test_it_is_a_correct_schema_of_draft_2020_12() -> None:
    found = schema()

    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["title"]


def test_the_committed_copy_is_what_the_code_makes() -> None:
    # regenerate: python -m flows.schema > pipelines.schema.json
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == schema()


def test_every_key_says_what_it_is_for() -> None:
    silent: list[str] = []

    def walk(node: Any, path: str) -> None:
        if not isinstance(node, dict):
            return
        for name, inner in node.get("properties", {}).items():
            if name != "type" and isinstance(inner, dict) and not inner.get("description"):
                silent.append(f"{path}.{name}")
        for key, inner in node.items():
            for one in inner if isinstance(inner, list) else [inner]:
                walk(one, f"{path}.{key}")

    walk(schema(), "")
    assert [path for path in silent if not path.endswith(".to")] == []


def test_the_pipelines_that_ship_are_valid(validator: Draft202012Validator) -> None:
    shipped = ROOT / "pipelines.yaml"

    assert list(validator.iter_errors(read(shipped.read_bytes()).data)) == []
    assert load(shipped).pipelines


def test_a_good_definition_is_valid(validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(read(GOOD.encode()).data)) == []


BAD = [
    pipeline().replace("version: 1", "version: 2"),
    pipeline().replace("brand:", "brnd:"),
    pipeline().replace("{name: Tea}", "{name: Tea, color: green}"),
    pipeline().replace("{name: Tea}", "{}"),
    pipeline().replace("type: folder", "type: foldr"),
    pipeline().replace("path: o", "pth: o"),
    pipeline().replace("  p:", "  Product Animation:"),
    HEAD,
    pipeline(prompt=None),
    pipeline(prompt=None, promt=KEYS["prompt"]),
    pipeline(prompt="{subject: '', action: b, environment: c, style: d}"),
    pipeline(deliver="[]"),
    pipeline(deliver="douyin"),
    pipeline(publish="[{too: outbox}]"),
    pipeline(generate="{engine: storybord}"),
    pipeline(generate="{seconds: 5s}"),
    pipeline(generate="{seconds: 0}"),
    pipeline(generate="{size: huge}"),
    pipeline(generate="{fps: 24.5}"),
    pipeline(generate="{lines: []}"),
    pipeline(generate="{image: maybe}"),
    pipeline(source="{type: solar_term}"),
    pipeline(source="{type: solar_terms, locle: zh}"),
    pipeline(source="{type: product_feed}"),
    pipeline(source="solar_terms"),
    pipeline(on="product.created"),
    pipeline(on="{event: Product Created}"),
    pipeline(schedule="{timezone: UTC}"),
    pipeline(schedule='{cron: "0 6 * * *", interval: 1d}'),
    pipeline(schedule="{interval: 6 hours}"),
    pipeline(matrix="{style: ink wash}"),
    pipeline(matrix="{Style: [a]}"),
    pipeline(matrix="{style: []}"),
    pipeline(matrix="{}"),
    pipeline(caption="{lines: one line}"),
    pipeline(screen="{detectors: nudenet}"),
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_in_form_is_wrong_for_both(text: str, validator: Draft202012Validator) -> None:
    with pytest.raises(DefinitionError):
        loads(text, Path("pipelines.yaml"))
    assert list(validator.iter_errors(read(text.encode()).data))
