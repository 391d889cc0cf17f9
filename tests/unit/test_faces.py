"""Faces in a picture, and which of them are believed: those that stay for a while."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tasks.finishing import faces
from tasks.finishing.faces import LASTING, MISSING, Face, lasting
from tests.pictures import photo

#: Where the face is in tests/data/astronaut.jpg, in parts of the picture.
FACE = Face(0.36, 0.27, 0.66, 0.56)


def at(place: float, score: float = 0.7, size: float = 0.1) -> Face:
    return Face(place, 0.3, place + size, 0.3 + size, score)


@pytest.mark.parametrize("size", [(640, 640), (1280, 704), (704, 1280)])
def test_a_face_is_found_where_it_is(size: tuple[int, int]) -> None:
    finder, side = faces.finder(), 400
    assert finder is not None
    width, height = finder.sight(*size)
    picture = np.full((size[1], size[0], 3), (120, 130, 110), np.uint8)
    picture[50 : 50 + side, 100 : 100 + side] = photo("astronaut", side, side)

    (found,) = finder.find(np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8))

    place = [(100 + side * x) / size[0] for x in (FACE.left, FACE.right)]
    place += [(50 + side * y) / size[1] for y in (FACE.top, FACE.bottom)]
    assert [found.left, found.right, found.top, found.bottom] == pytest.approx(place, abs=0.05)
    assert found.score > faces.SURE


def test_a_picture_without_one_has_none() -> None:
    finder = faces.finder()
    assert finder is not None
    noise = np.random.default_rng(2).integers(0, 255, (176, 320, 3), np.uint8)

    assert finder.find(noise) == finder.find(np.full((176, 320, 3), 90, np.uint8)) == []


def test_one_that_stays_is_believed_in_every_frame_of_its_time() -> None:
    seen: list[list[Face]] = [[], *[[at(0.2 + 0.02 * number)] for number in range(6)], []]

    found = lasting(seen)

    assert [len(frame) for frame in found] == [0, 1, 1, 1, 1, 1, 1, 0]
    assert found[3][0].left == pytest.approx(seen[3][0].left)


@pytest.mark.parametrize("times", range(1, LASTING))
def test_one_that_is_there_for_a_moment_is_not(times: int) -> None:
    assert lasting([*[[at(0.5)] for _ in range(times)], [], [], [], [], []]) == [[] for _ in range(times + 5)]


def test_false_ones_in_other_places_do_not_add_up() -> None:
    assert not any(lasting([[at(0.15 * number)] for number in range(6)]))
    assert not any(lasting([[at(0.5, size=0.05 * 2**number)] for number in range(4)]))


def test_one_that_is_never_sure_is_not() -> None:
    assert not any(lasting([[at(0.5, 0.3)] for _ in range(9)]))
    assert all(lasting([[at(0.5, 0.5 if number == 4 else 0.3)] for number in range(9)]))


def test_where_it_was_missed_it_is_where_it_must_be() -> None:
    seen = [[at(0.1)], [at(0.1)], *[[]] * MISSING, [at(0.16)], [at(0.16)]]

    found = lasting(seen)

    assert [round(one.left, 3) for frame in found for one in frame] == [0.1, 0.1, 0.12, 0.14, 0.16, 0.16]
    assert not any(lasting([[at(0.1)], [at(0.1)], *[[]] * (MISSING + 1), [at(0.1)], [at(0.1)]]))


def test_two_that_are_there_together_are_two() -> None:
    found = lasting([[at(0.1), at(0.7)] for _ in range(LASTING)])

    assert [sorted(one.left for one in frame) for frame in found] == [[0.1, 0.7]] * LASTING
