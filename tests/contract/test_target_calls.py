"""The one irreversible call of every target: whatever becomes of it, there is one post, or it is known that none is."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reelmill.content import Json
from tasks.publishing.base import Safety
from tasks.publishing.outcome import Ambiguous, Defer, MayNotAsk, Refused, Restart, Retry, Wait
from tests.contract.kinds import ANSWERING, kept_by, of
from tests.posting import Died, Posted, delivery_of
from tests.traits import ARMED, ENDLESS, FORBIDDEN, FORGOTTEN, GONE, LOOKS_FIRST, SILENT

LOOKED_UP = kept_by(Safety.LOOK_UP)
#: Posts that an account may make before somebody asks: one more than the longest page of a list has. And their bytes.
LATER, SMALL = 101, 80_000
#: What leaves it open whether it happened.
OPEN: tuple[dict[str, Json], ...] = ({"drop": True}, *({"status": code} for code in (500, 502, 503, 504)))


@of(["tiktok", *ARMED])
def test_whoever_dies_before_the_call_has_posted_nothing(trying: Posted) -> None:
    trying.ready()
    trying.dies_after = len(trying.commits) + 1
    with pytest.raises(Died):
        trying.finalize()
    assert trying.settled() is None
    assert trying.shown == []
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(ANSWERING)
def test_whoever_dies_after_the_call_finds_the_post(trying: Posted) -> None:
    trying.ready().finalize()  # and nobody hears what it says
    assert trying.settled() is not None or trying.target.safety is Safety.IDEMPOTENCY_KEY
    assert trying.shown == trying.once


@of(kept_by(Safety.IDEMPOTENCY_KEY, Safety.NATURAL))
def test_doing_it_twice_is_doing_it_once(trying: Posted) -> None:
    one = trying.ready().finalize()
    assert trying.finalize().platform_id == one.platform_id
    assert trying.shown == trying.once


@of(LOOKED_UP)
@pytest.mark.parametrize("happened", [True, False])
def test_an_answer_that_does_not_come_is_looked_up(trying: Posted, tmp_path: Path, happened: bool) -> None:
    for number, how in enumerate(OPEN):
        one = trying.another(delivery=delivery_of(tmp_path, name=f"post-{number}", caption=f"words {number}"))
        before = one.shown
        one.ready()
        one.platform.trouble("publish", handled=happened, **how)
        with pytest.raises(Ambiguous):
            one.finalize()
        found = one.settled()
        assert (found is not None) == happened, how
        if found is None:
            found = one.settled(one.ready().finalize())
        assert one.shown == before + one.once
        public = one.platform.published[-1]
        assert found is not None
        assert found.platform_id == public.id
        assert found.url in (public.url, f"{one.platform.base}/watch/{public.id}")


@of(LOOKED_UP)
def test_a_post_is_found_among_many_later_ones(trying: Posted, tmp_path: Path) -> None:
    """The newest posts of an account are no answer: what is not among them was perhaps posted before them."""
    trying.ready()
    trying.platform.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        trying.finalize()
    trying.place.wait()
    later = delivery_of(tmp_path, name="later", size=SMALL)
    for number in range(LATER):
        text = replace(later.text, title=f"later {number}", caption=f"later {number}")
        trying.another(delivery=replace(later, post_id=uuid4(), text=text)).live()
    forget(trying)
    found = trying.settled()
    assert found is not None
    assert found.platform_id == trying.platform.published[0].id
    assert trying.shown.count(trying.once[0]) == 1


@of(ENDLESS)
def test_more_posts_than_are_looked_through_are_no_answer(trying: Posted) -> None:
    trying.ready()
    trying.platform.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        trying.finalize()
    forget(trying)
    moment, page = ENDLESS[trying.target.type]
    trying.platform.trouble(moment, status=200, body=page, times=1000)
    with pytest.raises(Ambiguous) as caught:
        trying.look_up()
    assert caught.value.instruction
    assert len(trying.platform.calls) < 100, "it comes to an end"


@of(LOOKED_UP)
def test_a_login_that_may_not_ask_is_told_from_one_that_is_over(trying: Posted) -> None:
    trying.ready().finalize()
    answers = [{"status": 403}, *([FORBIDDEN[trying.target.type]] if trying.target.type in FORBIDDEN else [])]
    for answer in answers:
        for moment in trying.platform.all_moments():
            trying.platform.trouble(moment, times=50, **answer)
        with pytest.raises(MayNotAsk) as caught:
            trying.look_up()
        assert caught.value.instruction
        trying.platform.troubles.clear()


@of(LOOKS_FIRST)
@pytest.mark.parametrize("heard", [True, False])
def test_a_second_attempt_finds_what_the_first_one_made(trying: Posted, heard: bool) -> None:
    trying.ready()
    if not heard:
        trying.platform.trouble("publish", handled=True, drop=True)
    with nullcontext() if heard else pytest.raises(Ambiguous):
        trying.finalize()
    trying.place.wait()
    assert trying.finalize().platform_id == trying.platform.published[0].id
    assert trying.shown == trying.once


@of(LOOKED_UP)
def test_another_post_with_the_same_words_is_not_taken_for_this_one(trying: Posted) -> None:
    trying.ready()
    trying.platform.trouble("publish", drop=True)
    with pytest.raises(Ambiguous):
        trying.finalize()
    other = trying.another()
    theirs = other.settled(other.live())
    assert theirs is not None
    assert trying.settled() is None, "though the ledger knows nothing of the other one yet"
    trying.others.add(theirs.platform_id)
    assert trying.settled() is None
    mine = trying.settled(trying.finalize())
    assert mine is not None
    assert mine.platform_id == trying.platform.published[1].id
    found = trying.settled()
    assert found is not None
    assert found.platform_id == mine.platform_id


@of(SILENT)
def test_an_answer_that_names_no_post_is_none(trying: Posted) -> None:
    trying.ready()
    trying.platform.trouble("publish", handled=True, **SILENT[trying.target.type])
    with pytest.raises(Ambiguous):
        trying.finalize()
    assert (trying.settled() is not None) == (trying.target.safety is Safety.LOOK_UP)
    assert trying.shown == trying.once


@of(kept_by(Safety.NONE))
@pytest.mark.parametrize("happened", [True, False])
def test_an_answer_that_does_not_come_leaves_it_to_a_person(trying: Posted, happened: bool) -> None:
    trying.ready()
    for number, how in enumerate(OPEN, start=1):
        trying.platform.trouble("publish", handled=happened, **how)
        with pytest.raises(Ambiguous):
            trying.finalize()
        assert trying.look_up() is None
        assert len(trying.shown) == happened * number


@of(ARMED)
def test_what_certainly_did_not_happen_is_not_looked_for(trying: Posted) -> None:
    trying.ready()
    trying.platform.trouble("publish", status=503)
    trying.platform.trouble("publish", status=429)
    with pytest.raises(Ambiguous):
        trying.finalize()
    assert trying.handle()["armed"]
    trying.handle().remember(armed=None)
    with pytest.raises((Retry, Wait, Defer)):
        trying.finalize()
    assert not trying.handle()["armed"]
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(GONE)
def test_an_old_upload_that_is_not_taken_any_more_begins_again(trying: Posted) -> None:
    grow_old(trying)
    trying.platform.trouble("publish", status=200, body=GONE[trying.target.type])
    with pytest.raises(Restart):
        trying.finalize()
    trying.handle().forget()
    trying.settled(trying.live())
    assert trying.shown == trying.once


@of(GONE)
def test_an_old_upload_that_may_have_been_used_up_does_not(trying: Posted) -> None:
    grow_old(trying)
    trying.platform.single_use = True
    trying.platform.trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        trying.finalize()
    with pytest.raises(Refused):
        trying.finalize()
    trying.place.wait()
    assert trying.shown == trying.once


def forget(one: Posted) -> None:
    """The platform does not know the upload any more, if it is one that can be asked for an upload."""
    if one.target.type in FORGOTTEN:
        one.platform.trouble("status", times=1000, **FORGOTTEN[one.target.type])


def grow_old(one: Posted) -> None:
    """It was uploaded long ago."""
    one.ready().handle().remember(uploaded=(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat())
