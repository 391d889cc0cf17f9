"""What is measured of a clip: good clips of every kind have no faults, and each kind of bad clip has its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from reelmill.content import Clip, Shot
from reelmill.errors import MediaError
from reelmill.frames import Frame, read_frames
from tests.pictures import Scenery, photo
from wan_engine.examination import Examiner
from wan_engine.quality import LIMITS, Limits, Quality
from wan_engine.seams import Borders
from wan_engine.storyboard.engine import StoryboardEngine

WIDTH, HEIGHT = 352, 640
FRAMES = 25
BORDERS = Borders.every(144, WIDTH, HEIGHT)
#: Of every style, weather and time of day, with what changes most between frames and what changes least.
PROMPTS = {
    "water and birds": "a pavilion by the lake at dusk, willow branches, wild geese flying slowly, cinematic",
    "heavy snow": "heavy snow on a dark pine ridge, a quiet mountain valley at dusk, ink wash",
    "a thunderstorm": "a thunderstorm with lightning over the hills at night, heavy rain, cinematic",
    "fireworks": "fireworks over the city at night, new year, anime",
    "grain": "white reed plumes beaded with dew under a pale moon, a misty riverbank before dawn, 35mm film",
    "calm": "starry sky with a crescent moon over dark dunes, fixed camera",
    "mist": "mist, ice, frost, winter dawn, watercolor, locked",
    "paper": "village under the moon with lanterns, paper cut",
    "clay": "soft rain on a dark bamboo garden at night with one warm lantern, clay",
    "clear sky": "cloudless clear sky over flat grass, minimalist flat illustration, static camera",
}


def examined(frames: Iterable[Frame], borders: Borders = BORDERS) -> Quality:
    examiner = Examiner(borders)
    for frame in frames:
        examiner.see(frame)
    return examiner.quality()


def filmed(
    name: str, *, pan: float = 1.5, zoom: float = 1.002, grain: float = 0.0, count: int = FRAMES
) -> Iterator[Frame]:
    """A photo that a camera passes over: pixels and enlargement in a frame, and the deviation of the film's grain."""
    picture, random = photo(name, 2 * WIDTH, 2 * HEIGHT), np.random.default_rng(2)
    for number in range(count):
        scale = zoom**number
        where = np.array([[scale, 0, -WIDTH / 2 - pan * number], [0, scale, -HEIGHT / 2]], np.float32)
        frame = cv2.warpAffine(picture, where, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        yield grainy(np.asarray(frame, np.uint8), random, grain) if grain else np.asarray(frame, np.uint8)


def grainy(frame: Frame, random: np.random.Generator, deviation: float) -> Frame:
    return shifted(frame, random.normal(0, deviation, (*frame.shape[:2], 1)))


def shifted(frame: Frame, levels: float | npt.NDArray[np.float64]) -> Frame:
    return np.clip(np.rint(frame + levels), 0, 255).astype(np.uint8)


def tiled(frames: Iterable[Frame], deviation: float) -> Iterator[Frame]:
    """Each tile of 144 pixels with a brightness of its own."""
    offsets = np.random.default_rng(4).normal(0, deviation, (5, 3))
    levels = offsets.repeat(144, axis=0).repeat(144, axis=1)[:HEIGHT, :WIDTH, None]
    return (shifted(frame, levels) for frame in frames)


def only_fault(quality: Quality) -> str:
    assert len(quality.faults) == 1, quality.faults
    return quality.faults[0]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_drawn_clip_has_no_faults(tmp_path: Path, prompt: str) -> None:
    engine = StoryboardEngine()
    shot = Shot(
        engine=engine.name, model=engine.model, prompt=prompt, negative_prompt="", width=WIDTH, height=HEIGHT,
        frames=FRAMES, fps=24, steps=1, guidance=1.0, seed=7,
    )  # fmt: skip
    clip = next(engine.generate([shot], tmp_path, images={}))
    assert isinstance(clip, Clip)

    quality = examined(read_frames(clip.path, WIDTH, HEIGHT))

    assert (quality.frames, quality.faults) == (FRAMES, ())
    assert quality.seam is not None
    assert quality.seam < 1.5


@pytest.mark.parametrize("name", ["astronaut", "clay"])
@pytest.mark.parametrize("grain", [0.0, 8.0])
@pytest.mark.parametrize("pan", [0.05, 1.5, 20.0])
def test_a_photo_that_a_camera_passes_over_has_no_faults(name: str, grain: float, pan: float) -> None:
    quality = examined(filmed(name, pan=pan, grain=grain, count=12))

    assert quality.faults == ()
    assert quality.warp_error < 4


def test_a_clip_that_barely_moves_is_not_frozen() -> None:
    quality = examined(filmed("astronaut", pan=0.02, zoom=1.00005, count=60))

    assert quality.faults == ()
    assert quality.frozen > 0.5  # most of its frames show nothing new, and yet it moves


def test_a_cut_and_a_flash_are_no_faults() -> None:
    frames = [*filmed("astronaut"), *filmed("clay")]
    for number in (7, 30):
        frames[number] = shifted(frames[number], 60)

    assert examined(frames).faults == ()


def test_fading_in_is_no_fault() -> None:
    frames = (frame * min(1.0, number / 12) for number, frame in enumerate(filmed("astronaut", count=48)))

    assert examined(frame.astype(np.uint8) for frame in frames).faults == ()


def test_a_shaking_hand_is_no_fault() -> None:
    random = np.random.default_rng(6)
    scenery = photo("astronaut", 2 * WIDTH, 2 * HEIGHT)

    def held() -> Frame:
        right, down = random.normal(0, 6, 2)
        where = np.array([[1, 0, right - WIDTH / 2], [0, 1, down - HEIGHT / 2]], np.float32)
        return np.asarray(cv2.warpAffine(scenery, where, (WIDTH, HEIGHT)), np.uint8)

    assert examined(grainy(held(), random, 6) for _ in range(FRAMES)).faults == ()


def test_foam_of_a_waterfall_is_no_fault() -> None:
    random = np.random.default_rng(7)

    def foam() -> npt.NDArray[np.float32]:
        field = cv2.GaussianBlur(random.normal(size=(HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2)
        return np.asarray(field / field.std(), np.float32)[..., None]

    falls, frames = foam(), []
    for frame in filmed("astronaut", count=12):
        falls = 0.8 * falls + 0.6 * foam()
        frames.append(shifted(frame, 20.0 * falls * (np.arange(HEIGHT) > HEIGHT // 3)[:, None, None]))

    quality = examined(frames)

    assert quality.warp_error > 4
    assert quality.faults == ()


def test_a_moon_in_a_black_night_is_no_fault() -> None:
    def night(number: int) -> Frame:
        frame = np.full((HEIGHT, WIDTH, 3), 2, np.uint8)
        return np.asarray(cv2.circle(frame, (180 + number, 160), 20, (240, 236, 220), -1, cv2.LINE_AA), np.uint8)

    quality = examined(night(number) for number in range(12))

    assert (quality.black, quality.faults) == (0, ())


def test_a_black_clip_is_told() -> None:
    faults = examined([np.full((HEIGHT, WIDTH, 3), 3, np.uint8)] * 9).faults

    assert "100% of the frames are black, and at most 25% may be" in faults


def test_a_clip_that_goes_black_half_way_is_told() -> None:
    frames = list(filmed("astronaut", count=24))

    fault = only_fault(examined([*frames[:12], *(frame // 64 for frame in frames[12:])]))

    assert fault == "50% of the frames are black, and at most 25% may be"


def test_one_frame_repeated_is_told() -> None:
    frame = next(filmed("astronaut"))

    assert only_fault(examined([frame] * 9)) == "100% of the frames show nothing new, and at most 99% may"


def test_a_first_frame_unlike_the_others_hides_no_still() -> None:
    frame = next(filmed("astronaut"))

    assert "show nothing new" in only_fault(examined([shifted(frame, 5), *[frame] * 120]))


def test_brightness_that_alternates_is_told() -> None:
    frames = [shifted(frame, 6.0 * (number % 2)) for number, frame in enumerate(filmed("astronaut"))]

    quality = examined(frames)

    assert quality.flicker == pytest.approx(6, abs=0.5)
    assert only_fault(quality).startswith("brightness jumps by ")


def test_noise_in_each_frame_is_told() -> None:
    random = np.random.default_rng(1)

    quality = examined(shifted(frame, random.normal(0, 70, frame.shape)) for frame in filmed("astronaut", count=9))

    assert quality.warp_error > 10
    assert only_fault(quality).endswith("without a motion that explains them, and at most 10 may")


def test_pictures_that_follow_from_nothing_are_told() -> None:
    scenes = [Scenery(WIDTH, HEIGHT, seed=seed).at(0) for seed in range(6)]

    assert any("without a motion" in fault for fault in examined(scenes * 2).faults)


def test_one_even_colour_is_told() -> None:
    frames = [np.full((HEIGHT, WIDTH, 3), 128 + number % 2, np.uint8) for number in range(9)]

    assert only_fault(examined(frames)).startswith("hardly anything can be made out: a sharpness of 0.00")


@pytest.mark.parametrize("grain", [0.0, 4.0])
def test_tiles_of_different_brightness_are_told(grain: float) -> None:
    quality = examined(tiled(filmed("astronaut", grain=grain, count=9), 8))

    assert only_fault(quality).startswith("the borders of tiles show: steps there are ")


def test_tiles_are_not_looked_for_in_a_clip_that_was_decoded_whole() -> None:
    quality = examined(tiled(filmed("astronaut", count=9), 8), Borders())

    assert (quality.seam, quality.faults) == (None, ())


def test_a_horizon_on_a_border_is_no_seam() -> None:
    def ground(frame: Frame) -> Frame:
        return np.concatenate([frame[:288], frame[288:] // 3])

    assert examined(ground(frame) for frame in filmed("astronaut", pan=1, zoom=1, count=9)).faults == ()


def test_borders_lie_where_tiles_begin() -> None:
    assert Borders.every(288, 704, 1280) == Borders((288, 576), (288, 576, 864, 1152))
    assert Borders.every(704, 704, 1280) == Borders((), (704,))


def test_borders_at_the_very_edge_and_frames_smaller_than_a_stretch_are_harmless() -> None:
    quality = examined([Scenery(16, 20).at(number) for number in range(5)], Borders((1, 15), (2, 8)))

    assert quality.frames == 5


def test_motion_is_told_in_widths() -> None:
    scenery = Scenery(WIDTH, HEIGHT, drift=(7.0, 0.0))

    quality = examined(scenery.at(number) for number in range(8))

    assert quality.motion == pytest.approx(7 / WIDTH, rel=0.05)


def test_no_frames_are_an_error() -> None:
    with pytest.raises(MediaError, match="without frames"):
        Examiner().quality()


def test_limits_are_the_callers() -> None:
    examiner = Examiner(limits=Limits(sharpness=1e6))
    for frame in filmed("astronaut", count=5):
        examiner.see(frame)

    assert only_fault(examiner.quality()).endswith("at least 1e+06 is usual")


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_measure_at_its_limit_is_no_fault_and_one_beyond_is_one(name: str) -> None:
    good = Quality(frames=25, black=0.0, frozen=0.0, flicker=0.0, warp_error=0.0, motion=0.01, sharpness=50.0, seam=1.0)
    limit = getattr(LIMITS, name)
    beyond = limit - 0.1 if name == "sharpness" else limit + 0.1

    assert LIMITS.faults(replace(good, **{name: limit})) == ()
    assert len(LIMITS.faults(replace(good, **{name: beyond}))) == 1


def test_a_record_is_plain_and_rounded() -> None:
    quality = examined(filmed("astronaut", count=5))

    record = quality.as_record()

    assert json.loads(json.dumps(record)) == record
    assert list(record) == [field.name for field in fields(Quality)]
    assert record["sharpness"] == round(quality.sharpness, 2)
