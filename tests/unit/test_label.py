import math

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from reelmill.errors import FinishingError
from tasks.finishing import profiles
from tasks.finishing.labels.visible import PRESENT, VisibleLabel, correlate, design, draw, letters
from tasks.finishing.options import LABEL_HEIGHT


def on(picture: npt.NDArray[np.integer], label: VisibleLabel) -> npt.NDArray[np.uint8]:
    """The label on a grey picture of its own size, as one grey crop."""
    ground = Image.fromarray(picture.astype(np.uint8)).convert("RGBA")
    ground.alpha_composite(draw(label))
    return np.asarray(ground.convert("L"))[None]


@pytest.mark.parametrize("name", profiles.names())
@pytest.mark.parametrize("height", [LABEL_HEIGHT, 0.065, 0.08])
@pytest.mark.parametrize("bilingual", [False, True])
def test_every_letter_is_tall_enough_and_inside_the_safe_zone(name: str, height: float, bilingual: bool) -> None:
    profile = profiles.find(name).for_clip(704, 1280)

    label = design(profile, height=height, bilingual=bilingual)

    assert label.ink_height >= math.ceil(height * profile.short_side)
    zone, (width, tall) = profile.safe_zone, profile.size
    assert zone.left <= label.x <= label.x + label.width <= width - zone.right + 2
    assert zone.top <= label.y <= label.y + label.height <= tall - zone.bottom


@pytest.mark.parametrize("name", profiles.names())
def test_the_height_is_that_of_the_ink_that_is_really_drawn(name: str) -> None:
    profile = profiles.find(name).for_clip(704, 1280)
    label = design(profile, height=LABEL_HEIGHT)

    ink = letters(label) > 0.5

    # "AI" are the smallest letters of both wordings; they stand first.
    first = ink[:, : round(label.font_size * 0.9)]
    rows = np.flatnonzero(first.any(axis=1))
    assert rows[-1] - rows[0] + 1 >= math.ceil(0.055 * profile.short_side) - 1


def test_chinese_wording_holds_both_elements_of_the_standard() -> None:
    label = design(profiles.find("douyin"), height=LABEL_HEIGHT)

    assert "AI" in label.text
    assert "生成" in label.text


def test_two_languages_stand_on_two_lines() -> None:
    label = design(profiles.find("tiktok"), height=LABEL_HEIGHT, bilingual=True)

    assert label.lines == ("AI GENERATED", "AI生成")
    assert label.height > 150


def test_wording_that_is_too_wide_is_broken_at_its_space() -> None:
    label = design(profiles.find("tiktok"), height=0.08)

    assert label.lines == ("AI", "GENERATED")


def test_a_label_that_fits_no_way_is_refused() -> None:
    with pytest.raises(FinishingError, match="safe zone of TikTok 770 px"):
        design(profiles.find("tiktok"), height=0.2)


@pytest.mark.parametrize("name", ["douyin", "tiktok"])
@pytest.mark.parametrize("grey", [0, 90, 180, 255])
def test_the_label_is_seen_on_any_even_picture(name: str, grey: int) -> None:
    label = design(profiles.find(name), height=LABEL_HEIGHT)

    assert correlate(label, on(np.full((label.height, label.width), grey), label))[0] > 0.97


@pytest.mark.parametrize("name", ["douyin", "tiktok"])
def test_the_label_is_seen_on_the_busiest_picture(name: str) -> None:
    label = design(profiles.find(name), height=LABEL_HEIGHT)
    noise = np.random.default_rng(7).choice([0, 255], (label.height // 8 + 1, label.width // 8 + 1))

    picture = noise.repeat(8, 0).repeat(8, 1)[: label.height, : label.width]

    assert correlate(label, on(picture, label))[0] > PRESENT


def test_an_absent_a_different_and_a_shifted_label_are_not_taken_for_it() -> None:
    label = design(profiles.find("douyin"), height=LABEL_HEIGHT)
    shape = (label.height, label.width)
    noise = np.random.default_rng(1).integers(0, 256, shape)
    other = VisibleLabel(**{**{f: getattr(label, f) for f in VisibleLabel.__slots__}, "lines": ("AI合成",)})

    assert correlate(label, noise[None].astype(np.uint8))[0] < 0.3
    assert correlate(label, np.zeros((1, *shape), np.uint8))[0] == 0
    assert correlate(label, on(np.full(shape, 120), other))[0] < PRESENT
    assert correlate(label, np.roll(on(np.full(shape, 120), label), 9, axis=2))[0] < PRESENT


def test_what_the_ledger_keeps_is_enough_to_know_the_label_again() -> None:
    import json

    label = design(profiles.find("tiktok"), height=0.06, bilingual=True)

    assert VisibleLabel.recall(json.loads(json.dumps(label.evidence()))) == label
