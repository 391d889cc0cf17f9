"""What whoever rehearses may let be so on a platform, over HTTP: the target of each platform meets it."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest

from tasks.publishing.outcome import Reauthorise, Refused, Wait
from tests.contract.kinds import SIMULATED, of
from tests.posting import Posted


def let(trying: Posted, **conditions: object) -> None:
    url = f"{trying.platform.base}/_trouble"
    httpx.post(url, json=conditions).raise_for_status()


def lift(trying: Posted) -> None:
    httpx.delete(f"{trying.platform.base}/_trouble").raise_for_status()


@of(SIMULATED)
def test_a_login_that_ended_is_told_and_nothing_is_posted(trying: Posted) -> None:
    let(trying, expired=True)
    with pytest.raises(Reauthorise):
        trying.live()
    assert trying.shown == []
    lift(trying)
    trying.settled(trying.live())
    assert trying.shown == trying.once


@of(["x", "linkedin", "pinterest", "wordpress", "bilibili", "kuaishou"])
def test_a_list_that_is_slow_shows_a_post_when_its_time_has_passed(trying: Posted) -> None:
    let(trying, slow_lookup=3600)
    published = trying.live()
    found = None
    with suppress(Wait):
        found = trying.look_up()
    assert found is None
    let(trying, passed=3600)
    found = trying.settled()
    assert found is not None
    assert found.platform_id == published.platform_id


@of(["x", "linkedin", "youtube"])
def test_what_is_public_already_is_refused(trying: Posted) -> None:
    trying.settled(trying.live())
    let(trying, refuse_duplicates=True)
    again = trying.another()
    with pytest.raises(Refused):
        again.settled(again.live())
    lift(trying)
    assert trying.shown == trying.once


@of(["tiktok", "douyin", "bilibili", "kuaishou"])
def test_a_platform_works_on_a_post_until_its_time_has_passed(trying: Posted) -> None:
    let(trying, processing=3600)
    published = trying.live()
    assert not published.settled
    assert trying.shown == []
    let(trying, passed=3600)
    assert trying.settled(published) is not None
    assert trying.shown == trying.once
