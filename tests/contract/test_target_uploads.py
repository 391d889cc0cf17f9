"""How every target continues an upload: from what it remembered, and from what the platform says has arrived."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tasks.publishing.outcome import Refused, Restart, Retry, Wait
from tests.contract.kinds import SIMULATED, of
from tests.posting import Died, Posted, count, delivery_of, make_target, moments
from tests.traits import ELSEWHERE, NOT_TAKEN, PARTS, WORKED_ON

#: Moments of requests that bring something there, or begin or end that. The others ask.
SENDING = {"init", "upload", "chunk", "media", "complete", "finalize", "cover"}


@pytest.fixture
def in_parts(trying: Posted, tmp_path: Path) -> Posted:
    """A post whose upload takes as many requests as one of a large video does."""
    kind = trying.target.type
    parts = PARTS[kind]
    for name, value in parts.knobs.items():
        setattr(trying.platform, name, value)
    made = make_target(kind, **{**trying.place.options, **parts.options})
    if parts.sizes:
        smaller = type(f"Small{type(made).__name__}", (type(made),), {"__module__": __name__, **parts.sizes})
        made = smaller.model_validate(made.model_dump())
    return trying.another(target=made, delivery=delivery_of(tmp_path, size=parts.size))


def sent(one: Posted) -> Counter[str]:
    return Counter(moment for moment in moments(one.platform) if moment in SENDING)


def goes_on(one: Posted) -> None:
    """It does, and is public once and whole."""
    before = one.shown
    one.ready()
    assert one.shown == before
    one.settled(one.finalize())
    assert one.shown == before + one.once


@of(SIMULATED)
def test_an_upload_that_is_whole_returns_at_once(trying: Posted) -> None:
    trying.ready()
    before = len(trying.platform.calls)
    trying.upload()
    assert len(trying.platform.calls) == before


@of(PARTS)
def test_whoever_dies_at_any_commit_of_an_upload_sends_nothing_twice(in_parts: Posted) -> None:
    parts, whole = PARTS[in_parts.target.type], in_parts.another()
    whole.upload()
    needed = sent(whole)
    assert needed[parts.carries] == parts.count
    for commits in range(1, len(whole.commits) + 1):
        one = in_parts.another()
        one.dies_after = commits
        one.platform.calls.clear()
        with pytest.raises(Died):
            one.upload()
        one.upload()
        again = sent(one) - needed
        assert not again or (parts.secret and set(again) == {"init"}), f"{again} after the death at commit {commits}"
        goes_on(one)


@of(PARTS)
def test_an_upload_goes_on_after_any_answer_that_never_came(in_parts: Posted) -> None:
    parts = PARTS[in_parts.target.type]
    whole = in_parts.another()
    whole.upload()
    requests = moments(whole.platform)
    for number, lost in enumerate(requests):
        one = in_parts.another()
        one.platform.calls.clear()
        one.platform.trouble("*", handled=True, drop=True, after=number)
        with pytest.raises(Retry):
            one.upload()
        one.upload()
        if lost == parts.carries:
            assert count(one.platform, lost) == parts.count + (not parts.asks), "what has arrived is not sent again"
            assert parts.secret or count(one.platform, "init") <= 1
        goes_on(one)


@of(PARTS)
@pytest.mark.parametrize("broken", [True, False], ids=["a broken line", "a busy platform"])
def test_what_does_not_arrive_is_sent_again_and_nothing_else(in_parts: Posted, broken: bool) -> None:
    parts, platform = PARTS[in_parts.target.type], in_parts.platform
    how = {"cut": parts.size // parts.count // 3} if broken else {"status": 503}
    platform.trouble(parts.carries, after=(parts.count - 1) // 2, **how)
    with pytest.raises(Retry):
        in_parts.upload()
    in_parts.upload()
    assert count(platform, parts.carries) <= parts.count + 1
    assert parts.secret or count(platform, "init") <= 1
    goes_on(in_parts)


@of(kind for kind, parts in PARTS.items() if parts.left_for)
def test_an_upload_that_was_left_for_too_long_begins_again(in_parts: Posted) -> None:
    in_parts.dies_after = 1
    with pytest.raises(Died):
        in_parts.upload()
    in_parts.platform.clock.advance(PARTS[in_parts.target.type].left_for)
    with pytest.raises(Restart):
        in_parts.upload()
    in_parts.handle().forget()
    goes_on(in_parts)
    assert count(in_parts.platform, "init") == 2


@of(ELSEWHERE)
def test_bytes_go_nowhere_but_to_the_platform(in_parts: Posted) -> None:
    host, answer = ELSEWHERE[in_parts.target.type]
    in_parts.platform.trouble("init", **answer)
    with pytest.raises(Refused, match=re.escape(host)) as caught:
        in_parts.upload()
    assert "hush" not in str(caught.value)
    assert moments(in_parts.platform)[-1] == "init"


@of(WORKED_ON)
def test_it_waits_while_the_video_is_processed_and_says_why_it_failed(trying: Posted) -> None:
    reason, told = WORKED_ON[trying.target.type]
    trying.platform.processing, trying.platform.reject_processing = 60.0, reason
    trying.upload()
    with pytest.raises(Wait) as wait:
        trying.target.check(trying.delivery, trying.context, trying.handle())
    assert 0 < (wait.value.retry_after or 0) <= 60
    trying.platform.clock.advance(61)
    with pytest.raises(Refused, match=told) as caught:
        trying.check()
    assert caught.value.instruction
    assert trying.shown == []


@of(NOT_TAKEN)
def test_what_it_does_not_take_is_refused_before_a_byte(trying: Posted, tmp_path: Path) -> None:
    for change, words in NOT_TAKEN[trying.target.type]:
        with pytest.raises(Refused, match=words) as caught:
            trying.another(delivery=delivery_of(tmp_path, **change)).prepare()
        assert caught.value.instruction
    assert set(moments(trying.platform)) <= {"creator_info"}, "some are asked what they take"
