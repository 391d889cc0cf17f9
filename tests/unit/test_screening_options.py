"""`screen:` in a pipeline."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tasks.screening.options import ScreenOptions


def test_a_pipeline_that_says_nothing_is_screened_with_the_default_policy() -> None:
    options = ScreenOptions()

    assert options.policy == "default"
    assert options.detectors == []


def test_a_policy_of_ones_own_is_a_path() -> None:
    assert ScreenOptions(policy="policies/ours.yaml").policy == "policies/ours.yaml"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"policy": "strickt"}, "did you mean 'strict'?"),
        ({"policy": "none"}, "default or strict"),
        ({"detectors": ["nudnet"]}, "did you mean 'nudenet'?"),
        ({"detectors": ["opennsfw", "opennsfw"]}, "'opennsfw' is named twice"),
        ({"detectors": "opennsfw"}, "valid list"),
        ({"enabled": False}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(values: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScreenOptions.model_validate(values)

    assert told in str(caught.value)


def test_reading_the_options_loads_no_detector_and_no_picture_library() -> None:
    heavy = ["cv2", "numpy", "onnxruntime", "PIL", "ruamel.yaml", "prefect"]
    program = f"import sys, tasks.screening.options; print([name for name in {heavy} if name in sys.modules])"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"
