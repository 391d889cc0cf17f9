"""Players on our pages offer what is spoken as subtitles, and show nothing twice: in a real browser."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.gallery import write_gallery
from records.ledger import Ledger
from reelmill.content import Json
from reelmill.settings import Settings
from tasks.finishing.cue import Cue
from tasks.finishing.subtitles import srt, vtt
from tests.browser import Browser
from tests.integration.test_web import Running, make, opened

CUES = (Cue(0.25, 1.5, "花雪随风不厌看，"), Cue(1.62, 3.0, 'more > & </track>" <b>'))
#: What a page says in the end of the track of its first player.
TOLD = """
<pre id="told"></pre>
<script>
const video = document.querySelector("video"), track = video.textTracks[0], told = document.querySelector("#told");
const first = track.mode, element = document.querySelector("track");
const tell = how => {
  told.textContent = [how, first, track.kind, track.language, track.label, [...(track.cues || [])].length,
    ...[...(track.cues || [])].map(cue => cue.getCueAsHTML().textContent)].join("|");
};
element.addEventListener("load", () => tell("load"));
element.addEventListener("error", () => tell("error"));
track.mode = "hidden";
</script>
"""


def spoken(*, drawn: bool | None = None) -> dict[str, Json]:
    """A record. `drawn`: None in those of before it was written down."""
    kept: dict[str, Json] = {"srt": srt(CUES), "vtt": vtt(CUES), **({} if drawn is None else {"drawn": drawn})}
    return {"sound": {"language": "zh"}, "subtitles": kept}


def gallery(ledger: Ledger, folder: Path, record: dict[str, Json]) -> Path:
    return write_gallery(ledger, [make(ledger, folder, record=record).run], folder / "gallery" / "index.html")


def told(page: str, policy: str, folder: Path) -> list[str]:
    """What the browser says of a page, whose policy lets in nothing but the script that asks."""
    asking = folder / "asking.html"
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    policy += "; script-src 'unsafe-inline'"
    page = page.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">')
    asking.write_text(page.replace("</body>", f"{TOLD}</body>"), encoding="utf-8")
    found = re.search(r'<pre id="told">(.*?)</pre>', Browser(folder).content(asking.as_uri()), re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).split("|")


def policy_of(page: str) -> str:
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with Ledger(settings) as opened_ledger:
        yield opened_ledger


@pytest.fixture
def door(settings: Settings, ledger: Ledger) -> Iterator[Running]:
    with opened(ledger, settings) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize(("drawn", "mode"), [(True, "disabled"), (None, "disabled"), (False, "showing")])
def test_the_gallery_has_them_from_a_file(ledger: Ledger, tmp_path: Path, drawn: bool | None, mode: str) -> None:
    page = gallery(ledger, tmp_path, spoken(drawn=drawn)).read_text(encoding="utf-8")

    found = told(page, policy_of(page), tmp_path)

    assert found == ["load", mode, "subtitles", "zh", "Subtitles (zh)", "2", *(cue.text for cue in CUES)]


@pytest.mark.slow
def test_the_player_page_has_them_by_its_own_policy(door: Running, tmp_path: Path) -> None:
    made = make(door.ledger, tmp_path, record=spoken(drawn=False))
    answer = door.client.get(door.signer.watch_url(made.video.id))
    policy = answer.headers["content-security-policy"].replace("'self'", "file:")

    assert told(answer.text, policy, tmp_path)[:6] == ["load", "showing", "subtitles", "zh", "Subtitles (zh)", "2"]
    closed = policy.replace("media-src file: data:", "media-src file:")
    assert closed != policy
    assert told(answer.text, closed, tmp_path)[0] == "error", "it is the policy that lets it in"


def test_the_track_is_the_webvtt_and_not_shown_over_what_is_drawn(door: Running, tmp_path: Path) -> None:
    for drawn in (True, False):
        made = make(door.ledger, tmp_path, record=spoken(drawn=drawn))
        page = door.client.get(door.signer.watch_url(made.video.id)).text
        (track,) = re.findall(r"<track [^>]*>", page)
        assert (" default>" in track) is not drawn
        found = re.search(r'src="data:text/vtt;base64,([^"]+)"', track)
        assert found is not None
        assert base64.b64decode(found[1]).decode() == vtt(CUES)


def test_a_video_in_which_nobody_speaks_has_no_track(door: Running, tmp_path: Path) -> None:
    made = make(door.ledger, tmp_path)
    assert "<track" not in door.client.get(door.signer.watch_url(made.video.id)).text
    assert "<track" not in gallery(door.ledger, tmp_path, {"sound": None}).read_text(encoding="utf-8")
