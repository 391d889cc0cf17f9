"""A definition with a narration and music becomes files that are heard, by the commands as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reelmill.ffmpeg import run
from reelmill.subtitles import KINDS
from tasks.finishing import mp4
from tasks.finishing.sound import loudness
from tests.line import Project, complain

SOUND = """\
    sound:
      narration: "{{ brief.name }}。"
      music: {folder: assets/music, volume: -12, fade: 0.3, duck: 8}
"""


def write(project: Project, sound: str = SOUND) -> None:
    path = project.write(more=sound)
    path.write_text(path.read_text(encoding="utf-8").replace("seconds: 1,", "seconds: 2,"), encoding="utf-8")


def add_music(project: Project) -> None:
    folder = project.folder / "assets" / "music"
    folder.mkdir(parents=True)
    for name, hertz in (("low.mp3", 220), ("high.ogg", 880)):
        run(["-y", "-f", "lavfi", "-i", f"sine=f={hertz}:d=0.7", folder / name], timeout=60)


def videos(project: Project) -> list[Path]:
    return sorted((project.folder / "outbox").rglob("*.mp4"))


@pytest.mark.slow
def test_a_run_makes_videos_that_are_heard_and_makes_none_again(project: Project) -> None:
    write(project)
    add_music(project)
    done = project.call("check")
    assert done.returncode == 0, complain(done)

    first = project.json("run", "quick", "--date", "2026-11-22")

    assert len(videos(project)) == 2
    for path in videos(project):
        found = loudness.measure(path)
        assert found.lufs == pytest.approx(-14, abs=1)
        assert found.true_peak <= -1
        assert mp4.read(path).sound.seconds == pytest.approx(mp4.read(path).video.seconds, abs=0.1)
    again = project.json("run", "quick", "--date", "2026-11-22")
    assert [video["renditions"] for video in again["videos"]] == [video["renditions"] for video in first["videos"]]


@pytest.mark.slow
def test_what_is_spoken_lies_beside_the_videos_and_is_handed_out(project: Project) -> None:
    write(project, '    sound: {narration: "{{ brief.name }}。"}\n')
    project.json("run", "quick", "--date", "2026-11-22")
    beside = {path.name: path for path in (project.folder / "outbox").rglob("*.*") if path.suffix[1:] in KINDS}
    assert len(beside) == 6
    assert {path.with_suffix(".mp4") for path in beside.values()} == set(videos(project))
    srts = [path.read_text(encoding="utf-8") for path in beside.values() if path.suffix == ".srt"]
    assert sum("小雪。" in text for text in srts) == 1

    done = project.call("show", "quick", "--subtitles", "spoken")

    assert done.returncode == 0, complain(done)
    assert "subtitles: 6 files → spoken" in done.stdout
    written = {path.name: path.read_bytes() for path in (project.folder / "spoken").iterdir()}
    assert written == {name: path.read_bytes() for name, path in beside.items()}
    (project.folder / "taken").write_text("a file where the folder should be")
    refused = project.call("show", "quick", "--subtitles", "taken")
    assert refused.returncode == 1
    assert "name another folder" in complain(refused)


def test_check_refuses_what_could_not_be_heard(project: Project) -> None:
    write(project)
    done = project.call("check", "--json")
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["error"]["problems"]
    assert problem["path"] == "pipelines.quick.sound.music.folder"
    add_music(project)
    write(project, '    sound: {narration: {text: "{{ brief.name }}", engine: piper, voice: voice.onnx}}\n')

    told = complain(project.call("check"))
    assert "pipelines.yaml:14:" in told
    assert "piper" in told
    refused = project.call("run", "quick", "--date", "2026-11-22")
    assert refused.returncode != 0
    assert "piper" in complain(refused)
    assert videos(project) == []
