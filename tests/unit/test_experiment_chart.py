"""The picture of an experiment: whatever its values are called, their names can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from flows.experiments import chart
from flows.experiments.comparing import Comparison, Rate

RATES = tuple(Rate(value, 4, 0.05, 0.04, 0.06, 0.5, ((0.04, 0.0), (0.05, 1.0), (0.06, 0.0))) for value in ("a", "b"))
COMPARED = Comparison(RATES, 2.0, 20.0, "b")


def title(tmp_path: Path, words: str) -> npt.NDArray[np.int16]:
    drawn = chart.draw(tmp_path / "x.png", words, "", COMPARED, [])
    with Image.open(drawn) as picture:
        return np.asarray(picture.convert("RGB").crop((0, 0, 600, 90)), np.int16)


@pytest.mark.parametrize(("one", "other"), [("Łą", "Ğş"), ("Їґ", "Ќѓ"), ("🍵", "🎉"), ("שלום", "תודה")])
def test_letters_of_every_font_are_drawn_and_not_boxes(tmp_path: Path, one: str, other: str) -> None:
    first, second = (title(tmp_path, words) for words in (one, other))
    assert (first < 200).any()
    assert (first != second).any()


def test_what_no_font_has_is_a_box(tmp_path: Path) -> None:
    assert (title(tmp_path, "ཀཁ") == title(tmp_path, "ཇཉ")).all()


def test_a_title_begins_at_the_edge(tmp_path: Path) -> None:
    rows, columns = np.nonzero((title(tmp_path, "HE") < 100).all(axis=2))
    assert (columns.min(), rows.min()) == pytest.approx((chart.EDGE + 3, chart.EDGE), abs=2)
