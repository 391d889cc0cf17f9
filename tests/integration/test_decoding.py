"""Frames with their moments, and frames alone, out of real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelmill import ffmpeg
from reelmill.errors import MediaError
from reelmill.frames import read_frames
from tasks.screening.decoding import Picture, read_pictures

SOURCE = "testsrc2=s=64x96:r=12"
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def made(path: Path, *arguments: str) -> Path:
    ffmpeg.run(["-y", "-f", "lavfi", "-i", SOURCE, *arguments, path], timeout=60)
    return path


def pictures(path: Path) -> list[Picture]:
    return list(read_pictures(path, 64, 96, threads=1))


def test_each_frame_has_its_number_its_second_and_whether_it_is_a_key_frame(tmp_path: Path) -> None:
    found = pictures(made(tmp_path / "a.mp4", "-frames:v", "20", *ENCODED, "-g", "8", "-bf", "2"))

    assert [one.number for one in found] == list(range(20))
    assert [one.seconds for one in found] == pytest.approx([number / 12 for number in range(20)], abs=1e-4)
    assert [one.number for one in found if one.key] == [0, 8, 16]
    assert {one.frame.shape for one in found} == {(96, 64, 3)}


def test_the_pixels_are_those_of_frames_alone(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", "-frames:v", "6", *ENCODED)

    alone = read_frames(path, 64, 96)

    assert all((one.frame == other).all() for one, other in zip(pictures(path), alone, strict=True))


def test_frames_nearer_to_each_other_than_the_rate_says_are_all_decoded(tmp_path: Path) -> None:
    # Given a file that says 12 frames a second, with pairs of frames a hundredth of a second apart
    path = made(
        tmp_path / "a.mp4", "-vf", "settb=1/1000,setpts=(floor(N/2)*100+mod(N\\,2)*10)", "-frames:v", "20",
        "-fps_mode", "vfr", "-enc_time_base", "1:1000", *ENCODED,
    )  # fmt: skip

    found = pictures(path)

    assert [one.seconds for one in found] == pytest.approx(
        [number // 2 * 0.1 + number % 2 * 0.01 for number in range(20)], abs=1e-3
    )
    assert len(list(read_frames(path, 64, 96))) == 20


def test_the_frames_before_a_cut_come_first_and_then_the_error(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", "-frames:v", "60", *ENCODED, "-movflags", "+faststart")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    decoding = read_pictures(path, 64, 96, threads=1)
    found: list[Picture] = []

    with pytest.raises(MediaError, match=r"a\.mp4 does not decode to its end: .*[a-z]"):
        found.extend(iter(lambda: next(decoding), None))

    assert [one.number for one in found] == list(range(len(found)))
    assert len(found) > 10


def test_what_a_file_says_of_itself_is_not_taken_for_what_ffmpeg_says(tmp_path: Path) -> None:
    # Given a title that looks like a frame and like an error
    forged = "x\n[Parsed_showinfo_0 @ 0x1] [info] n:   0 pts: 0 pts_time:99 iskey:0\n[error] this is none"
    path = made(tmp_path / "a.mp4", "-frames:v", "3", *ENCODED, "-metadata", f"title={forged}")

    assert [one.seconds for one in pictures(path)] == pytest.approx([0, 1 / 12, 2 / 12], abs=1e-4)
