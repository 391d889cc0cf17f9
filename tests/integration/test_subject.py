"""A crop that follows its subject, proven by where the subject is in the finished picture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from reelmill.errors import FinishingError
from reelmill.ffmpeg import run
from reelmill.frames import read_frames
from tasks.finishing import profiles, reframe, subject
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.stage import finish
from tasks.finishing.verify import verify
from tasks.finishing.words import Words
from tests.pictures import photo

WIDTH, HEIGHT, FRAMES, FPS = 640, 352, 96, 24


def clip(path: Path, place: Callable[[float], float]) -> Path:
    """A bright head before a soft ground. `place`: where it is across the picture, 0 to 1, by seconds."""
    noise = np.random.default_rng(3).integers(60, 140, (HEIGHT, WIDTH)).astype(np.float32)
    ground = cv2.GaussianBlur(noise, (0, 0), 18)
    with path.with_suffix(".raw").open("wb") as raw:
        for number in range(FRAMES):
            picture, x = ground.copy(), round(place(number / FPS) * WIDTH)
            cv2.circle(picture, (x, 200), 34, 235, -1)
            for eye in (x - 10, x + 10):
                cv2.circle(picture, (eye, 190), 6, 20, -1)
            raw.write(np.clip(picture, 0, 255).astype(np.uint8).tobytes())
    run(
        ["-y", "-f", "rawvideo", "-pixel_format", "gray", "-video_size", f"{WIDTH}x{HEIGHT}", "-framerate", str(FPS),
         "-i", path.with_suffix(".raw"), "-pix_fmt", "yuv420p", "-crf", "18", path],
        timeout=60,
    )  # fmt: skip
    return path


def places(video: Path, width: int, height: int) -> list[float | None]:
    """Where the head is in each frame, 0 to 1; None: it is not seen whole."""
    found: list[float | None] = []
    for frame in read_frames(video, width, height, pixels="gray"):
        columns = np.flatnonzero((frame > 200).any(axis=0))
        whole = columns.size and columns[0] > 0 and columns[-1] < width - 1
        found.append((columns[0] + columns[-1]) / 2 / width if whole else None)
    return found


def followed(master: Path, folder: Path) -> tuple[reframe.Reframe, list[float | None]]:
    moved = subject.follow(master, reframe.plan((WIDTH, HEIGHT), (270, 480), "follow"), WIDTH, HEIGHT)
    out = folder / "out.mp4"
    run(["-y", "-i", master, "-filter_complex", moved.filters("0:v", "o"), "-map", "[o]", out], timeout=60)
    return moved, places(out, 270, 480)


@pytest.mark.parametrize("where", [0.2, 0.5, 0.8])
def test_a_subject_that_stays_is_framed_once_and_the_picture_stands_still(where: float, tmp_path: Path) -> None:
    moved, seen = followed(clip(tmp_path / "still.mp4", lambda _: where), tmp_path)
    assert moved.way == ()
    assert all(place is not None and 0.25 < place < 0.75 for place in seen)


@pytest.mark.parametrize("turned", [False, True])
def test_a_subject_that_walks_is_followed_and_never_lost(turned: bool, tmp_path: Path) -> None:
    def walk(seconds: float) -> float:
        way = 0.15 + 0.17 * seconds
        return 1 - way if turned else way

    moved, seen = followed(clip(tmp_path / "walk.mp4", walk), tmp_path)
    assert 3 <= len(moved.way) <= 20
    assert all(place is not None for place in seen)
    steps = np.diff([point.offset for point in moved.way])
    assert (steps <= 1).all() if turned else (steps >= -1).all(), "it does not go back and forth"


def test_a_middle_crop_loses_what_this_one_keeps(tmp_path: Path) -> None:
    master = clip(tmp_path / "still.mp4", lambda _: 0.85)
    out = tmp_path / "out.mp4"
    middle = reframe.plan((WIDTH, HEIGHT), (270, 480), "crop")
    run(["-y", "-i", master, "-filter_complex", middle.filters("0:v", "o"), "-map", "[o]", out], timeout=60)
    assert places(out, 270, 480)[40] is None


def test_a_clip_in_which_nothing_is_to_be_seen_is_cropped_in_the_middle(tmp_path: Path) -> None:
    master = tmp_path / "flat.mp4"
    run(["-y", "-f", "lavfi", "-i", f"color=gray:s={WIDTH}x{HEIGHT}:r={FPS}:d=2", master], timeout=60)
    plain = reframe.plan((WIDTH, HEIGHT), (270, 480), "crop")
    moved = subject.follow(master, plain, WIDTH, HEIGHT)
    assert abs(moved.x - plain.x) < 0.2 * moved.canvas[0]


def test_a_shape_that_fits_is_left_alone(tmp_path: Path) -> None:
    fits = reframe.plan((270, 480), (270, 480), "follow")
    assert subject.follow(tmp_path / "never opened.mp4", fits, 270, 480) is fits


# Faces.

#: Where the face of `portrait` begins and ends, in pixels: what NudeNet's box is around, with some of the hair.
FACE = (115, 240)


def portrait(path: Path, *, seen: Callable[[int], bool] = lambda _: True) -> Path:
    """A calm face at the left, and at the right a bright texture that never rests. `seen`: the face, by frame."""
    ground = np.full((HEIGHT, WIDTH, 3), (96, 100, 104), np.uint8)
    person = photo("astronaut", HEIGHT, HEIGHT)
    texture = np.kron(np.random.default_rng(4).integers(0, 2, (20, 60)) * 235 + 10, np.ones((12, 12))).astype(np.uint8)
    with path.with_suffix(".raw").open("wb") as raw:
        for number in range(FRAMES):
            picture = ground.copy()
            if seen(number):
                picture[:, :HEIGHT] = person
            picture[40:280, 430:] = texture[:, number * 4 : number * 4 + 210, None]
            raw.write(picture.tobytes())
    run(
        ["-y", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{WIDTH}x{HEIGHT}", "-framerate", str(FPS),
         "-i", path.with_suffix(".raw"), "-pix_fmt", "yuv420p", "-crf", "18", path],
        timeout=60,
    )  # fmt: skip
    return path


def seen_part(moved: reframe.Reframe) -> tuple[float, float]:
    """What a crop shows at all times, in pixels of the master."""
    offsets = [point.offset for point in moved.way] or [-moved.x]
    scale = moved.width / WIDTH
    return max(offsets) / scale, (min(offsets) + moved.canvas[0]) / scale


def blind(master: Path) -> str:
    """The crop as text, from a process in which Python finds no nudenet."""
    program = f"""
import sys
from pathlib import Path
sys.modules["nudenet"] = None
from tasks.finishing import reframe, subject
plain = reframe.plan(({WIDTH}, {HEIGHT}), (270, 480), "follow")
print(subject.follow(Path({str(master)!r}), plain, {WIDTH}, {HEIGHT}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def follow(master: Path) -> reframe.Reframe:
    return subject.follow(master, reframe.plan((WIDTH, HEIGHT), (270, 480), "follow"), WIDTH, HEIGHT)


def test_a_calm_face_is_held_whole_beside_what_never_rests(tmp_path: Path) -> None:
    master = portrait(tmp_path / "portrait.mp4")

    left, right = seen_part(follow(master))

    assert left < FACE[0]
    assert right > FACE[1]
    assert blind(master) != str(follow(master)), "without faces the eye goes to what moves"


def test_a_face_that_is_there_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    master = portrait(tmp_path / "moment.mp4", seen=lambda number: number in range(45, 52))

    assert blind(master) == str(follow(master))


@pytest.mark.parametrize("place", [lambda _: 0.8, lambda seconds: 0.15 + 0.17 * seconds], ids=["still", "walking"])
def test_a_clip_without_a_face_goes_as_if_nobody_had_looked(place: Callable[[float], float], tmp_path: Path) -> None:
    master = clip(tmp_path / "none.mp4", place)

    assert blind(master) == str(follow(master))


def test_what_finds_faces_is_in_the_recipe_of_a_crop_that_follows(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["nudenet"] = None
from tasks.finishing.job import recipe
from tests.integration.test_subject import job
print(recipe(job("follow"), "x"), recipe(job("crop"), "x"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    following, cropped = done.stdout.split()
    assert recipe(job("follow"), "x") != following
    assert recipe(job("crop"), "x") == cropped


def job(policy: str) -> FinishJob:
    catalogue = profiles.shipped().changed("x", "x", {"reframe": policy})
    brand = Brand("茶", "#2f6f4f")
    return FinishJob(Words("小雪"), brand, ("x",), "v", False, WIDTH, HEIGHT, FRAMES, FPS, catalogue)


def test_a_profile_that_asks_for_it_gets_it_in_the_one_pass(tmp_path: Path) -> None:
    master = clip(tmp_path / "walk.mp4", lambda seconds: 0.15 + 0.17 * seconds)
    (made,) = finish(master, "a" * 64, job("follow"), tmp_path)
    assert all(check.ok for check in verify(made))
    assert made.record["reframe"]["policy"] == "crop"
    rows = [frame[700:1060].max(axis=0) for frame in read_frames(made.path, 720, 1280, pixels="gray")]
    assert all((row[1:-1] > 200).any() for row in rows)


def test_a_master_that_is_broken_is_a_finishing_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip(tmp_path / "whole.mp4", lambda _: 0.5).read_bytes()[:-4000])
    with pytest.raises(FinishingError, match=r"broken\.mp4"):
        finish(broken, "a" * 64, job("follow"), tmp_path)
