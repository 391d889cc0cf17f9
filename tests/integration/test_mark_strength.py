"""The invisible mark is read from whatever a model may draw, and is as strong as each picture needs and hides it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelmill.errors import FinishingError
from reelmill.ffmpeg import SAFE_INPUT, probe, run
from reelmill.frames import read_frames
from tasks.finishing import mp4, profiles, unrest
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob
from tasks.finishing.labels import mark
from tasks.finishing.labels.mark import Mark, Reading
from tasks.finishing.labels.visible import VisibleLabel
from tasks.finishing.playback import play
from tasks.finishing.stage import finish
from tasks.finishing.verify import verify
from tasks.finishing.words import Words
from tests.pictures import DATA

pytestmark = pytest.mark.slow

NOISE = "nullsrc=s={size}:r=24,geq=random(1)*255:random(2)*255:random(3)*255"
GRADIENT = "gradients=s={size}:r=24:c0=0x24423a:c1=0x8fa79a:c2=0x51707c:nb_colors=3:speed=0.01:seed=5"
#: What is drawn, and for how many frames.
CLIPS = {
    "black": ("color=black:s={size}:r=24", 24),
    "white": ("color=white:s={size}:r=24", 24),
    "noise": (NOISE, 24),
    "noise that stands still": ("color=gray:s={size}:r=24,noise=alls=100:all_seed=3", 24),
    "one black frame": ("color=black:s={size}:r=24", 1),
    "one frame of noise": (NOISE, 1),
    "one frame": (GRADIENT, 1),
}
SECONDS = 0.5  #: of a photo; a longer one is sought in
SIZES = ("270x480", "540x960", "720x1280")


def drawn(path: Path, source: str, size: str, frames: int) -> Path:
    run(
        ["-y", "-f", "lavfi", "-i", source.format(size=size), "-frames:v", str(frames), "-pix_fmt", "yuv420p",
         "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", path],
        timeout=60,
    )  # fmt: skip
    return path


def photo(path: Path, size: str, grain: int) -> Path:
    width, height = size.split("x")
    filters = f"scale={width}:{height},noise=alls={grain}:allf=t,format=yuv420p"
    run(
        ["-y", "-loop", "1", "-framerate", "24", *SAFE_INPUT, "-i", DATA / "astronaut.jpg", "-vf", filters,
         "-frames:v", "12", "-c:v", "libx264", "-preset", "superfast", "-crf", "16", path],
        timeout=60,
    )  # fmt: skip
    return path


def job_for(master: Path) -> FinishJob:
    seen = probe(master)
    size = {"width": seen.width, "height": seen.height, "seconds": {"least": 0.01}}
    return FinishJob(
        Words(), Brand("", "#2f6f4f"), ("x",), "video-1", True, seen.width, seen.height,
        mp4.read(master).video.samples, 24, profiles.shipped().changed("x", "x", size), home=master.parent / "home",
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("clip", CLIPS)
def test_it_is_read_back_from_the_finished_file(clip: str, size: str, tmp_path: Path) -> None:
    source, frames = CLIPS[clip]
    master = drawn(tmp_path / "master.mp4", source, size, frames)

    (made,) = finish(master, "a" * 64, job_for(master), tmp_path)

    assert [check for check in verify(made) if not check.ok] == []
    promised = Mark.recall(made.labels["mark"])
    reading = play(made.path, VisibleLabel.recall(made.labels["visible"]), promised).reading
    assert reading.wrong(promised) == 0
    assert reading.strength > 2 * mark.PRESENT


def read(path: Path, made: Mark) -> Reading:
    width, height = made.sight
    return mark.detect(read_frames(path, width, height, pixels="gray"))


@pytest.mark.parametrize(
    "theirs", [("-crf", "28"), ("-crf", "34"), ("-b:v", "300k"), ("-vf", "scale=404:718", "-crf", "28")], ids=str
)
@pytest.mark.parametrize("clip", ["color=0x808080:s={size}:r=24", "color=0x10203a:s={size}:r=24", GRADIENT])
def test_the_faint_mark_of_a_small_drawn_picture_outlives_another_encoding(
    clip: str, theirs: tuple[str, ...], tmp_path: Path
) -> None:
    master = drawn(tmp_path / "master.mp4", clip, "540x960", 24)
    (made,) = finish(master, "a" * 64, job_for(master), tmp_path)
    promised = Mark.recall(made.labels["mark"])

    run(["-y", *SAFE_INPUT, "-i", made.path, "-c:v", "libx264", *theirs, "-an", tmp_path / "theirs.mp4"], timeout=60)

    assert promised.amplitude == mark.FAINT
    reading = read(tmp_path / "theirs.mp4", promised)
    assert reading.wrong(promised) == 0
    assert reading.strength > 2 * mark.PRESENT


def test_a_flat_picture_of_half_the_size_is_changed_by_a_level_and_no_more(tmp_path: Path) -> None:
    master = drawn(tmp_path / "master.mp4", "color=0x808080:s=540x960:r=24", "540x960", 12)

    (made,) = finish(master, "a" * 64, job_for(master), tmp_path)

    frame = next(read_frames(made.path, 540, 960, pixels="gray"))[300:700, 50:490].astype(int)
    assert frame.std() < 1.5, "a plain mark has 2.4"


@pytest.mark.parametrize(("grain", "levels"), [(0, (0.0, 1.5)), (6, (2.0, 4.0)), (12, (4.5, 8.0)), (100, (30.0, 60.0))])
def test_unrest_is_what_is_finer_than_the_picture(grain: int, levels: tuple[float, float], tmp_path: Path) -> None:
    master = photo(tmp_path / "master.mp4", "352x640", grain)

    assert levels[0] <= unrest.measure(master, SECONDS, 352, 640, tmp_path) < levels[1]
    assert [path.name for path in tmp_path.iterdir()] == ["master.mp4"]


def test_a_picture_that_is_calm_in_a_part_is_calm(tmp_path: Path) -> None:
    """A strong mark would be seen there, and a faint one is read there."""
    pictures = np.random.default_rng(1).integers(0, 255, (2, 640, 352), np.uint8)
    pictures[:, :240] = 90
    (tmp_path / "half.raw").write_bytes(pictures.tobytes())
    run(
        ["-y", "-f", "rawvideo", "-pixel_format", "gray", "-video_size", "352x640", "-i", tmp_path / "half.raw",
         "-pix_fmt", "yuv420p", "-crf", "12", tmp_path / "half.mp4"],
        timeout=60,
    )  # fmt: skip

    assert unrest.measure(tmp_path / "half.mp4", SECONDS, 352, 640, tmp_path) < mark.CALM


def test_a_master_that_is_none_is_a_finishing_error(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video")

    with pytest.raises(FinishingError, match=r"bad\.mp4"):
        unrest.measure(tmp_path / "bad.mp4", SECONDS, 352, 640, tmp_path)
