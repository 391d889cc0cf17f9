"""Motion between frames: how far, what is seen in both, and where a scene ends."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reelmill.frames import Frame
from tests.pictures import Scenery, photo
from wan_engine.motion import FINE, QUICK, Motion, MotionEstimator, luma_of

WIDTH, HEIGHT = 320, 448


def estimate(first: Frame, second: Frame, *, longest: int = 640, preset: int = FINE) -> Motion:
    estimator = MotionEstimator(longest, preset)
    return estimator.between(*(estimator.reduced(luma_of(frame)) for frame in (first, second)))


@pytest.mark.parametrize("preset", [FINE, QUICK])
def test_a_shift_is_found_both_ways(preset: int) -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(6.0, -3.0))

    motion = estimate(scenery.at(0), scenery.at(1), preset=preset)

    inner = np.s_[32:-32, 32:-32]
    assert np.abs(motion.forward[inner] - (6, -3)).max() < 0.5
    assert np.abs(motion.backward[inner] - (-6, 3)).max() < 0.5
    assert motion.lasting[inner].all()
    assert motion.known[inner].all()
    assert motion.residual[inner].mean() < 2
    assert not motion.cut


def test_what_leaves_the_picture_does_not_last_and_what_enters_was_not_known() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(20.0, 0.0))

    motion = estimate(scenery.at(0), scenery.at(1))

    assert not motion.lasting[:, -15:].any()
    assert not motion.known[:, :15].any()
    assert motion.lasting[:, 40:-40].mean() > 0.99


def test_what_is_covered_does_not_last() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(0.0, 0.0), disc=(24.0, 0.0))

    motion = estimate(scenery.at(0), scenery.at(1))

    covered = scenery.covered(1) & ~scenery.covered(0)
    uncovered = scenery.covered(0) & ~scenery.covered(1)
    assert motion.lasting[covered].mean() < 0.5
    assert motion.known[uncovered].mean() < 0.5
    assert motion.lasting[~covered].mean() > 0.95


def test_motion_is_told_in_pixels_of_the_reduced_copy() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(8.0, 4.0))
    estimator = MotionEstimator(224, FINE)
    copies = [estimator.reduced(luma_of(scenery.at(when))) for when in (0, 1)]

    motion = estimator.between(*copies)

    assert copies[0].shape == (224, 160)
    assert np.abs(np.median(motion.forward, axis=(0, 1)) - (4, 2)).max() < 0.1


def test_a_frame_that_is_small_already_is_taken_as_it_is() -> None:
    luma = luma_of(Scenery(WIDTH, HEIGHT).at(0))

    assert MotionEstimator(640, QUICK).reduced(luma) is luma


def test_another_scene_is_a_cut() -> None:
    scenes = [Scenery(WIDTH, HEIGHT, seed=1).at(0), *(photo(name, WIDTH, HEIGHT) for name in ("astronaut", "clay"))]

    for first in scenes:
        for second in scenes:
            assert estimate(first, second).cut == (first is not second)


@pytest.mark.parametrize("drift", [(2.0, 1.0), (25.0, 5.0), (0.0, 0.0)])
def test_a_camera_that_passes_and_grain_are_no_cut(drift: tuple[float, float]) -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=drift)
    random = np.random.default_rng(3)
    frames = [
        np.clip(scenery.at(when) + random.normal(0, 10, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8) for when in (0, 1)
    ]

    assert not estimate(*frames).cut


def test_a_light_that_goes_on_is_no_cut() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(2.0, 0.0))

    assert not estimate(scenery.at(0) // 2, scenery.at(1)).cut


def test_a_pair_does_not_depend_on_the_one_before_nor_on_the_number_of_threads() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(5.0, 2.0), disc=(-10.0, 4.0))
    first, second = (luma_of(scenery.at(when)) for when in (0, 1))
    fresh = MotionEstimator(640, FINE).between(first, second)
    estimator, threads = MotionEstimator(640, FINE), cv2.getNumThreads()

    try:
        cv2.setNumThreads(1)
        estimator.between(second, first)
        again = estimator.between(first, second)
    finally:
        cv2.setNumThreads(threads)

    assert np.array_equal(again.forward, fresh.forward)
    assert np.array_equal(again.backward, fresh.backward)
