"""Black and frozen masters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelmill.frames import Frame
from tasks.screening.blankness import Blankness
from tasks.screening.policy import load

SHAPE = (64, 36, 3)


def reasons(frames: list[Frame]) -> list[str]:
    blankness = Blankness(load("default", Path()))
    for frame in frames:
        blankness.add(frame)
    return blankness.reasons()


def noise(count: int, low: int, high: int) -> list[Frame]:
    random = np.random.default_rng(1)
    return [random.integers(low, high, SHAPE, dtype=np.uint8) for _ in range(count)]


def test_frames_that_are_bright_and_change_are_nothing_to_tell() -> None:
    assert reasons(noise(10, 40, 200)) == []


def test_more_than_half_black_is_told_with_numbers() -> None:
    assert reasons([*noise(6, 0, 15), *noise(4, 40, 200)]) == ["mostly black: 6 of 10 frames"]


def test_half_black_is_not_mostly_black() -> None:
    assert reasons([*noise(5, 0, 15), *noise(5, 40, 200)]) == []


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_frame_of_one_pure_colour_is_not_black(channel: int) -> None:
    frames = noise(4, 0, 3)
    for frame in frames:
        frame[..., channel] = 255 - frame[..., channel]

    assert reasons(frames) == []


def test_a_picture_that_stands_still_is_told() -> None:
    assert reasons(noise(1, 40, 200) * 10) == ["mostly frozen: 9 of 9 frames equal the one before"]


def test_a_small_change_in_every_frame_is_not_frozen() -> None:
    frames = noise(1, 40, 200) * 10
    moving = [frame.copy() for frame in frames]
    for number, frame in enumerate(moving):
        frame[number : number + 4] = 255

    assert reasons(moving) == []


def test_a_single_frame_does_not_move() -> None:
    assert reasons(noise(1, 40, 200)) == ["a single frame: nothing moves"]


def test_no_frame_is_nothing_to_tell() -> None:
    assert reasons([]) == []
