"""What every target must do, whatever it publishes to. A new one adds its options below and passes.

Targets that speak with a platform meet its simulator, whose count of what became public is the truth here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reelmill.content import Json, PostText, Rendition, post_identity
from reelmill.errors import ReelmillError
from reelmill.files import sha256_of
from tasks.publishing.base import Delivery, Published, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.registry import find, names
from tests.posted import handle, here

#: How to set each target up for this suite: the folder of the definition in, the target's keys out.
OPTIONS: dict[str, Callable[[Path], Mapping[str, Json]]] = {"folder": lambda _base: {"path": "outbox"}}


def make_delivery(base: Path, *, content: bytes = b"video", name: str = "01-xiaoxue.douyin") -> Delivery:
    video, cover = base / "made.mp4", base / "made.jpg"
    video.write_bytes(content)
    cover.write_bytes(b"cover")
    rendition = Rendition(
        "m" * 64, "douyin", "r" * 64, video, sha256_of(video), cover, sha256_of(cover), 1080, 1920, 121, 24,
        len(content), {"visible": {"text": "AI生成"}}, preview=False,
    )  # fmt: skip
    text = PostText("小雪", "小雪 – 花雪随风不厌看", ("小雪", "节气"))
    about = {"pipeline": "solar-terms-daily", "date": "2026-11-22", "video": "小雪"}
    identity = post_identity(rendition.sha256, "t", "t")
    return Delivery(identity, rendition, text, "solar-terms-daily/2026-11-22", name, about, "AI-generated")


@dataclass
class Place:
    """A target with what it needs, and the truth about what the public sees."""

    target: Target
    context: TargetContext
    shown: Callable[[], int]  #: how many posts became public, ever
    delivery: Delivery


@pytest.fixture(params=names("targets"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    kind = request.param
    assert kind in OPTIONS, f"add the options of the target {kind!r} to this suite"
    target = find("targets", kind).model_validate({"type": kind, **OPTIONS[kind](tmp_path)})
    assert isinstance(target, Target)
    shown = lambda: len(list((tmp_path / "outbox").rglob("*.mp4")))  # noqa: E731
    return Place(target, here(tmp_path), shown, make_delivery(tmp_path))


def post(target: Target, delivery: Delivery, context: TargetContext) -> Published:
    known = handle()
    target.prepare(delivery, context)
    target.upload(delivery, context, known)
    target.check(delivery, context, known)
    return target.finalize(delivery, context, known)


def test_it_says_how_it_is_kept_from_posting_twice(place: Place) -> None:
    assert place.target.safety in Safety
    assert place.target.flags_ai or place.target.discloses, "it says what it does about AI"


def test_it_names_its_account_and_no_secret(place: Place) -> None:
    assert place.target.account_key(place.context) == place.target.account_key(place.context)
    assert place.target.platform == place.target.type


def test_nothing_is_public_before_finalize(place: Place) -> None:
    known = handle()
    place.target.prepare(place.delivery, place.context)
    place.target.upload(place.delivery, place.context, known)
    assert place.target.look_up(place.delivery, place.context, known) is None


def test_a_post_is_live_after_finalize_and_can_be_looked_up(place: Place) -> None:
    published = post(place.target, place.delivery, place.context)
    assert place.target.look_up(place.delivery, place.context, handle()) == published
    assert place.target.read_back(place.delivery, place.context, published).whole is True
    assert place.shown() == 1


def test_an_upload_may_be_repeated_at_will(place: Place) -> None:
    commits: list[dict[str, Json]] = []
    known = handle(commits=commits)
    for _ in range(3):
        place.target.upload(place.delivery, place.context, known)
    published = place.target.finalize(place.delivery, place.context, known)
    assert place.target.look_up(place.delivery, place.context, known) == published
    assert all(json.loads(json.dumps(commit)) == commit for commit in commits)


def test_two_posts_do_not_get_into_each_others_way(place: Place, tmp_path: Path) -> None:
    one = post(place.target, place.delivery, place.context)
    second = make_delivery(tmp_path, content=b"another", name="02-two.douyin")
    two = post(place.target, second, place.context)
    assert one.url != two.url
    assert place.target.look_up(second, place.context, handle()) == two


def test_a_place_that_cannot_be_written_is_a_typed_error(place: Place, tmp_path: Path) -> None:
    if not place.target.local:
        pytest.skip("only a local place can be blocked by a file")
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(ReelmillError) as caught:
        post(place.target, place.delivery, place.context)
    assert caught.value.instruction


def test_a_name_that_leads_elsewhere_is_refused(place: Place) -> None:
    if not place.target.local:
        pytest.skip("only a local place has paths")
    with pytest.raises(ReelmillError, match="leaves the folder"):
        post(place.target, replace(place.delivery, folder="", name="../escape"), place.context)
