"""Which value is best: against sums that were made another way, and where in truth nothing differs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from flows.experiments.beta_binomial import Tally, log_gamma
from flows.experiments.comparing import LEAST, SPREAD, compare


def test_the_gamma_function_is_that_of_the_standard_library() -> None:
    numbers = np.geomspace(1e-4, 1e8, 500)
    wanted = np.array([math.lgamma(number) for number in numbers])
    assert np.max(np.abs(log_gamma(numbers) - wanted) / np.maximum(1, np.abs(wanted))) < 1e-12


def test_the_answer_is_that_of_a_simulation_of_the_model() -> None:
    """The model as one writes it down, weighed by how well it explains the posts: no grid, no common code."""
    posts = {"calm": [(120, 9), (300, 31), (80, 9)], "gift": [(200, 8), (150, 9), (90, 5)]}
    found = compare({value: [Tally("a", *post) for post in own] for value, own in posts.items()})
    assert found is not None

    draws, random = 400_000, np.random.default_rng(1)
    concentration = np.exp(random.uniform(math.log(2), math.log(20_000), draws))
    common = random.uniform(-6, 1, draws)
    apart = {value: common + random.normal(0, SPREAD, draws) for value in posts}
    same = common + random.normal(0, SPREAD, draws)
    explained = {value: _explained(own, apart[value], concentration) for value, own in posts.items()}
    both = explained["calm"] + explained["gift"]
    together = sum(_explained(own, same, concentration) for own in posts.values())
    weights = np.exp(both - both.max())
    best = float(weights[apart["calm"] > apart["gift"]].sum() / weights.sum())
    odds = float(np.exp(both - both.max()).mean() / np.exp(together - both.max()).mean())

    assert {rate.value: rate.best for rate in found.rates}["calm"] == pytest.approx(best, abs=0.015)
    assert found.odds == pytest.approx(odds, rel=0.06)
    rates = 1 / (1 + np.exp(-apart["calm"]))
    order = np.argsort(rates)
    sums = np.cumsum(weights[order]) / weights.sum()
    low, high = rates[order][np.searchsorted(sums, [0.025, 0.975])]
    (calm,) = (rate for rate in found.rates if rate.value == "calm")
    assert (calm.low, calm.high) == (pytest.approx(low, rel=0.05), pytest.approx(high, rel=0.05))


def _explained(posts: list[tuple[int, int]], logits: np.ndarray, concentration: np.ndarray) -> np.ndarray:
    rate = 1 / (1 + np.exp(-logits))
    yes, no = concentration * rate, concentration * (1 - rate)
    found = np.zeros(len(logits))
    for trials, hits in posts:
        for count, start in ((hits, yes), (trials - hits, no)):
            found += sum(np.log(start + step) for step in range(count))
        found -= sum(np.log(concentration + step) for step in range(trials))
    return found


def made(random: np.random.Generator, rates: Mapping[str, float], blocks: int, alike: float) -> dict[str, list[Tally]]:
    """Posts as they come: some go viral, each is liked in its own way, and the second account likes more."""
    found: dict[str, list[Tally]] = {value: [] for value in rates}
    for block in range(blocks):
        for place, (value, rate) in enumerate(rates.items()):
            arm = "ab"[(block + place) % 2]
            own = rate * 1.5 if arm == "b" else rate
            views = int(random.lognormal(7, 1))
            liked = random.beta(alike * own, alike * (1 - own))
            found[value].append(Tally(arm, views, int(random.binomial(views, liked))))
    return found


def looked_at(posts: Mapping[str, list[Tally]], every: int) -> tuple[bool, str | None]:
    """Somebody looks every few days: whether a value was ever 95 % sure to be best, and the first winner."""
    sure, winner = False, None
    for until in range(LEAST, len(next(iter(posts.values()))) + 1, every):
        found = compare({value: own[:until] for value, own in posts.items()})
        assert found is not None
        sure = sure or found.rates[0].best >= 0.95
        winner = winner or found.winner
    return sure, winner


def test_where_nothing_differs_looking_often_names_no_winner_but_fools_whoever_goes_by_chances() -> None:
    rates = {"calm": 0.05, "gift": 0.05}
    looks = [looked_at(made(np.random.default_rng(seed), rates, 24, 60), 3) for seed in range(40)]
    assert sum(winner is not None for _, winner in looks) <= 2  # one in twenty
    assert sum(sure for sure, _ in looks) >= 6  # or the guard would guard against nothing


def test_a_value_that_is_better_wins() -> None:
    rates = {"calm": 0.08, "craft": 0.05, "gift": 0.05}
    winners = [looked_at(made(np.random.default_rng(seed), rates, 30, 100), 9)[1] for seed in range(12)]
    assert winners.count("calm") >= 10
    assert set(winners) <= {"calm", None}


def test_two_that_are_better_than_a_third_are_not_told_apart() -> None:
    rates = {"calm": 0.06, "craft": 0.06, "gift": 0.02}
    winners = [looked_at(made(np.random.default_rng(seed), rates, 30, 100), 9)[1] for seed in range(12)]
    assert sum(winner is not None for winner in winners) <= 1


def test_one_post_that_goes_viral_is_no_proof() -> None:
    """A plain binomial would be sure: 40,000 views with 8 % against 3,000 with 5 %."""
    found = compare({"calm": [Tally("a", 40_000, 3_200), Tally("a", 900, 45), Tally("a", 1_000, 52)],
                     "gift": [Tally("a", 1_000, 50), Tally("a", 1_100, 55), Tally("a", 900, 46)]})  # fmt: skip
    assert found is not None
    assert found.winner is None
    assert found.odds < 2


def test_what_an_account_gives_to_all_is_no_merit_of_a_value() -> None:
    """The copy whose posts are mostly on the account that likes everything is not better for it."""
    random = np.random.default_rng(3)

    def on(arm: str, rate: float, posts: int) -> list[Tally]:
        return [Tally(arm, 2_000, int(random.binomial(2_000, random.beta(200 * rate, 200 * (1 - rate)))))
                for _ in range(posts)]  # fmt: skip

    found = compare({"calm": on("a", 0.03, 5) + on("b", 0.09, 15), "gift": on("a", 0.03, 15) + on("b", 0.09, 5)})
    assert found is not None
    assert found.winner is None
    assert found.odds < 3


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"calm": [Tally("a", 100, 5)]},
        {"calm": [Tally("a", 100, 5)], "gift": []},
        {"calm": [Tally("a", 100, 5)], "gift": [Tally("a", 0, 0)]},
    ],
)
def test_with_less_than_two_values_that_were_seen_there_is_nothing_to_compare(values: dict[str, list[Tally]]) -> None:
    assert compare(values) is None


@pytest.mark.parametrize(
    "values",
    [
        {"calm": [Tally("a", 1, 1)], "gift": [Tally("a", 1, 0)]},
        {"calm": [Tally("a", 100, 100)] * 5, "gift": [Tally("b", 100, 0)] * 5},
        {"calm": [Tally("a", 10**7, 10**6)] * 200, "gift": [Tally("b", 10**7, 10)] * 200},
        {f"v{number}": [Tally("a", 1000, number)] for number in range(30)},
        {"calm": [Tally("a", 3, 1.25)], "gift": [Tally("a", 4, 2.5)]},
    ],
)
def test_no_numbers_are_too_odd(values: dict[str, list[Tally]]) -> None:
    found = compare(values)
    assert found is not None
    assert sum(rate.best for rate in found.rates) == pytest.approx(1)
    assert all(0 < rate.low <= rate.rate <= rate.high < 1 for rate in found.rates)
    assert math.isfinite(found.odds)


def test_fewer_than_three_posts_of_a_value_win_nothing() -> None:
    found = compare({"calm": [Tally("a", 10_000, 5_000)] * 2, "gift": [Tally("a", 10_000, 100)] * 40})
    assert found is not None
    assert found.leader == "calm"
    assert found.winner is None
