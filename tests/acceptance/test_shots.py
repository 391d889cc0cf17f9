"""A definition with several shots becomes one video, by the commands as a person types them."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from reelmill.files import sha256_of
from reelmill.frames import read_frames
from tasks.finishing import mp4
from tests.crash.test_resume import clips_made, rows, transitions
from tests.line import Project, complain
from tests.moviepy_python import moviepy_python

SHOTS = """\
    shots:
      - {}
      - {subject: plum blossoms, action: petals drift, seconds: 2, join: crossfade}
      - {subject: a bowl of dumplings, camera: "", seed: 7}
    assemble: {join: black, join_seconds: 0.25EFFECT}
"""
#: Frames of the three clips and of the two joints.
TOGETHER = (13 + 25 + 13) - 3 - 3
ONE_PROMPT = "{type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}"
EFFECT = ", effect: {call: effects/dim.py:dim, options: {to: 0.5}}"
DIM = """
def dim(clip, to):
    return clip.image_transform(lambda picture: picture * to)
"""


def write(project: Project, shots: str = SHOTS, *, effect: str = "") -> None:
    project.write(ONE_PROMPT, more=shots.replace("EFFECT", effect))


def add_effect(project: Project, code: str = DIM) -> None:
    folder = project.folder / "effects"
    folder.mkdir(exist_ok=True)
    (folder / "dim.py").write_text(code, encoding="utf-8")


def masters(project: Project) -> dict[str, str]:
    """When each master was recorded, by its edit."""
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        return dict(connection.execute("select id, created_at from masters").fetchall())


def posted(project: Project) -> Path:
    (video,) = (project.folder / "outbox").rglob("*.mp4")
    return video


def test_three_shots_become_one_video_and_nothing_is_made_again(project: Project) -> None:
    write(project)
    assert project.call("check").returncode == 0
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    (plan,) = [video["plan"] for video in planned["videos"]]
    assert [shot["frames"] for shot in plan["shots"]] == [13, 25, 13]
    assert len({shot["seed"] for shot in plan["shots"]}) == 3
    assert plan["shots"][2]["seed"] == 7

    done = project.call("run", "quick", "--date", "2026-11-22")

    told = complain(done)
    assert done.returncode == 0, told
    assert "generate 小雪: 4.2 s in 3 shots (" in done.stderr
    assert "assemble 小雪: 3.8 s (" in done.stderr
    assert mp4.read(posted(project)).video.seconds == pytest.approx(TOGETHER / 12, abs=0.05)
    sidecar = json.loads(project.posts()[0].read_text(encoding="utf-8"))
    assert sidecar["verdict"]["decision"] == "pass"
    made, kept = clips_made(project), masters(project)
    assert (len(made), len(kept)) == (3, 1)
    again = project.json("run", "quick", "--date", "2026-11-22")
    assert again["state"] == "done"
    assert (clips_made(project), masters(project)) == (made, kept)


def test_what_the_shots_show_is_in_the_video_in_their_order(project: Project) -> None:
    write(project, SHOTS.replace("join: crossfade", "join: cut").replace("join: black", "join: cut"))
    (video,) = project.json("run", "quick", "--date", "2026-11-22")["videos"]
    assert video["prompt"].splitlines()[1].startswith("plum blossoms, petals drift, a quiet valley, ink wash")
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        found = connection.execute(
            "select c.sha256 from video_shots s join clips c on c.shot_id = s.shot_id order by s.position"
        ).fetchall()
    store = project.folder / ".reelmill" / "store"
    whole = [frame.astype(float) for frame in read_frames(next(store.rglob(f"{video['master']}*")), 64, 112)]
    parts = [
        frame.astype(float) for (sha256,) in found for frame in read_frames(next(store.rglob(f"{sha256}*")), 64, 112)
    ]
    assert len(whole) == len(parts) == 51
    assert max(float(np.abs(one - other).mean()) for one, other in zip(whole, parts, strict=True)) < 3


@pytest.mark.slow
@pytest.mark.parametrize("point", ["generate.recorded:2", "assemble.made", "assemble.stored", "assemble.recorded"])
def test_killed_while_its_master_is_made_a_video_is_resumed(project: Project, point: str) -> None:
    write(project)
    died = project.call("run", "quick", "--date", "2026-11-22", environment={"REELMILL_FAILPOINT": point})
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    kept, known = clips_made(project), masters(project)

    resumed = project.json("resume")

    assert resumed["count"] == {"found": 1, "done": 1, "unfinished": 0, "holds": True}
    assert {shot: made for shot, made in clips_made(project).items() if shot in kept} == kept
    assert {edit: made for edit, made in masters(project).items() if edit in known} == known
    assert (rows(project, "clips"), rows(project, "masters"), rows(project, "verdicts")) == (3, 1, 1)
    assert len(transitions(project, "live")) == len(project.posts()) == 1


def test_an_effect_makes_another_master_of_the_same_clips(project: Project) -> None:
    write(project)
    (plain,) = project.json("run", "quick", "--date", "2026-11-22")["videos"]
    add_effect(project)
    write(project, effect=EFFECT)
    environment = {"REELMILL_EFFECTS_PYTHON": moviepy_python()}

    (dim,) = project.json("run", "quick", "--date", "2026-11-22", "--remake", environment=environment)["videos"]

    assert dim["master"] != plain["master"]
    assert (rows(project, "clips"), rows(project, "masters")) == (3, 2)
    store = project.folder / ".reelmill" / "store"
    bright = [
        float(np.mean([frame.mean() for frame in read_frames(next(store.rglob(f"{sha}*")), 64, 112)]))
        for sha in (plain["master"], dim["master"])
    ]
    assert bright[1] == pytest.approx(bright[0] / 2, abs=3)
    assert sha256_of(next(store.rglob(f"{dim['master']}*"))) == dim["master"]


def test_an_effect_that_fails_ends_its_video_and_is_mended_and_resumed(project: Project) -> None:
    add_effect(project, DIM.replace("picture * to", "picture / 0 * None"))
    write(project, effect=EFFECT)
    environment = {"REELMILL_EFFECTS_PYTHON": moviepy_python()}
    failed = project.call("run", "quick", "--date", "2026-11-22", environment=environment)
    assert failed.returncode == 1
    assert "the effect dim.py:dim failed: TypeError" in complain(failed)
    assert "(line 3)" in complain(failed)
    made = clips_made(project)
    add_effect(project)

    resumed = project.json("resume", environment=environment)

    assert resumed["count"]["done"] == 1
    assert clips_made(project) == made


def test_check_finds_what_could_not_be_assembled(project: Project) -> None:
    write(project, SHOTS.replace("seconds: 2", "seconds: 0.4").replace("0.25", "0.5"), effect=EFFECT)
    done = project.call("check", "--json")
    assert done.returncode == 2
    problems = {one["path"]: one for one in json.loads(done.stdout)["error"]["problems"]}
    assert set(problems) == {"pipelines.quick.shots[1]", "pipelines.quick.assemble.effect.call"}
    assert "cannot be read" in problems["pipelines.quick.assemble.effect.call"]["reason"]

    add_effect(project)
    write(project, effect=EFFECT)
    without = project.call("run", "quick", "--date", "2026-11-22")
    assert without.returncode != 0
    assert "an effect needs MoviePy" in complain(without)
    assert not (project.folder / "outbox").exists()
