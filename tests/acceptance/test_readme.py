"""The README is true: its commands run as they are written, and its example is a definition."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.definition import loads
from reelmill.settings import Settings
from tests.line import Project

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(heading: str, language: str) -> str:
    """The first code block of this language below a heading."""
    found = re.search(rf"^#+ {heading}\n.*?```{language}\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found is not None, f"the README has no {language} block below {heading!r}"
    return found[1]


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_they_are_written(project: Project, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "reelmill").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flows.cli.app "$@"\n')
    (programs / "reelmill").chmod(0o755)
    environment = project.variables({"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)})
    done = subprocess.run(
        ["bash", "-eu", "-c", block("Use", "sh")],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    shop = Project(project.folder / "shop", project.environment)
    runs = {run["pipeline"]: run for run in shop.json("runs")}
    assert runs["solar-terms-daily"]["count"]["found"] == 3
    assert runs["sentence-animation"]["count"]["found"] == 1
    # What is drawn depends on today's date, and screening may want a person to look at a picture.
    made = sum(run["count"].get("done", 0) for run in runs.values())
    assert made + sum(run["count"].get("in_review", 0) for run in runs.values()) == 4
    assert made >= 2
    assert len(list((shop.folder / "outbox").rglob("*.mp4"))) == made * 4


def test_the_example_of_the_readme_is_a_definition() -> None:
    head = "version: 1\nbrand: {name: x}\ntargets: {outbox: {type: folder, path: outbox}}\n"
    definition = loads(head + block("What it does", "yaml"), ROOT / "pipelines.yaml")
    assert list(definition.pipelines) == ["solar-terms-daily"]


def test_the_settings_of_the_readme_are_the_settings_of_the_code() -> None:
    told = set(re.findall(r"^\| `(REELMILL_[A-Z_]+)` \|", README, re.MULTILINE))
    assert told == {f"REELMILL_{name.upper()}" for name in Settings.model_fields} | {"REELMILL_FILE"}


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (ROOT / link).is_file(), link
