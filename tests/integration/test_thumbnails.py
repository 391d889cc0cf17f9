"""Blurred pictures of what decided."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from reelmill import ffmpeg
from reelmill.content import Decision, Hit, Verdict
from reelmill.errors import MediaError
from reelmill.frames import read_frames
from tasks.screening.thumbnails import LONG_SIDE, thumbnails

DATA = Path(__file__).parents[1] / "data"
FRAMES, FPS, WIDTH, HEIGHT = 24, 12, 512, 640


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut, who moves sideways."""
    path = tmp_path_factory.mktemp("thumbnails") / "master.mp4"
    ffmpeg.run(
        ["-y", "-loop", "1", "-i", DATA / "astronaut.jpg", "-vf",
         f"fps={FPS},scale=640:640,crop={WIDTH}:{HEIGHT}:x=n*2", "-frames:v", str(FRAMES), "-c:v", "libx264",
         "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", path],
        timeout=60,
    )  # fmt: skip
    return path


def hit(frame: int, score: float = 0.9, level: Decision = Decision.BLOCK, category: str = "sexual") -> Hit:
    return Hit(category, level, "nudenet", "FACE_FEMALE", score, frame, frame / FPS, (200, 60, 120, 160))


def verdict(master: Path, *hits: Hit, decision: Decision = Decision.BLOCK) -> Verdict:
    return Verdict(sha256(master.read_bytes()).hexdigest(), "default", "2", decision, hits=hits)


def decoded(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def sharpness(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def detail(picture: np.ndarray) -> np.ndarray:
    """What is finer than about ten pixels, as sharpening brings it out: eyes and mouths are, at this size."""
    green = picture[..., 1].astype(float)
    return green - cv2.GaussianBlur(green, (0, 0), 4)


def test_each_frame_that_decided_has_one_in_order_of_time(master: Path) -> None:
    made = thumbnails(master, verdict(master, hit(17), hit(3), hit(3, 0.7)))

    assert [(one.frame, one.seconds) for one in made] == [(3, 3 / FPS), (17, 17 / FPS)]
    for one in made:
        height, width = decoded(one.jpeg).shape[:2]
        assert (width, height) == (256, LONG_SIDE)


def test_six_at_most_and_the_surest(master: Path) -> None:
    made = thumbnails(master, verdict(master, *(hit(frame, 0.5 + frame / 100) for frame in range(10))))

    assert [one.frame for one in made] == [4, 5, 6, 7, 8, 9]


def test_doubts_have_one_where_doubts_decided_and_none_where_a_block_did(master: Path) -> None:
    doubt = hit(5, 0.4, Decision.REVIEW)

    assert [one.frame for one in thumbnails(master, verdict(master, doubt, decision=Decision.REVIEW))] == [5]
    assert [one.frame for one in thumbnails(master, verdict(master, doubt, hit(9)))] == [9]


def test_what_was_only_noted_has_none(master: Path) -> None:
    noted = hit(5, 0.4, Decision.PASS)

    assert thumbnails(master, verdict(master, noted, decision=Decision.PASS)) == []
    assert thumbnails(master, verdict(master, noted)) == []


def test_no_picture_is_made_where_minors_may_be_concerned(master: Path) -> None:
    of_minors = hit(5, 0.2, Decision.REVIEW, "minors")

    assert thumbnails(master, verdict(master, of_minors, hit(9))) == []


def test_nobody_can_be_recognised(master: Path) -> None:
    # Given a thumbnail, and the frame that it was made of at the same size
    [made] = thumbnails(master, verdict(master, replace(hit(0), box=None)))
    frame = cv2.cvtColor(next(read_frames(master, 256, LONG_SIDE)), cv2.COLOR_RGB2BGR)
    thumbnail = decoded(made.jpeg)

    # Then nothing fine is left, and what a sharpened copy shows is nothing of the frame's own detail
    assert sharpness(thumbnail) < 0.05 * sharpness(frame)
    assert abs(np.corrcoef(detail(frame).ravel(), detail(thumbnail).ravel())[0, 1]) < 0.15


def test_the_place_is_outlined_sharply(master: Path) -> None:
    [made] = thumbnails(master, verdict(master, hit(0)))

    picture = decoded(made.jpeg).min(axis=2)
    assert (picture[30, 100:160] > 180).all()  # the upper edge of the box, at half the master's size
    assert (picture[30:110, 100] > 150).all()
    assert (picture[34:106, 104:156] < 250).all()  # the inside is not filled


def test_the_same_file_gives_the_same_bytes(master: Path) -> None:
    some = verdict(master, hit(2), hit(11))

    assert thumbnails(master, some) == thumbnails(master, some)


def test_another_file_than_the_verdict_is_about_is_refused(master: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(master.read_bytes() + b"\0")

    with pytest.raises(MediaError, match="not the file"):
        thumbnails(other, verdict(master, hit(2)))


def test_a_frame_that_is_not_there_is_told(master: Path) -> None:
    with pytest.raises(MediaError, match="no frame 99"):
        thumbnails(master, verdict(master, hit(99)))
