"""The invisible mark: what is put into pictures is read from them again, also after they were encoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.ffmpeg import SAFE_INPUT, run
from reelmill.frames import Frame, read_frames
from tasks.finishing.labels import mark
from tasks.finishing.labels.mark import Mark, Reading, detect

DATA = Path(__file__).parents[1] / "data"
SIZE = (360, 640)


def seen(picture: Frame, found: Mark) -> Frame:
    return np.asarray(cv2.resize(picture, found.sight, interpolation=cv2.INTER_AREA), np.uint8)


def marked(picture: Frame, found: Mark) -> Frame:
    return np.clip(picture.astype(int) + found.pattern() - 128, 0, 255).astype(np.uint8)


def astronaut(width: int, height: int) -> Frame:
    picture = cv2.imread(str(DATA / "astronaut.jpg"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(cv2.resize(picture, (width, height)), np.uint8)


def test_the_bits_of_a_video_never_change() -> None:
    assert mark.payload("video-1") == 0x74B12A62
    assert Mark.of("video-1", 1080, 1920).payload == mark.payload("video-1")
    assert mark.payload("video-1") != mark.payload("video-2")


def test_the_pattern_never_changes() -> None:
    pattern = Mark(0x12345678, 1, 1080, 1920).pattern()

    assert pattern.shape == (1920, 1080)
    assert set(np.unique(pattern)) == {127, 129}
    assert pattern[0, :120:12].tolist() == [129, 127, 127, 127, 127, 129, 129, 129, 127, 127]


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((1080, 1920), (90, 160)),
        ((1920, 1080), (160, 90)),
        ((1080, 1080), (90, 90)),
        ((1080, 1350), (90, 112)),
        ((720, 1280), (90, 160)),
    ],
)
def test_the_grid_has_90_cells_along_the_short_side_whatever_the_size(
    size: tuple[int, int], grid: tuple[int, int]
) -> None:
    assert Mark.of("v", *size).grid == grid


@pytest.mark.parametrize(("size", "amplitude"), [((1080, 1920), 1), ((720, 1280), 1), ((540, 960), 2), ((640, 360), 2)])
def test_small_pictures_get_a_plainer_mark(size: tuple[int, int], amplitude: int) -> None:
    assert Mark.of("v", *size).amplitude == amplitude


@pytest.mark.parametrize(
    ("short", "unrest", "amplitude"),
    [
        (1080, 0.0, 1), (1080, 6.0, 1), (1080, 20.0, 3),
        (540, 0.0, 1), (540, 6.0, 2), (540, 20.0, 6),
        (480, 0.0, 2), (270, 0.0, 2), (270, 20.0, 6),
    ],
)  # fmt: skip
def test_noise_asks_for_a_stronger_mark_and_a_calm_picture_for_a_fainter_one(
    short: int, unrest: float, amplitude: int
) -> None:
    made = Mark.of("v", short, 2 * short)

    assert made.amid(unrest).amplitude == amplitude
    assert made.amid(unrest).payload == made.payload


def test_no_bit_makes_the_picture_brighter_or_darker_as_a_whole() -> None:
    pattern = Mark.of("video-1", 1080, 1920).pattern().astype(float)

    assert abs(pattern.mean() - 128) < 0.05


def test_it_is_recalled_from_its_evidence() -> None:
    made = Mark.of("video-1", 1080, 1920)

    assert Mark.recall(made.evidence()) == made
    assert made.evidence()["payload"] == "74b12a62"


@settings(max_examples=30, deadline=None)
@given(payload=st.integers(0, 2**32 - 1))
def test_every_payload_is_read_back_from_a_plain_picture(payload: int) -> None:
    made = Mark(payload, 1, *SIZE)
    reading = detect([seen(marked(np.full((640, 360), 90, np.uint8), made), made)])

    assert reading.payload == payload
    assert reading.shows(made)


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (1080, 1080), (1080, 1350)])
def test_it_is_read_from_a_picture_full_of_detail_in_every_shape(size: tuple[int, int]) -> None:
    made = Mark.of("video-1", *size)
    picture = astronaut(*size)

    assert detect([seen(marked(picture, made), made)]).shows(made)
    assert not detect([seen(picture, made)]).shows(made)


def test_a_picture_without_a_mark_has_none_and_one_of_another_video_is_another() -> None:
    made, other = Mark.of("video-1", 1080, 1920), Mark.of("video-2", 1080, 1920)
    picture = astronaut(1080, 1920)

    bare = detect([seen(picture, made)])
    foreign = detect([seen(marked(picture, other), other)])

    assert bare.strength < mark.PRESENT
    assert foreign.shows(other)
    assert not foreign.shows(made)


def test_a_few_wrong_bits_are_borne_and_more_are_not() -> None:
    made = Mark(0, 1, *SIZE)

    assert Reading(0b11, 2.0).shows(made)
    assert not Reading(0b111, 2.0).shows(made)
    assert not Reading(0, 1.4).shows(made)


def test_nothing_is_read_from_nothing() -> None:
    made = Mark.of("video-1", *SIZE)

    assert detect([]) == Reading(0, 0.0)
    assert not detect([np.zeros((640, 360), np.uint8)]).shows(made)


def test_a_cropped_or_mirrored_picture_has_lost_it() -> None:
    made = Mark.of("video-1", 1080, 1920)
    picture = marked(astronaut(1080, 1920), made)

    assert not detect([seen(np.ascontiguousarray(picture[100:-100, 60:-60]), made)]).shows(made)
    assert not detect([seen(np.ascontiguousarray(picture[:, ::-1]), made)]).shows(made)


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mark]:
    """A photo with moving grain, 720 pixels wide, marked by ffmpeg in the graph that encodes it."""
    folder = tmp_path_factory.mktemp("encoded")
    made = Mark.of("video-1", 720, 1280)
    made.write(folder / "mark.yuv")
    graph = f"[0:v]scale=720:1280,noise=alls=12:allf=t,format=yuv420p[base];[base][1:v]{mark.FILTER}[out]"
    run(
        ["-y", "-loop", "1", "-framerate", "24", *SAFE_INPUT, "-i", str(DATA / "astronaut.jpg"),
         *made.arguments("mark.yuv", 24), "-filter_complex", graph, "-map", "[out]", "-frames:v", "12",
         "-c:v", "libx264", "-preset", "superfast", "-crf", "21", folder / "video.mp4"],
        timeout=60, cwd=folder,
    )  # fmt: skip
    return folder / "video.mp4", made


def read(path: Path, made: Mark) -> Reading:
    width, height = made.sight
    filters = f"scale={width}:{height}:flags=area"
    return detect(read_frames(path, width, height, pixels="gray", filters=filters))


def test_ffmpeg_adds_exactly_the_pattern(tmp_path: Path) -> None:
    made = Mark.of("video-1", 180, 320)
    made.write(tmp_path / "mark.yuv")
    run(
        ["-y", "-f", "lavfi", "-i", "color=gray:s=180x320:r=24", *made.arguments("mark.yuv", 24), "-filter_complex",
         f"[0:v]format=yuv420p[base];[base][1:v]{mark.FILTER}[out]", "-map", "[out]", "-frames:v", "3",
         "-f", "rawvideo", "-pix_fmt", "yuv420p", tmp_path / "out.yuv"],
        timeout=60, cwd=tmp_path,
    )  # fmt: skip

    frames = np.fromfile(tmp_path / "out.yuv", np.uint8).reshape(3, -1)

    for frame in frames:
        luma = frame[: 180 * 320].reshape(320, 180).astype(int)
        assert (luma - (made.pattern().astype(int) - 128) == luma[0, 0] - (int(made.pattern()[0, 0]) - 128)).all()
        assert (frame[180 * 320 :] == 128).all()


def test_it_is_read_from_an_encoded_file(encoded: tuple[Path, Mark]) -> None:
    path, made = encoded

    reading = read(path, made)

    assert reading.shows(made)
    assert reading.wrong(made) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("-vf", "scale=540:960", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"),
        ("-vf", "eq=brightness=0.05:contrast=1.1", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "36", "-b:v", "0"),
    ],
)
def test_it_outlives_what_platforms_do_to_a_file(
    encoded: tuple[Path, Mark], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path, made = encoded

    run(["-y", *SAFE_INPUT, "-i", path, *arguments, tmp_path / "theirs.mp4"], timeout=60)

    assert read(tmp_path / "theirs.mp4", made).shows(made)
