"""Frames of one rate as frames of another: at the right instants, where things are then, and without ghosts."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from reelmill.errors import MediaError
from reelmill.frames import Frame
from tests.pictures import Scenery, likeness, photo
from wan_engine.interpolation import COPY, Between, resampled
from wan_engine.motion import FINE, Luma, Motion, MotionEstimator
from wan_engine.wan.legality import own_frames
from wan_engine.wan.profiles import PROFILES

WIDTH, HEIGHT = 320, 448


def plain(number: int) -> Frame:
    """A frame whose colour says which it is."""
    return np.full((16, 16, 3), number, np.uint8)


def between(first: Frame, second: Frame) -> Between:
    return Between(first, second, MotionEstimator(COPY, FINE))


@pytest.mark.parametrize(("fps_from", "fps_to"), [(24, 30), (16, 24), (24, 48), (24, 60), (24, 25), (30, 24)])
def test_a_frame_of_the_very_instant_is_handed_on_and_the_others_lie_between(fps_from: int, fps_to: int) -> None:
    source = [plain(10 * number) for number in range(9)]
    count = 8 * fps_to // fps_from + 1

    made = list(resampled(source, fps_from, fps_to, count))

    assert len(made) == count
    for number, frame in enumerate(made):
        where = number * fps_from / fps_to
        if where.is_integer():
            assert frame is source[int(where)]
        else:
            assert not any(frame is one for one in source)
            assert abs(float(frame.mean()) - 10 * where) <= 0.5


def test_the_same_rate_changes_nothing() -> None:
    source = [plain(number) for number in range(5)]

    made = list(resampled(source, 24, 24, 5))

    assert all(one is other for one, other in zip(made, source, strict=True))


def test_instants_after_the_last_frame_show_the_last_one() -> None:
    source = [plain(number) for number in range(5)]

    made = list(resampled(source, 24, 30, 9))

    assert all(frame is source[-1] for frame in made[5:])


@pytest.mark.parametrize(("fps", "count"), [(24, 121), (25, 125), (30, 149), (48, 241), (60, 301)])
def test_the_frames_that_a_model_makes_for_a_shot_give_the_shot(fps: int, count: int) -> None:
    own = own_frames(PROFILES["wan22-ti2v-5b"], count, fps)

    made = list(resampled((plain(number) for number in range(own)), 24, fps, count))

    assert len(made) == count
    assert abs(float(made[-1].mean()) - min(own - 1, (count - 1) * 24 / fps)) <= 0.5


def test_frames_are_taken_one_ahead_of_need() -> None:
    taken = 0

    def source() -> Iterator[Frame]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield plain(number)

    for number, _ in enumerate(resampled(source(), 24, 48, 9)):
        assert taken == number // 2 + 2


def test_no_frames_are_an_error() -> None:
    with pytest.raises(MediaError, match="without frames"):
        list(resampled([], 24, 30, 5))


@pytest.mark.parametrize("drift", [(8.0, 0.0), (3.5, -2.25), (-24.0, 12.0)])
def test_what_moves_is_where_it_is_at_that_instant(drift: tuple[float, float]) -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=drift)
    first, second = scenery.at(0), scenery.at(1)
    pair, edge = between(first, second), 32
    inner = np.s_[edge:-edge, edge:-edge]

    for share in (0.2, 0.5, 0.8):
        truth = scenery.at(share)[inner]
        blended = np.asarray(cv2.addWeighted(first, 1 - share, second, share, 0), np.uint8)
        drawn = likeness(pair.at(share)[inner], truth)
        assert drawn > 45
        assert drawn > likeness(blended[inner], truth) + 15


def test_what_one_side_does_not_see_comes_from_the_other() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(4.0, 2.0), disc=(-24.0, 6.0))
    first, second = scenery.at(0), scenery.at(1)
    pair = between(first, second)

    for share in (0.25, 0.5, 0.75):
        truth = scenery.at(share).astype(np.float32)
        drawn = pair.at(share)
        blended = np.asarray(cv2.addWeighted(first, 1 - share, second, share, 0), np.uint8)
        half_seen = (scenery.covered(0) ^ scenery.covered(1)) & ~scenery.covered(share)
        errors = [np.abs(one.astype(np.float32) - truth)[half_seen].mean() for one in (drawn, blended)]
        assert errors[0] < 0.65 * errors[1]
        assert likeness(drawn, truth.astype(np.uint8)) > likeness(blended, truth.astype(np.uint8)) + 10


def test_what_comes_into_the_picture_is_not_smeared() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(24.0, 0.0))
    pair = between(scenery.at(0), scenery.at(1))

    drawn, truth = pair.at(0.75), scenery.at(0.75)

    entering = np.s_[:, :12]
    assert likeness(np.ascontiguousarray(drawn[entering]), np.ascontiguousarray(truth[entering])) > 25


def test_a_cut_is_not_crossed() -> None:
    before, after = photo("astronaut", WIDTH, HEIGHT), photo("clay", WIDTH, HEIGHT)

    made = list(resampled([before, before, after, after], 24, 60, 8))

    # Half-way between the second frame and the third lie 1.5 frames of 1/24 s, which are 3.75 of 1/60 s.
    assert all(np.array_equal(frame, before) for frame in made[:4])
    assert all(np.array_equal(frame, after) for frame in made[4:])


def test_motion_is_found_once_for_a_pair() -> None:
    class Counting(MotionEstimator):
        found = 0

        def between(self, first: Luma, second: Luma) -> Motion:
            self.found += 1
            return super().between(first, second)

    estimator = Counting(COPY, FINE)
    pair = Between(plain(10), plain(90), estimator)

    assert [round(float(pair.at(share).mean())) for share in (0.25, 0.5, 0.75)] == [30, 50, 70]
    assert estimator.found == 1


def test_the_same_frames_give_the_same_bytes() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(5.0, 2.0), disc=(-10.0, 4.0))
    source = [scenery.at(when) for when in range(3)]

    once, again = (list(resampled(source, 24, 30, 3)) for _ in range(2))

    assert all(np.array_equal(one, other) for one, other in zip(once, again, strict=True))


def test_what_stands_still_stays_as_sharp_as_it_was() -> None:
    frame = Scenery(WIDTH, HEIGHT).at(0)

    assert np.array_equal(between(frame, frame.copy()).at(0.4), frame)
