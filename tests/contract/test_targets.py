"""What every target must do, whatever it publishes to. Where each is tried and what is public there: `tests.places`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reelmill.content import Json, PostText
from reelmill.errors import PublishingError, ReelmillError
from reelmill.logs import mask
from tasks.publishing.base import Room, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Refused
from tasks.registry import find
from tests.contract.kinds import KINDS, SIMULATED, kept_by, of
from tests.platforms import TOKEN
from tests.posting import SPOKEN, Died, Posted, delivery_of, make_target
from tests.traits import DAY, SUBTITLED, TOLD

#: Variables of places whose values nobody may see.
SECRETS = ("PLATFORM_TOKEN", "PLATFORM_SECRET", "SFTP_PASSWORD", "WEBHOOK_SECRET", "AWS_SECRET_ACCESS_KEY")


@of(KINDS)
def test_it_says_how_it_is_kept_from_posting_twice_and_what_it_does_about_ai(trying: Posted) -> None:
    assert trying.target.safety in Safety
    assert trying.target.flags_ai or trying.target.discloses


@of(KINDS)
def test_an_account_has_one_name_that_is_no_secret(trying: Posted) -> None:
    again = make_target(trying.target.type, **trying.place.options)
    name = trying.target.account_key(trying.context)
    assert name == again.account_key(trying.context)
    assert not any(secret in name for secret in trying.place.environment.values() if len(secret) > 6)


@of(KINDS)
def test_a_place_that_is_well_is_found_well_and_nothing_is_left_there(trying: Posted) -> None:
    """Also before the first post, when its folder is not made yet."""
    trying.target.probe(trying.context)
    trying.target.identify(trying.context)
    trying.target.quota(trying.context)
    assert trying.shown == []
    trying.settled(trying.ready().finalize())
    trying.target.probe(trying.context)
    assert trying.shown == trying.once


@of(KINDS)
def test_nothing_is_public_before_finalize_and_once_after_it(trying: Posted) -> None:
    assert trying.look_up() is None
    trying.ready()
    assert trying.look_up() is None
    trying.place.wait()
    assert trying.shown == []

    published = trying.settled(trying.finalize())

    assert published is not None
    assert trying.shown == trying.once
    seen = trying.read_back(published)
    assert False not in (seen.public, seen.labelled, seen.whole)
    assert published.url or seen.detail.get("url"), "people can go there"
    if trying.place.platform is not None:
        (public,) = trying.platform.published
        assert public.id == published.platform_id
        assert public.url in (published.url, seen.detail.get("url"))
        assert public.ai or not trying.target.flags_ai, "the platform's own flag is set"


@of(SIMULATED)
def test_the_public_is_told_that_it_is_made_by_ai(trying: Posted) -> None:
    trying.settled(trying.ready().finalize())
    (public,) = trying.platform.published
    assert public.ai or trying.delivery.disclosure in public.text


@of(SIMULATED)
def test_words_are_as_long_as_the_definition_says_of_the_profile(trying: Posted) -> None:
    long = PostText("雪" * 90, "雪" * 20_000, tuple(f"tag{number}" for number in range(30)))
    posted = trying.another(delivery=replace(trying.delivery, post_id=uuid4(), text=long, room=Room(40, 60, 1)))
    posted.settled(posted.ready().finalize())
    (public,) = trying.platform.published
    assert "雪" * 15 in public.text
    assert public.text.count("雪") <= 40 + 60
    assert public.text.count("#") <= 1


@of(KINDS)
def test_an_upload_may_be_repeated_at_will(trying: Posted) -> None:
    trying.ready()
    trying.upload()
    trying.ready()
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(KINDS)
def test_whoever_dies_at_any_commit_of_an_upload_is_continued(trying: Posted) -> None:
    trying.prepare()
    for lives in range(1, 100):  # each a commit longer than the one before
        trying.dies_after = len(trying.commits) + lives
        try:
            trying.upload()
            break
        except Died:
            continue
    else:
        raise AssertionError("it never comes to an end")
    trying.dies_after = 0
    trying.check()
    assert trying.shown == []
    trying.settled(trying.finalize())
    assert trying.shown == trying.once


@of(kept_by(Safety.LOOK_UP))
def test_a_question_that_is_refused_is_no_answer(trying: Posted) -> None:
    """A post that may be public must not be given up because its platform would not answer a question."""
    published = trying.ready().finalize()
    for status in (400, 403, 404, 500):
        platform = trying.platform
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
def test_two_posts_do_not_get_into_each_others_way(trying: Posted, tmp_path: Path) -> None:
    other = trying.another(delivery=delivery_of(tmp_path, name="02-snow", title="大雪"))
    trying.ready()
    other.ready()
    one, two = trying.finalize(), other.finalize()
    settled = trying.settled(one), other.settled(two)
    assert all(settled)
    assert len({post.platform_id for post in settled if post is not None}) == 2
    assert sorted(trying.shown) == sorted(trying.once + other.once)


@of([kind for kind in KINDS if find("targets", kind).unpublishes])
def test_what_is_taken_down_is_not_public_any_more(trying: Posted) -> None:
    published = trying.settled(trying.ready().finalize())
    assert published is not None
    says = trying.read_back(published).public is not None
    trying.target.unpublish(trying.context, published)
    trying.target.unpublish(trying.context, published)
    if trying.place.platform is not None:
        assert trying.platform.public == []
        assert trying.read_back(published).public is (False if says else None)
    else:
        assert trying.shown == []


@of([kind for kind in KINDS if find("targets", kind).tells_metrics])
def test_it_tells_what_people_did(trying: Posted) -> None:
    published = trying.settled(trying.ready().finalize())
    assert published is not None
    trying.platform.clock.advance(DAY)
    told = trying.target.metrics(trying.context, published)
    numbers = {name: getattr(told, name) for name in ("views", "likes", "comments", "shares", "watch_seconds")}
    assert {name for name, number in numbers.items() if number is not None} == TOLD[trying.target.type]
    assert all(number is None or number > 0 for number in numbers.values())
    assert told.views is None or told.likes is None or told.views > told.likes


@of(KINDS)
def test_no_secret_is_committed_told_or_logged(
    trying: Posted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A platform is met by its address here, with a login of its own."""
    if trying.place.real:
        target, outside = make_target(trying.target.type, **trying.place.real), TargetContext(tmp_path, pace=0.01)
        trying = trying.another(target=target, context=outside)
    with caplog.at_level(logging.INFO):
        published = trying.settled(trying.ready().finalize())
    told = f"{trying.commits} {published} {mask(caplog.text)} {trying.target!r}"
    assert not [name for name, value in trying.place.environment.items() if name in SECRETS and value in told]
    assert TOKEN not in told
    assert trying.shown == trying.once
    trying.context.close()


@of([kind for kind in KINDS if find("targets", kind).local])
def test_a_place_that_cannot_be_written_is_a_typed_error(trying: Posted, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(ReelmillError) as caught:
        trying.ready().finalize()
    assert caught.value.instruction


@of(["folder", "handoff", "sftp"])
def test_a_name_that_leads_elsewhere_is_refused(trying: Posted) -> None:
    trying.delivery = replace(trying.delivery, folder="", name="../escape")
    error = PublishingError if trying.target.type == "folder" else Refused
    with pytest.raises(error, match="leaves the folder"):
        trying.ready().finalize()


# What is spoken.


def beside(trying: Posted) -> list[dict[str, str]]:
    """The subtitles of each post that is public."""
    assert trying.place.subtitled is not None
    return [{kind: content.decode() for kind, content in one.items()} for one in trying.place.subtitled()]


def texts(record: Mapping[str, Json]) -> dict[str, str]:
    return {kind: text for kind, text in record["subtitles"].items() if kind != "drawn"}


@of(SUBTITLED)
def test_what_is_spoken_lies_beside_the_video(trying: Posted, tmp_path: Path) -> None:
    trying.delivery = delivery_of(tmp_path, record=SPOKEN)
    trying.ready()
    assert beside(trying) == []
    trying.settled(trying.finalize())
    assert beside(trying) == [texts(SPOKEN)]
    assert trying.shown == trying.once


@of(SUBTITLED)
def test_a_video_of_before_there_was_ass_has_what_was_made_then(trying: Posted, tmp_path: Path) -> None:
    older = {kind: SPOKEN["subtitles"][kind] for kind in ("srt", "vtt")}
    trying.delivery = delivery_of(tmp_path, record={"subtitles": older})
    trying.settled(trying.ready().finalize())
    assert beside(trying) == [older]


@of(SUBTITLED)
def test_where_nothing_is_spoken_there_is_nothing_to_read(trying: Posted) -> None:
    trying.settled(trying.ready().finalize())
    assert beside(trying) == [{}]


@of(SUBTITLED)
def test_subtitles_come_once_however_often_it_is_begun(trying: Posted, tmp_path: Path) -> None:
    trying.delivery = delivery_of(tmp_path, record=SPOKEN)
    trying.prepare()
    for lives in range(1, 100):
        trying.dies_after = len(trying.commits) + lives
        try:
            trying.upload()
            break
        except Died:
            continue
    trying.dies_after = 0
    trying.ready()
    trying.finalize()
    trying.settled(trying.ready().finalize())
    assert beside(trying) == [texts(SPOKEN)]
    assert trying.shown == trying.once


@of([kind for kind in SUBTITLED if kind != "webhook"])
def test_a_later_edition_has_its_own_subtitles_or_none(trying: Posted, tmp_path: Path) -> None:
    """A player would take those of the earlier edition for the later one's."""
    older = {**SPOKEN, "subtitles": dict.fromkeys(texts(SPOKEN), "of the first")}
    trying.another(delivery=delivery_of(tmp_path, b"first", record=older)).ready().finalize()
    assert beside(trying) == [dict.fromkeys(texts(SPOKEN), "of the first")]
    trying.another(delivery=delivery_of(tmp_path, b"second", record=SPOKEN)).ready().finalize()
    assert beside(trying) == [texts(SPOKEN)]
    trying.another(delivery=delivery_of(tmp_path, b"third")).ready().finalize()
    assert beside(trying) == [{}]


@of([kind for kind in SUBTITLED if find("targets", kind).unpublishes])
def test_subtitles_are_taken_down_with_their_video(trying: Posted, tmp_path: Path) -> None:
    trying.delivery = delivery_of(tmp_path, record=SPOKEN)
    published = trying.ready().finalize()
    assert len(published.detail["files"]) == 5
    trying.target.unpublish(trying.context, published)
    trying.target.unpublish(trying.context, published)
    assert beside(trying) == []
