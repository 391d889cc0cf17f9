"""What every target must do, whatever it publishes to. Where each is tried and what is public there: `tests.places`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reelmill.content import Json
from reelmill.errors import ReelmillError
from reelmill.logs import mask
from tasks.publishing.base import Delivery, Published, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Wait
from tasks.registry import find, names
from tests.places import PLATFORMS, Place, Places, places
from tests.posting import Died, Memory, delivery_of, make_target

KINDS = names("targets")
#: Variables of places whose values nobody may see.
SECRETS = ("PLATFORM_TOKEN", "PLATFORM_SECRET", "SFTP_PASSWORD", "WEBHOOK_SECRET", "AWS_SECRET_ACCESS_KEY")
#: Those that can be asked what became of a call.
ANSWERING = [kind for kind in KINDS if find("targets", kind).safety is not Safety.NONE]
SIMULATED = [kind for kind in KINDS if kind in PLATFORMS]


@dataclass
class Try:
    """A post to a place, made by one process after the other: each knows what was committed."""

    place: Place
    target: Target
    context: TargetContext
    delivery: Delivery
    memory: Memory = field(default_factory=Memory)

    def prepare(self) -> None:
        self.target.prepare(self.delivery, self.context)

    def upload(self) -> None:
        self.target.upload(self.delivery, self.context, self.memory.handle())

    def check(self) -> None:
        """Ask until it is ready."""
        for _ in range(20):
            try:
                return self.target.check(self.delivery, self.context, self.memory.handle())
            except Wait:
                self.place.wait()
        raise AssertionError("it is never ready")

    def ready(self) -> Try:
        """Everything but the last call."""
        self.prepare()
        self.upload()
        self.check()
        return self

    def finalize(self) -> Published:
        return self.target.finalize(self.delivery, self.context, self.memory.handle())

    def look_up(self) -> Published | None:
        return self.target.look_up(self.delivery, self.context, self.memory.handle())

    def settled(self, published: Published | None = None) -> Published | None:
        """What it comes to in the end. None: it is not there."""
        for _ in range(20):
            if published is not None and published.settled:
                return published
            self.place.wait()
            with suppress(Wait):
                published = self.look_up()
                if published is None:
                    return None
        raise AssertionError("it never settles")

    @property
    def shown(self) -> list[str]:
        return list(self.place.shown())

    @property
    def once(self) -> list[str]:
        """What the public is to see: this very file, once."""
        return [self.delivery.rendition.sha256]


@pytest.fixture(scope="module")
def town() -> Iterator[Places]:
    with places() as made:
        yield made


@pytest.fixture
def trying(
    request: pytest.FixtureRequest, town: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Try]:
    kind = request.param
    with town.place(kind, tmp_path) as place:
        for name, value in place.environment.items():
            monkeypatch.setenv(name, value)
        context = TargetContext(tmp_path, place.sandbox, pace=0.01)
        yield Try(place, make_target(kind, **place.options), context, delivery_of(tmp_path))
        context.close()


def of(kinds: list[str] | tuple[str, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trying", kinds, indirect=True)


@of(KINDS)
def test_it_says_how_it_is_kept_from_posting_twice_and_what_it_does_about_ai(trying: Try) -> None:
    assert trying.target.safety in Safety
    assert trying.target.flags_ai or trying.target.discloses


@of(KINDS)
def test_an_account_has_one_name_that_is_no_secret(trying: Try) -> None:
    again = make_target(trying.target.type, **trying.place.options)
    name = trying.target.account_key(trying.context)
    assert name == again.account_key(trying.context)
    assert not any(secret in name for secret in trying.place.environment.values() if len(secret) > 6)


@of(KINDS)
def test_nothing_is_public_before_finalize_and_once_after_it(trying: Try) -> None:
    trying.ready()
    if trying.target.safety is not Safety.NONE:
        assert trying.look_up() is None
    trying.place.wait()
    assert trying.shown == []

    published = trying.settled(trying.finalize())

    assert published is not None
    assert trying.shown == trying.once
    seen = trying.target.read_back(trying.delivery, trying.context, published)
    assert False not in (seen.public, seen.labelled, seen.whole)
    assert published.url or seen.detail.get("url"), "people can go there"
    if trying.target.flags_ai and trying.place.platform is not None:
        assert trying.place.platform.published[0].ai is True, "the platform's own flag is set"


@of(SIMULATED)
def test_the_public_is_told_that_it_is_made_by_ai(trying: Try) -> None:
    trying.settled(trying.ready().finalize())
    assert trying.place.platform is not None
    (public,) = trying.place.platform.published
    assert public.ai or trying.delivery.disclosure in public.text


@of(KINDS)
def test_an_upload_may_be_repeated_at_will(trying: Try) -> None:
    trying.ready()
    trying.upload()
    trying.ready()
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(KINDS)
def test_whoever_dies_at_any_commit_of_an_upload_is_continued(trying: Try) -> None:
    trying.prepare()
    for lives in range(1, 100):  # each a commit longer than the one before
        trying.memory.dies_after = len(trying.memory.commits) + lives
        try:
            trying.upload()
            break
        except Died:
            continue
    else:
        raise AssertionError("it never comes to an end")
    trying.memory.dies_after = 0
    trying.check()
    assert trying.shown == []
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(ANSWERING)
def test_whoever_dies_after_the_call_finds_the_post(trying: Try) -> None:
    trying.ready().finalize()  # and nobody hears what it says
    assert trying.settled() is not None or trying.target.safety is Safety.IDEMPOTENCY_KEY
    assert trying.shown == trying.once


@of([kind for kind in ANSWERING if find("targets", kind).safety is not Safety.LOOK_UP])
def test_doing_it_twice_is_doing_it_once(trying: Try) -> None:
    one = trying.ready().finalize()
    assert trying.finalize().platform_id == one.platform_id
    assert trying.shown == trying.once


@of([kind for kind in SIMULATED if find("targets", kind).safety is Safety.LOOK_UP])
@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize("how", [{"drop": True}, {"status": 502}], ids=["dropped", "502"])
def test_an_answer_that_does_not_come_is_looked_up(trying: Try, happened: bool, how: dict[str, Json]) -> None:
    trying.ready()
    assert trying.place.platform is not None
    trying.place.platform.trouble("publish", handled=happened, **how)
    with pytest.raises(Ambiguous):
        trying.finalize()
    found = trying.settled()
    assert (found is not None) == happened
    if found is None:
        trying.settled(trying.ready().finalize())
    assert trying.shown == trying.once


@of([kind for kind in SIMULATED if find("targets", kind).safety is Safety.NONE])
@pytest.mark.parametrize("happened", [True, False])
def test_an_answer_that_does_not_come_leaves_it_to_a_person(trying: Try, happened: bool) -> None:
    trying.ready()
    assert trying.place.platform is not None
    trying.place.platform.trouble("publish", handled=happened, drop=True)
    with pytest.raises(Ambiguous):
        trying.finalize()
    assert len(trying.shown) == happened


@of(SIMULATED)
def test_a_login_that_is_not_good_pauses_and_posts_nothing(trying: Try) -> None:
    assert trying.place.platform is not None
    trying.place.platform.strict = True
    trying.place.platform.expire_tokens()
    with pytest.raises(Reauthorise) as caught:
        trying.ready().finalize()
    assert caught.value.instruction, "it says how to renew it"
    assert trying.shown == []


@of(SIMULATED)
def test_a_question_that_is_refused_is_no_answer(trying: Try) -> None:
    """A post that may be public must not be given up because its platform would not answer a question."""
    if trying.target.safety is Safety.NONE:
        pytest.skip("it is not asked")
    published = trying.ready().finalize()
    assert trying.place.platform is not None
    for status in (400, 403, 404, 500):
        platform = trying.place.platform
        for moment in platform.all_moments():
            platform.trouble(moment, status=status, times=50)
        try:
            found = trying.look_up()
        except Refused as error:
            raise AssertionError(f"a {status} to a question ended the post") from error
        except ReelmillError:
            found = None
        platform.troubles.clear()
        assert found is None or found.platform_id == published.platform_id
    assert trying.settled(published) is not None


@of(KINDS)
def test_two_posts_do_not_get_into_each_others_way(trying: Try, tmp_path: Path) -> None:
    other = replace(trying, delivery=delivery_of(tmp_path, name="02-snow", title="大雪"), memory=Memory())
    trying.ready()
    other.ready()
    one, two = trying.finalize(), other.finalize()
    settled = trying.settled(one), other.settled(two)
    assert all(settled)
    assert len({post.platform_id for post in settled if post is not None}) == 2
    assert sorted(trying.shown) == sorted(trying.once + other.once)


@of([kind for kind in KINDS if find("targets", kind).unpublishes])
def test_what_is_taken_down_is_not_public_any_more(trying: Try) -> None:
    published = trying.settled(trying.ready().finalize())
    assert published is not None
    trying.target.unpublish(trying.context, published)
    trying.target.unpublish(trying.context, published)
    if trying.place.platform is not None:
        assert trying.place.platform.public == []
        assert trying.target.read_back(trying.delivery, trying.context, published).public is not True
    else:
        assert trying.shown == []


@of([kind for kind in KINDS if find("targets", kind).tells_metrics])
def test_it_tells_what_people_did(trying: Try) -> None:
    published = trying.settled(trying.ready().finalize())
    assert published is not None
    told = trying.target.metrics(trying.context, published)
    numbers = (told.views, told.likes, told.comments, told.shares, told.watch_seconds)
    assert any(number is not None for number in numbers)
    assert all(number is None or number >= 0 for number in numbers)


@of([kind for kind in KINDS if kind != "discord"])
def test_no_secret_is_committed_told_or_logged(trying: Try, caplog: pytest.LogCaptureFixture) -> None:
    """A platform is met by its address here, with a login of its own."""
    if trying.place.real:
        trying = replace(
            trying,
            target=make_target(trying.target.type, **trying.place.real),
            context=TargetContext(trying.context.folder, pace=0.01),
        )
    with caplog.at_level(logging.INFO):
        published = trying.settled(trying.ready().finalize())
    told = f"{trying.memory.commits} {published} {mask(caplog.text)} {trying.target!r}"
    assert not [name for name, value in trying.place.environment.items() if name in SECRETS and value in told]
    assert trying.shown == trying.once
    trying.context.close()


@of([kind for kind in KINDS if find("targets", kind).local])
def test_a_place_that_cannot_be_written_is_a_typed_error(trying: Try, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(ReelmillError) as caught:
        trying.ready().finalize()
    assert caught.value.instruction


@of(["folder", "handoff"])
def test_a_name_that_leads_elsewhere_is_refused(trying: Try) -> None:
    trying.delivery = replace(trying.delivery, folder="", name="../escape")
    with pytest.raises(ReelmillError, match="leaves the folder"):
        trying.ready().finalize()
