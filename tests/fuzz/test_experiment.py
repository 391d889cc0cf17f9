"""Whatever is planned, rejected and forgotten on the way, an experiment stays even."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.experiments.options import ExperimentOptions
from flows.experiments.sharing import Experiment
from flows.publish_options import PublishOptions
from reelmill.content import Variant

MANY = settings(max_examples=200, deadline=None, derandomize=True)
ACCOUNTS = ("a", "b", "c", "d", "e")


def planned(trial: Any, target: str) -> dict[str, Any]:
    return {"posts": [{"target": target, "trial": {"of": "copy", "value": trial.value, "arm": trial.arm}}]}


@MANY
@given(
    seed=st.integers(0, 2**32 - 1),
    arms=st.integers(2, 5),
    values=st.integers(2, 6),
    days=st.lists(st.integers(1, 4), min_size=1, max_size=8),
)
def test_each_value_has_each_account_as_often_give_or_take_one(
    seed: int, arms: int, values: int, days: list[int]
) -> None:
    entry = PublishOptions(to=ACCOUNTS[:arms])
    cells = [Variant(f"v{number}", {"copy": f"v{number}"}) for number in range(values)]
    options = ExperimentOptions(of="copy", over="accounts", seed=seed)
    plans: dict[UUID, Any] = {}
    table: Counter[tuple[str, str]] = Counter()
    for briefs in days:  # each day is a run of its own, which reads what was given before
        experiment = Experiment(options, [entry], cells, dict(plans))
        for _ in range(briefs):
            row = []
            for cell in cells:
                video = UUID(int=len(plans))
                trial = experiment.trial(entry, cell.id, video)
                assert trial is not None
                experiment.took(entry, trial, video)
                experiment.took(entry, trial, video)  # posts of several profiles are one
                plans[video] = planned(trial, trial.arm)
                table[trial.value, trial.arm] += 1
                row.append(trial.arm)
            if values <= arms:
                assert len(set(row)) == values  # of one brief, each value has another account
            counts = [table[f"v{value}", arm] for value in range(values) for arm in entry.to]
            assert max(counts) - min(counts) <= 1


@MANY
@given(seed=st.integers(0, 2**32 - 1), lost=st.sets(st.integers(0, 29)))
def test_what_was_lost_is_made_up_for(seed: int, lost: set[int]) -> None:
    entry = PublishOptions(to=ACCOUNTS[:3])
    cells = [Variant("calm", {"copy": "calm"})]
    options = ExperimentOptions(of="copy", over="accounts", seed=seed)
    plans: dict[UUID, Any] = {}
    for number in range(30):
        video = UUID(int=number)
        trial = Experiment(options, [entry], cells, plans).trial(entry, "calm", video)
        assert trial is not None
        if number not in lost:
            plans[video] = planned(trial, trial.arm)
    counts = Counter(plan["posts"][0]["trial"]["arm"] for plan in plans.values())
    assert max(counts[arm] for arm in entry.to) - min(counts[arm] for arm in entry.to) <= 1


@MANY
@given(seed=st.integers(0, 2**32 - 1))
def test_a_video_keeps_its_arm_as_long_as_there_is_one(seed: int) -> None:
    entry = PublishOptions(to=ACCOUNTS[:3])
    cells = [Variant("calm", {"copy": "calm"})]
    options = ExperimentOptions(of="copy", over="accounts", seed=seed)
    first = Experiment(options, [entry], cells, {}).trial(entry, "calm", UUID(int=1))
    assert first is not None
    plans = {UUID(int=1): planned(first, first.arm)}
    again = Experiment(options, [entry], cells, plans).trial(entry, "calm", UUID(int=1))
    assert again == first
    fewer = PublishOptions(to=tuple(arm for arm in entry.to if arm != first.arm))
    other = Experiment(options, [fewer], cells, plans).trial(fewer, "calm", UUID(int=1))
    assert other is not None
    assert other.arm in fewer.to


def test_a_variant_or_an_entry_that_has_no_part_in_it() -> None:
    entry = PublishOptions(to=("a", "b"))
    options = ExperimentOptions(of="copy", over="accounts")
    experiment = Experiment(options, [entry, PublishOptions(to=("c",))], [Variant("calm", {"copy": "calm"})], {})
    assert experiment.trial(PublishOptions(to=("c",)), "calm", UUID(int=1)) is None
    assert experiment.trial(entry, "unheard of", UUID(int=1)) is None
    assert experiment.narrowed(entry, None) is entry
