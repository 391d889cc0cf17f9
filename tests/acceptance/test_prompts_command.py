"""`reelmill prompts`, as a person types it."""

from __future__ import annotations

from tests.line import Project
from tests.unit.test_library import GOOD, written


def test_the_library_is_listed_shown_and_checked(project: Project) -> None:
    written(project.folder, GOOD)
    listed = {entry["name"]: entry for entry in project.json("prompts", "list")}
    assert listed["tea/leaf"]["shipped"] is False
    assert listed["product/steam"]["shipped"] is True
    assert "tea/leaf" in project.call("prompts", "list").stdout

    shown = project.json("prompts", "show", "tea/leaf")
    assert shown["needs"] == ["brief.leaf"]
    assert shown["examples"][0].startswith("a leaf of white tea, it unfurls slowly")
    assert "a leaf of white tea" in project.call("prompts", "show", "tea/leaf").stdout

    checked = project.call("prompts", "check")
    assert checked.returncode == 0, checked.stdout
    assert ", 0 failed" in checked.stdout
    assert project.json("prompts", "check")["failed"] == 0


def test_what_fails_is_told_at_its_line_with_exit_code_1(project: Project) -> None:
    path = written(project.folder, GOOD.replace("holds: [a leaf of white tea]", "holds: [a petal]"))
    written(project.folder, "about: 3\n", "Broken")
    done = project.call("prompts", "check")
    assert done.returncode == 1
    where = path.relative_to(project.folder)
    assert f"{where}:9:5: examples[0]: 'a petal' is not in it" in done.stdout
    assert "prompts/Broken.yaml:1:8: about" in done.stdout
    assert "nobody can use it by the name 'Broken'" in done.stdout
    assert "15 prompts, 2 failed" in done.stdout

    one = project.call("prompts", "check", "prompts/tea", "--json")
    assert one.returncode == 1
    assert '"name": "leaf"' in one.stdout


def test_what_is_not_there_is_told_with_exit_code_2(project: Project) -> None:
    assert "did you mean 'product/steam'" in project.call("prompts", "show", "product/stem").stderr
    assert project.call("prompts", "show", "../secret").returncode == 2
    assert project.call("prompts", "check", "nowhere").returncode == 2
    (project.folder / "empty").mkdir()
    assert project.call("prompts", "check", "empty").returncode == 2
