"""What a person gets for bad input: a reason, an instruction, the right exit code, no traceback, a run to resume."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.line import TWO_PROMPTS, Project, complain

GOOD_ITEM = """<item><g:id>cup</g:id><title>青瓷杯</title><link>https://shop.example/cup</link>
<g:price>128 CNY</g:price><g:image_link>cup.png</g:image_link></item>"""
RSS = '<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>t</title>{}</channel></rss>'


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A web server on loopback, for the time of the block."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base class's name)
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def draw_cup(folder: Path) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(picture).ellipse((100, 120, 300, 320), fill=(90, 150, 120))
    picture.save(folder / "cup.png")


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        ("deliver: [douyin]", "deliverr: [douyin]", "12:5", "did you mean `deliver`"),
        ("seconds: 1", "seconds: long", "10:45", "number"),
        ("brand: {name: 山野茶事}", "brand: &x {name: 山野茶事}\nagain: *x", "3:8", "alias"),
        ("deliver: [douyin]", "deliver: [douyin]\n    deliver: [tiktok]", "13:5", "twice"),
        ("{{ brief.name }}", "{{ brief.nmae }}", "11:22", "did you mean `name`"),
        ("deliver: [douyin]", "deliver: [douyn]", "12:15", "did you mean `douyin`"),
        ("publish: [outbox]", "publish: [outbx]", "13:15", "did you mean `outbox`"),
        ("engine: storyboard", "engine: storybord", "10:24", "did you mean `storyboard`"),
        ("size: 256x448", "size: 250x448", "10:54", "256x448"),
    ],
)
def test_a_wrong_definition_is_refused_at_its_place(
    project: Project, before: str, after: str, place: str, words: str
) -> None:
    path = project.write()
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    refused = project.call("check")
    told = complain(refused)
    assert refused.returncode == 2, told
    assert re.search(rf"^pipelines\.yaml:{place}:", told, re.MULTILINE), told  # the file as it was named
    assert words in told, told


@pytest.mark.parametrize("arguments", [["run", "quick"], ["plan", "quick"], ["deploy"]])
def test_nothing_is_done_with_a_wrong_definition(project: Project, arguments: list[str]) -> None:
    path = project.write()
    path.write_text(path.read_text(encoding="utf-8").replace("deliver:", "deliverr:"), encoding="utf-8")
    refused = project.call(*arguments)
    told = complain(refused)
    assert refused.returncode == 2, told
    assert re.search(r"^pipelines\.yaml:12:5: .*deliver", told, re.MULTILINE), told
    assert not (project.folder / "outbox").exists()


def test_all_errors_are_told_at_once(project: Project) -> None:
    path = project.write()
    text = path.read_text(encoding="utf-8")
    text = text.replace("deliver:", "deliverr:").replace("seconds: 1", "seconds: long").replace("[outbox]", "[outbx]")
    path.write_text(text, encoding="utf-8")
    told = complain(project.call("check"))
    assert len(re.findall(r"pipelines\.yaml:\d+:\d+:", told)) >= 3, told


def test_a_missing_definition_says_how_to_get_one(project: Project) -> None:
    refused = project.call("run", "quick")
    assert refused.returncode == 2
    assert "reelmill init" in complain(refused)


def test_an_unknown_pipeline_has_the_nearest_name(project: Project) -> None:
    project.write()
    refused = project.call("run", "quik")
    assert refused.returncode == 2
    assert "did you mean 'quick'" in complain(refused)


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "quick", "--date", "tomorrow"], ["runn", "quick"], ["show", "nothing"]]
)
def test_wrong_use_is_exit_code_2(project: Project, arguments: list[str]) -> None:
    project.write()
    refused = project.call(*arguments)
    complain(refused)
    assert refused.returncode == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<html><body>Please log in</body></html>", "not a"),
        ("this is no XML", ""),
        ("", "empty"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + RSS.format(GOOD_ITEM), ""),
        (RSS.format(""), "nothing"),
        (RSS.format("<item><g:id>cup</g:id><title>杯</title></item>"), "image"),
    ],
    ids=["html", "text", "empty-file", "entities", "no-items", "no-image"],
)
def test_a_feed_that_cannot_be_used_fails_the_run_with_a_reason(project: Project, content: str, words: str) -> None:
    (project.folder / "feed.xml").write_text(content, encoding="utf-8")
    project.write("{type: product_feed, url: feed.xml}", subject="{{ brief.title }}", title="{{ brief.title }}")
    failed = project.call("run", "quick", "--date", "2026-11-22")
    told = complain(failed)
    assert failed.returncode == 1, told
    assert words in told
    assert "reelmill resume quick@2026-11-22" in told


def test_a_run_goes_on_when_its_feed_is_mended(project: Project) -> None:
    project.write("{type: product_feed, url: feed.xml}", subject="{{ brief.title }}", title="{{ brief.title }}")
    (project.folder / "feed.xml").write_text(RSS.format(""), encoding="utf-8")
    assert project.call("run", "quick", "--date", "2026-11-22").returncode == 1
    draw_cup(project.folder)
    (project.folder / "feed.xml").write_text(RSS.format(GOOD_ITEM), encoding="utf-8")
    resumed = project.json("resume", "quick@2026-11-22")
    assert (resumed["state"], resumed["count"]["done"]) == ("done", 1)


def test_a_feed_that_is_not_there_is_told_with_its_status(project: Project) -> None:
    with serving(project.folder) as port:
        host = f"127.0.0.1:{port}"
        project.write(
            f'{{type: product_feed, url: "http://{host}/feed.xml"}}',
            subject="{{ brief.title }}",
            title="{{ brief.title }}",
        )
        failed = project.call("run", "quick", environment={"REELMILL_FETCH_PRIVATE": host})
        told = complain(failed)
        assert failed.returncode == 1
        assert "404" in told
        refused = project.call("run", "quick")  # and without the permission, loopback is not even asked
        told = complain(refused)
        assert refused.returncode == 1
        assert "404" not in told


def test_bad_items_are_skipped_with_a_reason_and_the_rest_is_made(project: Project) -> None:
    draw_cup(project.folder)
    without_id = GOOD_ITEM.replace("<g:id>cup</g:id>", "")
    without_image = GOOD_ITEM.replace("<g:image_link>cup.png</g:image_link>", "").replace("cup<", "bare<")
    (project.folder / "feed.xml").write_text(RSS.format(without_id + GOOD_ITEM + without_image), encoding="utf-8")
    project.write("{type: product_feed, url: feed.xml}", subject="{{ brief.title }}", title="{{ brief.title }}")
    run = project.json("run", "quick", "--date", "2026-11-22")
    assert run["count"] == {"found": 3, "done": 1, "skipped": 2, "unfinished": 0, "holds": True}
    assert all(video["reason"] for video in run["videos"] if video["state"] == "skipped")


def test_a_field_that_only_the_data_lacks_is_told_and_the_rest_is_made(project: Project) -> None:
    (project.folder / "list.jsonl").write_text(
        '{"prompt": "a pine", "name": "松"}\n{"prompt": "a cup"}\n', encoding="utf-8"
    )
    project.write("{type: list, path: list.jsonl}")
    failed = project.call("run", "quick", "--date", "2026-11-22")
    told = complain(failed)
    assert failed.returncode == 1
    assert "name" in told
    assert len(project.posts()) == 1


def test_a_glyph_that_no_font_has_is_told_before_anything_is_made(project: Project) -> None:
    project.write("{type: list, items: [{prompt: a pine, name: 'ꙮ'}]}")
    failed = project.call("run", "quick")
    assert failed.returncode == 1
    assert "ꙮ" in complain(failed)
    assert not list((project.folder / ".reelmill" / "store").rglob("*.mp4"))


@pytest.mark.parametrize("event", ["[]", "nonsense", '{"id": 1', "missing.json"])
def test_an_event_that_is_no_object_is_refused(project: Project, event: str) -> None:
    project.write("{type: event, require: [sentence]}", subject="{{ brief.sentence }}", title="{{ brief.sentence }}")
    refused = project.call("run", "quick", "--event", event)
    assert refused.returncode == 2
    complain(refused)


def test_an_event_without_what_is_required_fails_the_run(project: Project) -> None:
    project.write("{type: event, require: [sentence]}", subject="{{ brief.sentence }}", title="{{ brief.sentence }}")
    failed = project.call("run", "quick", "--event", '{"id": "e1", "words": "x"}')
    assert failed.returncode == 1
    assert "sentence" in complain(failed)


def in_a_mount(options: str, place: Path) -> list[str]:
    """The beginning of a command that runs with another file system at a place, seen by that command only."""
    for flags in (["-m"], ["-Urm"]):
        prefix = ["unshare", *flags, "sh", "-c", f'mount -t tmpfs -o {options} tmpfs "{place}" && exec "$@"', "sh"]
        if (
            shutil.which("unshare")
            and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
        ):
            return prefix
    if os.environ.get("CI"):
        pytest.fail("this machine cannot mount a file system of its own, which CI must")
    pytest.skip("needs the right to mount a file system of its own (unshare)")


def test_a_read_only_home_is_refused_before_anything_happens(project: Project) -> None:
    project.write()
    home = project.folder / ".reelmill"
    home.mkdir()
    failed = project.call("run", "quick", prefix=in_a_mount("ro", home))
    told = complain(failed)
    assert failed.returncode == 1
    assert "read-only" in told.lower() or "cannot be" in told
    assert "REELMILL_HOME" in told or "writable" in told
    assert project.call("doctor", prefix=in_a_mount("ro", home)).returncode == 1


def test_a_run_that_does_not_fit_on_the_disk_is_refused_with_numbers_before_a_clip_is_made(project: Project) -> None:
    # given a store on a disk that the run does not fit on
    project.write(TWO_PROMPTS)
    store = project.folder / "store"
    store.mkdir()
    environment = {"REELMILL_STORE_URL": str(store)}
    failed = project.call(
        "run", "quick", "--date", "2026-11-22", prefix=in_a_mount("size=16k", store), environment=environment
    )
    told = complain(failed)
    assert failed.returncode == 1
    assert re.search(r"this run needs about [\d.]+ MB, and 500 MB are kept free; \d+ [kM]B are free on ", told), told
    assert "generate" not in told
    assert "reelmill resume quick@2026-11-22" in told
    # when there is room
    resumed = project.json("resume", environment=environment)
    # then it goes on
    assert resumed["count"]["done"] == 2
    assert len(project.posts()) == 2


def test_a_full_outbox_leaves_a_run_that_can_be_resumed(project: Project) -> None:
    project.write(TWO_PROMPTS)
    outbox = project.folder / "outbox"
    outbox.mkdir()
    failed = project.call("run", "quick", "--date", "2026-11-22", prefix=in_a_mount("size=16k", outbox))
    told = complain(failed)
    assert failed.returncode == 1
    assert "No space left" in told
    resumed = project.json("resume")
    assert resumed["count"]["done"] == 2
