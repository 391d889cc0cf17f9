"""WordPress as a target, against a simulated site."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from sandbox.platforms.wordpress import WordPress as Simulated
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused, Retry
from tasks.publishing.targets.wordpress import WordPress
from tests.posting import DISCLOSURE, Memory, delivery_of, make_target, post, prepared

KIND = "wordpress"

SITE = {"url": "https://tea.example/blog", "user": "editor"}


@pytest.fixture
def target() -> WordPress:
    made: WordPress = make_target("wordpress", **SITE)
    return made


def test_a_video_is_posted_once_with_its_words_and_the_ai_line(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path, caption="Tea & <b>snow</b>")
    published = post(target, delivery, context, platform)
    (public,) = platform.published
    assert published.platform_id == public.id
    assert published.url == f"{platform.base}/watch/{public.id}"
    assert published.detail["status"] == "publish"
    assert public.account == "editor"
    assert public.sha256 == delivery.rendition.sha256
    assert public.text.startswith("小雪\n<!-- wp:video")
    assert "<p>Tea &amp; &lt;b&gt;snow&lt;/b&gt;</p>" in public.text
    assert f"<p>{DISCLOSURE}<br>#小雪 #节气</p>" in public.text
    assert public.detail["slug"] == f"clip-{delivery.post_id}"
    cover = platform.library[public.detail["featured_media"]]
    assert cover.mime == "image/jpeg"
    assert cover.upload.path.read_bytes() == delivery.rendition.cover.read_bytes()


def test_categories_and_tags_are_those_of_the_definition(
    platform: Simulated, context: TargetContext, tmp_path: Path
) -> None:
    post(make_target("wordpress", **SITE, categories=[3, 4], tags=[7]), delivery_of(tmp_path), context, platform)
    assert platform.published[0].detail["categories"] == [3, 4]
    assert platform.published[0].detail["tags"] == [7]


def test_an_answer_that_is_no_list_does_not_pass_for_an_empty_one(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    for status, body, outcome in ((200, "<html>", Retry), (200, {}, Retry), (403, {}, Reauthorise), (400, {}, Retry)):
        platform.trouble("look_up", status=status, body=body)
        with pytest.raises(outcome):
            target.look_up(delivery, context, Memory().handle())


def test_a_post_becomes_public_when_its_time_comes(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    at = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))) + dt.timedelta(hours=2)
    delivery = delivery_of(tmp_path, public_at=at)
    published = post(target, delivery, context, platform)
    assert not published.settled
    assert published.detail["status"] == "future"
    assert not platform.public
    assert target.read_back(delivery, context, published).public is None
    found = target.look_up(delivery, context, Memory().handle())
    assert found is not None
    assert found.platform_id == published.platform_id
    platform.clock.advance(7201)
    assert len(platform.public) == 1
    seen = target.read_back(delivery, context, published)
    assert seen.public is True
    assert seen.detail["url"] == platform.public[0].url
    assert target.clockwork is not None


def test_a_time_that_has_come_is_now(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    post(target, delivery_of(tmp_path, public_at=at), context, platform)
    assert len(platform.public) == 1


@pytest.mark.parametrize("status", ["draft", "private"])
def test_an_editor_may_have_the_last_word(
    platform: Simulated, context: TargetContext, tmp_path: Path, status: str
) -> None:
    target = make_target("wordpress", **SITE, status=status)
    delivery = delivery_of(tmp_path, public_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))
    published = post(target, delivery, context, platform)
    assert not platform.published
    assert target.read_back(delivery, context, published).public is None
    assert target.finalize(delivery, context, Memory().handle()).platform_id == published.platform_id


@pytest.mark.parametrize(
    ("status", "code", "outcome", "says"),
    [
        (401, "incorrect_password", Reauthorise, "application password"),
        (403, "rest_cannot_publish", Refused, "role"),
        (400, "rest_cannot_create", Refused, "role"),
        (404, "rest_no_route", Refused, "correct `url`"),
        (413, "", Refused, "larger files"),
        (400, "rest_upload_file_too_big", Refused, "larger files"),
        (400, "rest_invalid_param", Refused, "rest_invalid_param"),
        (429, "", Retry, "429"),
    ],
)
def test_the_sites_words_mean_outcomes(
    platform: Simulated,
    context: TargetContext,
    target: WordPress,
    tmp_path: Path,
    status: int,
    code: str,
    outcome: type[Exception],
    says: str,
) -> None:
    delivery, memory = delivery_of(tmp_path), Memory()
    handle = prepared(target, delivery, context, memory, platform)
    platform.trouble("publish", status=status, body={"code": code, "message": "no", "data": {"status": status}})
    with pytest.raises(outcome, match=says) as caught:
        target.finalize(delivery, context, handle)
    assert "WordPress" in str(caught.value)
    assert not platform.published


def test_a_file_that_is_too_large_for_the_site_is_refused(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    platform.largest = 100_000
    with pytest.raises(Refused, match="larger files"):
        target.upload(delivery_of(tmp_path), context, Memory().handle())


def test_a_post_is_taken_down_with_its_files(
    platform: Simulated, context: TargetContext, target: WordPress, tmp_path: Path
) -> None:
    delivery = delivery_of(tmp_path)
    published = post(target, delivery, context, platform)
    target.unpublish(context, published)
    assert not platform.public
    assert not platform.library


def test_the_password_is_the_one_that_wordpress_shows(
    platform: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.strict, platform.tokens = True, {"abcdEFGHijklMNOPqrstUVWX"}
    monkeypatch.setenv("WORDPRESS_PASSWORD", "abcd EFGH ijkl MNOP qrst UVWX")
    context = TargetContext(folder=tmp_path)
    target = make_target("wordpress", url=platform.base, user="editor", token={"env": "WORDPRESS_PASSWORD"})
    post(target, delivery_of(tmp_path), context, platform)
    assert platform.published[0].account == "editor"
    platform.expire_tokens()
    with pytest.raises(Reauthorise, match="application password") as caught:
        target.upload(delivery_of(tmp_path, name="02-another"), context, Memory().handle())
    assert "abcd" not in str(caught.value)
    context.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "editor"},
        {"url": "https://tea.example"},
        {"url": "http://tea.example", "user": "editor"},
        {"url": "http://localhost.example", "user": "editor"},
        {"url": "https://tea.example/?a=b", "user": "editor"},
        {"url": "https://tea.example", "user": "edi:tor"},
        {"url": "https://tea.example", "user": "editor", "categories": [0]},
    ],
)
def test_a_definition_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_target("wordpress", **wrong)


def test_two_targets_of_one_site_are_the_same_account(tmp_path: Path) -> None:
    context = TargetContext(folder=tmp_path)
    one = make_target("wordpress", url="https://Tea.example", user="editor")
    other = make_target("wordpress", url="https://tea.example", user="another", status="draft")
    assert one.account_key(context) == other.account_key(context)
