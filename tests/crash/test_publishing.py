"""SIGKILL at every point of a post's way, at every target, while the platform misbehaves: no duplicate, nothing lost.

The platforms are simulated; what they counted as public is the truth. `benchmarks/publishing.py` plays more seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reelmill.settings import Settings
from sandbox.platforms import all_platforms
from sandbox.server import Sandbox, sandbox
from tasks.registry import names
from tests.contract.test_targets import OPTIONS
from tests.crash.poster import Poster, poster
from tests.crash.rehearsal import POINTS, Case, Outcome, Stage
from tests.postbox import Postbox, make_postbox, make_rendition, make_target

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: 0: nothing but the death; the others add troubles of the platform.
SEEDS = (0, 1)
KINDS = {kind.name: kind for kind in all_platforms()}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Postbox:
    folder = tmp_path_factory.mktemp("template")
    return make_postbox(Settings(home=folder / "home"), make_rendition(folder))


@pytest.fixture(scope="module")
def publisher() -> Iterator[Poster]:
    with poster() as running:
        yield running


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with sandbox(list(KINDS.values())) as running:
        for platform in running.platforms.values():
            platform.relax()
        yield running


def stage_of(kind: str, publisher: Poster, template: Postbox, box: Sandbox, folder: Path) -> Stage:
    options = dict(OPTIONS[kind](folder))
    return Stage(
        publisher, template, folder, options, make_target(kind, **options), box.platforms.get(kind),
        sandbox=box.url if kind in box.platforms else "",
        shown=lambda: len(list((folder / "outbox").rglob("*.mp4"))),
    )  # fmt: skip


def complaint(outcome: Outcome, stage: Stage) -> str:
    """What is wrong with an outcome, or nothing."""
    safety = stage.target.safety
    wrong = [
        word
        for word, is_so in (
            ("posted twice", outcome.duplicate),
            ("lost", outcome.lost(safety)),
            ("not verified", not outcome.verified),
            ("not read back", not outcome.seen),
            ("unknown without a reason", not outcome.justified(safety)),
        )
        if is_so
    ]
    return f"{outcome.case}: {', '.join(wrong)}; {outcome.public} public, {outcome.history}" if wrong else ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", [kind for kind in names("targets") if kind in KINDS or kind == "folder"])
def test_a_post_that_dies_anywhere_is_made_exactly_once(
    kind: str, seed: int, publisher: Poster, template: Postbox, box: Sandbox, tmp_path: Path
) -> None:
    complaints, killed = [], 0
    for point in POINTS:
        folder = tmp_path / point
        folder.mkdir()
        stage = stage_of(kind, publisher, template, box, folder)
        outcome = stage.play(Case(kind, point, seed))
        killed += outcome.killed
        complaints.append(complaint(outcome, stage))
    assert not [line for line in complaints if line]
    assert killed >= 8, "it hardly ever died, so this proves nothing"


def test_without_the_look_up_there_are_duplicates(
    publisher: Poster, template: Postbox, box: Sandbox, tmp_path: Path
) -> None:
    """The control: the suite bites."""
    with ExitStack():
        public = 0
        for kind in ("x", "linkedin", "instagram"):
            stage = stage_of(kind, publisher, template, box, tmp_path)
            public += stage.play(Case(kind, "post.finalized", 0), blind=True).public
    assert public > 3
