"""Posts that die at every point of their way at every target, while the platforms misbehave; the platforms count."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from records.states import PostState
from reelmill.settings import Settings
from tasks.registry import find, names
from tests.crash.poster import Poster, poster
from tests.crash.rehearsal import POINTS, Case, Outcome, Stage, copy_of
from tests.places import Places, places
from tests.postbox import Postbox, make_postbox, make_rendition

#: Targets that would be posted to twice if nobody looked up what became of a call.
CONTROLS = ("instagram", "x", "pinterest", "wordpress")
#: Targets that are tried at the same time.
TOGETHER = 2


def measure(seeds: int, *, say: Callable[[str], None] = print) -> dict[str, float]:
    """Play every target × point × seed, and the control.

    Parameters
    ----------
    seeds:
        0 is the death alone; the others add troubles of the platform.
    """
    kinds = names("targets")
    with tempfile.TemporaryDirectory(prefix="reelmill-crashes-") as folder, ThreadPoolExecutor(TOGETHER) as pool:
        template = make_postbox(Settings(home=Path(folder) / "home"), make_rendition(Path(folder)))
        played: list[Outcome] = []
        for kind, outcomes in zip(kinds, pool.map(lambda kind: _all_of(kind, seeds, template), kinds), strict=True):
            say(_row(kind, outcomes))
            played += outcomes
        blind = list(pool.map(lambda kind: _one(kind, template, blind=True), CONTROLS))
    doubted = [outcome for outcome in played if _was_in_doubt(outcome)]
    return {
        "crash_points": len(POINTS),
        "targets": len(kinds),
        "seeds": seeds,
        "deaths": sum(outcome.killed for outcome in played),
        "duplicates": sum(outcome.duplicate for outcome in played),
        "lost": sum(outcome.lost for outcome in played),
        "unverified": sum(not outcome.verified for outcome in played),
        "unknown_resolved": sum(outcome.state is not PostState.UNKNOWN for outcome in doubted),
        "unknown_parked": sum(outcome.state is PostState.UNKNOWN for outcome in played),
        "unknown_without_a_reason": sum(not _is_justified(outcome) for outcome in played),
        "recovery_seconds_median": statistics.median(outcome.seconds for outcome in played if outcome.killed),
        "control_duplicates": sum(outcome.duplicate for outcome in blind),
    }


def _all_of(kind: str, seeds: int, template: Postbox) -> list[Outcome]:
    with poster() as publisher, places() as town, tempfile.TemporaryDirectory() as folder:
        return [
            _play(Case(kind, point, seed), publisher, town, template, Path(folder) / f"{point}-{seed}")
            for point in POINTS
            for seed in range(seeds)
        ]


def _one(kind: str, template: Postbox, *, blind: bool) -> Outcome:
    with poster() as publisher, places() as town, tempfile.TemporaryDirectory() as folder:
        case = Case(kind, "post.finalized", 0)
        return _play(case, publisher, town, template, Path(folder) / "control", blind=blind)


def _play(
    case: Case, publisher: Poster, town: Places, template: Postbox, folder: Path, *, blind: bool = False
) -> Outcome:
    folder.mkdir()
    with town.place(case.target, folder) as place:
        return Stage(publisher, copy_of(template, folder), place).play(case, blind=blind)


def _was_in_doubt(outcome: Outcome) -> bool:
    """Nobody knew for a while whether it was posted, and the platform was asked."""
    return any("by a look-up" in step or "says it was not posted" in step for step in outcome.history)


def _is_justified(outcome: Outcome) -> bool:
    return outcome.justified(find("targets", outcome.case.target).safety)


def _row(kind: str, outcomes: list[Outcome]) -> str:
    parked = sum(outcome.state is PostState.UNKNOWN for outcome in outcomes)
    deaths = [outcome for outcome in outcomes if outcome.killed]
    seconds = statistics.median(outcome.seconds for outcome in deaths)
    return (
        f"{kind:<10} {len(deaths):>4} deaths  {sum(outcome.duplicate for outcome in outcomes)} twice"
        f"  {sum(outcome.lost for outcome in outcomes)} lost  {parked:>2} left to a person  {seconds:5.2f} s to recover"
    )
