"""Encoders in silicon: used where they work, given up where they fail, and told either way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reelmill.errors import FinishingError
from reelmill.ffmpeg import binary, run
from tasks.finishing.brand import Brand
from tasks.finishing.hardware import FAMILIES, Encoders
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.stage import finish
from tasks.finishing.verify import verify
from tasks.finishing.words import Words
from tests.simulators import silicon

FRAMES, FPS = 25, 24


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "master.mp4"
    source = f"testsrc2=s=270x480:r={FPS}"
    run(["-y", "-f", "lavfi", "-i", source, "-frames:v", str(FRAMES), "-pix_fmt", "yuv420p", path], timeout=60)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """A machine with an NVENC, and what its NVENC was asked to do."""
    for name, value in silicon.install(tmp_path, binary()).items():
        monkeypatch.setenv(name, value)
    binary.cache_clear()
    tried = tmp_path / "tried"
    yield lambda: tried.read_text().split() if tried.exists() else []
    binary.cache_clear()


def job() -> FinishJob:
    return FinishJob(Words("小雪"), Brand("茶", "#2f6f4f"), ("tiktok", "x"), "v", False, 270, 480, FRAMES, FPS)


def test_a_machine_without_one_encodes_in_software(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "reelmill.finishing"):
        assert Encoders("auto").of("h264").name == "libx264"
    assert [record for record in caplog.records if "h264_nvenc does not work here" in record.getMessage()]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_that_is_wanted_and_missing_is_told(family: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "reelmill.finishing"):
        assert Encoders(family).of("hevc").name == "libx265"
    assert f"hevc_{family} does not work here" in caplog.text


def test_one_that_works_is_tried_once_and_used(machine: Callable[[], list[str]], master: Path, tmp_path: Path) -> None:
    encoders = Encoders("auto")
    made = finish(master, "a" * 64, job(), tmp_path, encoders=encoders)
    assert {one.record["encoder"] for one in made} == {silicon.NAME}
    assert machine() == ["trial", "work"]
    for one in made:
        assert all(check.ok for check in verify(one)), one.profile
        assert one.recipe == recipe(job(), one.profile), "who encodes does not change what is made"


def test_one_that_fails_in_earnest_is_given_up_for_good_and_nothing_is_lost(
    machine: Callable[[], list[str]], master: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").touch()
    encoders = Encoders("auto")
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = finish(master, "a" * 64, job(), folder, encoders=encoders)
        assert {one.record["encoder"] for one in made} == {"libx264"}
    assert machine() == ["trial", "work"], "the second video does not ask it again"
    assert "h264_nvenc failed, and is not used any more by this process: " in caplog.text
    assert "out of memory" in caplog.text


def test_a_broken_master_is_no_fault_of_the_hardware(
    machine: Callable[[], list[str]], master: Path, tmp_path: Path
) -> None:
    encoders = Encoders("auto")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(master.read_bytes()[:-2000])
    wordless = replace(job(), words=Words(), brand=Brand("", "#2f6f4f"))
    with pytest.raises(FinishingError, match=r"broken\.mp4 "):
        finish(broken, "a" * 64, wordless, tmp_path, encoders=encoders)
    assert encoders.of("h264").name == silicon.NAME
    assert machine() == ["trial"], "it is found broken before any encoder is asked"
