"""The photo of an end card is drawn after screening: it is looked at with its master, and decided about with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from flows.definition import loads
from flows.observer import Observer
from flows.stages import examine
from flows.workshop import Workshop
from records.ledger import Ledger
from records.runs import Opening
from records.states import VideoState
from records.tables import Video
from records.videos import PlannedVideo
from reelmill.content import PHOTO, Decision, Hit, Master, Shot, Verdict
from reelmill.errors import TerminalError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.screening.options import ScreenOptions
from tasks.screening.stage import Screener
from tasks.screening.stills import together
from tests.held import DEFINITION, plan_of
from tests.integration.test_ledger import SHOT, opening
from tests.integration.test_screening import DATA, FACE_POLICY, FPS, moving

WITH_PHOTO = DEFINITION.replace("caption: {", "caption: {end_card: {photo: true}, ").replace(
    "policy: default", "policy: faces.yaml"
)


@pytest.fixture(scope="module")
def screener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screener]:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "faces.yaml").write_text(FACE_POLICY)
    made = Screener(ScreenOptions(policy="faces.yaml"), base=folder)
    yield made
    made.close()


def tin(path: Path) -> Path:
    """A tin of tea."""
    picture = Image.new("RGB", (300, 400), "white")
    ImageDraw.Draw(picture).rectangle((80, 60, 220, 340), fill="#2f6f4f")
    picture.save(path)
    return path


def astronaut(path: Path) -> Path:
    Image.open(DATA / "astronaut.jpg").save(path)
    return path


def look(screener: Screener, path: Path) -> Verdict:
    return screener.look(path, sha256_of(path))


def test_a_picture_is_judged_by_the_detectors_and_thresholds_of_masters(screener: Screener, tmp_path: Path) -> None:
    blocked = look(screener, DATA / "astronaut.jpg")
    assert blocked.decision is Decision.BLOCK, "one picture stands alone, and that excuses nothing"
    assert not blocked.fault
    assert {(hit.category, hit.label) for hit in blocked.hits} == {("faces", "FACE_FEMALE")}
    assert [one.frames for one in blocked.examinations] == [1, 1]
    assert look(screener, tin(tmp_path / "tin.png")).decision is Decision.PASS


def test_what_is_no_picture_is_a_fault(screener: Screener, tmp_path: Path) -> None:
    (tmp_path / "junk.png").write_bytes(b"no picture")
    verdict = look(screener, tmp_path / "junk.png")
    assert (verdict.decision, verdict.fault) == (Decision.BLOCK, True)
    assert screener.look(tin(tmp_path / "tin.png"), "0" * 64).fault


def test_what_is_transparent_is_seen_on_white(screener: Screener, tmp_path: Path) -> None:
    hidden = Image.open(DATA / "astronaut.jpg").convert("RGBA")
    hidden.putalpha(0)
    hidden.save(tmp_path / "hidden.png")
    assert look(screener, tmp_path / "hidden.png").decision is Decision.PASS


def said(decision: Decision, *hits: Hit, reasons: tuple[str, ...] = ()) -> Verdict:
    return Verdict("m" * 64, "faces", "1+abc", decision, reasons, hits)


DOUBT = Hit("faces", Decision.REVIEW, "nudenet", "FACE_FEMALE", 0.5, 0, 0.0, (1, 2, 3, 4))


def test_two_verdicts_are_one_the_worse_and_bound_to_the_photo() -> None:
    both = together(said(Decision.PASS), said(Decision.REVIEW, DOUBT, reasons=("why",)), "f" * 64, 2.5)
    assert (both.decision, both.reasons) == (Decision.REVIEW, ("the photo of the end card: why",))
    assert both.hits == (replace(DOUBT, frame=PHOTO, seconds=2.5),)
    assert both.policy_version == f"1+abc.{'f' * 12}"
    sure = replace(DOUBT, level=Decision.BLOCK)
    assert together(said(Decision.BLOCK, sure), said(Decision.PASS), "f" * 64, 2.5).decision is Decision.BLOCK
    fault = together(said(Decision.REVIEW, DOUBT), said(Decision.BLOCK, reasons=("down",)), "f" * 64, 2.5)
    assert (fault.decision, fault.fault) == (Decision.BLOCK, True)
    assert not together(said(Decision.BLOCK, sure), said(Decision.BLOCK, reasons=("down",)), "f" * 64, 2.5).fault


def carried(settings: Settings, folder: Path, photo: Callable[[Path], Path]) -> tuple[Ledger, Workshop, Video, Master]:
    """A video whose master is there and is to be screened, with a photo of a product."""
    (folder / "faces.yaml").write_text(FACE_POLICY)
    definition = loads(WITH_PHOTO, folder / "pipelines.yaml")
    ledger = Ledger(settings)
    about = replace(opening("quick"), definition=definition.snapshot, folder=str(folder))
    assert isinstance(about, Opening)
    run = ledger.runs.open(about)
    plan = plan_of("小雪", "Snow falls.")
    ledger.videos.plan(run.id, [PlannedVideo("a", "", "小雪", "m", plan.to_json())], unchanged=0, remake=False)
    (video,) = ledger.videos.of_run(run.id)
    path = moving(folder / "master.mp4")
    sha256 = sha256_of(path)
    kept = ledger.store.add(Path(shutil.copyfile(path, folder / "copy.mp4")), sha256, ".mp4")
    picture = photo(folder / "photo.png")
    image = sha256_of(picture)
    ledger.store.add(picture, image, ".png")
    shot: Shot = replace(SHOT, image=image)
    ledger.media.request(video.id, [shot])
    ledger.videos.generated(video.id, master_sha256=sha256)
    master = Master(kept, sha256, 180, 320, FPS, FPS, preview=True)
    return ledger, Workshop(settings, ledger, run, Observer()), video, master


def test_a_photo_that_is_blocked_blocks_its_video(settings: Settings, tmp_path: Path) -> None:
    ledger, shop, video, master = carried(settings, tmp_path, astronaut)
    with ledger:
        recorded = examine(shop, video, master)
        assert ledger.videos.get(video.id).state is VideoState.REJECTED
        assert "the photo of the end card: faces: nudenet saw FACE_FEMALE" in ledger.videos.get(video.id).reason
        (thumbnail,) = ledger.verdicts.thumbnails(recorded.id)
        assert (thumbnail.frame, thumbnail.seconds) == (PHOTO, 1.0)
        shop.close()


def test_a_photo_in_doubt_waits_with_its_video_and_a_person_decides_about_both(
    settings: Settings, tmp_path: Path
) -> None:
    ledger, shop, video, master = carried(settings, tmp_path, astronaut)
    (tmp_path / "faces.yaml").write_text(FACE_POLICY.replace("block: 0.6", "block: null"))
    with ledger:
        examine(shop, video, master)
        assert ledger.videos.get(video.id).state is VideoState.IN_REVIEW
        ledger.reviews.decide(video.id, "approve", "mei")
        ledger.videos.restart([video], "it goes on")
        ledger.videos.generated(video.id, master_sha256=master.sha256)
        assert examine(shop, video, master).decided_by == "mei"
        assert ledger.videos.get(video.id).state is VideoState.SCREENED
        shop.close()


def test_a_harmless_photo_passes_and_one_that_cannot_be_read_fails(settings: Settings, tmp_path: Path) -> None:
    ledger, shop, video, master = carried(settings, tmp_path, tin)
    with ledger:
        assert examine(shop, video, master).verdict.decision is Decision.PASS
        for kept in settings.folder.rglob("*.png"):
            kept.write_bytes(b"damaged")
        ledger.videos.restart([video], "again")
        ledger.videos.generated(video.id, master_sha256=master.sha256)
        (tmp_path / "faces.yaml").write_text(FACE_POLICY.replace('version: "1"', 'version: "2"'))
        again = Workshop(settings, ledger, shop.run, Observer())
        with pytest.raises(TerminalError, match="could not be screened"):
            examine(again, video, master)
        again.close()
        shop.close()
