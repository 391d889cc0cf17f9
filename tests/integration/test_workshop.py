"""How many videos are finished at a time."""

from __future__ import annotations

import threading

import pytest

from flows.observer import Observer
from flows.workshop import Workshop
from records.ledger import Ledger
from reelmill.errors import Interrupted
from reelmill.settings import Settings
from tests.integration.test_ledger import opening
from tests.operated import eventually


def test_no_more_are_finished_at_a_time_than_is_said_and_the_next_ones_wait_in_hand(settings: Settings) -> None:
    inside, most, counted = [0], [0], threading.Lock()
    full, go_on = threading.Event(), threading.Event()

    def finish() -> None:
        with shop.finishing():
            with counted:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                if inside[0] == 2:
                    full.set()
            go_on.wait(30)
            with counted:
                inside[0] -= 1

    with Ledger(settings) as ledger:
        shop = Workshop(settings.model_copy(update={"workers": 2}), ledger, ledger.runs.open(opening()), Observer())
        assert shop.hands == 4
        threads = [threading.Thread(target=finish) for _ in range(shop.hands)]
        for thread in threads:
            thread.start()
        assert full.wait(30)
        go_on.set()
        for thread in threads:
            thread.join(30)
    assert (inside, most) == ([0], [2])


def test_who_waits_to_finish_hears_that_the_run_has_ended(settings: Settings) -> None:
    heard: list[Exception] = []

    def wait() -> None:
        try:
            with shop.finishing():
                pass
        except Interrupted as error:
            heard.append(error)

    with Ledger(settings) as ledger:
        shop = Workshop(settings.model_copy(update={"workers": 1}), ledger, ledger.runs.open(opening()), Observer())
        with shop.finishing():
            waiting = threading.Thread(target=wait)
            waiting.start()
            shop.cancel.cancel()
            eventually(lambda: heard, "the interruption")
            waiting.join(30)
        with shop.finishing():
            pass  # its place was not lost


def test_a_failure_gives_its_place_back(settings: Settings) -> None:
    with Ledger(settings) as ledger:
        shop = Workshop(settings.model_copy(update={"workers": 1}), ledger, ledger.runs.open(opening()), Observer())
        with pytest.raises(KeyError), shop.finishing():
            raise KeyError
        with shop.finishing():
            pass
