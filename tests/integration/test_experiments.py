"""An experiment shares its values out evenly over accounts, times and days, whatever was lost on the way."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from flows.allotting import Allotment
from flows.definition import Definition, load, loads
from flows.experiments.allocation import EVEN, allocate
from flows.experiments.options import ExperimentOptions
from flows.experiments.results import AFTER, comparison, results
from flows.experiments.sharing import shares
from flows.occasion import on_date
from flows.opening import opening
from flows.planning import plan_run
from flows.video_plan import PostPlan, VideoPlan
from records.ledger import Ledger
from records.post_metrics import AGES
from records.states import VideoState
from records.tables import PostMetrics, Run
from reelmill.errors import DefinitionError
from reelmill.settings import Settings
from tests.integration.test_allotting import NOW, SHANGHAI, TODAY, Desk
from tests.simulators.scripted_target import a_script

ROOT = Path(__file__).parents[2]
DAY = dt.timedelta(days=1)

DEFINITION = """\
version: 1
brand: {{name: 山野茶事}}
targets: {{a: {{type: folder, path: a}}, b: {{type: folder, path: b}}}}
pipelines:
  clips:
    timezone: Asia/Shanghai
    source: {{type: list, items: [{items}]}}
    matrix: {matrix}
    prompt: {{subject: "{{{{ brief.prompt }}}}", action: snow falls, environment: a valley, style: ink wash}}
    generate: {{engine: storyboard, seconds: 1, size: 256x448, fps: 12}}
    caption: {{title: "{{{{ brief.name }}}}"}}
    deliver: [tiktok]
    publish: [{publish}]
    {experiment}
"""
COPIES = "{copy: [calm, craft, gift]}"
ACCOUNTS = "experiment: {of: copy, over: accounts, seed: 7}"
TIMES = 'experiment: {of: copy, over: times, times: ["07:00-09:00", "12:00-14:00", "19:00-22:00"]}'


class Bench(Desk):
    """A desk whose pipeline makes an experiment."""

    experiment, matrix = ACCOUNTS, COPIES

    def definition(self, publish: str, count: int = 30) -> Definition:
        items = ", ".join(f"{{prompt: a pine, name: clip {number}}}" for number in range(count))
        text = DEFINITION.format(items=items, publish=publish, experiment=self.experiment, matrix=self.matrix)
        return replace(loads(text, self._folder / "pipelines.yaml"), targets=self.targets)

    def table(self, *runs: Run) -> Counter[tuple[str, str]]:
        """Videos by value and arm, as the ledger has them."""
        found: Counter[tuple[str, str]] = Counter()
        for run in runs:
            for video in self.ledger.videos.of_run(run.id):
                for trial in {post.trial for post in self.planned(video.plan)}:
                    assert trial is not None
                    found[trial.value, trial.arm] += video.state is not VideoState.REJECTED
        return found

    def planned(self, plan: dict[str, object]) -> tuple[PostPlan, ...]:
        return VideoPlan.from_json(plan).posts if plan else ()


@pytest.fixture
def bench(ledger: Ledger, tmp_path: Path) -> Iterator[Bench]:
    name = uuid4().hex
    with a_script(f"{name}a"), a_script(f"{name}b"):
        yield Bench(ledger, name, tmp_path)


def even(table: Counter[tuple[str, str]], arms: list[str]) -> bool:
    """Whether no two cells of the table differ by more than one."""
    counts = [table[value, arm] for value in ("calm", "craft", "gift") for arm in arms]
    return max(counts) - min(counts) <= 1


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
def test_each_copy_gets_as_many_posts_on_each_account_as_the_others(bench: Bench, count: int) -> None:
    run, plan = bench.plan("{to: [a, b]}", count)
    table = bench.table(run)

    assert sum(table.values()) == len(plan.to_make) == 3 * count
    assert even(table, ["a", "b"])
    assert all(post.trial is not None and post.target == post.trial.arm for post in bench.posts(run))


def test_over_days_with_one_brief_each_the_copies_take_turns(bench: Bench) -> None:
    runs = []
    for day in range(8):
        at = NOW + day * DAY
        run, _ = bench.plan("{to: [a, b]}", 1, date=at.astimezone(SHANGHAI).date().isoformat(), at=at)
        runs.append(run)
        assert even(bench.table(*runs), ["a", "b"])

    assert set(bench.table(*runs).values()) == {4}
    orders = {tuple(post.target for post in bench.posts(run)) for run in runs}
    assert len(orders) > 1  # no copy has the same account every day


def test_over_times_each_copy_has_each_window_and_its_post_goes_out_in_it(bench: Bench) -> None:
    bench.experiment = TIMES
    windows = ["07:00-09:00", "12:00-14:00", "19:00-22:00"]
    run, _ = bench.plan("{to: a, days: 30}", 9)

    assert bench.table(run) == Counter(dict.fromkeys(itertools.product(["calm", "craft", "gift"], windows), 3))
    for post in bench.posts(run):
        assert post.at is not None
        assert post.trial is not None
        first, last = post.trial.arm.split("-")
        assert first <= f"{post.at.astimezone(SHANGHAI):%H:%M}" < last


def test_of_one_brief_three_copies_have_three_windows(bench: Bench) -> None:
    bench.experiment = TIMES
    run, _ = bench.plan("{to: a}", 1)

    assert len({arm for _, arm in bench.table(run)}) == 3


@pytest.mark.parametrize(("experiment", "publish"), [(ACCOUNTS, "{to: [a, b]}"), (TIMES, "{to: a, days: 9}")])
def test_planning_again_moves_nobody(bench: Bench, experiment: str, publish: str) -> None:
    bench.experiment = experiment
    run, _ = bench.plan(publish, 5)
    before = bench.posts(run)
    again, _ = bench.plan(publish, 5)

    assert again.id == run.id
    assert bench.posts(run) == before


def test_a_video_that_is_rejected_gives_its_place_back(bench: Bench) -> None:
    first, _ = bench.plan("{to: [a, b]}", 2)
    calm_on_a = [
        video
        for video in bench.ledger.videos.of_run(first.id)
        if ("calm", "a") in {(p.trial.value, p.trial.arm) for p in bench.planned(video.plan) if p.trial}
    ]
    for video in calm_on_a:
        bench.carry(video.id, VideoState.REJECTED)
    at = NOW + DAY
    second, _ = bench.plan("{to: [a, b]}", 2, date=at.astimezone(SHANGHAI).date().isoformat(), at=at)

    assert len(calm_on_a) == 1
    table = bench.table(first, second)
    assert (table["calm", "a"], table["calm", "b"]) in {(1, 2), (2, 1)}


def test_a_post_that_does_not_fit_does_not_count(bench: Bench) -> None:
    run, _ = bench.plan('{to: [a, b], between: "18:00-22:00", per_day: 4}', 6)
    table = bench.table(run)

    assert sum(table.values()) == 8
    assert sum(count for (_, arm), count in table.items() if arm == "a") == 4


def test_videos_that_had_posts_before_the_experiment_keep_them(bench: Bench) -> None:
    bench.experiment = ""
    run, _ = bench.plan('{to: [a, b], between: "18:00-22:00"}', 4)
    before = bench.posts(run)
    bench.experiment = ACCOUNTS
    bench.plan('{to: [a, b], between: "18:00-22:00"}', 4)

    assert bench.posts(run) == before


def test_another_seed_gives_another_order_and_an_entry_of_one_account_takes_no_part(bench: Bench) -> None:
    run, _ = bench.plan("{to: [a, b]}", 6)
    targets = [post.target for post in bench.posts(run)]
    other = Bench(bench.ledger, "", Path())
    other.targets, other._folder = bench.targets, bench._folder
    other.experiment = ACCOUNTS.replace("7", "8")
    with bench.ledger.database.begin() as session:
        session.delete(session.get_one(Run, run.id))
    run, _ = other.plan("{to: [a, b]}", 6)

    assert [post.target for post in other.posts(run)] != targets
    assert shares(VideoPlan.from_json(video.plan) for video in bench.ledger.videos.of_run(run.id)) == [
        "copy calm: a 3, b 3",
        "copy craft: a 3, b 3",
        "copy gift: a 3, b 3",
    ]


def test_the_shipped_test_of_ad_copies_is_shared_out_evenly(bench: Bench) -> None:
    """With its folders, which no account is needed for: what is made is there at once."""
    definition = load(ROOT / "pipelines.yaml")
    about, pipeline = on_date(SHANGHAI, TODAY), definition.pipeline("ad-copy-test")
    run = bench.ledger.runs.open(opening(definition, "ad-copy-test", about))
    allotment = Allotment(bench.ledger, definition, pipeline, bench.context, about.date, run.id, at=NOW)
    plan = plan_run(definition, "ad-copy-test", about, Settings(), seen={}, allot=allotment.posts)
    bench.ledger.videos.plan(run.id, plan.videos, unchanged=0, remake=False)

    table = bench.table(run)
    assert sum(table.values()) == 7
    for copy, count in {"calm": 3, "craft": 2, "gift": 2}.items():
        assert sorted((table[copy, "shelf-a"], table[copy, "shelf-b"])) == [count // 2, count - count // 2]
    assert [(post.at, post.target.rpartition("-")[0]) for post in bench.posts(run)] == [(None, "shelf")] * 28


def test_the_results_are_what_the_platforms_told_of_each_value(bench: Bench) -> None:
    run, _ = bench.plan("{to: [a, b]}", 2)
    told = {"calm": 100, "craft": 10, "gift": 1}
    for number, video in enumerate(bench.ledger.videos.of_run(run.id)):
        (planned,) = bench.planned(video.plan)
        assert planned.trial is not None
        bench.carry(video.id)
        post = bench.hand_over(video, planned.target, live_at=NOW)
        if planned.trial.value != "gift" or number > 3:  # of one gift nothing is told
            views = told[planned.trial.value]
            bench.ledger.measurements.add(
                post.id, views=1, likes=None, comments=None, shares=None, watch_seconds=None, detail={}
            )
            with bench.ledger.database.begin() as session:  # told an hour ago, and again now
                session.scalars(select(PostMetrics).where(PostMetrics.post_id == post.id)).one().at -= DAY / 24
            bench.ledger.measurements.add(
                post.id, views=views, likes=2, comments=None, shares=None, watch_seconds=None, detail={}
            )

    options = asked(bench, "{to: [a, b]}")
    found = {one.value: one for one in results(bench.ledger, "clips", options)}
    assert {value: (one.posts, one.measured, one.views, one.likes) for value, one in found.items()} == {
        "calm": (2, 2, 200, 4),
        "craft": (2, 2, 20, 4),
        "gift": (2, 1, 1, 2),
    }
    assert found["gift"].views_each == 1.0
    assert found["calm"].arms == Counter(a=1, b=1)
    assert found["calm"].watch_seconds is None
    assert results(bench.ledger, "others", options) == []


def asked(bench: Bench, publish: str) -> ExperimentOptions:
    options = bench.definition(publish).pipeline("clips").experiment
    assert options is not None
    return options


def tell(bench: Bench, post_id: UUID, at: dt.datetime, views: int, likes: int | None, watched: float | None) -> None:
    """What a platform said of a post at a moment."""
    with bench.ledger.database.begin() as session:
        session.add(
            PostMetrics(
                post_id=post_id, at=at, views=views, likes=likes, comments=None, shares=None, watch_seconds=watched,
                detail={},
            )
        )  # fmt: skip


def gone_live(bench: Bench, run: Run, at: dt.datetime) -> dict[UUID, tuple[str, float]]:
    """Carry the videos of a run to the end. The value and the seconds of each post."""
    found = {}
    for video in bench.ledger.videos.of_run(run.id):
        (planned,) = bench.planned(video.plan)
        assert planned.trial is not None
        bench.carry(video.id)
        post = bench.hand_over(video, planned.target, live_at=at)
        found[post.id] = (planned.trial.value, VideoPlan.from_json(video.plan).seconds)
    return found


def test_each_post_is_compared_by_what_was_told_of_it_at_the_same_age(bench: Bench) -> None:
    run, _ = bench.plan("{to: [a, b]}", 1)
    for post_id, (value, seconds) in gone_live(bench, run, NOW).items():
        tell(bench, post_id, NOW + DAY / 24, 10, 9, 1.0)
        tell(bench, post_id, NOW + DAY + DAY / 100, 1000, 50, 600 * seconds)
        tell(bench, post_id, NOW + 3 * DAY, 5000, 5000, 9000 * seconds)
        if value == "craft":
            tell(bench, post_id, NOW + 7 * DAY, 6000, None, None)  # the platform does not say likes any more
    bench.experiment = ACCOUNTS

    def tallies(until: dt.timedelta, **options: str) -> dict[str, list[tuple[float, float]]]:
        changed = asked(bench, "{to: [a, b]}").model_copy(update=options)
        found = results(bench.ledger, "clips", changed, until=NOW + until)
        return {one.value: [(tally.trials, round(tally.hits, 6)) for tally in one.tallies] for one in found}

    values = ["calm", "craft", "gift"]
    assert tallies(DAY / 2) == {key: [] for key in values}
    assert tallies(9 * DAY) == {key: [(1000, 50)] for key in values}
    assert tallies(9 * DAY, after="1h") == {key: [(10, 9)] for key in values}
    assert tallies(9 * DAY, after="7d") == {"calm": [], "craft": [], "gift": []}
    assert tallies(9 * DAY, measure="watched") == {key: [(1000, 600)] for key in values}
    assert tallies(9 * DAY, measure="watched", after="3d") == {key: [(5000, 5000)] for key in values}  # twice is once


def test_every_age_that_an_experiment_may_name_is_one_at_which_platforms_are_asked() -> None:
    assert AFTER["1h"] == dt.timedelta(hours=1)
    assert AFTER["30d"] == 30 * DAY
    assert list(AFTER.values()) == list(AGES)


THOMPSON = "experiment: {of: copy, over: accounts, allocate: thompson}"
DRAWN = "{copy: [calm, craft, gift], sample: {count: 1}}"


def values_of(bench: Bench, run: Run) -> Counter[str]:
    return Counter(str(video.plan["variant"]["copy"]) for video in bench.ledger.videos.of_run(run.id))


def test_thompson_draws_what_is_best_so_far_and_gives_nothing_up(bench: Bench) -> None:
    bench.experiment, bench.matrix = THOMPSON, DRAWN
    run, _ = bench.plan("{to: [a, b], days: 60}", 60)
    first = values_of(bench, run)
    assert all(12 <= count <= 28 for count in first.values()), first  # nobody knows anything yet

    random = Random(1)
    for post_id, (value, _) in gone_live(bench, run, NOW).items():
        rate = {"calm": 0.12, "craft": 0.04, "gift": 0.04}[value] * random.uniform(0.7, 1.3)
        tell(bench, post_id, NOW + DAY, 1000, round(1000 * rate), None)
    at = NOW + 3 * DAY
    options, matrix = asked(bench, "{to: [a, b]}"), bench.definition("{to: [a, b]}").pipeline("clips").matrix
    shares = allocate(bench.ledger, "clips", options, matrix, until=at)
    assert shares is not None
    assert sum(shares.shares.values()) == pytest.approx(1)
    assert shares.shares["calm"] > 0.9
    assert min(shares.shares.values()) >= EVEN / 3
    assert str(shares).startswith("copy is drawn by what is best so far: calm 93 %")

    date = at.astimezone(SHANGHAI).date().isoformat()
    second, _ = bench.plan("{to: [a, b], days: 60}", 60, date=date, at=at, allocation=shares)
    drawn = values_of(bench, second)
    assert drawn["calm"] >= 48, drawn
    given = bench.table(second)
    assert abs(given["calm", "a"] - given["calm", "b"]) <= 1  # still even over the accounts


def test_what_is_drawn_depends_on_what_was_known_when_the_run_was_opened(bench: Bench) -> None:
    bench.experiment, bench.matrix = THOMPSON, DRAWN
    run, _ = bench.plan("{to: [a, b]}", 6)
    options, matrix = asked(bench, "{to: [a, b]}"), bench.definition("{to: [a, b]}").pipeline("clips").matrix
    posts = gone_live(bench, run, NOW)
    for post_id, (value, _) in posts.items():
        tell(bench, post_id, NOW + DAY, 1000, 100 if value == "calm" else 10, None)
    known = allocate(bench.ledger, "clips", options, matrix, until=NOW + 2 * DAY)
    for post_id in posts:
        tell(bench, post_id, NOW + 3 * DAY, 9000, 8000, None)
    assert known == allocate(bench.ledger, "clips", options, matrix, until=NOW + 2 * DAY)
    assert allocate(bench.ledger, "clips", options, matrix, until=NOW + DAY / 2) is None  # all are drawn alike
    assert allocate(bench.ledger, "clips", options.model_copy(update={"allocate": "even"}), matrix) is None
    assert allocate(bench.ledger, "clips", None, matrix) is None


def test_a_value_that_nobody_has_seen_yet_has_its_share(bench: Bench) -> None:
    bench.experiment, bench.matrix = THOMPSON, DRAWN
    run, _ = bench.plan("{to: [a, b]}", 12)
    for post_id, (value, _) in gone_live(bench, run, NOW).items():
        tell(bench, post_id, NOW + DAY, 1000, 100 if value == "calm" else 10, None)
    bench.matrix = DRAWN.replace("gift]", "gift, brand new]")
    pipeline = bench.definition("{to: [a, b]}").pipeline("clips")
    shares = allocate(bench.ledger, "clips", pipeline.experiment, pipeline.matrix, until=NOW + 2 * DAY)
    assert shares is not None
    assert shares.shares["brand new"] == pytest.approx(0.25)
    assert sum(shares.shares.values()) == pytest.approx(1)


def test_a_comparison_reads_the_ledger_and_names_the_value_that_is_better(bench: Bench) -> None:
    run, _ = bench.plan("{to: [a, b]}", 12)
    options = asked(bench, "{to: [a, b]}")
    assert comparison(results(bench.ledger, "clips", options)) is None
    random = Random(2)
    for post_id, (value, _) in gone_live(bench, run, NOW).items():
        rate = (0.10 if value == "craft" else 0.04) * random.uniform(0.8, 1.2)
        tell(bench, post_id, NOW + DAY, 2000, round(2000 * rate), None)
    compared = comparison(results(bench.ledger, "clips", options, until=NOW + 2 * DAY))
    assert compared is not None
    assert compared.winner == "craft"
    assert [rate.posts for rate in compared.rates] == [12, 12, 12]


@pytest.mark.parametrize(
    ("publish", "matrix", "experiment", "words"),
    [
        ("{to: [a, b]}", COPIES, "experiment: {of: copi, over: accounts}", "the matrix has no such list"),
        ("{to: [a, b]}", "{copy: [calm]}", ACCOUNTS, "the list has one value"),
        ("{to: [a, b]}", COPIES, THOMPSON, "nothing is drawn"),
        ("{to: [a, b]}", DRAWN[:-1] + ", weights: {copy: {calm: 2}}}", THOMPSON, "is what `allocate: thompson` finds"),
        ("{to: [a, b]}", "{copy: [{x: 1}, {x: 2}], sample: {count: 1}}", THOMPSON, "needs a name"),
        ("{to: [a, b]}", "{include: [{copy: calm}]}", ACCOUNTS, "the matrix has no such list"),
        ("a, b", COPIES, ACCOUNTS, "no entry of `publish` names several accounts"),
        ("", COPIES, TIMES, "nothing is published"),
        ('{to: a, between: "18:00-22:00"}', COPIES, TIMES, "come from `experiment.times`"),
        ("a", COPIES, "experiment: {of: copy, over: times}", "there is nothing to compare"),
        ("a", COPIES, 'experiment: {of: copy, over: times, times: ["07:00-09:00"]}', "there is nothing to compare"),
        ("a", COPIES, TIMES.replace("12:00-14:00", "07:00-09:00"), "stands in `times` twice"),
        ("a", COPIES, TIMES.replace("12:00-14:00", "noon"), "this does not say from when to when"),
        ("{to: [a, b]}", COPIES, TIMES.replace("over: times", "over: accounts"), "only by `over: times`"),
        ("{to: [a, b]}", COPIES, "experiment: {of: copy, over: days}", "this value is not known"),
    ],
)
def test_an_experiment_that_compares_nothing_is_told(publish: str, matrix: str, experiment: str, words: str) -> None:
    text = DEFINITION.format(items="{prompt: a, name: b}", publish=publish, experiment=experiment, matrix=matrix)
    with pytest.raises(DefinitionError) as caught:
        loads(text, Path("pipelines.yaml"))
    assert words in str(caught.value)
