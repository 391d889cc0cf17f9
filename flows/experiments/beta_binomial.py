"""How well each rate explains what people did with some posts, where posts of one kind differ among themselves.

A post has a rate of its own, such as the part of its views that became likes. The rates of one kind of posts are
beta-distributed around the rate of the kind, and what is counted of each post is binomial: together, beta-binomial.
The *concentration* says how alike posts of a kind are. A plain binomial, which takes all views of all posts for one
crowd, would be sure of a difference after two posts of which one went viral.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tally:
    """What people did with one post."""

    arm: str  #: where it was shown
    trials: float  #: how often it was seen
    hits: float  #: how often they did what is compared; a part of a video that was watched is a part of a hit


def log_gamma(x: Floats) -> Floats:
    """The logarithm of the gamma function of positive numbers, to 1e-13 of what is larger, it or 1.

    Stirling's series (NIST Digital Library of Mathematical Functions, 5.11.1), after `gamma(x + 1) = x gamma(x)`.
    """
    z, pair = x + 8, x * (x + 7)
    product = pair * (pair + 6) * (pair + 10) * (pair + 12)  # of x, x + 1 … x + 7: the first with the last, and so on
    inverse = 1.0 / z
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    found: Floats = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + series - np.log(product)
    return found


def likelihoods(tallies: list[Tally], concentrations: Floats, logits: Floats, offsets: dict[str, float]) -> Floats:
    """The logarithm of how likely the tallies are, but for what does not depend on the rate.

    Parameters
    ----------
    concentrations, logits:
        How alike posts are, and their rates as log-odds: those that are tried, each in one dimension.
    offsets:
        By how much the log-odds are higher on each arm.

    Returns
    -------
    Of each concentration (rows) with each rate (columns).
    """
    found = np.zeros((len(concentrations), len(logits)))
    for arm in dict.fromkeys(tally.arm for tally in tallies):
        own = [tally for tally in tallies if tally.arm == arm]
        trials = np.array([tally.trials for tally in own])[:, None]
        hits = np.array([tally.hits for tally in own])[:, None]
        rates = 1.0 / (1.0 + np.exp(-(logits + offsets[arm])))
        for row, concentration in enumerate(concentrations):
            yes, no = concentration * rates, concentration * (1.0 - rates)
            each = log_gamma(hits + yes) + log_gamma(trials - hits + no)
            found[row] += each.sum(axis=0) - len(own) * (log_gamma(yes) + log_gamma(no))
            whole = log_gamma(np.array(concentration)) * len(own) - log_gamma(trials + concentration).sum()
            found[row] += whole
    return found
