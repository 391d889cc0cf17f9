"""What every detector promises, plug-ins too: `tasks.screening.detectors.base.Detector`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelmill.frames import Frame
from tasks.registry import find, names
from tasks.screening.detectors.base import Detector, Finding

DATA = Path(__file__).parents[1] / "data"

#: Scores of the same frame in another batch differ by rounding only.
ROUNDING = 1e-4


@cache
def loaded(name: str) -> Detector:
    detector: Detector = find("detectors", name)(threads=1)
    return detector


@pytest.fixture(params=names("detectors"))
def detector(request: pytest.FixtureRequest) -> Detector:
    return loaded(request.param)


def frame(name: str, height: int, width: int) -> Frame:
    return np.asarray(Image.open(DATA / f"{name}.jpg").resize((width, height)))


def mixed() -> list[Frame]:
    random = np.random.default_rng(11)
    return [
        frame("astronaut", 640, 352),
        frame("clay", 640, 352),
        np.zeros((640, 352, 3), np.uint8),
        np.full((640, 352, 3), 255, np.uint8),
        random.integers(0, 256, (640, 352, 3), dtype=np.uint8),
        frame("astronaut", 352, 640),
        frame("astronaut", 400, 400),
        frame("clay", 640, 352),
    ]


def assert_alike(some: Sequence[Finding], others: Sequence[Finding]) -> None:
    assert [(one.label, one.box) for one in some] == [(one.label, one.box) for one in others]
    assert [one.score for one in some] == pytest.approx([one.score for one in others], abs=ROUNDING)


@pytest.mark.parametrize("name", names("detectors"))
def test_it_is_a_detector_and_calls_itself_what_the_registry_calls_it(name: str) -> None:
    found = find("detectors", name)

    assert issubclass(found, Detector)
    assert not inspect.isabstract(found)
    assert found.name == name


def test_it_says_what_exactly_looks(detector: Detector) -> None:
    assert detector.version
    assert re.fullmatch(r"[0-9a-f]{64}", detector.model_sha256)


def test_what_is_installed_is_not_missing(detector: Detector) -> None:
    assert type(detector).missing() is None


def test_no_frames_give_no_findings(detector: Detector) -> None:
    assert detector.detect([]) == []


def test_there_is_one_answer_for_each_frame_with_scores_and_boxes_in_range(detector: Detector) -> None:
    frames = mixed()

    answers = detector.detect(frames)

    assert len(answers) == len(frames)
    for looked_at, findings in zip(frames, answers, strict=True):
        height, width = looked_at.shape[:2]
        for finding in findings:
            assert finding.label
            assert 0 <= finding.score <= 1
            if finding.box is not None:
                x, y, wide, high = finding.box
                assert min(x, y, wide, high) >= 0
                assert x + wide <= width
                assert y + high <= height


def test_it_sees_something_in_one_of_the_pictures(detector: Detector) -> None:
    # A detector that finds nothing anywhere would pass every other promise.
    assert any(finding.score >= 0.5 for findings in detector.detect(mixed()) for finding in findings)


def test_a_frame_is_judged_by_itself_whatever_stands_beside_it(detector: Detector) -> None:
    frames = mixed()

    together = detector.detect(frames)

    for one, findings in zip(frames, together, strict=True):
        [alone] = detector.detect([one])
        assert_alike(alone, findings)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 16), (9, 640), (640, 9), (720, 1280)])
def test_any_size_is_looked_at(detector: Detector, size: tuple[int, int]) -> None:
    [findings] = detector.detect([frame("astronaut", *size)])

    assert all(0 <= finding.score <= 1 for finding in findings)


def test_frames_are_left_as_they_are_and_may_be_read_only(detector: Detector) -> None:
    picture = frame("astronaut", 640, 352).copy()
    picture.setflags(write=False)

    before = picture.tobytes()
    detector.detect([picture])

    assert picture.tobytes() == before


def test_several_threads_may_ask_at_the_same_time(detector: Detector) -> None:
    frames = mixed()[:3]
    expected = detector.detect(frames)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(detector.detect, [frames] * 8))

    for answer in answers:
        for some, others in zip(answer, expected, strict=True):
            assert_alike(some, others)
