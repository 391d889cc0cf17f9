"""How often an experiment is called that has nothing to tell, by somebody who looks every few posts.

Posts are made here: views are lognormal, each post is liked in its own way (beta-distributed around its value's rate),
and one of two accounts likes half as much again. Whoever looks stops at the first winner:

    ours    the winner that `reelmill experiment` names
    chance  the first value whose chance to be the best is 95 %, on the same model
    plain   the same, where all views of all posts are one crowd (beta-binomial in the plain sense: Beta(1, 1) and
            binomial), as most split tests have it

`equal` are experiments without a difference: a winner is a wrong one. In `better` one value has half as many likes
again: a winner is found. `posts` are those of each value until it is found, a median.

python benchmarks/experiments.py [--experiments 300] [--posts 40] [--every 4]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from flows.experiments.beta_binomial import Tally
from flows.experiments.comparing import compare

Posts = dict[str, list[Tally]]

#: Rates by value, and how alike posts are.
WORLDS: dict[str, list[tuple[Mapping[str, float], float]]] = {
    "equal": [
        ({"calm": 0.05, "gift": 0.05}, 60),
        ({"calm": 0.05, "gift": 0.05}, 1000),
        ({"calm": 0.05, "craft": 0.05, "gift": 0.05}, 200),
    ],
    "better": [({"calm": 0.075, "gift": 0.05}, 60), ({"calm": 0.075, "craft": 0.05, "gift": 0.05}, 200)],
}
SURE = 0.95


def posts(random: np.random.Generator, rates: Mapping[str, float], count: int, alike: float) -> Posts:
    found: Posts = {value: [] for value in rates}
    for block in range(count):
        for place, (value, rate) in enumerate(rates.items()):
            arm = "ab"[(block + place) % 2]
            own = rate * 1.5 if arm == "b" else rate
            views = int(random.lognormal(7, 1))
            liked = random.beta(alike * own, alike * (1 - own))
            found[value].append(Tally(arm, views, int(random.binomial(views, liked))))
    return found


def looks(made: Posts, every: int) -> Iterator[tuple[int, Posts]]:
    count = len(next(iter(made.values())))
    for until in range(4, count + 1, every):
        yield until, {value: own[:until] for value, own in made.items()}


def plain(made: Posts, random: np.random.Generator) -> bool:
    drawn = []
    for own in made.values():
        hits, trials = sum(one.hits for one in own), sum(one.trials for one in own)
        drawn.append(random.beta(1 + hits, 1 + trials - hits, 2000))
    best = np.argmax(drawn, axis=0)
    return bool(np.bincount(best, minlength=len(drawn)).max() >= SURE * 2000)


def watch(seed: int, rates: Mapping[str, float], alike: float, count: int, every: int) -> dict[str, int | None]:
    """After how many posts of each value each of the three names a winner; None: never."""
    random = np.random.default_rng(seed)
    found: dict[str, int | None] = {"ours": None, "chance": None, "plain": None}
    for until, seen in looks(posts(random, rates, count, alike), every):
        compared = compare(seen)
        assert compared is not None
        says = {
            "ours": compared.winner is not None,
            "chance": compared.rates[0].best >= SURE,
            "plain": plain(seen, random),
        }
        for name, yes in says.items():
            if yes and found[name] is None:
                found[name] = until
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=300, help="of each kind")
    parser.add_argument("--posts", type=int, default=40, help="of each value")
    parser.add_argument("--every", type=int, default=4, help="posts of each value between two looks")
    asked = parser.parse_args()
    figures: dict[str, float] = {}
    for kind, worlds in WORLDS.items():
        each = asked.experiments // len(worlds)
        found = [watch(seed, rates, alike, asked.posts, asked.every) for rates, alike in worlds for seed in range(each)]
        for name in ("ours", "chance", "plain"):
            ends = [one[name] for one in found]
            named = [end for end in ends if end is not None]
            figures[f"{kind}_{name}_winners"] = len(named) / len(ends)
            if kind == "better":
                figures[f"{kind}_{name}_posts"] = statistics.median(named) if named else 0.0
    made = posts(np.random.default_rng(1), {"calm": 0.05, "gift": 0.05}, 500, 200)
    begun = time.perf_counter()
    compare(made)
    figures["seconds_of_1000_posts"] = time.perf_counter() - begun
    for name, value in figures.items():
        print(f"{name:<32} {value:8.3f}")
    print(json.dumps({f"experiments.{name}": round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
