"""A person at the review desk, in a real browser: they log in, watch, decide, and the run goes on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from records.ledger import Ledger
from records.tokens import Scope
from reelmill.settings import Settings
from tests.browser import PATIENCE, Tab, tab
from tests.integration.test_web import alive, wait_until
from tests.line import Project, complain

pytestmark = pytest.mark.slow

#: Holds whatever OpenNSFW gives any score at all.
HOLDS_ALL = """\
name: holds-all
version: "1"
required: [opennsfw]
optional: []
rules: {opennsfw: {nsfw: {category: sexual, review: 0.000001, block: null}}}
agreement: {seconds: 1.0}
contradiction: {}
isolated: {score_below: 0.6, seconds: 1.0}
black: {level_below: 8.0, share_above: 0.5}
frozen: {change_below: 0.2, share_above: 0.9}
"""
FIVE = "{type: list, items: [" + ", ".join(
    f"{{prompt: a pine ridge, name: {name}}}" for name in ("小雪", "大雪", "冬至", "小寒", "大寒")
) + "]}"  # fmt: skip


@contextmanager
def served(project: Project) -> Iterator[str]:
    """`reelmill review serve`; its address."""
    log = project.folder / "serve.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            project.command("review", "serve"), cwd=project.folder, env=project.variables(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=written, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        found = re.search(r"(http://\S+)/review", process.stdout.readline())
        assert found, log.read_text()
        assert "token make NAME --scope review" in process.stdout.readline()
        wait_until(lambda: alive(found[1]), PATIENCE)
        yield found[1]
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.stdout.close()
    complain(subprocess.CompletedProcess([], 0, "", log.read_text()))


@pytest.fixture
def held(project: Project) -> Project:
    """A run of five videos, all of which wait; it has ended, and no process is held."""
    (project.folder / "own.yaml").write_text(HOLDS_ALL)
    path = project.write(FIVE, more="    screen: {policy: own.yaml}\n")
    assert "screen:" in path.read_text()
    done = project.call("run", "quick", "--date", "2026-11-22")
    assert done.returncode == 0, complain(done)
    assert "0 done + 0 failed + 5 in review" in " ".join(done.stdout.split()), done.stdout
    assert project.posts() == []
    return project


def test_a_person_logs_in_watches_decides_and_the_run_goes_on(held: Project, tmp_path: Path) -> None:
    settings = Settings(home=held.folder / ".reelmill")
    with served(held) as url, tab(tmp_path, "--lang=en-GB", "--accept-lang=en-GB,en") as page:
        with Ledger(settings) as ledger:
            token = ledger.tokens.make("mei", [Scope.REVIEW])
        log_in(page, f"{url}/review", token)
        picture(page, tmp_path, "queue")
        watch(page)
        look(page)
        picture(page, tmp_path, "item")
        decide(page)
        # The run goes on by itself, to its end.
        with Ledger(settings) as ledger:
            wait_until(lambda: ledger.runs.find("quick@2026-11-22").state.value == "done", 240)
            made = [(one.who, one.action) for one in ledger.reviews.decisions()]
    assert made == [("mei", "approve")] * 3 + [("mei", "reject"), ("mei", "approve")]
    count = held.json("show", "quick@2026-11-22")["count"]
    assert (count["done"], count["rejected"]) == (4, 1)
    sidecars = [path.read_text(encoding="utf-8") for path in held.posts()]
    assert len(sidecars) == 4
    assert sum("初雪" in text for text in sidecars) == 1
    assert len(list((held.folder / "outbox").rglob("*.mp4"))) == 4
    assert "Traceback" not in (settings.folder / "review.log").read_text()


def log_in(page: Tab, address: str, token: str) -> None:
    """They log in, and are at the desk."""
    page.open(address)
    page.write("#token", token)
    page.click("form.form button")
    page.until("document.querySelectorAll('.queue li').length === 5")
    assert "5 waiting" in page.text
    page.until("document.querySelector('.thumb img').naturalWidth > 0")


def watch(page: Tab) -> None:
    """They open the first video by keys, and jump from evidence to evidence."""
    page.press("j")
    page.press("o")
    page.until("document.querySelector('#player').readyState >= 2")
    here = page.address
    moments = page.evaluate("[...document.querySelectorAll('#evidence a')].map(a => Number(a.dataset.seconds))")
    assert moments
    sizes = page.evaluate("[...document.querySelectorAll('#evidence img')].map(i => i.naturalWidth)")
    assert sizes, "what decided is to be seen, blurred"
    assert min(sizes) > 0
    page.click(f"#evidence li:nth-child({len(moments)}) a")
    page.until(f"Math.abs(document.querySelector('#player').currentTime - {moments[-1]}) < 0.05")
    assert page.address == here, "it plays here, and not on a page of its own"
    page.press("1")
    page.until(f"Math.abs(document.querySelector('#player').currentTime - {moments[0]}) < 0.05")


def look(page: Tab) -> None:
    """They see what it is going to look like, with the words that are planned and with those that they type."""
    proof = "document.querySelector('#proofs img')"
    page.evaluate(f"{proof}.scrollIntoView()")
    page.until(f"{proof}.naturalHeight === 960")
    planned = page.evaluate(f"{proof}.src")
    page.write("#title", "初雪")
    page.until(f"{proof}.src !== {planned!r} && {proof}.complete && !{proof}.classList.contains('old')")
    assert page.evaluate(f"{proof}.naturalHeight") == 960
    page.write("#title", "\U00012000")
    page.until("!document.querySelector('#proofs .wrong').hidden")
    assert "U+12000" in page.text
    page.write("#title", "小雪")
    page.until(f"{proof}.src === {planned!r} && {proof}.naturalHeight === 960")
    page.until("document.querySelector('#proofs .wrong').hidden")
    page.evaluate("document.activeElement.blur()")


def decide(page: Tab) -> None:
    """They approve the first video with another title, reject the second, and approve the others in one go."""
    first = page.address
    page.write("#title", "初雪")
    page.write("#note", "fine, for a first snow")
    page.evaluate("document.activeElement.blur()")
    page.press("a")
    page.until(f"location.href !== {first!r} && document.querySelector('.told') !== null")
    assert "approved: " in page.text
    assert "quick 2026-11-22 goes on now, on this machine." in page.text

    second = page.address
    page.click("button[value=reject]")
    page.until(f"location.href !== {second!r} && document.querySelector('.told') !== null")
    assert "rejected: " in page.text

    page.click(".step a")
    page.until("document.querySelectorAll('.queue li').length === 3")
    page.click("#all")
    page.write("#note", "three alike")
    page.click("button[value=approve]")
    page.until("document.querySelector('.told') !== null && !document.querySelector('.queue li')")
    assert "approved: 3 videos" in page.text
    assert "Nothing waits for you." in page.text
    assert page.text.count("three alike") == 3


def picture(page: Tab, folder: Path, name: str) -> None:
    """The page on a phone and on a desk, kept in the test's folder for people to look at: nothing is cut off."""
    for width, height in ((390, 844), (1280, 900)):
        page.resize(width, height, phone=width < 600)
        page.photograph(folder / f"{name}-{width}.png")
        page.photograph(folder / f"{name}-{width}-whole.png", whole=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small: Any = page.evaluate(
            "[...document.querySelectorAll('.desk button, .desk a.button, #evidence a, .queue label')]"
            ".filter(one => one.offsetHeight && one.offsetHeight < 44).map(one => one.outerHTML)"
        )
        assert small == [], "a finger finds them"
