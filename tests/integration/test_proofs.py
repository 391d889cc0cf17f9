"""Proofs: what renditions are going to look like, before they are made."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from records.tables import Video
from records.tokens import Scope
from reelmill.content import Clip
from reelmill.errors import FinishingError
from reelmill.settings import Settings
from tasks.finishing import proof
from tasks.finishing.cards import Cards, EndCard
from tasks.finishing.preparing import prepare
from tasks.finishing.proving import prove
from tasks.finishing.stage import finish
from tasks.finishing.words import Words
from tests.held import hold, hold_texts
from tests.integration.test_desk import door, entered, processes
from tests.integration.test_finishing import frame_of, job_for, make_master
from tests.integration.test_ledger import SHOT
from tests.integration.test_web import Running, problem

__all__ = ["door", "processes"]

#: Longer edges of a proof for an upright platform, in pixels: one frame.
UPRIGHT = (540, 960)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_master(tmp_path_factory.mktemp("master") / "master.mp4", size="256x448", frames=25, fps=12)


def shown(picture: bytes | Path) -> Image.Image:
    opened = Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture)
    opened.load()
    return opened


def difference(one: Image.Image, other: Image.Image) -> float:
    """The root of the mean square of what pixels differ by, in levels of 255."""
    apart = np.asarray(one, np.float32) - np.asarray(other.resize(one.size, Image.Resampling.BOX), np.float32)
    return float(np.sqrt(np.mean(apart**2)))


def test_a_proof_is_what_is_finished_afterwards(master: Path, tmp_path: Path) -> None:
    job = replace(job_for(master, "douyin", "tiktok"), cards=Cards(end_card=EndCard("山中有茶", 0.8)))

    proofs = prove(master, job, tmp_path)

    assert set(proofs) == {"douyin", "tiktok"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["douyin-proof.jpg", "tiktok-proof.jpg"]
    for rendition in finish(master, "a" * 64, job, tmp_path):
        picture = shown(proofs[rendition.profile])
        width, height = UPRIGHT
        assert picture.size == (2 * width + proof.GAP, height), "the words, and the end card"
        for place, number in enumerate(proof.frames(prepare(job, rendition.profile))):
            left = place * (width + proof.GAP)
            part = picture.crop((left, 0, left + width, height)).convert("RGB")
            assert difference(part, Image.fromarray(frame_of(rendition.path, number))) < 4


def test_words_that_cannot_be_drawn_are_told(master: Path, tmp_path: Path) -> None:
    with pytest.raises(FinishingError, match="U\\+"):
        prove(master, job_for(master, "tiktok", words=Words("\U00012000")), tmp_path)
    assert not list(tmp_path.iterdir())


def waiting(door: Running, folder: Path, master: Path, title: str = "小雪") -> Video:
    """A video with a real master that waits for a person."""
    film = master.read_bytes() + (24).to_bytes(4, "big") + b"free"  # a box that holds what makes each master another
    (video,) = hold(door.ledger, folder, title, master=film)
    sha256 = hashlib.sha256(film + video.id.bytes).hexdigest()
    door.ledger.media.request(video.id, [SHOT])
    door.ledger.media.record_clip(Clip(SHOT.id, Path(), sha256, 256, 448, 25, 12, True, {}))
    return video


def test_the_desk_shows_what_a_video_is_going_to_look_like(
    door: Running, settings: Settings, master: Path, tmp_path: Path
) -> None:
    video = waiting(door, tmp_path, master)
    path = f"/review/{video.id}/proof/youtube_shorts"
    problem(door.client.get(path), 401, "token")
    entered(door, Scope.READ)

    page = door.client.get(f"/review/{video.id}").text
    answer = door.client.get(path)

    assert f'<img src="{path}"' in page
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert shown(answer.content).size == UPRIGHT
    (kept,) = (settings.folder / "proofs").iterdir()
    kept.write_bytes(answer.content + b"kept")
    assert door.client.get(path).content.endswith(b"kept"), "it is not drawn twice"


def test_words_are_seen_before_anybody_has_approved_them(door: Running, master: Path, tmp_path: Path) -> None:
    video = waiting(door, tmp_path, master)
    path = f"/review/{video.id}/proof/youtube_shorts"
    entered(door)
    planned = shown(door.client.get(path).content)

    other = shown(door.client.get(path, params={"title": "大雪", "lines": "一\n二"}).content)
    same = shown(door.client.get(path, params={"title": "小雪"}).content)

    assert difference(planned, other) > 2
    assert difference(planned, same) == 0
    problem(door.client.get(path, params={"title": "\U00012000"}), 422, "U\\+12000")
    assert door.ledger.reviews.get(video.id).video.plan["words"]["title"] == "小雪", "looking changes nothing"


def test_there_is_a_proof_only_of_what_there_is(door: Running, master: Path, tmp_path: Path) -> None:
    video = waiting(door, tmp_path, master)
    entered(door)
    problem(door.client.get(f"/review/{video.id}/proof/douyin"), 404, "not made for 'douyin'")
    texts, _ = hold_texts(door.ledger, tmp_path, "天下第一茶", "最好的茶")
    problem(door.client.get(f"/review/{texts.id}/proof/youtube_shorts"), 404, "no picture yet")
    assert "/proof/" not in door.client.get(f"/review/{texts.id}").text
    sha256 = video.master_sha256 or ""
    door.ledger.store.path(sha256, ".mp4").unlink()
    problem(door.client.get(f"/review/{video.id}/proof/youtube_shorts"), 410, "")
    (lost,) = hold(door.ledger, tmp_path, "大雪")  # nothing was recorded of its master
    problem(door.client.get(f"/review/{lost.id}/proof/youtube_shorts"), 404, "no picture")


def test_minors_are_not_drawn_before_somebody_asks(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪", category="minors")
    entered(door)
    page = door.client.get(f"/review/{video.id}").text
    assert '<details class="card" id="proofs"><summary>' in page
    assert page.count('loading="lazy"') == page.count('/proof/youtube_shorts" data-proof')
