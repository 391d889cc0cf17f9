"""What the page about screening says of texts is true: its tables name what the code has, its snippet is a rule."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ruamel.yaml import YAML

from tasks.screening.options import ScreenOptions
from tasks.screening.overlay import Overlay
from tasks.screening.policy import load
from tasks.screening.texts.guard import GuardOptions
from tasks.screening.texts.rules import CATEGORIES, TextRules
from tasks.screening.texts.screen import TextScreen
from tasks.screening.texts.words import WordOptions

PAGE = (Path(__file__).parents[2] / "docs" / "screening.md").read_text(encoding="utf-8")
SNIPPETS = [YAML(typ="safe", pure=True).load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def rows(heading: str) -> list[str]:
    """The words in the first column of the table below a heading."""
    section = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section is not None
    cells = re.findall(r"^\| (`.*?) \|", section[1], re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]


def test_each_category_has_its_row() -> None:
    assert rows("Texts") == list(CATEGORIES)


def test_each_key_has_its_row() -> None:
    assert rows("Your own words")[: len(WordOptions.model_fields)] == list(WordOptions.model_fields)
    assert rows("A guard model") == list(GuardOptions.model_fields)


def test_the_snippets_are_what_they_seem() -> None:
    screen, policy, overlaid, remote = SNIPPETS

    assert ScreenOptions.model_validate(screen["screen"]).policy == "default"
    assert [one.name for one in ScreenOptions.model_validate_json(json.dumps(remote["screen"])).remote] == ["gore"]
    assert Overlay.model_validate(overlaid["overlays"]["douyin"]).texts == ["politics"]
    assert TextRules.model_validate(policy["texts"]).levels == {"gambling": "block", "absolutes": "off"}


def test_the_examples_are_found_or_pass_as_the_page_says() -> None:
    words = WordOptions(competitors=["喜茶"], allowed=["最美时光"])
    screen = TextScreen(load("default", Path()), words)

    for text in ("p0rn", "s*x", "赌*博", "s.e.x", "赌bo", "#FreeCasino", "喜 茶"):
        assert screen.screen({"caption": text}).decision.value != "pass", text
    for text in ("Essex", "chicken breast", "大麻花", "最近", "最美时光", "pooorn"):
        assert screen.screen({"caption": text}).decision.value == "pass", text
