"""Packages for a person as a target: everything is in them, they wait, and the link that comes back settles them."""

from __future__ import annotations

import json
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reelmill.content import Json, PostText
from reelmill.errors import StorageError
from tasks.publishing.base import Delivery, Published, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Refused, Restart, Wait
from tasks.publishing.targets.handoff import package
from tasks.publishing.targets.handoff.guide import GUIDES
from tasks.publishing.targets.handoff.target import Handoff
from tests.posting import SPOKEN, Died, Memory, delivery_of, sent

NAME = "01-xiaoxue"
LINK = "https://www.xiaohongshu.com/explore/6655aabb"


def target_of(platform: str = "xiaohongshu", **options: Json) -> Handoff:
    return Handoff.model_validate({"type": "handoff", "path": "for-people", "for": platform, **options})


def folder_of(published: Published) -> Path:
    return Path(published.detail["folder"])


def test_a_package_has_everything(context: TargetContext, delivery: Delivery, tmp_path: Path) -> None:
    published = sent(target_of(), delivery, context)

    folder = folder_of(published)
    assert folder == tmp_path / "for-people/solar-terms-daily/2026-11-22" / NAME
    assert published.url == folder.as_uri()
    files = {path.name for path in folder.iterdir()}
    texts = {"title.txt", "caption.txt", "README.txt", "metadata.json"}
    assert files == {f"{NAME}.mp4", f"{NAME}.jpg", f"{NAME}.zip", *texts}
    assert (folder / f"{NAME}.mp4").read_bytes() == b"video"
    assert (folder / "title.txt").read_text(encoding="utf-8-sig") == "小雪\n"
    caption = (folder / "caption.txt").read_text(encoding="utf-8-sig")
    assert caption == "小雪 – 花雪随风不厌看\n\n内容由AI生成\n#小雪 #节气\n"
    told = json.loads((folder / "metadata.json").read_text())
    assert (told["post"], told["video"]["sha256"]) == (str(delivery.post_id), delivery.rendition.sha256)
    with zipfile.ZipFile(folder / f"{NAME}.zip") as archive:
        assert set(archive.namelist()) == files - {f"{NAME}.zip"}
        assert archive.testzip() is None
    assert list(folder.parent.iterdir()) == [folder], "nothing is left beside it"


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ("xiaohongshu", ["勾选「笔记含AI合成内容」", "creator.xiaohongshu.com", "最多 20 字", "话题最多 10 个", "3:4"]),
        ("wechat_channels", ["勾选「含AI生成内容」", "channels.weixin.qq.com", "6–16 字"]),
        ("other", ["declare it as made by AI", "paste the link"]),
    ],
)
def test_the_checklist_speaks_the_language_of_the_platform(
    context: TargetContext, delivery: Delivery, platform: str, words: list[str]
) -> None:
    published = sent(target_of(platform, account="山野茶事"), delivery, context)

    told = (folder_of(published) / "README.txt").read_text(encoding="utf-8-sig")
    assert all(word in told for word in [*words, "山野茶事", "published.txt", str(delivery.post_id)])
    assert "演练" not in told


@pytest.mark.parametrize(("platform", "words"), [("wechat_channels", "上传"), ("other", "add the subtitles")])
@pytest.mark.parametrize("drawn", [False, True])
def test_what_the_picture_does_not_show_is_to_be_added(
    context: TargetContext, tmp_path: Path, platform: str, words: str, drawn: bool
) -> None:
    spoken = {**SPOKEN, "subtitles": {**SPOKEN["subtitles"], "drawn": drawn}}

    folder = folder_of(sent(target_of(platform), delivery_of(tmp_path, record=spoken), context))

    told = (folder / "README.txt").read_text(encoding="utf-8-sig")
    assert any(words in line and f"{NAME}.srt" in line for line in told.splitlines()) is not drawn
    with zipfile.ZipFile(folder / f"{NAME}.zip") as archive:
        assert {f"{NAME}.srt", f"{NAME}.vtt", f"{NAME}.ass"} <= set(archive.namelist())
        assert archive.read(f"{NAME}.srt").decode() == SPOKEN["subtitles"]["srt"]


def test_a_post_waits_for_a_person(context: TargetContext, delivery: Delivery) -> None:
    target, memory = target_of(), Memory()
    published = sent(target, delivery, context, memory.handle())

    assert not published.settled
    assert target.read_back(delivery, context, published).public is None
    for handle in (memory.handle(), Memory().handle()):
        with pytest.raises(Wait, match="a person has to publish") as caught:
            target.look_up(delivery, context, handle)
        assert caught.value.retry_after == 3600
        assert "published.txt" in caught.value.instruction
    assert target.safety is Safety.NATURAL


@pytest.mark.parametrize(
    "written",
    [
        LINK.encode(),
        f"\ufeff{LINK}\r\n".encode(),
        f"发布啦 😊 {LINK}\uff0c复制本条信息\uff01".encode(),
        f"已发布 {LINK} ".encode("gb18030"),
        f"已发布 {LINK}".encode("utf-16"),
    ],
)
def test_the_link_that_comes_back_settles_it(context: TargetContext, delivery: Delivery, written: bytes) -> None:
    target = target_of()
    published = sent(target, delivery, context)
    (folder_of(published) / "published.txt").write_bytes(written)

    found = target.look_up(delivery, context, Memory().handle())

    assert found is not None
    assert (found.url, found.settled) == (LINK, True)
    seen = target.read_back(delivery, context, found)
    assert (seen.public, seen.whole, seen.detail["url"]) == (True, True, LINK)


@pytest.mark.parametrize("written", [b"", b"done!", b"ftp://somewhere", b"https://", b"\xff\xfe\x00", b"\x00" * 100])
def test_words_without_a_link_settle_nothing(context: TargetContext, delivery: Delivery, written: bytes) -> None:
    target = target_of()
    published = sent(target, delivery, context)
    (folder_of(published) / "published.txt").write_bytes(written)

    with pytest.raises(Wait):
        target.look_up(delivery, context, Memory().handle())


def test_there_is_no_package_before_finalize(context: TargetContext, delivery: Delivery, tmp_path: Path) -> None:
    target, memory = target_of(), Memory()

    target.prepare(delivery, context)
    target.upload(delivery, context, memory.handle())

    assert target.look_up(delivery, context, memory.handle()) is None
    assert all(path.name.startswith(".") for path in (tmp_path / "for-people/solar-terms-daily/2026-11-22").iterdir())


def test_a_death_at_any_moment_leaves_one_package(context: TargetContext, delivery: Delivery) -> None:
    target, memory = target_of(), Memory()
    target.prepare(delivery, context)
    with pytest.raises(Died):
        target.upload(delivery, context, memory.handle(dies_after=1))
    target.upload(delivery, context, memory.handle())
    target.upload(delivery, context, memory.handle())
    with pytest.raises(Died):
        target.finalize(delivery, context, memory.handle(dies_after=1))
    assert target.look_up(delivery, context, memory.handle()) is None

    published = target.finalize(delivery, context, memory.handle())

    assert target.finalize(delivery, context, memory.handle()) == published
    assert list(folder_of(published).parent.iterdir()) == [folder_of(published)]


def test_a_staged_package_that_is_gone_is_made_again(context: TargetContext, delivery: Delivery) -> None:
    with pytest.raises(Restart):
        target_of().finalize(delivery, context, Memory().handle())


def test_a_later_edition_takes_the_place_of_one_that_waits(context: TargetContext, tmp_path: Path) -> None:
    target, memory = target_of(), Memory()
    first = delivery_of(tmp_path, b"first")
    sent(target, first, context, memory.handle())
    second = replace(delivery_of(tmp_path, b"second"), post_id=uuid4())

    later = sent(target, second, context)

    assert (folder_of(later) / f"{NAME}.mp4").read_bytes() == b"second"
    assert list(folder_of(later).parent.iterdir()) == [folder_of(later)]
    with pytest.raises(Refused, match="a later edition"):
        target.look_up(first, context, memory.handle())
    with pytest.raises(Wait):
        target.look_up(second, context, Memory().handle())


def test_one_that_was_published_is_kept_beside_a_later_edition(context: TargetContext, tmp_path: Path) -> None:
    target, memory = target_of(), Memory()
    first = delivery_of(tmp_path, b"first")
    (folder_of(sent(target, first, context, memory.handle())) / "published.txt").write_text(LINK)
    second = replace(delivery_of(tmp_path, b"second"), post_id=uuid4())

    sent(target, second, context)

    found = target.look_up(first, context, memory.handle())
    assert found is not None
    assert found.url == LINK
    assert target.read_back(first, context, found).whole is True


def test_a_published_package_is_not_made_anew(context: TargetContext, delivery: Delivery) -> None:
    target = target_of()
    folder = folder_of(sent(target, delivery, context))
    (folder / "published.txt").write_text(LINK)

    sent(target, delivery, context)

    assert package.address_in(folder) == LINK


def test_a_package_that_somebody_took_away_is_not_made_again(context: TargetContext, delivery: Delivery) -> None:
    target, memory = target_of(), Memory()
    published = sent(target, delivery, context, memory.handle())
    folder_of(published).rename(context.folder / "elsewhere")

    with pytest.raises(Wait, match="not there any more") as caught:
        target.look_up(delivery, context, memory.handle())
    assert f"reelmill reconcile {delivery.post_id} --live URL" in caught.value.instruction


def test_a_video_that_changed_is_noticed(context: TargetContext, delivery: Delivery) -> None:
    target = target_of()
    published = sent(target, delivery, context)
    (folder_of(published) / f"{NAME}.mp4").write_bytes(b"other")

    assert target.read_back(delivery, context, published).whole is False


@pytest.mark.parametrize(("platform", "most"), [("xiaohongshu", 20), ("wechat_channels", 16)])
def test_words_are_made_to_fit(context: TargetContext, delivery: Delivery, platform: str, most: int) -> None:
    text = PostText("茶" * 50, "花" * 2000, tuple(f"话题{number}" for number in range(15)))

    folder = folder_of(sent(target_of(platform), replace(delivery, text=text), context))

    title = (folder / "title.txt").read_text(encoding="utf-8-sig").strip()
    caption = (folder / "caption.txt").read_text(encoding="utf-8-sig").strip()
    assert len(title) == most
    assert len(caption) <= 1000
    assert "内容由AI生成" in caption
    assert caption.count("#") == (10 if platform == "xiaohongshu" else 15)


def test_a_title_that_is_too_short_is_made_longer_or_spoken_of(context: TargetContext, delivery: Delivery) -> None:
    target = target_of("wechat_channels")
    folder = folder_of(sent(target, delivery, context))
    assert (folder / "title.txt").read_text(encoding="utf-8-sig") == "小雪 – 花雪随风不厌看\n"

    bare = replace(delivery, text=PostText("小雪", "", ()), name="02-bare")
    folder = folder_of(sent(target, bare, context))
    assert (folder / "title.txt").read_text(encoding="utf-8-sig") == "小雪\n"
    assert "请补足" in (folder / "README.txt").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("changed", [{"size_bytes": 1_000_000_001}, {"frames": 3601 * 24}])
def test_a_file_that_the_platform_does_not_take_is_refused(
    context: TargetContext, delivery: Delivery, changed: dict[str, int]
) -> None:
    other = replace(delivery, rendition=replace(delivery.rendition, **changed))
    with pytest.raises(Refused, match="takes at most"):
        target_of().prepare(other, context)
    target_of("other").prepare(other, context)


def test_a_package_may_go_without_a_zip(context: TargetContext, delivery: Delivery) -> None:
    folder = folder_of(sent(target_of(zip=False), delivery, context))
    assert not (folder / f"{NAME}.zip").exists()


def test_the_platform_says_which_renditions_suit(context: TargetContext) -> None:
    assert target_of().best_profiles == GUIDES["xiaohongshu"].profiles
    assert target_of("wechat_channels").best_profiles[0] == "wechat_channels"
    assert target_of("other").best_profiles == ()
    with pytest.raises(ValueError, match="weibo"):
        target_of("weibo")


def test_its_account_is_the_platform_and_the_place(context: TargetContext, tmp_path: Path) -> None:
    assert target_of().account_key(context) == f"xiaohongshu/{tmp_path}/for-people"
    assert target_of(account="山野茶事").account_key(context) == "xiaohongshu/山野茶事"


def test_a_rehearsal_has_a_folder_of_its_own_and_says_so(tmp_path: Path, delivery: Delivery) -> None:
    with closing(TargetContext(tmp_path, sandbox="http://127.0.0.1:1")) as rehearsal:
        folder = folder_of(sent(target_of(), delivery, rehearsal))
        assert target_of().account_key(rehearsal).startswith("sandbox:")
    assert folder.is_relative_to(tmp_path / "for-people.sandbox")
    assert (folder / "README.txt").read_text(encoding="utf-8-sig").startswith("演练")


def test_a_place_that_cannot_be_written_says_what_to_do(context: TargetContext, delivery: Delivery) -> None:
    (context.folder / "for-people").write_text("a file where the folder should be")
    with pytest.raises(StorageError) as caught:
        sent(target_of(), delivery, context)
    assert caught.value.instruction


@pytest.mark.parametrize("name", ["../escape", "../../escape", "/etc/escape", "."])
def test_no_name_leads_out_of_the_folder(context: TargetContext, delivery: Delivery, name: str) -> None:
    with pytest.raises(Refused, match="leaves the folder"):
        sent(target_of(), replace(delivery, folder="", name=name), context)
