"""What a profile can make is known before a weight is loaded; what it cannot has a nearest neighbour that it can."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.content import Shot
from reelmill.errors import EngineError, UseError
from wan_engine.wan.legality import check, check_size, nearest_size, own_frames
from wan_engine.wan.profiles import PROFILES, Profile, profile_named

TI2V = PROFILES["wan22-ti2v-5b"]
SHOT = Shot("wan", "wan22-ti2v-5b@1", "a fox", "", 704, 1280, 121, 24, 50, 5.0, 1)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_what_a_model_was_made_for_is_legal(profile: Profile) -> None:
    for width, height in profile.sizes:
        check(profile, _own(profile, width=width, height=height))


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ((720, 1280), "704x1280"),
        ((1280, 720), "1280x704"),
        ((1080, 1920), "704x1280"),
        ((700, 1280), "704x1280"),
        ((1024, 1024), "928x928"),
        ((100, 100), "256x256"),
        ((4000, 100), "3520x256"),
    ],
)
def test_another_size_is_refused_with_the_nearest_one(asked: tuple[int, int], nearest: str) -> None:
    with pytest.raises(EngineError) as refused:
        check_size(TI2V, *asked)
    assert f"the nearest size is {nearest};" in refused.value.instruction
    assert "it was trained at 704x1280 and 1280x704" in refused.value.instruction


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(PROFILES)), st.integers(1, 5000), st.integers(1, 5000))
def test_the_nearest_size_is_legal_itself(name: str, width: int, height: int) -> None:
    profile = PROFILES[name]
    nearest = nearest_size(profile, width, height)
    check_size(profile, *nearest)
    assert (nearest[0] > nearest[1]) <= (width >= height)


@pytest.mark.parametrize(
    ("frames", "instruction"),
    [(16, "ask for 13 or 17 frames"), (120, "ask for 117 or 121 frames"), (1, "ask for 5 or 9 frames")],
)
def test_another_count_of_frames_is_refused_with_its_neighbours(frames: int, instruction: str) -> None:
    with pytest.raises(EngineError) as refused:
        check(TI2V, replace(SHOT, frames=frames))
    assert refused.value.instruction == instruction


@pytest.mark.parametrize(
    ("changes", "reason", "instruction"),
    [
        ({"fps": 8, "frames": 17}, "makes 24 frames per second", "ask for 24"),
        ({"fps": 90}, "90 cannot be had", "ask for 60"),
        ({"frames": 241}, "was trained for 121 frames, 5.0 s", "at most 5 seconds"),
        ({"steps": 0}, "0 steps", "ask for 50"),
    ],
)
def test_what_a_model_cannot_make_is_told(changes: dict[str, int], reason: str, instruction: str) -> None:
    with pytest.raises(EngineError) as refused:
        check(TI2V, replace(SHOT, **changes))
    assert reason in str(refused.value)
    assert instruction in refused.value.instruction


def test_a_distilled_model_has_its_own_steps_and_no_guidance() -> None:
    fast = PROFILES["fastwan22-5b"]
    for changes in ({"steps": 50}, {"guidance": 5.0}):
        with pytest.raises(EngineError, match="was distilled to 3 steps"):
            check(fast, replace(_own(fast), **changes))


def test_a_photo_needs_a_model_that_animates_photos() -> None:
    check(TI2V, replace(SHOT, image="a" * 64))
    fast = PROFILES["fastwan22-5b"]
    with pytest.raises(EngineError, match="takes no reference image"):
        check(fast, replace(_own(fast), image="a" * 64))


@pytest.mark.parametrize(("frames", "fps", "own"), [(121, 24, 121), (149, 30, 121), (301, 60, 121), (61, 60, 25)])
def test_faster_clips_come_from_as_many_frames_as_the_model_makes_in_that_time(frames: int, fps: int, own: int) -> None:
    assert own_frames(TI2V, frames, fps) == own
    check(TI2V, replace(SHOT, frames=frames, fps=fps))


def test_an_unknown_model_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UseError) as refused:
        profile_named("wan22-t2v-5b")
    assert "wan22-ti2v-5b" in refused.value.instruction


def _own(profile: Profile, width: int = 0, height: int = 0) -> Shot:
    """A shot exactly as the model was trained for."""
    wide, high = (width, height) if width else profile.sizes[0]
    return Shot(
        "wan", f"{profile.name}@1", "a fox", "", wide, high, profile.frames, profile.fps, profile.steps,
        profile.guidance, 1,
    )  # fmt: skip
