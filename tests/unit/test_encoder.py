"""Frames into a file: whole or not at all, in the colours that went in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from reelmill.errors import Interrupted, MediaError, TerminalError, TransientError
from reelmill.ffmpeg import probe
from reelmill.frames import read_frames
from wan_engine.encode import ClipEncoder

SIZE = (64, 96)  #: width, height


def rgb(value: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    frame = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
    frame[:] = value
    return frame


def planar(luma: int, blue: int, red: int) -> npt.NDArray[np.uint8]:
    frame = np.empty((SIZE[1] * 3 // 2, SIZE[0]), np.uint8)
    frame[: SIZE[1]] = luma
    frame[SIZE[1] : SIZE[1] * 5 // 4] = blue
    frame[SIZE[1] * 5 // 4 :] = red
    return frame


def test_frames_that_go_in_come_out_again(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    colours = [(200, 40, 30), (20, 160, 60), (30, 60, 210), (240, 240, 240), (12, 12, 12)]

    with ClipEncoder(path, *SIZE, 24) as encoder:
        for colour in colours:
            encoder.write(rgb(colour))

    back = list(read_frames(path, *SIZE))
    assert len(back) == len(colours) == encoder.frames
    for frame, colour in zip(back, colours, strict=True):
        assert np.abs(frame.reshape(-1, 3).mean(axis=0) - colour).max() < 4
    said = probe(path)
    assert (said.width, said.height, said.fps) == (*SIZE, 24)


def test_planes_are_taken_as_bt709_in_limited_range(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    # 75 % red of BT.709: Y 51, Cb 109, Cr 212 (ITU-R BT.709-6, item 3).
    with ClipEncoder(path, *SIZE, 24, pixels="yuv420p") as encoder:
        for _ in range(5):
            encoder.write(planar(51, 109, 212))

    frame = next(iter(read_frames(path, *SIZE)))

    assert np.abs(frame.reshape(-1, 3).mean(axis=0) - (191, 0, 0)).max() < 5


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    random = np.random.default_rng(3)
    frames = [random.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8) for _ in range(9)]

    for path in paths:
        with ClipEncoder(path, *SIZE, 24, threads=2) as encoder:
            for frame in frames:
                encoder.write(frame)

    assert paths[0].read_bytes() == paths[1].read_bytes()


def encode(path: Path, frames: Iterable[npt.NDArray[np.uint8]], *, signal_after_first: int | None = None) -> None:
    with ClipEncoder(path, *SIZE, 24) as encoder:
        for frame in frames:
            encoder.write(frame)
            if encoder.frames == 1 and signal_after_first is not None:
                os.kill(encoder._process.pid, signal_after_first)


def test_an_error_inside_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"

    def broken() -> Iterator[npt.NDArray[np.uint8]]:
        random = np.random.default_rng(1)
        for _ in range(2000):
            yield random.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
            if path.exists() and path.stat().st_size:
                raise RuntimeError("the drawing broke")

    with pytest.raises(RuntimeError, match="the drawing broke"):
        encode(path, broken())

    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="shape"):
        encode(tmp_path / "clip.mp4", [np.zeros((10, 10, 3), np.uint8)])

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(TerminalError):
        encode(tmp_path / "no" / "clip.mp4", [rgb((9, 9, 9))] * 200)


def stop_once_it_is_up(path: Path) -> None:
    random = np.random.default_rng(1)
    told = False
    with ClipEncoder(path, *SIZE, 24) as encoder:
        for _ in range(2000):
            encoder.write(random.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8))
            if not told and path.exists() and path.stat().st_size:  # it writes, so it is up
                os.kill(encoder._process.pid, signal.SIGINT)
                told = True


def test_an_encoder_that_is_up_when_ctrl_c_comes_ends_without_a_fault_of_the_shot(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with pytest.raises(Interrupted):
        stop_once_it_is_up(path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (signal.SIGINT, Interrupted),  # Ctrl-C in a terminal is for the whole group
        (signal.SIGKILL, TransientError),  # the kernel, for want of memory
    ],
)
def test_an_encoder_that_is_ended_from_outside_is_no_fault_of_the_shot(
    tmp_path: Path, number: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        encode(tmp_path / "clip.mp4", [rgb((1, 2, 3))] * 500, signal_after_first=number)

    assert list(tmp_path.iterdir()) == []
