"""What a person sees of a run in the Prefect UI, in a real browser: pictures, reasons, links, the next command."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from prefect.client.schemas.objects import Artifact
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.dashboard import Progress, flow_run_name, rename, show_end, tags
from flows.definition import load
from flows.server import LocalServer
from records.ledger import Ledger
from records.tables import Run, Video
from reelmill.settings import Settings
from tests.browser import Browser
from tests.integration.test_dashboard import MIXED, artifacts_of, furnish, in_a_flow, watch
from tests.line import Project

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """A page as the browser has it in the end: its text, and where its links lead."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}  #: address → the text of the last link to it
        self.pictures: list[str] = []
        self.text = ""
        self._within: str | None = None
        self._silent = 0
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._within = told.get("href", "")
            self.links[self._within] = ""
        elif tag == "img":
            self.pictures.append(told.get("src", ""))
        elif tag in {"script", "style"}:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._within = None
        elif tag in {"script", "style"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.text += data
        if self._within is not None:
            self.links[self._within] += data


class Pages:
    """The pages of the Prefect UI, in a browser."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        self._browser = Browser(folder)
        self._folder = folder
        self._server = server

    def open(self, path: str) -> Page:
        """A page of the Prefect UI, once it has loaded what it shows."""
        return Page(self._browser.content(f"{self._server.page}{path}"))

    def photograph(self, path: str, name: str) -> Image.Image:
        """The same as a picture, kept in the test's folder for people to look at."""
        picture = self._folder / f"{name}.png"
        self._browser.photograph(f"{self._server.page}{path}", picture)
        with Image.open(picture) as opened:
            return opened.convert("RGB")


@pytest.fixture
def browser(tmp_path: Path, prefect_server: LocalServer) -> Pages:
    return Pages(tmp_path, prefect_server)


class Shown:
    """A run that is on the dashboard."""

    def __init__(self, ledger: Ledger, folder: Path, project: Project) -> None:
        self.run: Run = furnish(ledger, folder, MIXED, pipeline="quick")
        self.videos: list[Video] = ledger.videos.of_run(self.run.id)
        definition = load(project.write())
        self.name = flow_run_name(self.run.pipeline, self.run.occasion, [row.title for row in MIXED[:4]])

        def work() -> None:
            from prefect.runtime import flow_run

            rename(flow_run.id, self.name, tags(definition.pipeline("quick"), self.run))
            with Progress.of(self.run) as progress:
                show_end(ledger, self.run, watch=watch, forecast_seconds=60.0, seconds=75.0)
                progress.update(1.0)

        self.flow_run: UUID = in_a_flow(work)
        self.artifacts: dict[str, Artifact] = artifacts_of(self.flow_run)

    def place(self, noun: str) -> str:
        """The path of an artifact's page, as the cards in the UI link to it."""
        return f"/artifact/{self.artifacts[f'{noun}-quick'].id}"


@pytest.fixture
def shown(tmp_path: Path, project: Project, settings: Settings, prefect_server: LocalServer) -> Iterator[Shown]:
    with temporary_settings({PREFECT_API_URL: prefect_server.url}), Ledger(settings) as ledger:
        yield Shown(ledger, tmp_path, project)


DAY = {
    "what ran": ["3 failed, 1 waits for a person, 2 of 8 done"],
    "what waits for me": ["小寒 · ink wash waits for you: nudity: 0.42 at 1.3 s, below the limit of 0.5; watch it at"],
    "what failed and why": [
        "冬至 · 35mm film failed: the engine gave <up> at | frame [7] – free memory, then resume the run; nothing",
        "Go on with: reelmill resume quick@2026-12-21",
    ],
    "what was posted where": ["is live on tiktok-main (tiktok): https://www.tiktok.com/@mountain/video/7451"],
}


def test_a_persons_day_takes_two_clicks_from_the_first_page(shown: Shown, browser: Pages) -> None:
    """The first page leads to the runs, and a run to what became of it. Everything else is a click further."""
    assert "/v2/runs" in browser.open("/").links, "one click"
    runs, run = "/v2/runs", f"/v2/runs/flow-run/{shown.flow_run}"
    assert browser.open(runs).links[run] == shown.name, "two clicks"
    page = browser.open(run)
    for question, answers in DAY.items():
        for words in answers:
            assert words in page.text, question
    for name, address in (("the first page", "/"), ("one click", runs), ("two clicks", run)):
        picture = browser.photograph(address, name)
        assert len(picture.resize((350, 400)).getcolors(140_000) or ()) > 50, "something is drawn"


def test_one_click_from_a_run_says_what_came_of_it(shown: Shown, browser: Pages) -> None:
    """The run's tab of artifacts: a card each, with the gist, and a link to the page where all of that is whole."""
    page = browser.open(f"/v2/runs/flow-run/{shown.flow_run}?tab=Artifacts")
    assert "quick 2026-12-21 冬至" in page.text
    assert "3 failed, 1 waits for a person, 2 of 8 done" in page.text
    assert "the engine gave <up> at | frame [7]" in page.text
    assert "6 posts = 4 live + 1 failed + 1 unknown" in page.text
    for noun in ("summary", "contact-sheet", "videos", "posts", "timing", "progress"):
        assert f"/v2/artifacts/key/{noun}-quick" in page.links


@pytest.mark.parametrize("ui", ["/v2/artifacts", "/artifacts"], ids=["second UI", "first UI"])
def test_two_clicks_from_a_run_say_why_what_waits_and_what_to_type(shown: Shown, browser: Pages, ui: str) -> None:
    page = browser.open(f"{ui}/key/summary-quick")
    assert "the engine gave <up> at | frame [7] – free memory, then resume the run" in page.text
    assert "reelmill resume quick@2026-12-21" in page.text
    assert watch(next(video.id for video in shown.videos if video.state.value == "failed")) in page.links
    page = browser.open(f"{ui}/key/posts-quick")
    assert "outbox: 3 live in file:///srv/outbox/" in page.text
    assert "tiktok-main: 1 unknown, 1 failed, 1 live" in page.text


@pytest.mark.parametrize("ui", ["/v2/artifacts", "/artifacts"], ids=["second UI", "first UI"])
def test_a_person_sees_what_failed_why_and_what_to_type(shown: Shown, browser: Pages, ui: str) -> None:
    page = browser.open(ui + shown.place("summary"))
    assert "8 found = 2 done + 3 failed + 1 in review + 1 rejected + 1 skipped" in page.text
    assert "the engine gave <up> at | frame [7] – free memory, then resume the run" in page.text
    assert "left behind: 1 clip and 1 rendition are kept; 1 post is live" in page.text
    assert "reelmill resume quick@2026-12-21" in page.text
    waiting = next(video for video in shown.videos if video.state.value == "in_review")
    assert page.links[watch(waiting.id)] == "小寒 · ink wash"
    assert "nudity: 0.42 at 1.3 s" in page.text


@pytest.mark.parametrize("ui", ["/v2/artifacts", "/artifacts"], ids=["second UI", "first UI"])
def test_a_person_sees_the_pictures_and_opens_the_player(shown: Shown, browser: Pages, ui: str) -> None:
    page = browser.open(ui + shown.place("contact-sheet"))
    assert len([source for source in page.pictures if source.startswith("data:image/jpeg;base64,")]) == 4
    assert len([source for source in page.pictures if source.startswith("data:image/png;base64,")]) == 3
    for video in shown.videos:
        if video.state.value != "skipped":
            assert watch(video.id) in page.links, video.title
    assert page.links[watch(shown.videos[0].id)] == "冬至 · ink wash"
    assert not [address for address in page.links if address.startswith("javascript:")]


@pytest.mark.parametrize("ui", ["/v2/artifacts", "/artifacts"], ids=["second UI", "first UI"])
def test_a_person_sees_what_was_posted_where_and_opens_it(shown: Shown, browser: Pages, ui: str) -> None:
    page = browser.open(ui + shown.place("posts"))
    assert page.links["https://www.tiktok.com/@mountain/video/7451"] == "tiktok.com/@mountain/video/7451"
    assert "冬至.tiktok.mp4" in page.text
    assert "the account is locked" in page.text
    assert "冬至 · clay | [x](javascript:1) <b>`" in page.text


@pytest.mark.parametrize("ui", ["/v2/artifacts", "/artifacts"], ids=["second UI", "first UI"])
def test_a_person_sees_the_videos_by_state_and_foreign_text_stays_text(shown: Shown, browser: Pages, ui: str) -> None:
    page = browser.open(ui + shown.place("videos"))
    text = page.text.replace("\u2060", "")
    assert text.index("✗ failed") < text.index("? in review") < text.index("✓ done")
    assert "the engine gave <up> at | frame [7] – free memory, then resume the run" in text
    assert "冬至 · clay | [x](javascript:1) <b>`" in text
    assert not [address for address in page.links if address.startswith("javascript:")]
