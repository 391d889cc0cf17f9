"""Which shots are legal, and the nearest legal one."""

from __future__ import annotations

import pytest

from reelmill.errors import EngineError
from wan_engine.shot import check_frames, check_size, legal_frames


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [(5, 24, 121), (2, 24, 49), (5.04, 24, 121), (0.01, 24, 5), (3, 16, 49), (10, 24, 241)],
)
def test_frames_come_as_four_k_plus_one(seconds: float, fps: int, frames: int) -> None:
    assert legal_frames(seconds, fps) == frames
    check_frames(frames)


@pytest.mark.parametrize(
    ("frames", "below", "above"), [(16, 13, 17), (120, 117, 121), (122, 121, 125), (1, 5, 9), (0, 5, 9)]
)
def test_another_count_is_refused_with_both_neighbours(frames: int, below: int, above: int) -> None:
    with pytest.raises(EngineError) as refused:
        check_frames(frames)

    assert str(frames) in refused.value.reason
    assert f"{below} or {above}" in refused.value.instruction


@pytest.mark.parametrize("size", [(704, 1280), (1280, 704), (480, 832), (960, 960), (256, 256), (1920, 1088)])
def test_multiples_of_32_are_legal(size: tuple[int, int]) -> None:
    check_size(*size)


@pytest.mark.parametrize(
    ("size", "nearest"),
    [((720, 1280), "704x1280"), ((1080, 1920), "1088x1920"), ((100, 100), "256x256"), ((4000, 704), "1920x704")],
)
def test_another_size_is_refused_with_the_nearest(size: tuple[int, int], nearest: str) -> None:
    with pytest.raises(EngineError) as refused:
        check_size(*size)

    assert f"{size[0]}x{size[1]}" in refused.value.reason
    assert nearest in refused.value.instruction
