"""The table of texts: what is forbidden is found, and what only looks like it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reelmill.content import Decision
from reelmill.text_verdict import TextVerdict
from tasks.screening.policy import load
from tasks.screening.texts.screen import TextScreen

ROOT = Path(__file__).parents[2]
SCREEN = TextScreen(load("default", Path()))
RANK = {Decision.PASS: 0, Decision.REVIEW: 1, Decision.BLOCK: 2}

#: What is asked for: the share of forbidden texts that are found, and of innocent ones that are not.
RECALL, FALSE_HITS = 0.98, 0.01


@dataclass(frozen=True)
class Row:
    text: str
    lang: str
    expect: Decision
    kind: str
    category: str
    held: bool
    verdict: TextVerdict

    @property
    def right(self) -> bool:
        if self.expect is Decision.PASS:
            return self.verdict.decision is Decision.PASS
        named = any(reason.startswith(f"caption: {self.category}: ") for reason in self.verdict.reasons)
        return named and RANK[self.verdict.decision] >= RANK[self.expect]


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def rows(name: str) -> Iterator[Row]:
    for group in read(ROOT / "tests" / "data" / name)["groups"]:
        for held, texts in ((False, group["texts"]), (True, group["held"])):
            for text in texts:
                verdict = SCREEN.screen({"caption": text})
                expect, category = Decision(group["expect"]), group.get("category", "")
                yield Row(text, group["lang"], expect, group["kind"], category, held, verdict)


ROWS = list(rows("texts.yaml"))
FORBIDDEN = [row for row in ROWS if row.expect is not Decision.PASS]
INNOCENT = [row for row in ROWS if row.expect is Decision.PASS]


def share(chosen: list[Row]) -> float:
    return sum(row.right for row in chosen) / len(chosen)


def wrong(chosen: list[Row]) -> list[tuple[str, str, tuple[str, ...]]]:
    """For the message of a failure; held rows stay unseen, or they would be tuned on."""
    return [(row.text, row.kind, row.verdict.reasons) for row in chosen if not row.right and not row.held]


def test_the_table_is_large_and_each_text_is_in_it_once() -> None:
    assert len(ROWS) >= 300
    assert len(INNOCENT) >= 150
    assert len({row.text for row in ROWS}) == len(ROWS)
    assert len(ROWS) / 3 - 10 < sum(row.held for row in ROWS) < len(ROWS) / 3 + 10


@pytest.mark.parametrize("lang", ["zh", "en", "mixed"])
def test_what_is_forbidden_is_found(lang: str) -> None:
    chosen = [row for row in FORBIDDEN if row.lang == lang]

    assert share(chosen) >= RECALL, wrong(chosen)


@pytest.mark.parametrize("lang", ["zh", "en", "mixed"])
def test_what_is_innocent_passes(lang: str) -> None:
    chosen = [row for row in INNOCENT if row.lang == lang]

    assert share(chosen) >= 1 - FALSE_HITS, wrong(chosen)


def test_so_it_is_for_rows_that_nobody_tuned_for() -> None:
    assert share([row for row in FORBIDDEN if row.held]) >= RECALL
    assert share([row for row in INNOCENT if row.held]) >= 1 - FALSE_HITS


def test_so_it_is_for_texts_that_were_written_afresh() -> None:
    """They were found wanting at first, and are here so that what was mended stays so."""
    afresh = list(rows("texts_afresh.yaml"))
    forbidden = [row for row in afresh if row.expect is not Decision.PASS]
    innocent = [row for row in afresh if row.expect is Decision.PASS]

    assert len(forbidden) > 150
    assert len(innocent) > 250
    assert share(forbidden) >= RECALL, wrong(forbidden)
    assert share(innocent) >= 1 - FALSE_HITS, wrong(innocent)


def test_every_way_to_hide_a_word_is_seen_through() -> None:
    for kind in sorted({row.kind for row in FORBIDDEN}):
        chosen = [row for row in FORBIDDEN if row.kind == kind and not row.held]
        assert share(chosen) == 1, wrong(chosen)


def test_innocent_texts_stay_so_beside_a_child_but_for_what_is_suggestive() -> None:
    """Most captions of a brand may stand beside a picture of children."""
    chosen = [row for row in INNOCENT if not row.held]
    wrong = [
        row.text
        for row in chosen
        if SCREEN.screen({"prompt": "children fly kites on a hill", "caption": row.text}).decision is not Decision.PASS
    ]

    assert len(wrong) <= FALSE_HITS * len(chosen), wrong


def test_a_hit_names_the_letters_of_the_text() -> None:
    for row in FORBIDDEN:
        for hit in row.verdict.hits:
            assert hit.excerpt == row.text[hit.start : hit.end] != ""


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize("path", ["tasks/sources/solar_terms.yaml", "pipelines.yaml"])
def test_every_text_that_ships_passes(path: str, policy: str) -> None:
    screen = TextScreen(load(policy, Path()))
    texts = list(strings(read(ROOT / path)))

    assert len(texts) > 50
    for text in texts:
        for name in ("prompt", "caption"):
            verdict = screen.screen({name: text})
            assert verdict.decision is Decision.PASS, (text, verdict.reasons)
