"""The commands as a person types them, on a real Prefect server."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from flows.server import LocalServer
from tests.acceptance.test_bad_input import GOOD_ITEM, RSS, draw_cup
from tests.line import Project, complain


def ask(server: LocalServer, path: str, **body: object) -> object:
    """POST to the Prefect API, with the CSRF token that it asks for."""
    with httpx.Client(base_url=server.url, headers={"Prefect-Csrf-Client": "test"}, trust_env=False) as client:
        token = client.get("/csrf-token", params={"client": "test"}).json()["token"]
        answer = client.post(path, json=body, headers={"Prefect-Csrf-Token": token})
        answer.raise_for_status()
        return answer.json()


def test_a_run_makes_finished_videos_and_says_where_they_are(project: Project) -> None:
    project.write()
    done = project.call("run", "quick", "--date", "2026-11-22")
    told = complain(done)
    assert done.returncode == 0, told
    assert "2 found = 2 done + 0 failed + 0 in review + 0 rejected + 0 skipped" in done.stdout
    assert str(project.folder / "outbox") in done.stdout
    assert "finish   小雪: 1 rendition (" in done.stderr  # plain lines, since this is no terminal
    sidecar = json.loads(project.posts()[0].read_text(encoding="utf-8"))
    assert sidecar["labels"]["visible"]["text"] == "AI生成"
    assert sidecar["verdict"]["decision"] == "pass"
    assert {"opennsfw", "nudenet"} == set(sidecar["verdict"]["detectors"])


def test_running_it_again_makes_nothing_again(project: Project) -> None:
    project.write()
    first = project.json("run", "quick", "--date", "2026-11-22")
    made = {path: path.stat().st_mtime_ns for path in (project.folder / "outbox").rglob("*.*")}
    again = project.json("run", "quick", "--date", "2026-11-22")
    assert again["id"] == first["id"]
    assert again["attempt"] == 2
    assert [video["renditions"] for video in again["videos"]] == [video["renditions"] for video in first["videos"]]
    assert {path: path.stat().st_mtime_ns for path in (project.folder / "outbox").rglob("*.*")} == made


def test_a_longer_list_adds_videos_to_the_same_run(project: Project) -> None:
    project.write()
    limited = project.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
    whole = project.json("run", "quick", "--date", "2026-11-22")
    assert (limited["count"]["done"], whole["count"]["done"]) == (1, 2)
    assert whole["id"] == limited["id"]


def test_a_changed_caption_is_made_again_only_when_asked(project: Project) -> None:
    project.write()
    first = project.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
    project.write(title="新 {{ brief.name }}")
    kept = project.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
    assert kept["videos"][0]["renditions"] == first["videos"][0]["renditions"]
    remade = project.json("run", "quick", "--date", "2026-11-22", "--limit", "1", "--remake")
    assert remade["videos"][0]["renditions"] != first["videos"][0]["renditions"]
    assert remade["videos"][0]["master"] == first["videos"][0]["master"]  # the clip did not change
    assert len(project.posts()) == 1
    assert json.loads(project.posts()[0].read_text(encoding="utf-8"))["title"] == "新 小雪"


def test_plan_says_what_run_then_makes_and_makes_nothing_itself(project: Project) -> None:
    project.write()
    planned = project.json("plan", "quick", "--date", "2026-11-22")
    assert not (project.folder / "outbox").exists()
    run = project.json("run", "quick", "--date", "2026-11-22")
    assert [video["title"] for video in planned["videos"]] == [video["title"] for video in run["videos"]]
    assert [video["plan"]["shots"][0]["prompt"] for video in planned["videos"]] == [
        video["prompt"] for video in run["videos"]
    ]
    assert {video["state"] for video in project.json("plan", "quick", "--date", "2026-11-22")["videos"]} == {"done"}


def test_an_event_is_one_run_however_often_it_comes(project: Project) -> None:
    project.write("{type: event, require: [sentence]}", subject="{{ brief.sentence }}", title="{{ brief.sentence }}")
    event = '{"id": "lesson-7", "sentence": "一只小狐狸在雪地里散步"}'
    first = project.json("run", "quick", "--event", event)
    again = project.json("run", "quick", "--event", event)
    other = project.json("run", "quick", "--event", event.replace("lesson-7", "lesson-8"))
    assert first["id"] == again["id"] != other["id"]
    assert first["occasion"] == "event:lesson-7"
    assert len(project.posts()) == 1 + (other["count"]["done"] == 1 and len(project.posts()) == 2)


def test_only_changed_products_are_made_on_another_day(project: Project) -> None:
    draw_cup(project.folder)
    feed = project.folder / "feed.xml"
    second = GOOD_ITEM.replace("<g:id>cup", "<g:id>pot").replace("青瓷杯", "茶壶")
    feed.write_text(RSS.format(GOOD_ITEM + second), encoding="utf-8")
    source = "{type: product_feed, url: feed.xml, changes_only: true}"
    project.write(source, subject="{{ brief.title }}", title="{{ brief.title }}")
    assert project.json("run", "quick", "--date", "2026-11-22")["count"]["done"] == 2
    cheaper = second.replace("128 CNY", "99 CNY")  # which no template shows, so it is no change alone
    feed.write_text(RSS.format(GOOD_ITEM + cheaper.replace("茶壶", "大茶壶")), encoding="utf-8")
    next_day = project.json("run", "quick", "--date", "2026-11-23")
    assert [video["title"] for video in next_day["videos"]] == ["大茶壶"]
    assert next_day["unchanged"] == 1
    feed.write_text(RSS.format(GOOD_ITEM + second.replace("茶壶", "大茶壶")), encoding="utf-8")
    nothing_new = project.json("run", "quick", "--date", "2026-11-24")
    assert (nothing_new["count"]["found"], nothing_new["unchanged"]) == (0, 2)


def test_a_delivered_file_is_verified_and_one_changed_byte_is_seen(project: Project) -> None:
    project.write()
    project.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
    (video,) = (project.folder / "outbox").rglob("*.mp4")
    (proven,) = project.json("verify", "outbox")
    names = ["sha256", "media", "sound", "label", "aigc", "xmp", "mark", "c2pa", "cover"]
    assert (proven["ok"], [check["name"] for check in proven["checks"]]) == (True, names)

    content = bytearray(video.read_bytes())
    pictures = [project.folder / path for path in project.json("preview", "outbox", "--out", "pictures")]
    pictures += map(Path, project.json("preview", str(video), "--gif")[:1])
    told = []
    for path in pictures:
        with Image.open(path) as picture:
            told.append((picture.format, picture.width, getattr(picture, "n_frames", 1) > 5))
    assert told == [("WEBP", 360, True), ("JPEG", 1000, False), ("GIF", 240, True)]

    (stored,) = (path for path in (project.folder / ".reelmill").rglob("*.mp4") if path.read_bytes() == content)
    assert project.json("verify", str(stored))[0]["ok"], "the ledger knows what was promised of what lies in the store"
    content[len(content) // 2] ^= 1
    video.unlink()
    video.write_bytes(content)
    changed = project.call("verify", str(video))
    assert changed.returncode == 1
    assert "0 files as promised, 1 not" in complain(changed)

    (project.folder / "other.mp4").write_bytes(content)
    assert "the ledger does not know it" in complain(project.call("verify", "other.mp4"))
    for arguments in ((), ("nowhere",), (str(project.folder / "assets"),)):
        (project.folder / "assets").mkdir(exist_ok=True)
        refused = project.call("verify", *arguments)
        assert (refused.returncode, "error: " in complain(refused)) == (2, True)


def test_what_an_account_had_before_is_told_and_not_posted_again(project: Project) -> None:
    """Another day's run makes the very same videos."""
    project.write()
    project.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
    again = project.call("run", "quick", "--date", "2026-11-23", "--limit", "1")
    assert again.returncode == 0
    assert (
        "posted before: outbox has it from quick@2026-11-22; `allow_repost: true` would post it again" in again.stdout
    )
    assert len(project.posts()) == 1

    allowed = project.write().read_text(encoding="utf-8").replace("[outbox]", "[{to: outbox, allow_repost: true}]")
    (project.folder / "pipelines.yaml").write_text(allowed, encoding="utf-8")
    project.json("run", "quick", "--date", "2026-11-24", "--limit", "1")
    assert len(project.posts()) == 2


def test_the_dashboard_shows_the_run_and_all_its_tasks(project: Project, prefect_server: LocalServer) -> None:
    project.write()
    run = project.json("run", "quick", "--date", "2026-11-22")
    flow_run_id = run["flow_run_id"]
    with httpx.Client(base_url=prefect_server.url, trust_env=False) as client:
        shown = client.get(f"/flow_runs/{flow_run_id}").json()
    assert shown["name"] == "quick 2026-11-22 小雪 + 1"
    assert shown["state_type"] == "COMPLETED"
    expected = {"plan quick 2026-11-22"} | {
        f"{stage} {video}" for stage in ("generate", "screen", "finish", "publish") for video in ("小雪", "大雪")
    }
    deadline = time.monotonic() + 15  # rows arrive as events
    while True:
        tasks = ask(prefect_server, "/task_runs/filter", flow_runs={"id": {"any_": [flow_run_id]}})
        assert isinstance(tasks, list)
        if {task["name"] for task in tasks if task["state_type"] == "COMPLETED"} == expected:
            break
        assert time.monotonic() < deadline, [(task["name"], task["state_type"]) for task in tasks]
        time.sleep(0.2)


def stopped(project: Project, signals: Mapping[str, signal.Signals]) -> dict[str, Any]:
    """A run that is sent signals, each after a line that begins so. It ends well, and says how to go on."""
    process = subprocess.Popen(
        project.command("run", "quick", "--date", "2026-11-22"),
        cwd=project.folder,
        env=project.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for begins, number in signals.items():
        for line in process.stderr:
            if line.startswith(begins):
                break
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, out + err
    assert "Traceback" not in out + err
    assert "go on with `reelmill resume quick@2026-11-22`" in out
    (told,) = project.json("runs")
    assert told["state"] == "interrupted"
    assert isinstance(told, dict)
    return told


def test_ctrl_c_leaves_a_run_that_can_be_resumed_and_says_so(project: Project) -> None:
    items = ", ".join(f"{{prompt: a pine number {number}, name: '{number}'}}" for number in range(10))
    project.write(f"{{type: list, items: [{items}]}}")
    kept = stopped(project, {"finish": signal.SIGINT})["count"].get("done", 0)
    project.write(f"{{type: list, items: [{items}]}}")
    resumed = project.json("resume", timeout=300)
    assert resumed["count"]["done"] == 10 > kept


def test_being_told_to_stop_twice_says_the_same_and_shows_no_traceback(project: Project) -> None:
    project.write()
    stopped(project, {"generate": signal.SIGTERM, "stopping": signal.SIGTERM})


def test_a_second_process_does_not_work_on_the_same_run(project: Project) -> None:
    items = ", ".join(f"{{prompt: a pine number {number}, name: '{number}'}}" for number in range(6))
    project.write(f"{{type: list, items: [{items}]}}")
    process = subprocess.Popen(
        project.command("run", "quick", "--date", "2026-11-22"),
        cwd=project.folder,
        env=project.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("generate"):
            break
    refused = project.call("run", "quick", "--date", "2026-11-22")
    assert refused.returncode == 1
    assert f"is being worked on by process {process.pid}" in complain(refused)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err


def test_show_and_runs_tell_the_same_as_json(project: Project) -> None:
    project.write()
    run = project.json("run", "quick", "--date", "2026-11-22")
    for name in ("quick", "quick@2026-11-22", run["id"], run["id"][:8]):
        assert project.json("show", name)["id"] == run["id"]
    shown = project.call("show", "quick", "--files", "--history", "--subtitles", "spoken").stdout
    assert "小雪" in shown
    assert "nothing is spoken in its videos" in shown
    assert not (project.folder / "spoken").exists()
    assert str(project.folder / ".reelmill" / "store") in shown
    assert "armed" in shown
    listed = project.call("runs", "quick").stdout
    assert run["id"][:8] in listed


def test_the_gallery_is_one_page_whose_files_are_there(project: Project) -> None:
    project.write()
    project.json("run", "quick", "--date", "2026-11-22")
    page = Path(project.json("gallery")["page"])
    html = page.read_text(encoding="utf-8")
    assert html.count("<video") == 2
    for attribute in ('src="', 'poster="'):
        for piece in html.split(attribute)[1:]:
            assert (page.parent / piece.split('"')[0]).is_file()
    assert "http://" not in html
    assert "https://" not in html


def test_a_gallery_shows_foreign_text_as_text(project: Project) -> None:
    project.write("{type: list, items: [{prompt: a pine, name: '<script>alert(1)</script>'}]}")
    project.json("run", "quick", "--date", "2026-11-22")
    html = Path(project.json("gallery")["page"]).read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


ODD_NAME = "茶[/] [red]杯 [nudenet]"


def test_brackets_in_a_title_are_shown_as_they_are(project: Project) -> None:
    project.write(f"{{type: list, items: [{{prompt: 'a pine [/b] ridge', name: '{ODD_NAME}'}}]}}")
    for arguments in (("plan", "quick", "--prompts"), ("run", "quick"), ("show", "quick", "--files", "--history")):
        told = project.call(*arguments)
        assert told.returncode == 0, told.stdout + told.stderr
        assert ODD_NAME in told.stdout
    assert "a pine [/b] ridge" in project.call("plan", "quick", "--prompts").stdout


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_locale_without_chinese_letters_stops_nothing(project: Project, locale: dict[str, str]) -> None:
    project.write()
    environment = {**project.variables(locale), "PYTHONCOERCECLOCALE": "0"}
    for arguments in (["run", "quick", "--date", "2026-11-22"], ["show", "quick"], ["show", "quick", "--json"]):
        done = subprocess.run(
            project.command(*arguments), cwd=project.folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "小雪" in done.stdout.decode()


def test_a_terminal_sees_bars_that_end_in_the_same_report(project: Project) -> None:
    project.write(f"{{type: list, items: [{{prompt: a pine, name: '{ODD_NAME}'}}]}}")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 160))
    process = subprocess.Popen(
        project.command("run", "quick", "--date", "2026-11-22"),
        cwd=project.folder,
        env={**project.variables(), "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # Linux ends the terminal's stream with an error
        while piece := os.read(ours, 65536):
            seen += piece
    os.close(ours)
    screen = seen.decode()
    assert process.wait(timeout=60) == 0, screen
    for stage in ("generate", "screen", "finish", "publish"):
        assert re.search(rf"{stage}\s.*1/1", screen), screen
    assert "1 found = 1 done" in screen
    assert ODD_NAME in screen


def test_doctor_finds_this_machine_well(project: Project) -> None:
    project.write()
    told = project.json("doctor")
    assert told["healthy"] is True
    assert {"ffmpeg", "fonts", "engine storyboard", "detector opennsfw", "prefect"} <= {
        finding["what"] for finding in told["findings"]
    }


def test_doctor_says_what_is_missing(project: Project) -> None:
    broken = project.call("doctor", environment={"REELMILL_FFMPEG": "/no/such/ffmpeg"})
    assert broken.returncode == 1
    assert "REELMILL_FFMPEG" in complain(broken)


def test_db_shows_and_upgrades_the_schema(project: Project) -> None:
    assert project.json("db")["schema"] is None
    assert project.json("db", "upgrade")["schema"] == project.json("db")["newest"]


def test_init_starts_a_project_that_checks(project: Project) -> None:
    made = project.json("init")
    assert (project.folder / "pipelines.yaml").is_file()
    assert set(made["files"]) == {"pipelines.yaml", "pipelines.schema.json", "assets"}
    assert len(project.json("check")["pipelines"]) == 4
    assert project.call("init").returncode == 2


def test_every_command_has_help_and_its_place_in_the_readme(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.cli.app import COMMANDS, OK, call

    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    root = project.call("--help").stdout
    for name, _, _ in COMMANDS:
        assert name in root
        assert f"reelmill {name}" in readme, f"`reelmill {name}` is not in the README"
        assert call([name, "--help"]) == OK
        told = capsys.readouterr()
        assert f"Usage: reelmill {name}" in told.out
        assert not told.err


@pytest.mark.slow
def test_a_server_of_our_own_is_started_once_kept_and_stopped(project: Project) -> None:
    project.write()
    alone = {"PREFECT_API_URL": "", "PREFECT_HOME": str(project.folder / "none"), "REELMILL_PREFECT_PORT": "42170"}
    alone = {name: value for name, value in alone.items() if value}
    environment = {name: value for name, value in project.environment.items() if name != "PREFECT_API_URL"}
    own = Project(project.folder, {**environment, **alone})
    try:
        first = own.json("run", "quick", "--date", "2026-11-22", "--limit", "1")
        again = own.json("run", "quick", "--date", "2026-11-22")
        assert first["page"].split("/runs")[0] == again["page"].split("/runs")[0]
        assert first["page"].startswith("http://127.0.0.1:")
        assert any("local server" in finding["found"] for finding in own.json("doctor")["findings"])
    finally:
        stopped = own.json("down")
    assert stopped["stopped"]
    assert own.json("down")["stopped"] is None
