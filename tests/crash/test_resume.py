"""SIGKILL at every named point of the line, then resume: nothing finished is made again, nothing is posted twice."""

from __future__ import annotations

import json
import signal
import sqlite3

import pytest

from reelmill.failpoints import FAILPOINTS
from tests.line import Project


def transitions(project: Project, after: str) -> list[tuple[str, str]]:
    """Every time that something came into this state, oldest first: when, and of which subject."""
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        return connection.execute(
            "select subject_id, at from transitions where after = ? order by id", (after,)
        ).fetchall()


def clips_made(project: Project) -> dict[str, str]:
    """When each clip was recorded, by its shot: a clip that is made again has a later time."""
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        return dict(connection.execute("select shot_id, created_at from clips").fetchall())


def rows(project: Project, table: str) -> int:
    with sqlite3.connect(project.folder / ".reelmill" / "ledger.db") as connection:
        count: int = connection.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608 (a name of ours)
    return count


@pytest.mark.slow
@pytest.mark.parametrize("point", FAILPOINTS)
def test_a_run_that_is_killed_anywhere_is_resumed_without_doing_anything_twice(project: Project, point: str) -> None:
    # given a run of two videos that dies at this point
    project.write()
    died = project.call("run", "quick", "--date", "2026-11-22", environment={"REELMILL_FAILPOINT": point})
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    kept = clips_made(project)
    live = transitions(project, "live")
    # when it is resumed
    resumed = project.json("resume")
    # then it ends well, and what was there is the very same
    assert resumed["state"] == "done"
    assert resumed["count"] == {"found": 2, "done": 2, "unfinished": 0, "holds": True}
    assert {shot: made for shot, made in clips_made(project).items() if shot in kept} == kept
    assert transitions(project, "live")[: len(live)] == live
    # and every post is live exactly once, in the ledger and in the folder
    subjects = [subject for subject, _ in transitions(project, "live")]
    assert len(subjects) == len(set(subjects)) == rows(project, "posts") == len(project.posts()) == 2
    assert len({json.loads(path.read_text())["post"] for path in project.posts()}) == 2
    assert rows(project, "verdicts") <= 2 + (point in {"screen.recorded", "screen.examined"})
    # and nothing half-made is left in the outbox or the scratch folder
    assert not list((project.folder / "outbox").rglob(".*"))
    scratch = project.folder / ".reelmill" / "scratch"
    assert not scratch.exists() or not [path for path in scratch.rglob("*") if path.is_file()]


def test_killing_it_again_and_again_still_ends_well(project: Project) -> None:
    project.write()
    points = ["generate.stored", "screen.recorded", "finish.stored", "post.finalized"]
    died = project.call("run", "quick", "--date", "2026-11-22", environment={"REELMILL_FAILPOINT": points[0]})
    assert died.returncode == -signal.SIGKILL
    for point in points[1:]:
        died = project.call("resume", environment={"REELMILL_FAILPOINT": point})
        assert died.returncode == -signal.SIGKILL
    assert project.json("resume")["count"]["done"] == 2
    subjects = [subject for subject, _ in transitions(project, "live")]
    assert sorted(set(subjects)) == sorted(subjects)
    assert project.json("show", "quick")["attempt"] == len(points) + 1
