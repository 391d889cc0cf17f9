"""`reelmill screen`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from records.ledger import Ledger
from reelmill.settings import Settings
from tasks.screening.ocr import RapidOcr
from tests.held import hold
from tests.integration.test_screening import moving
from tests.line import TWO_PROMPTS, Project, complain

#: Blocks whatever moves, and has a rule of its own for texts.
OURS = """\
name: ours
version: "7"
required: [opennsfw]
optional: []
rules: {opennsfw: {nsfw: {category: sexual, review: 0.0000001, block: 0.000001}}}
agreement: {seconds: 0}
isolated: {score_below: 0, seconds: 1}
black: {level_below: 0, share_above: 0.99}
frozen: {change_below: 0, share_above: 0.99}
texts: {levels: {gambling: block}}
"""


def said(project: Project, *arguments: str, code: int) -> list[dict[str, Any]]:
    """What the command says as JSON."""
    done = project.call("screen", *arguments, "--json")
    assert done.returncode == code, complain(done)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_texts_are_judged_one_by_one_and_the_exit_code_is_that_of_the_worst(project: Project) -> None:
    kind = project.call("screen", "a cup of mountain tea")
    assert kind.returncode == 0, complain(kind)
    assert kind.stdout.startswith("a cup of mountain tea  pass  default ")

    done = project.call("screen", "a cup of mountain tea", "来赌*博吧", "free porn")
    assert done.returncode == 1, complain(done)
    assert "来赌*博吧  review  default " in done.stdout
    assert "text: gambling: 赌博 (review)" in done.stdout
    assert "free porn  block  default " in done.stdout

    both = said(project, "a cup of mountain tea", "来赌*博吧", code=1)
    assert [(one["what"], one["decision"]) for one in both] == [
        ("a cup of mountain tea", "pass"),
        ("来赌*博吧", "review"),
    ]
    assert [(hit["term"], hit["excerpt"]) for hit in both[1]["hits"]] == [("赌博", "赌*博")]


def test_a_video_is_looked_at_frame_by_frame_and_a_policy_may_say_what_for(project: Project) -> None:
    moving(project.folder / "kind.mp4")
    (project.folder / "ours.yaml").write_text(OURS, encoding="utf-8")

    [kind] = said(project, "kind.mp4", code=0)
    assert (kind["decision"], kind["policy"], kind["frames"], kind["examined"]) == ("pass", "default", 12, 12)
    assert "opennsfw" in [one["detector"] for one in kind["examinations"]]

    done = project.call("screen", "kind.mp4", "来赌博吧", "--policy", "ours.yaml")
    assert done.returncode == 1, complain(done)
    assert "kind.mp4  block  ours 7" in done.stdout
    assert "sexual: opennsfw saw nsfw" in done.stdout
    assert "12 of 12 frames looked at" in done.stdout
    assert "来赌博吧  block  ours 7" in done.stdout

    (project.folder / "cut.mp4").write_bytes((project.folder / "kind.mp4").read_bytes()[:900])
    [cut] = said(project, "cut.mp4", code=1)
    assert cut["decision"] == "block"
    assert "not a video that ffmpeg can read" in cut["reasons"][0]


@pytest.mark.parametrize("name", ["outbox/typo.mp4", "typo.MP4", "clips/take.final", "clips"])
def test_a_file_that_is_not_there_is_no_text(project: Project, name: str) -> None:
    (project.folder / "clips").mkdir()

    done = project.call("screen", "a cup of tea", name)

    assert done.returncode == 2, complain(done)
    assert done.stdout == ""
    assert f"no video {name}" in done.stderr or f"{name} is no file" in done.stderr
    assert "→" in done.stderr


def test_a_text_may_have_dots_and_slashes_and_be_long(project: Project) -> None:
    kind = ["and/or", "tea.", "看 outbox/a.mp4 这个", "https://shop.example/tea.html", "茶" * 400]

    assert [one["decision"] for one in said(project, *kind, code=0)] == ["pass"] * len(kind)


def test_wrong_use_is_told_with_exit_code_2(project: Project) -> None:
    nothing = project.call("screen")
    assert nothing.returncode == 2
    assert "nothing to screen" in complain(nothing)

    unknown = project.call("screen", "tea", "--policy", "lax")
    assert unknown.returncode == 2
    assert "lax" in complain(unknown)


def test_a_pipeline_screens_as_it_will(project: Project) -> None:
    project.write(TWO_PROMPTS, more="    screen: {words: {competitors: [雪顶茶]}, ocr: true}\n")
    moving(project.folder / "kind.mp4")

    [text] = said(project, "雪顶茶更好喝", "--pipeline", "quick", code=1)
    assert text["reasons"] == ["text: competitors: 雪顶茶 (review)"]

    # Whoever reads pictures is told what texts may say; here there may be nobody who reads.
    installed = RapidOcr.missing() is None
    [film] = said(project, "kind.mp4", "--pipeline", "quick", code=0 if installed else 1)
    if not installed:
        assert film["reasons"] == [
            "the reader ocr cannot be loaded: the reader ocr is not installed – pip install 'reelmill[ocr]'"
        ]


def test_the_report_says_how_right_screening_was(project: Project, tmp_path: Path) -> None:
    empty = project.call("screen", "report")
    assert empty.returncode == 0, complain(empty)
    assert "nobody has decided about a picture yet" in empty.stdout
    assert project.json("screen", "report") == {"precision": [], "thresholds": [], "would_wait": {}, "passed": 0}

    with Ledger(Settings(home=project.folder / ".reelmill")) as ledger:
        first, second = hold(ledger, tmp_path, "小雪", "大雪")
        ledger.reviews.decide(first.id, "approve", "mei")
        ledger.reviews.decide(second.id, "reject", "mei")

    told = project.json("screen", "report")
    [sexual] = told["precision"]
    assert (sexual["category"], sexual["right"], sexual["share"]) == ("sexual", 1, 0.5)
    shown = project.call("screen", "report").stdout
    assert "Videos that waited, and what people decided" in shown
    assert "50%" in shown
