"""NudeNet against the package that its weights come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nudenet import NudeDetector
from nudenet.nudenet import _read_image
from PIL import Image

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.base import Finding
from tasks.screening.detectors.nudenet import FLOOR, LABELS, NudeNet, _findings, planes

DATA = Path(__file__).parents[1] / "data"
PACKAGE_FLOOR = 0.25  #: what the package's own suppression step drops

#: A vertical frame is padded less than in the package, which moves scores a little.
TALL_SCORE, TALL_PIXELS = 0.05, 8


@pytest.fixture(scope="module")
def detector() -> NudeNet:
    return NudeNet(threads=2)


@pytest.fixture(scope="module")
def package() -> NudeDetector:
    return NudeDetector()


def square(side: int, name: str = "astronaut") -> Frame:
    return np.asarray(Image.open(DATA / f"{name}.jpg").resize((side, side)))


def tall(start: int, name: str = "astronaut") -> Frame:
    frame = np.full((640, 352, 3), (120, 130, 110), np.uint8)
    frame[start : start + 352] = square(352, name)
    return frame


def packages(package: NudeDetector, frame: Frame) -> list[Finding]:
    # The package gives its network the planes in the order in which the array has them: RGB in is right.
    return [Finding(one["class"], one["score"], tuple(one["box"])) for one in package.detect(frame)]


def assert_equal(ours: list[Finding], theirs: list[Finding], score: float, pixels: float) -> None:
    assert [one.label for one in ours] == [one.label for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.score == pytest.approx(other.score, abs=score)
        assert one.box == pytest.approx(other.box, abs=pixels)


def test_a_red_frame_reaches_the_network_in_the_first_plane() -> None:
    red = np.zeros((640, 352, 3), np.uint8)
    red[..., 0] = 255

    first, second, third = planes(red)

    assert (first[:, :176] == 1).all()
    assert not first[:, 176:].any()  # the black margin
    assert not second.any()
    assert not third.any()


def test_the_package_takes_a_red_frame_as_opencv_reads_it_for_a_blue_one() -> None:
    # The trap that RGB frames avoid; if the package mends it, its results are the ones to compare with again.
    red_as_opencv_reads_it = np.zeros((320, 320, 3), np.uint8)
    red_as_opencv_reads_it[..., 2] = 255

    first, _, third = _read_image(red_as_opencv_reads_it)[0][0]

    assert not first.any()
    assert (third == 1).all()


@pytest.mark.parametrize("frame", [square(side) for side in (320, 352, 500, 640)], ids=len)
def test_a_square_gives_what_the_package_gives(detector: NudeNet, package: NudeDetector, frame: Frame) -> None:
    [findings] = detector.detect([frame])

    theirs = packages(package, frame)
    assert "FACE_FEMALE" in [one.label for one in theirs]
    assert_equal([one for one in findings if one.score >= PACKAGE_FLOOR], theirs, 1e-3, 1)


@pytest.mark.parametrize("start", [0, 144, 288])
def test_a_vertical_frame_gives_nearly_what_the_package_gives(
    detector: NudeNet, package: NudeDetector, start: int
) -> None:
    frame = tall(start)

    [findings] = detector.detect([frame])

    def sure(found: list[Finding]) -> list[Finding]:
        return [one for one in found if one.score >= PACKAGE_FLOOR + TALL_SCORE]

    assert_equal(sure(findings), sure(packages(package, frame)), TALL_SCORE, TALL_PIXELS)


def test_a_landscape_frame_gives_nearly_what_the_package_gives(detector: NudeNet, package: NudeDetector) -> None:
    frame = np.full((352, 640, 3), (120, 130, 110), np.uint8)
    frame[:, 200:552] = square(352)

    [findings] = detector.detect([frame])

    face, theirs = (
        [one for one in found if one.label == "FACE_FEMALE"] for found in (findings, packages(package, frame))
    )
    assert_equal(face, theirs, TALL_SCORE, TALL_PIXELS)


def test_weak_findings_are_kept_for_policies_that_ask_for_them() -> None:
    output = np.zeros((4 + len(LABELS), 3), np.float32)
    output[:4] = np.array([[50, 150, 250], [50, 150, 250], [20, 20, 20], [20, 20, 20]])
    output[4 + LABELS.index("ANUS_EXPOSED")] = [FLOOR, FLOOR - 0.001, 0.9]

    found = _findings(np.zeros((320, 320, 3), np.uint8), output)

    assert sorted((one.label, round(one.score, 2)) for one in found) == [("ANUS_EXPOSED", FLOOR), ("ANUS_EXPOSED", 0.9)]


def test_of_two_boxes_on_the_same_thing_the_better_one_stays() -> None:
    output = np.zeros((4 + len(LABELS), 2), np.float32)
    output[:4] = np.array([[100, 102], [100, 100], [50, 50], [50, 50]])
    output[4 + LABELS.index("FACE_MALE")] = [0.6, 0.7]

    [finding] = _findings(np.zeros((640, 640, 3), np.uint8), output)

    assert finding.score == pytest.approx(0.7)
    assert finding.box == (154, 150, 100, 100)


def test_a_score_that_is_no_number_is_an_error_and_not_a_clean_frame() -> None:
    output = np.zeros((4 + len(LABELS), 2), np.float32)
    output[5, 1] = np.nan

    with pytest.raises(TerminalError, match="no number"):
        _findings(np.zeros((320, 320, 3), np.uint8), output)
