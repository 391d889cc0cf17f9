"""SIGKILL at every point of a post's way, at every target, while the platform misbehaves: no duplicate, nothing lost.

The platforms are simulated; what they counted as public is the truth. `benchmarks/publishing.py` plays more seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from records.ledger import Ledger
from reelmill.settings import Settings
from tasks.registry import find, names
from tests.crash.poster import Poster, poster
from tests.crash.rehearsal import POINTS, Case, Outcome, Stage, copy_of
from tests.places import Places, places
from tests.platforms import PLATFORMS, UPLOADING, simulated
from tests.postbox import Postbox, make_postbox, make_rendition

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: 0: nothing but the death; the others add troubles of the platform.
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Postbox:
    folder = tmp_path_factory.mktemp("template")
    return make_postbox(Settings(home=folder / "home"), make_rendition(folder))


@pytest.fixture(scope="module")
def publisher() -> Iterator[Poster]:
    with poster() as running:
        yield running


@pytest.fixture(scope="module")
def town() -> Iterator[Places]:
    with places() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", names("targets"))
def test_a_post_that_dies_anywhere_is_made_exactly_once(
    kind: str, seed: int, publisher: Poster, template: Postbox, town: Places, tmp_path: Path
) -> None:
    outcomes = []
    for point in POINTS:
        folder = tmp_path / point
        folder.mkdir()
        with town.place(kind, folder) as place:
            outcomes.append(Stage(publisher, copy_of(template, folder), place).play(Case(kind, point, seed)))
    assert not [line for line in map(complaint, outcomes) if line]
    # One that nobody can ask is quiet as soon as its answer is lost.
    assert sum(outcome.killed for outcome in outcomes) >= (8 if seed == 0 else 5), "it hardly ever died"


@pytest.mark.parametrize("point", ["post.uploading", "post.remembered", "post.armed", "post.finalized", "post.seen"])
@pytest.mark.parametrize("kind", ["tiktok", "telegram"])
def test_a_ledger_on_postgres_knows_as_much(
    kind: str,
    point: str,
    publisher: Poster,
    template: Postbox,
    town: Places,
    postgres_settings: Settings,
    tmp_path: Path,
) -> None:
    with Ledger(template.settings) as ledger:
        rendition = ledger.media.fetch_rendition(template.rendition_id)
    assert rendition is not None
    with town.place(kind, tmp_path) as place:
        outcome = Stage(publisher, make_postbox(postgres_settings, rendition), place).play(Case(kind, point, 1))
    assert not complaint(outcome)
    assert outcome.killed or outcome.troubled


def test_a_death_meets_every_trouble(tmp_path: Path) -> None:
    """Which ones the first seed draws, over all platforms and points: each is met by a process that is killed."""
    met: set[str] = set()
    for kind, point in product(PLATFORMS, POINTS):
        platform = PLATFORMS[kind](f"http://127.0.0.1:1/{kind}", tmp_path)
        simulated(platform, "").trouble(Case(kind, point, 1).dice)
        met |= {"slow look-up"} if getattr(platform, "slow_lookup", 0) else set()
        met |= {"kept what was cut"} if getattr(platform, "keeps_cut_chunks", False) else set()
        for one in platform.troubles.left:
            met |= {name for name in ("drop", "cut", "expires") if getattr(one, name)}
            met |= {str(one.status)} if one.status else set()
            met |= {"wrong offset"} if one.at in UPLOADING and one.handled and one.drop else set()
    wanted = {"slow look-up", "kept what was cut", "wrong offset", "drop", "cut", "expires"}
    assert met == wanted | {"200", "429", "500", "503"}


def complaint(outcome: Outcome) -> str:
    """What is wrong with an outcome, or nothing."""
    wrong = [
        word
        for word, is_so in (
            ("posted twice", outcome.duplicate),
            ("lost", outcome.lost),
            ("not verified", not outcome.verified),
            ("not read back", not outcome.seen),
            ("unknown without a reason", not outcome.justified(find("targets", outcome.case.target).safety)),
        )
        if is_so
    ]
    return f"{outcome.case}: {', '.join(wrong)}; {outcome.public} public, {outcome.history}" if wrong else ""


@pytest.mark.parametrize("kind", ["instagram", "x", "pinterest", "wordpress"])
def test_without_the_look_up_there_are_duplicates(
    kind: str, publisher: Poster, template: Postbox, town: Places, tmp_path: Path
) -> None:
    """The control: the suite bites. Platforms that take the last call for one video only once are not among these."""
    with town.place(kind, tmp_path) as place:
        outcome = Stage(publisher, copy_of(template, tmp_path), place).play(Case(kind, "post.finalized", 0), blind=True)
    assert outcome.duplicate
