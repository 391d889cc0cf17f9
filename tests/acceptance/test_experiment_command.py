"""An experiment from the definition to its table, as a person types it."""

from __future__ import annotations

from tests.line import Project, complain

MORE = """\
    matrix: {copy: [calm, gift]}
    experiment: {of: copy, over: accounts}
"""


def tried_out(project: Project, more: str = MORE) -> None:
    project.write("{type: list, items: [{prompt: a dark pine ridge, name: 小雪}]}", more=more)
    path = project.folder / "pipelines.yaml"
    text = path.read_text(encoding="utf-8").replace("publish: [outbox]", "publish: [{to: [outbox, archive]}]")
    path.write_text(
        text.replace("targets:\n", "targets:\n  archive: {type: folder, path: archive}\n"), encoding="utf-8"
    )


def test_each_copy_goes_to_an_account_and_the_commands_say_to_which(project: Project) -> None:
    tried_out(project)
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    given = {video["variant"]: video["plan"]["posts"][0]["trial"] for video in planned["videos"]}
    assert {(trial["of"], trial["value"]) for trial in given.values()} == {("copy", "calm"), ("copy", "gift")}
    assert {trial["arm"] for trial in given.values()} == {"outbox", "archive"}
    assert "nothing of its experiment is live yet" in project.call("experiment", "quick").stdout

    done = project.call("run", "quick", "--date", "2026-11-22")
    assert done.returncode == 0, complain(done)
    shown = project.call("show", "quick").stdout
    for trial in given.values():
        assert f"copy {trial['value']}: {trial['arm']} 1" in shown
        assert len(list((project.folder / trial["arm"]).rglob("*.mp4"))) == 1
    told = project.json("show", "quick")
    assert {video["variant"]: video["experiment"] for video in told["videos"]} == {
        variant: [trial] for variant, trial in given.items()
    }

    results = project.json("experiment", "quick")
    assert [(one["value"], one["posts"], one["measured"], one["views"]) for one in results] == [
        ("calm", 1, 0, None),
        ("gift", 1, 0, None),
    ]
    assert "quick by copy" in project.call("experiment", "quick").stdout


def test_a_pipeline_without_an_experiment_is_told(project: Project) -> None:
    tried_out(project, more="")
    done = project.call("experiment", "quick")
    assert done.returncode == 2
    assert "quick makes no experiment" in done.stderr
