"""Budgets in the ledger: videos are let in whole, in their order, and several runs share what there is."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from flows.budget_options import BudgetOptions
from records.ledger import Ledger
from records.tables import Run, Spending
from reelmill.amount import Amount, Limit
from tests.integration.test_ledger import opening

DAY = "2026-11-29"
NOTHING = Amount()


def begin(ledger: Ledger, pipeline: str) -> Run:
    return ledger.runs.open(replace(opening(), pipeline=pipeline))


def admit(
    ledger: Ledger, run: Run, limit: Limit, *asked: Amount, before: Amount = NOTHING, kept: Amount = NOTHING
) -> list[str | None]:
    found = ledger.budgets.admit(DAY, run.id, run.pipeline, limit, asked, before=before, kept=kept)
    return list(found.fits)


def test_videos_are_let_in_in_their_order_whole_or_not_at_all(ledger: Ledger) -> None:
    run = begin(ledger, "a")
    limit = Limit(videos=3, gpu_seconds=100.0)
    asked = [Amount(1, 60.0), Amount(1, 50.0), Amount(1, 40.0), Amount(1, 0.0), Amount(1, 0.0)]
    assert admit(ledger, run, limit, *asked) == [None, "gpu_seconds", None, None, "videos"]


def test_what_one_run_has_the_other_has_not_until_it_gives_it_back(ledger: Ledger) -> None:
    first, second = begin(ledger, "a"), begin(ledger, "b")
    limit, one = Limit(videos=3), Amount(1)
    assert admit(ledger, first, limit, one, one) == [None, None]
    assert admit(ledger, second, limit, one, one) == [None, "videos"]
    assert admit(ledger, first, limit, one, one) == [None, None], "asking again gives back first"
    ledger.budgets.settle(first.id, Amount(1))
    assert admit(ledger, second, limit, one, one) == [None, None]
    with ledger.database.begin() as session:
        row = session.get(Spending, second.id)
        assert row is not None
        row.period = "2026-11-30"
    assert admit(ledger, first, limit, one, one, one) == [None, None, None], "another day has a budget of its own"


def test_looking_keeps_nothing(ledger: Ledger) -> None:
    run, limit = begin(ledger, "a"), Limit(videos=1)
    for _ in range(2):
        found = ledger.budgets.look(DAY, run.id, limit, [Amount(1)], before=Amount(), kept=Amount())
        assert found.fits == (None,)
    assert admit(ledger, begin(ledger, "b"), limit, Amount(1)) == [None]
    found = ledger.budgets.look(DAY, run.id, limit, [Amount(1)], before=Amount(), kept=Amount())
    assert (found.fits, found.others) == (("videos",), Amount(1))


def test_what_a_run_has_used_already_and_what_is_kept_for_others_count(ledger: Ledger) -> None:
    run, limit = begin(ledger, "a"), Limit(spend=10.0)
    assert admit(ledger, run, limit, Amount(1, 0, 4.0), before=Amount(1, 0, 3.0), kept=Amount(1, 0, 3.0)) == [None]
    assert admit(ledger, run, limit, Amount(1, 0, 4.1), before=Amount(1, 0, 3.0), kept=Amount(1, 0, 3.0)) == ["spend"]


def test_a_pipeline_is_remembered_by_what_it_took_last_unless_it_has_had_its_run(ledger: Ledger) -> None:
    run = begin(ledger, "a")
    assert ledger.budgets.last("a", DAY) is None
    admit(ledger, run, Limit(), Amount(1, 5.0))
    assert ledger.budgets.last("a", DAY) == NOTHING
    assert ledger.budgets.last("a", "2026-11-30") == Amount(1, 5.0)


def test_of_many_at_once_no_more_are_let_in_than_there_is_room_for(ledger: Ledger) -> None:
    runs = [begin(ledger, f"p{number}") for number in range(8)]
    let_in: list[int] = []
    start = threading.Barrier(len(runs))

    def ask(run: Run) -> None:
        start.wait()
        fits = admit(ledger, run, Limit(videos=10), *[Amount(1)] * 3)
        let_in.append(fits.count(None))

    threads = [threading.Thread(target=ask, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_in) == 10


@pytest.mark.parametrize(
    ("per", "at", "name", "ends"),
    [
        ("day", "2026-11-29T15:59:00+00:00", "2026-11-29", "2026-11-30T00:00:00+08:00"),
        ("day", "2026-11-29T16:00:00+00:00", "2026-11-30", "2026-12-01T00:00:00+08:00"),
        ("week", "2026-12-31T12:00:00+00:00", "2026-W53", "2027-01-04T00:00:00+08:00"),
        ("month", "2026-12-31T16:00:00+00:00", "2027-01", "2027-02-01T00:00:00+08:00"),
    ],
)
def test_a_time_has_a_name_and_an_end_in_its_zone(per: str, at: str, name: str, ends: str) -> None:
    options = BudgetOptions.model_validate({"videos": 1, "per": per, "timezone": "Asia/Shanghai"})
    moment = dt.datetime.fromisoformat(at)
    assert options.period(moment) == name
    assert options.ends(moment) == dt.datetime.fromisoformat(ends)
    assert options.ends(moment).tzinfo == ZoneInfo("Asia/Shanghai")


def test_a_budget_says_what_it_limits() -> None:
    options = BudgetOptions.model_validate({"gpu_minutes": 2, "spend": "20 USD"})
    assert (options.limit, options.currency) == (Limit(None, 120.0, 20.0), "USD")
