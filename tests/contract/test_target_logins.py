"""How every target deals with its login: it is renewed once, shown to nobody, and never that of another account."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Retry
from tests.contract.kinds import SIMULATED, of
from tests.logins import document_of, kept, logged_in
from tests.platforms import TOKEN
from tests.posting import Posted, count, make_target
from tests.traits import NAMED, PARTS, REMEDIES, RENEWED


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[TargetContext]:
    """No sandbox: tokens are read, and logins renewed."""
    with closing(TargetContext(tmp_path, pace=0.01)) as made:
        yield made


@pytest.fixture
def strict(trying: Posted, outside: TargetContext) -> Posted:
    return logged_in(trying, outside)


@of(SIMULATED)
def test_a_login_that_is_not_good_pauses_and_posts_nothing(trying: Posted) -> None:
    trying.platform.strict = True
    trying.platform.expire_tokens()
    kind = trying.target.type
    for call in (trying.live, trying.upload) if kind in PARTS else (trying.live,):
        with pytest.raises(Reauthorise) as caught:
            call()
        assert REMEDIES[kind] in caught.value.instruction, "it says how to renew it"
    assert trying.shown == []


@of(RENEWED)
@pytest.mark.parametrize("rotates", [True, False])
def test_a_login_that_ended_is_renewed_once_and_written_back(
    strict: Posted, outside: TargetContext, rotates: bool
) -> None:
    platform = strict.platform
    platform.rotates = rotates
    platform.expire_tokens()
    before = "sandbox-refresh-token"
    for times in (1, 2):
        one = strict.another()
        one.settled(one.live())
        assert one.shown == one.once * times
        assert count(platform, "token") == times
        now = kept(outside)
        assert now["access_token"] in platform.tokens
        assert now["refresh_token"] in platform.refresh_tokens
        assert (now["refresh_token"] != before) == rotates
        assert now["more"] == "is kept"
        lives = dt.datetime.fromisoformat(now["expires_at"]) - dt.datetime.now(dt.UTC)
        assert 0 < platform.token_seconds - lives.total_seconds() < 60
        before = now["refresh_token"]
        platform.clock.advance(platform.token_seconds + 1)  # that one ends too


@of(RENEWED)
def test_a_login_that_ends_between_upload_and_post_posts_once(strict: Posted) -> None:
    strict.ready()
    strict.platform.expire_tokens()
    strict.settled(strict.finalize())
    assert strict.shown == strict.once


@of(RENEWED)
@pytest.mark.parametrize("known", [True, False], ids=["over", "unknown"])
def test_a_refresh_token_that_is_not_good_is_a_matter_for_a_person(strict: Posted, known: bool) -> None:
    platform, kind = strict.platform, strict.target.type
    platform.expire_tokens()
    if known:
        platform.spent.add("sandbox-refresh-token")
    else:
        platform.refresh_tokens.clear()
    with pytest.raises(Reauthorise, match=RENEWED[kind] if known else None) as caught:
        strict.live()
    assert REMEDIES[kind] in caught.value.instruction
    assert not [secret for secret in ("sandbox-", "hush-hush") if secret in str(caught.value)]
    assert strict.shown == []


@of(RENEWED)
def test_a_platform_that_is_busy_is_no_lost_login(strict: Posted) -> None:
    strict.platform.expire_tokens()
    strict.platform.trouble("token", status=503, body={"error": "temporarily_unavailable"})
    with pytest.raises(Retry):
        strict.live()


@of(NAMED)
def test_nothing_is_posted_with_the_login_of_another_account(trying: Posted, outside: TargetContext) -> None:
    platform, kind = trying.platform, trying.target.type
    platform.strict, platform.tokens = True, {TOKEN}
    for name in NAMED[kind]:
        trying.another(target=make_target(kind, **trying.place.real, account=name), context=outside).prepare()
    other = trying.another(target=make_target(kind, **trying.place.real, account="somebody"), context=outside)
    with pytest.raises(Reauthorise, match=r"belongs to .*somebody"):
        other.prepare()


@of(NAMED)
def test_an_account_is_one_account_however_it_is_written(trying: Posted, outside: TargetContext) -> None:
    """The login of one is let in by the name of the other, and the same content must not go to both."""
    kind, real = trying.target.type, trying.place.real
    written = [make_target(kind, **real, account=name) for name in ("teashop", "@teashop", "@TeaShop")]
    assert len({target.account_key(outside) for target in written}) == 1
    assert {target.named for target in written} == {True}


@of(RENEWED)
def test_a_rehearsal_shows_no_real_token_and_renews_no_real_login(trying: Posted, outside: TargetContext) -> None:
    trying.platform.strict = True  # only the token that stands for all is let in
    real = json.dumps({"client_id": "real", "client_secret": "real", "refresh_token": "real", "access_token": "real"})
    document_of(outside).write_text(real)
    login = {"login": {"file": str(document_of(outside))}, "account": "real"}
    trying.another(target=make_target(trying.target.type, **{**trying.place.options, **login})).live()
    assert document_of(outside).read_text() == real
