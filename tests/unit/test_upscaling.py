"""Larger frames: sharp, in their own proportions, cut in the middle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reelmill.errors import MediaError
from tests.pictures import Scenery, likeness, photo
from wan_engine.upscaling import enlarged


@pytest.mark.parametrize("size", [(1080, 1920), (704, 1280), (1080, 1080), (1920, 1080), (720, 1280), (705, 1281)])
def test_the_size_is_exact(size: tuple[int, int]) -> None:
    frame = enlarged(np.zeros((1280, 704, 3), np.uint8), *size)

    assert (frame.shape, frame.dtype) == ((size[1], size[0], 3), np.uint8)
    assert frame.flags.c_contiguous


def test_the_same_size_is_the_same_frame() -> None:
    frame = Scenery(64, 96).at(0)

    assert enlarged(frame, 64, 96) is frame


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (317, 211), (200, 200)])
def test_a_circle_stays_a_circle_in_the_middle(size: tuple[int, int]) -> None:
    width, height = size
    picture = np.zeros((100, 100, 3), np.uint8)
    cv2.circle(picture, (50, 50), 25, (255, 255, 255), -1)

    lit = enlarged(picture, width, height)[..., 0] > 127

    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    across, down = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    assert abs(across - down) <= 2
    assert abs(across - 51 * max(size) / 100) <= 2
    assert abs((columns[0] + columns[-1]) / 2 - width / 2) <= 2
    assert abs((rows[0] + rows[-1]) / 2 - height / 2) <= 2


def test_it_is_nearer_to_the_original_than_a_linear_enlargement() -> None:
    original = photo("astronaut", 256, 256)
    small = np.asarray(cv2.resize(original, (128, 128), interpolation=cv2.INTER_AREA), np.uint8)
    linear = np.asarray(cv2.resize(small, (256, 256), interpolation=cv2.INTER_LINEAR), np.uint8)

    assert likeness(enlarged(small, 256, 256), original) > likeness(linear, original) + 0.5


@pytest.mark.parametrize("size", [(32, 48), (63, 95)])
def test_a_smaller_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(MediaError, match=f"{size[0]}x{size[1]} is no enlargement of 64x96"):
        enlarged(Scenery(64, 96).at(0), *size)
