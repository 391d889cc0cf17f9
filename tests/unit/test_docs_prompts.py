"""The page about prompts is true: its snippets are parts of pipelines, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from flows.definition import Definition, loads
from flows.experiments.options import ExperimentOptions
from flows.library import SHIPPED, entries, read
from tasks.prompts.library_prompt import CounterExample, Example, LibraryPrompt
from tasks.prompts.matrix import MOST_CELLS, MOST_COMBINATIONS, MatrixOptions, chosen, variants
from tasks.prompts.proving import prove, unproven
from tasks.prompts.sampling import SampleOptions
from tests.unit.test_manifests import check_command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8")

#: What a snippet that does not say it is completed with.
REST = {
    "source": "{type: list, items: [{id: a, title: 青瓷杯}]}",
    "prompt": "{subject: a celadon cup, action: steam rises, environment: a table, style: clay}",
    "deliver": "[douyin, tiktok]",
}


def snippets() -> list[str]:
    """The parts of pipelines on the page."""
    return [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("    ")]


def definition(snippet: str) -> Definition:
    keys = set(re.findall(r"^    (\w+):", snippet, re.MULTILINE))
    rest = "".join(f"    {key}: {value}\n" for key, value in REST.items() if key not in keys)
    targets = "targets: {a: {type: folder, path: a}, b: {type: folder, path: b}}\n"
    return loads(f"version: 1\nbrand: {{name: x}}\n{targets}pipelines:\n  p:\n{snippet}{rest}", ROOT / "pipelines.yaml")


@pytest.mark.parametrize("number", range(len(snippets())))
def test_each_snippet_is_a_part_of_a_pipeline(number: int) -> None:
    assert definition(snippets()[number]).pipelines["p"]


def test_the_first_matrix_makes_what_the_page_says() -> None:
    matrix = definition(snippets()[0]).pipelines["p"].matrix
    cells = variants(matrix)
    assert "food_ink-wash" in {cell.id for cell in cells}
    assert len(chosen(matrix, cells, brief="a", run="2026-11-22")) == 6


def test_the_page_tells_every_key_and_the_limits() -> None:
    for key in {*MatrixOptions.model_fields, *SampleOptions.model_fields, *ExperimentOptions.model_fields}:
        assert re.search(rf"\b{key}\b", PAGE), key
    assert f"{MOST_CELLS} combinations" in PAGE
    assert f"{MOST_COMBINATIONS:,}" in PAGE


def test_the_prompt_on_the_page_is_proven_and_tells_every_key(tmp_path: Path) -> None:
    (block,) = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("about:")]
    path = tmp_path / "leaf.yaml"
    path.write_text(block, encoding="utf-8")
    found = read(path)
    assert found.prompt is not None, [str(problem) for problem in found.problems]
    assert not [proof for proof in prove(found.prompt) if proof.failures]
    assert not unproven(found.prompt)
    for model in (LibraryPrompt, Example, CounterExample):
        for key in set(model.model_fields) - {"camera", "negative"}:
            assert re.search(rf"\b{key}\b", PAGE), key


def test_the_page_counts_what_ships() -> None:
    assert len(entries(SHIPPED)) == 13
    assert "Thirteen ship" in PAGE


def test_the_commands_are_commands() -> None:
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    for line in lines:
        command = re.match(r"(reelmill [^#]+)", line)
        assert command is not None, line
        check_command(shlex.split(command[1]))


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert link.startswith("https://") or (ROOT / "docs" / link).is_file(), link
