"""How far a list of posts is gone through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pytest

from tasks.publishing.outcome import Ambiguous
from tasks.publishing.recognition import SKEW, back_to

ARMED = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
NEW, OLD = ARMED + dt.timedelta(minutes=1), ARMED - dt.timedelta(minutes=10)


class List:
    """Pages of posts, each by its time, and how many of them were asked for."""

    def __init__(self, *pages: Sequence[dt.datetime | None]) -> None:
        self.pages, self.asked = pages, 0

    def seen(self, most: int = 10) -> list[dt.datetime | None]:
        return list(back_to(ARMED, self._told(), lambda at: at, most=most, where="the platform"))

    def _told(self) -> Iterator[Sequence[dt.datetime | None]]:
        for page in self.pages:
            self.asked += 1
            yield page


def test_it_ends_where_all_of_a_page_is_older() -> None:
    told = List([NEW, NEW], [NEW, OLD], [OLD, OLD], [OLD])
    assert told.seen() == [NEW, NEW, NEW, OLD, OLD, OLD]
    assert told.asked == 3


def test_what_is_pinned_to_the_top_does_not_end_it() -> None:
    assert List([OLD, NEW], [NEW]).seen() == [OLD, NEW, NEW]


def test_an_empty_page_does_not_end_it() -> None:
    assert List([NEW], [], [NEW]).seen() == [NEW, NEW]


def test_clocks_may_differ_by_a_little() -> None:
    nearly = ARMED - SKEW
    assert List([nearly], [nearly], [OLD]).seen() == [nearly, nearly, OLD]


def test_a_post_that_does_not_say_when_ends_nothing() -> None:
    assert List([None], [NEW]).seen() == [None, NEW]


def test_a_list_that_goes_on_is_no_answer() -> None:
    told = List([NEW], [NEW], [NEW])
    with pytest.raises(Ambiguous, match="more posts"):
        told.seen(most=2)
    assert List([NEW], [NEW]).seen(most=2) == [NEW, NEW], "all of the list were these"
