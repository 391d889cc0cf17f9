"""A cover within what a platform takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from reelmill.errors import FinishingError
from tasks.finishing import cover
from tasks.finishing.profile import CoverRule


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Grain, of which a JPEG of the best quality has megabytes."""
    path = tmp_path / "still.jpg"
    Image.effect_noise((1080, 1920), 60).convert("RGB").save(path, quality=96)
    return path


def test_a_cover_that_fits_is_left_as_it_is(picture: Path) -> None:
    before = picture.read_bytes()
    cover.fit(picture, CoverRule(max_bytes=len(before), source="choice"))
    cover.fit(picture, CoverRule(max_bytes=len(before), longest_side=1920, source="choice"))
    assert picture.read_bytes() == before


@pytest.mark.parametrize("most", [900_000, 200_000])
def test_a_cover_that_is_too_large_is_written_anew_until_it_fits(picture: Path, most: int) -> None:
    cover.fit(picture, CoverRule(max_bytes=most, source="choice"))
    assert most / 3 < picture.stat().st_size <= most
    with Image.open(picture) as made:
        assert made.width / made.height == pytest.approx(9 / 16, abs=0.01)


def test_a_cover_has_no_more_pixels_than_a_platform_takes(picture: Path) -> None:
    cover.fit(picture, CoverRule(max_bytes=200_000, longest_side=320, source="choice"))
    with Image.open(picture) as made:
        assert made.size == (180, 320)


def test_a_limit_that_leaves_nothing_to_be_seen_is_an_error(picture: Path) -> None:
    with pytest.raises(FinishingError, match="no cover of at most 900 bytes"):
        cover.fit(picture, CoverRule(max_bytes=900, source="choice"))
