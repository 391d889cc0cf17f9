"""Which account, or which time of day, each video of an experiment gets: every value as often on each as the others.

An *arm* is what a value is shown on: an account of an entry of `publish`, or one of the experiment's times of day. The
videos of a value go through the arms block by block, each arm once a block. Within a block the arms of different
values stand in the rows of a Latin square, in an order that the seed draws anew for each block, so that on a day on
which each value has one video, each has another arm. What was given before is read from the ledger: it counts across
runs, and a video that was rejected or failed gives its place back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from uuid import UUID

from flows.experiments.options import ExperimentOptions
from flows.publish_options import PublishOptions
from flows.video_plan import PostPlan, Trial, VideoPlan
from reelmill.content import Json, Variant, fingerprint
from tasks.prompts.sampling import value_name
from tasks.prompts.slug import value_slug

#: So many of a pipeline's newest videos are remembered: what was given before them is even enough.
MOST_REMEMBERED = 5000


class Experiment:
    """Gives the videos of a run their arms, one after the other.

    Parameters
    ----------
    cells:
        The variants of the pipeline.
    before:
        The plans of videos that count, by the id of the video: those of earlier runs, and of this one as it was.
    """

    def __init__(
        self,
        options: ExperimentOptions,
        publish: Sequence[PublishOptions],
        cells: Iterable[Variant],
        before: Mapping[UUID, Mapping[str, Json]],
    ) -> None:
        self._options = options
        self._values = {cell.id: name_of_value(options.of, cell.values.get(options.of)) for cell in cells}
        self._order = list(dict.fromkeys(self._values.values()))
        self._entries = {name: place for place, entry in enumerate(publish) for name in entry.to}
        self._given: Counter[tuple[int, str, str]] = Counter()
        self._own: dict[tuple[UUID, int], str] = {}
        for video_id, plan in before.items():
            for post in plan.get("posts", ()):
                if post.get("trial") and post["trial"]["of"] == options.of and post["target"] in self._entries:
                    self._note(video_id, self._entries[post["target"]], Trial(**post["trial"]))

    def trial(self, entry: PublishOptions, variant_id: str, video_id: UUID) -> Trial | None:
        """What a video is in the experiment, for one entry of `publish`; None if the entry has no part in it.

        A video that had an arm before keeps it, as long as there is such an arm.
        """
        arms = self._options.times or entry.to
        if len(arms) < 2 or variant_id not in self._values:
            return None
        place, value = self._entries[entry.to[0]], self._values[variant_id]
        arm = self._own.get((video_id, place))
        if arm not in arms:
            arm = self._next(place, value, arms)
        return Trial(self._options.of, value, arm)

    def narrowed(self, entry: PublishOptions, trial: Trial | None) -> PublishOptions:
        """The entry as it is for a video with this arm."""
        if trial is None:
            return entry
        return entry.model_copy(update={"between": trial.arm} if self._options.times else {"to": (trial.arm,)})

    def took(self, entry: PublishOptions, trial: Trial, video_id: UUID) -> None:
        """A post was planned for this arm: it counts from now on."""
        self._note(video_id, self._entries[entry.to[0]], trial)

    def _note(self, video_id: UUID, place: int, trial: Trial) -> None:
        earlier = self._own.get((video_id, place))  # posts of several profiles are one
        if earlier is not None:
            self._given[place, trial.value, earlier] -= 1
        self._own[video_id, place] = trial.arm
        self._given[place, trial.value, trial.arm] += 1

    def _next(self, place: int, value: str, arms: Sequence[str]) -> str:
        given = {arm: self._given[place, value, arm] for arm in arms}
        block, row = divmod(sum(given.values()), len(arms))
        random = Random(fingerprint([self._options.seed, place, block]))  # noqa: S311 (no secret: an order)
        columns = random.sample(list(arms), len(arms))
        rows = random.sample(range(len(arms)), len(arms))
        first = rows[row] + self._order.index(value)
        ahead = [columns[(first + step) % len(arms)] for step in range(len(arms))]
        return min(ahead, key=given.__getitem__)  # of arms that had it equally often, the one of the square


def name_of_value(key: str, value: Json) -> str:
    """What a value of the list is called in the ledger and in tables."""
    return value_name(value) or value_slug(key, value)


def shares(plans: Iterable[VideoPlan]) -> list[str]:
    """How an experiment is spread, a line for each value: `copy calm: a 3, b 3`."""
    told: dict[tuple[str, str], Counter[str]] = {}
    for plan in plans:
        for trial in dict.fromkeys(post.trial for post in plan.posts if post.trial is not None):
            told.setdefault((trial.of, trial.value), Counter())[trial.arm] += 1
    return [
        f"{of} {value}: " + ", ".join(f"{arm} {count}" for arm, count in sorted(arms.items()))
        for (of, value), arms in sorted(told.items())
    ]


def trials(posts: Iterable[PostPlan]) -> list[dict[str, str]]:
    """What a video is in an experiment, for programs."""
    found = dict.fromkeys(post.trial for post in posts if post.trial is not None)
    return [{"of": one.of, "value": one.value, "arm": one.arm} for one in found]
