"""Which frames of a long master are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from reelmill.frames import Frame
from tasks.screening.decoding import Picture
from tasks.screening.policy import Sampling
from tasks.screening.sampling import Doubts, sampled

FPS = 25
FLAT = np.full((64, 36, 3), 100, np.uint8)


def numbers(frames: list[Frame], *, keys: tuple[int, ...] = (), times: list[float] | None = None) -> list[int]:
    pictures = (
        Picture(number, times[number] if times else number / FPS, number in keys, frame)
        for number, frame in enumerate(frames)
    )
    return [picture.number for picture in sampled(pictures, Sampling())]


def test_what_stands_still_is_looked_at_four_times_a_second_and_at_its_end() -> None:
    assert numbers([FLAT] * 60) == [0, 7, 13, 19, 25, 32, 38, 44, 50, 57, 59]


def test_key_frames_are_looked_at() -> None:
    assert numbers([FLAT] * 12, keys=(0, 3, 9)) == [0, 3, 7, 9, 11]


def test_both_sides_of_a_cut_are_looked_at() -> None:
    bright = np.full_like(FLAT, 200)

    assert numbers([FLAT] * 3 + [bright] * 3) == [0, 2, 3, 5]


@pytest.mark.parametrize("corner", [(0, 0), (56, 0), (0, 30), (56, 30)])
def test_something_that_appears_in_one_corner_is_a_cut(corner: tuple[int, int]) -> None:
    with_something = FLAT.copy()
    with_something[corner[0] : corner[0] + 8, corner[1] : corner[1] + 6] = 200

    assert numbers([FLAT] * 2 + [with_something] * 2 + [FLAT] * 3) == [0, 1, 2, 3, 4, 6]


def test_what_moves_all_the_time_is_no_cut() -> None:
    stripes = np.zeros((64, 36, 3), np.uint8)
    stripes[::2] = 255

    looked_at = numbers([np.roll(stripes, number, axis=0) for number in range(20)])

    assert looked_at == [0, 1, 7, 13, 19]  # its beginning is one


def test_a_frame_that_is_shown_for_long_is_looked_at_and_so_is_the_next() -> None:
    assert numbers([FLAT] * 5, times=[0.0, 0.04, 0.08, 2.0, 4.1]) == [0, 3, 4]


def test_no_frame_gives_none() -> None:
    assert numbers([]) == []


def test_frames_near_a_doubt_are_to_be_looked_at() -> None:
    doubts = Doubts(0.5)
    for moment in (3.0, 1.0, 3.0):
        doubts.add(moment)

    assert len(doubts) == 2
    assert [moment / 4 for moment in range(20) if doubts.near(moment / 4)] == [
        0.5,
        0.75,
        1.0,
        1.25,
        1.5,
        2.5,
        2.75,
        3.0,
        3.25,
        3.5,
    ]
    assert doubts.until == 3.5
