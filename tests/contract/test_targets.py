"""What every target must do. A new one adds its options below and passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reelmill.content import Json, PostText, Rendition, post_identity
from reelmill.errors import ReelmillError
from reelmill.files import sha256_of
from tasks.publishing.base import Delivery, Safety, Target
from tasks.registry import find, names

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
    return Delivery(post_identity(rendition.id, "t"), rendition, text, "solar-terms-daily/2026-11-22", name, about)


@pytest.fixture(params=names("targets"))
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    assert request.param in OPTIONS, f"add the options of the target {request.param!r} to this suite"
    made = find("targets", request.param).model_validate({"type": request.param, **OPTIONS[request.param](tmp_path)})
    assert isinstance(made, Target)
    return made


def post(target: Target, delivery: Delivery, base: Path) -> Any:
    handles: list[Mapping[str, Json]] = []
    target.prepare(delivery, base)
    target.upload(delivery, base, {}, handles.append)
    return target.finalize(delivery, base, handles[-1] if handles else {})


def test_it_says_how_it_is_kept_from_posting_twice(target: Target) -> None:
    assert target.safety in Safety


def test_nothing_is_public_before_finalize(target: Target, tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    target.prepare(delivery, tmp_path)
    target.upload(delivery, tmp_path, {}, lambda handle: None)
    assert target.look_up(delivery, tmp_path, {}) is None


def test_a_post_is_live_after_finalize_and_can_be_looked_up(target: Target, tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    published = post(target, delivery, tmp_path)
    found = target.look_up(delivery, tmp_path, {})
    assert found == published
    assert target.read_back(delivery, tmp_path, published)["whole"] is True


def test_an_upload_may_be_repeated_at_will(target: Target, tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    handles: list[Mapping[str, Json]] = [{}]
    for _ in range(3):
        target.upload(delivery, tmp_path, handles[-1], handles.append)
    published = target.finalize(delivery, tmp_path, handles[-1])
    assert target.look_up(delivery, tmp_path, handles[-1]) == published


def test_the_handle_is_remembered_before_it_is_needed(target: Target, tmp_path: Path) -> None:
    handles: list[Mapping[str, Json]] = []
    target.upload(make_delivery(tmp_path), tmp_path, {}, handles.append)
    assert all(json.loads(json.dumps(handle)) == handle for handle in handles)


def test_two_posts_do_not_get_into_each_others_way(target: Target, tmp_path: Path) -> None:
    first = make_delivery(tmp_path, name="01-one.douyin")
    one = post(target, first, tmp_path)
    second = make_delivery(tmp_path, content=b"another", name="02-two.douyin")
    two = post(target, second, tmp_path)
    assert one.url != two.url
    assert target.look_up(second, tmp_path, {}) == two


def test_a_place_that_cannot_be_written_is_a_typed_error(target: Target, tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    in_the_way = tmp_path / "outbox"
    if in_the_way.exists() or not target.local:
        pytest.skip("only a local place can be blocked by a file")
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(ReelmillError) as caught:
        post(target, delivery, tmp_path)
    assert caught.value.instruction
