"""Which value of an experiment is best, and how sure that is: Bayesian, and safe to look at every day.

The log-odds of a value are those that all values have in common, and a difference of its own; how far differences go
is known beforehand (`SPREAD`). What an arm, such as an account, gives to every value alike is taken off first. The
posts of a value are beta-binomial around its rate (`beta_binomial`). All of it is summed up on a grid, so there is no
chance in the answer.

**Peeking.** Whoever looks at an experiment each morning and stops at the first "95 % sure" is wrong far more often than
once in twenty, because each morning is another chance to be fooled. So a winner needs more than that: against each
other value, the odds that the two differ at all (the Bayes factor) must have reached a bound. Where nothing differs
these odds are a martingale, and a martingale that begins at 1 ever reaches *b* with a chance of at most 1/*b*, however
often somebody looks (Ville's inequality; see Grünwald, de Heide and Koolen, "Safe testing", 2024). Of the two values of
a pair only one is ahead, which halves it, and each value has that chance: so with *k* values the bound is *k*/2 over
the chance to be wrong that is granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from flows.experiments.beta_binomial import Floats, Tally, likelihoods

#: How far the log-odds of values lie apart, beforehand: a standard deviation. Of two, one is rarely the double.
SPREAD = 0.3
#: How sure it must be that a value is the best of all.
SURE = 0.95
#: The chance to name a winner where there is none, over the whole life of an experiment.
WRONG = 0.05
#: Posts that each value must have before anything is said.
LEAST = 3
#: Part of the posterior that lies within the interval that is told.
WITHIN = 0.95

#: The logarithm of how alike posts are, from "each is a world of its own" to "but for chance, alike".
_CONCENTRATIONS: Floats = np.linspace(np.log(2.0), np.log(20_000.0), 13)
_LOGITS: Floats = np.linspace(-10.0, 6.0, 65)
_FINER = ((13, 81), (15, 121))  #: sizes of further grids, of which each lies where the one before it found something
_COMMON = 61  #: log-odds that values may have in common
_NOTHING = 1e-7  #: of the posterior, beyond the fine grid
_MOST = 700.0  #: logarithm of odds that are still a number


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of one value."""

    value: str
    posts: int
    rate: float  #: its median
    low: float
    high: float
    best: float  #: the chance that it is the best of all
    density: tuple[tuple[float, float], ...]  #: how likely each rate is, for a drawing


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known of all values, the best one first."""

    rates: tuple[Rate, ...]
    odds: float  #: that the first one differs from the one that it differs from least
    needed: float  #: what these odds must be for a winner
    rival: str  #: the one that it differs from least

    @property
    def leader(self) -> str:
        return self.rates[0].value

    @property
    def winner(self) -> str | None:
        """The value that is better than all others; None as long as there is no such one."""
        enough = min(rate.posts for rate in self.rates) >= LEAST
        return self.leader if enough and self.rates[0].best >= SURE and self.odds >= self.needed else None


def compare(values: Mapping[str, list[Tally]]) -> Comparison | None:
    """What the tallies of each value say. None if fewer than two values have any post that was seen."""
    seen = {value: [one for one in tallies if one.trials > 0] for value, tallies in values.items()}
    seen = {value: tallies for value, tallies in seen.items() if tallies}
    if len(seen) < 2:
        return None
    names = sorted(seen)
    offsets = _offsets(seen)
    grid = _Grid(_CONCENTRATIONS, _LOGITS, [seen[name] for name in names], offsets)
    for rows, columns in _FINER:
        concentrations = _around(grid.concentrations, [grid.alike()], rows)
        logits = _around(grid.logits, grid.marginals(), columns)
        grid = _Grid(concentrations, logits, [seen[name] for name in names], offsets)
    marginals, best = grid.marginals(), grid.best()
    order = sorted(range(len(names)), key=lambda place: -best[place])
    odds = {place: grid.odds(order[0], place) for place in order[1:]}
    rival = min(odds, key=odds.__getitem__)
    rates = tuple(_rate(names[at], len(seen[names[at]]), grid.logits, marginals[at], best[at]) for at in order)
    return Comparison(rates, odds[rival], len(names) / (2 * WRONG), names[rival])


class _Grid:
    """Likelihoods of several values, on rates that are the same for all, and what follows from them.

    A sum over the concentration and over what values have in common; both are unknown and alike for all of them.

    Parameters
    ----------
    concentrations, logits:
        What is tried, evenly spaced: logarithms, and log-odds.
    """

    def __init__(
        self, concentrations: Floats, logits: Floats, values: list[list[Tally]], offsets: dict[str, float]
    ) -> None:
        self.concentrations, self.logits = concentrations, logits
        self._found = [likelihoods(tallies, np.exp(concentrations), logits, offsets) for tallies in values]
        common = np.linspace(logits[0] - 2 * SPREAD, logits[-1] + 2 * SPREAD, _COMMON)
        step = logits[1] - logits[0]
        apart = (logits[None, :] - common[:, None]) / SPREAD
        #: How likely each rate is, given what is common. Sums to less than one where rates are beyond the grid.
        self._prior: Floats = np.exp(-0.5 * apart * apart) * (step / (SPREAD * np.sqrt(2 * np.pi)))
        self._each = [self._explained(one) for one in self._found]

    def _explained(self, found: Floats) -> Floats:
        """The logarithm of how well each concentration and each common log-odds explain posts of one rate."""
        most = found.max(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):  # what explains nothing at all
            explained: Floats = np.log(np.exp(found - most) @ self._prior.T) + most
        return explained

    def _together(self, places: Iterable[int]) -> Floats:
        """The same of several values at once."""
        together: Floats = np.sum([self._each[place] for place in places], axis=0)
        return together

    def alike(self) -> Floats:
        """The posterior of the concentration."""
        posterior: Floats = _shares(self._together(range(len(self._found)))).sum(axis=1)
        return posterior

    def marginals(self) -> list[Floats]:
        """The posterior of each value's rate."""
        found = []
        with np.errstate(divide="ignore"):
            prior = np.log(self._prior)
        for place, own in enumerate(self._found):
            others = self._together(other for other in range(len(self._found)) if other != place)
            found.append(_shares(own[:, None, :] + others[:, :, None] + prior).sum(axis=(0, 1)))
        return found

    def best(self) -> list[float]:
        """The chance of each value to be the best of all."""
        weights = _shares(self._together(range(len(self._found))))
        chances = np.zeros(len(self._found))
        for row in range(len(self.concentrations)):
            own = [np.exp(one[row] - one[row].max()) * self._prior for one in self._found]
            own = [one / np.maximum(one.sum(axis=1, keepdims=True), 1e-300) for one in own]
            below = [np.cumsum(one, axis=1) - one / 2 for one in own]
            for place, one in enumerate(own):
                others = np.prod([below[other] for other in range(len(own)) if other != place], axis=0)
                chances[place] += float(weights[row] @ (one * others).sum(axis=1))
        return list(map(float, chances / chances.sum()))

    def odds(self, one: int, other: int) -> float:
        """How much better it explains the posts that two values differ than that they are the same."""
        everything = set(range(len(self._found)))
        same = self._explained(self._found[one] + self._found[other])
        if rest := everything - {one, other}:
            same = same + self._together(rest)
        apart = _log_sum(self._together(everything)) - _log_sum(same)
        return float(np.exp(np.clip(apart, -_MOST, _MOST)))


def _offsets(values: Mapping[str, list[Tally]]) -> dict[str, float]:
    """How much higher the log-odds of an arm are than those of all arms, whatever the value: posts count alike."""
    arms: dict[str, list[float]] = {}
    for tallies in values.values():
        for one in tallies:
            arms.setdefault(one.arm, []).append((one.hits + 0.5) / (one.trials + 1.0))
    means = {arm: float(np.mean(rates)) for arm, rates in arms.items()}
    logits = {arm: float(np.log(mean / (1 - mean))) for arm, mean in means.items()}
    middle = float(np.mean(list(logits.values())))
    return {arm: logit - middle for arm, logit in logits.items()}


def _around(tried: Floats, posteriors: list[Floats], count: int) -> Floats:
    """So many points where there is something of any of the posteriors."""
    places = [np.nonzero(one > _NOTHING)[0] for one in posteriors]
    first, last = min(one[0] for one in places), max(one[-1] for one in places)
    return np.linspace(tried[max(first - 2, 0)], tried[min(last + 2, len(tried) - 1)], count)


def _rate(name: str, posts: int, logits: Floats, marginal: Floats, best: float) -> Rate:
    rates = 1.0 / (1.0 + np.exp(-logits))
    sums = np.cumsum(marginal) - marginal / 2
    low, middle, high = np.interp([(1 - WITHIN) / 2, 0.5, (1 + WITHIN) / 2], sums, rates)
    slopes = marginal / (rates * (1 - rates))  # per rate, and not per log-odds
    density = tuple(zip(map(float, rates), map(float, slopes / slopes.max()), strict=True))
    return Rate(name, posts, float(middle), float(low), float(high), best, density)


def _shares(logs: Floats) -> Floats:
    parts: Floats = np.exp(logs - logs.max())
    parts /= parts.sum()
    return parts


def _log_sum(logs: Floats) -> float:
    return float(np.log(np.exp(logs - logs.max()).sum()) + logs.max())
