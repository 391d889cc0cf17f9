"""The review desk over HTTP: who may look and decide, what is shown, and what a decision does."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from records.database import now
from records.ledger import Ledger
from records.states import VideoState
from records.tables import Video
from records.tokens import Scope
from reelmill.content import PHOTO, Decision, Hit, Thumbnail
from reelmill.settings import Settings
from tasks.screening.review import SAMPLED
from tests.held import DEFINITION, JPEG, hold, hold_texts
from tests.integration.test_ledger import SHOT
from tests.integration.test_web import Running, field_of, log_in, opened, problem, wait_until
from web.phrases import LANGUAGES, PHRASES, category, language_of
from web.reasons import reasons
from web.resuming import Resuming

WITH_PHOTO = DEFINITION.replace("caption: {", "caption: {end_card: {photo: true}, ")


class Processes:
    """What the door starts in the place of `reelmill resume`: a process that lives for as long as it is held."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.hold = False
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> subprocess.Popen[bytes]:
        self.started.append(name)
        body = "import sys; sys.stdin.read()" if self.hold else ""
        child = subprocess.Popen([sys.executable, "-c", body], stdin=subprocess.PIPE)
        self.running.append(child)
        return child

    def end(self) -> None:
        for child in self.running:
            child.communicate()


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    made.end()


@pytest.fixture
def door(settings: Settings, processes: Processes) -> Iterator[Running]:
    with Ledger(settings) as ledger, opened(ledger, settings, resume=processes.start) as running:
        yield running


def entered(door: Running, *scopes: Scope, name: str = "mei") -> None:
    """Log the client in as a person with a browser."""
    token = door.ledger.tokens.make(name, scopes or (Scope.REVIEW,))
    assert log_in(door, token, "/review").headers["location"] == "/review"


def press(door: Running, page: str, action: str, *videos: Video, **fields: str) -> httpx.Response:
    """Send the form of a page as a browser does."""
    form = field_of(door.client.get(page).text, "form")
    return send(door, action, *videos, form=form, **fields)


def send(door: Running, action: str, *videos: Video, **fields: str) -> httpx.Response:
    data = {"action": action, "video": [str(one.id) for one in videos], **fields}
    return door.client.post("/review/decide", data=data, headers={"Accept": "text/html"})


def state(door: Running, video: Video) -> VideoState:
    return door.ledger.videos.get(video.id).state


# --- who is let in ----------------------------------------------------------------------------------------------------


def test_who_has_no_token_is_shown_the_way_to_log_in_and_led_back(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    assert door.client.get("/review").headers["location"] == "/login?next=%2Freview"
    assert door.client.get(f"/review/{video.id}").headers["location"] == f"/login?next=%2Freview%2F{video.id}"
    token = door.ledger.tokens.make("mei", [Scope.REVIEW])
    assert log_in(door, token, f"/review/{video.id}").headers["location"] == f"/review/{video.id}"
    assert log_in(door, token, "/").headers["location"] == "/review", "all that this token may see"


def test_a_reader_looks_and_does_not_decide(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door, Scope.READ)
    page = door.client.get(f"/review/{video.id}")
    assert page.status_code == 200
    assert 'name="action"' not in page.text
    assert 'type="checkbox"' not in door.client.get("/review").text
    assert press(door, "/review", "approve", video).status_code == 403
    assert state(door, video) is VideoState.IN_REVIEW
    assert door.client.get("/review", headers=door.token(Scope.HOOK)).status_code == 403


def test_a_form_that_is_of_no_page_of_ours_decides_nothing(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    form = field_of(door.client.get("/review").text, "form")
    for wrong in ({}, {"form": "1.x"}, {"form": form[:-2]}, {"form": "9999999999." + form.partition(".")[2]}):
        answer = send(door, "approve", video, **wrong)
        assert (answer.status_code, "The page was too old" in answer.text) == (403, True)
    data = {"action": "approve", "video": str(video.id), "form": form}
    cross = door.client.post("/review/decide", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    mine = door.client.cookies["reelmill_session"]
    entered(door, name="lin")  # another session's form
    assert send(door, "approve", video, form=form).status_code == 403
    assert state(door, video) is VideoState.IN_REVIEW
    door.client.cookies.set("reelmill_session", mine, domain="127.0.0.1")


def test_what_was_typed_is_there_again_when_a_page_was_too_old(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    answer = send(door, "approve", video, form="old", title="大雪 & more", lines="a\nb", note="looks well")
    assert answer.status_code == 403
    assert field_of(answer.text, "title") == "大雪 & more"
    assert field_of(answer.text, "note") == "looks well"


def test_a_program_decides_with_its_token_and_no_form(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    data = {"action": "reject", "video": str(video.id), "note": "too dark"}
    problem(door.client.post("/review/decide", data=data), 401, "token")
    assert door.client.post("/review/decide", data=data, headers=door.token(Scope.READ)).status_code == 403
    answer = door.client.post("/review/decide", data=data, headers=door.token(Scope.REVIEW))
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    assert state(door, video) is VideoState.REJECTED


def test_a_form_without_sense_is_a_problem(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    good = door.token(Scope.REVIEW)
    for data, reason in (
        ({"action": "publish", "video": str(video.id)}, "action"),
        ({"video": str(video.id)}, "action"),
        ({"action": "approve"}, "missing"),
        ({"action": "approve", "video": "小雪"}, "not an id"),
    ):
        problem(door.client.post("/review/decide", data=data, headers=good), 422, reason)
    many = "&".join(["action=approve", *["video=x"] * 600])
    problem(door.client.post("/review/decide", content=many, headers=good), 422, "too many fields")


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_queue_has_the_longest_waiting_first_and_says_why(door: Running, tmp_path: Path) -> None:
    first = hold(door.ledger, tmp_path, "小雪", "大雪")
    (second,) = hold(door.ledger, tmp_path, "冬至")
    entered(door)
    page = door.client.get("/review").text
    assert "3 waiting" in page
    places = [page.index(str(video.id)) for video in (*first, second)]
    assert places == sorted(places)
    assert "opennsfw saw nsfw in 1 frame at 1.2 s, highest 0.412 (review)" in page
    assert "rejected by itself" in page
    assert "Nobody has decided anything yet." in page
    assert "quick" in page


def test_the_queue_comes_in_pages(door: Running, tmp_path: Path) -> None:
    hold(door.ledger, tmp_path, *(f"number {number:02}." for number in range(23)))
    entered(door)
    page = door.client.get("/review?pipeline=quick&lang=en").text
    assert "number 19." in page
    assert "number 20." not in page
    (more,) = re.findall(r'href="([^"]+)" rel="next"', page)
    assert html.unescape(more) == "/review?pipeline=quick&lang=en&offset=20"
    assert "number 22." in door.client.get(html.unescape(more)).text
    assert "Nothing waits" in door.client.get("/review?pipeline=other").text


def test_who_was_waited_for_too_long_is_rejected_when_somebody_looks(door: Running, tmp_path: Path) -> None:
    late, fresh = hold(door.ledger, tmp_path, "小雪"), hold(door.ledger, tmp_path, "大雪")
    with door.ledger.database.begin() as session:
        row = session.get(Video, late[0].id)
        assert row is not None
        row.updated_at = now() - dt.timedelta(hours=25)  # its pipeline gives a day
    entered(door)
    assert "1 waiting" in door.client.get("/review").text
    assert (state(door, late[0]), state(door, fresh[0])) == (VideoState.REJECTED, VideoState.IN_REVIEW)


def test_categories_have_names_in_both_languages_and_your_own_keep_theirs(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    assert ">色情<" in door.client.get("/review?lang=zh").text
    assert ">sexual<" in door.client.get("/review?lang=en").text
    assert "色情 <span" in door.client.get(f"/review/{video.id}?lang=zh").text
    assert category("our own", "zh") == "our own"


def test_reasons_are_told_in_the_language_of_the_page(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    for path in ("/review?lang=zh", f"/review/{video.id}?lang=zh"):
        page = door.client.get(path).text
        assert "色情：opennsfw 在 1.2 秒看到 nsfw，最高 0.41（待审）" in page
        assert "opennsfw saw" not in page
    held, _ = hold_texts(door.ledger, tmp_path, "小雪", "来赌*博吧")
    assert "正文：赌博：" in door.client.get(f"/review/{held.id}?lang=zh").text


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (SAMPLED, "已通过，被抽中由人工复核"),
        ("mostly black: 13 of 24 frames", "大部分为黑屏：24 帧中有 13 帧"),
        ("mostly frozen: 23 of 23 frames equal the one before", "大部分画面静止：23 帧中有 23 帧与前一帧相同"),
        ("a single frame: nothing moves", "只有一帧：没有动作"),
        ("nudenet and opennsfw agree on sexual at 1.0 s", "nudenet 与 opennsfw 在 1.0 秒一致认为涉及色情"),
        ("the photo of the end card: sexual: opennsfw saw nsfw at 0.0 s, at most 0.41 (review)", ""),
        ("gore does not answer", "gore does not answer"),
    ],
)
def test_reasons_without_a_moment_have_their_words_too(door: Running, tmp_path: Path, reason: str, told: str) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    waits = door.ledger.reviews.get(video.id)
    assert waits.frames is not None
    said = replace(waits.frames, verdict=replace(waits.frames.verdict, reasons=(reason,)))
    composed, *more = reasons(replace(waits, frames=said), "zh")
    assert composed.startswith("色情：opennsfw")
    assert more == ([told] if told else [])


def test_the_way_to_log_in_is_in_the_language_that_was_asked_for(door: Running) -> None:
    assert door.client.get("/review?lang=zh").headers["location"] == "/login?next=%2Freview&lang=zh"
    page = door.client.get("/login?next=%2Freview&lang=zh").text
    assert "<h1>登录</h1>" in page
    assert 'action="/login?lang=zh"' in page
    assert 'href="/login?next=%2Freview&amp;lang=en"' in page
    chinese = door.client.get("/login", headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="zh">' in chinese
    fields = {"token": "wrong", "form": field_of(page, "form"), "next": "/review"}
    assert "不是这里的令牌" in door.client.post("/login?lang=zh", data=fields).text
    token = door.ledger.tokens.make("mei", [Scope.REVIEW])
    fields = {**fields, "token": token, "form": field_of(door.client.get("/login").text, "form")}
    assert door.client.post("/login?lang=zh", data=fields).headers["location"] == "/review?lang=zh"


def test_a_page_has_the_evidence_with_its_moments(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    page = door.client.get(f"/review/{video.id}").text
    links = re.findall(r'<a href="([^"]+)" data-seconds="([^"]+)" data-number="(\d)"', page)
    assert links == [
        (f"/review/{video.id}/master#t=0.5", "0.5", "1"),
        (f"/review/{video.id}/master#t=1.25", "1.25", "2"),
    ]
    assert '<rect data-number="1" x="40" y="60" width="100" height="120"/>' in page
    for word in ("opennsfw 1.0: nsfw 0.412", "nudenet 3.4: FACE_FEMALE 0.700", "sexual", "花雪随风不厌看", "#节气"):
        assert word in page, word
    assert "a dark pine ridge" in page
    assert re.findall(r'data-number="(\d)">(?:(?!</a>).)*src="data:image/jpeg;base64,([^"]+)"', page) == [
        ("2", base64.b64encode(JPEG).decode())
    ]


def test_the_queue_shows_blurred_pictures_only(door: Running, tmp_path: Path) -> None:
    hold(door.ledger, tmp_path, "小雪")
    entered(door)
    page = door.client.get("/review").text
    assert f'<img src="data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}" alt="the frame, blurred">' in page
    assert "<video" not in page
    assert "/master" not in page


def test_of_minors_nothing_is_shown_before_somebody_asks(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪", category="minors", thumbnails=())
    entered(door)
    queue = door.client.get("/review").text
    assert "<img" not in queue
    assert "/master" not in queue
    page = door.client.get(f"/review/{video.id}").text
    (player,) = re.findall(r'<video id="player"[^>]*>', page)
    assert 'preload="none"' in player
    assert f'src="/review/{video.id}/master"' in player, "no moment is shown by itself"


def test_what_waits_without_evidence_has_its_first_frame(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪", hits=(), thumbnails=())
    entered(door)
    assert f'src="/review/{video.id}/master#t=0.1"' in door.client.get("/review").text


def test_the_master_is_for_who_may_look_and_can_be_sought_in(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪", master=b"0123456789")
    path = f"/review/{video.id}/master"
    problem(door.client.get(path), 401, "token")
    problem(door.client.get(path, headers=door.token(Scope.HOOK)), 403, "review")
    entered(door)
    part = door.client.get(path, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"2345", "video/mp4")
    assert part.headers["cache-control"] == "no-store"
    assert part.headers["cross-origin-resource-policy"] == "same-origin"
    problem(door.client.get(f"/review/{uuid4()}/master"), 404, "no video")
    for kept in door.settings.folder.rglob("*.mp4"):
        kept.unlink()
    problem(door.client.get(path), 410, "removed")
    assert "Its file is gone" in door.client.get(f"/review/{video.id}").text
    assert press(door, "/review", "reject", video).status_code == 303
    problem(door.client.get(path), 404, "does not wait")


def test_the_photo_of_an_end_card_is_shown_to_who_decides_and_to_nobody_else(door: Running, tmp_path: Path) -> None:
    (video,) = hold(
        door.ledger, tmp_path, "小雪", definition=WITH_PHOTO,
        hits=(Hit("sexual", Decision.REVIEW, "nudenet", "BUTTOCKS_EXPOSED", 0.4, PHOTO, 2.0, (1, 2, 3, 4)),),
        thumbnails=(Thumbnail(PHOTO, 2.0, JPEG),),
    )  # fmt: skip
    image = hashlib.sha256(b"a photo").hexdigest()
    (tmp_path / "photo.png").write_bytes(b"a photo")
    door.ledger.store.add(tmp_path / "photo.png", image, ".png")
    door.ledger.media.request(video.id, [replace(SHOT, image=image)])
    path = f"/review/{video.id}/photo"
    problem(door.client.get(path), 401, "token")
    entered(door)
    page = door.client.get(f"/review/{video.id}").text
    assert f'src="{path}" alt="Photo of the end card" loading="lazy"' in page
    assert "Photo of the end card · nudenet" in page
    assert "<rect" not in page, "its box is in no frame of the master"
    shown = door.client.get(path)
    assert (shown.content, shown.headers["content-type"]) == (b"a photo", "image/png")
    assert shown.headers["cache-control"] == "no-store"
    (other,) = hold(door.ledger, tmp_path, "大雪")
    problem(door.client.get(f"/review/{other.id}/photo"), 404, "no photo")
    assert "/photo" not in door.client.get(f"/review/{other.id}").text


def test_offending_letters_of_a_text_are_marked(door: Running, tmp_path: Path) -> None:
    video, said = hold_texts(door.ledger, tmp_path, "小雪 <b>", "来赌*博吧 & <i>more</i>")
    entered(door)
    page = door.client.get(f"/review/{video.id}").text
    assert said.hits[0].excerpt == "赌*博"
    assert "来<mark>赌*博</mark>吧 &amp; &lt;i&gt;more&lt;/i&gt;" in page
    assert "It has no picture yet" in page
    assert 'value="regenerate"' not in page
    problem(door.client.get(f"/review/{video.id}/master"), 404, "no picture yet")
    answer = press(door, "/review", "regenerate", video)
    assert (answer.status_code, "has no picture yet" in answer.text) == (409, True)
    assert press(door, "/review", "approve", video).status_code == 303
    assert state(door, video) is VideoState.PLANNED


def test_nothing_that_somebody_wrote_becomes_markup(door: Running, tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>'
    one, other = hold(door.ledger, tmp_path, evil, f"second {evil}", caption=f"</textarea>{evil}")
    entered(door, name=f"mei {evil}")
    assert press(door, "/review", "reject", one, note=f"note {evil}").status_code == 303
    told = door.client.get(f"/review?pipeline={evil}&lang=en").text + door.client.get("/review").text
    for page in (told, door.client.get(f"/review/{other.id}").text):
        assert "<script>alert" not in page
        assert "</textarea>&#34;&gt;&lt;script" not in page
    assert "note &#34;&gt;&lt;script&gt;" in told


def test_only_pages_of_the_desk_run_a_script_and_only_their_own(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door, Scope.ADMIN)
    nonces = set()
    for path in ("/review", f"/review/{video.id}"):
        answer = door.client.get(path)
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
        assert nonce is not None
        nonces.add(nonce[1])
        assert re.findall(r"<script[^>]*>", answer.text) == [f'<script nonce="{nonce[1]}">']
        assert "unsafe" not in policy
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", answer.text)
        assert not re.search(r'(?:src|href|action|poster)="(?:https?:)?//', answer.text), "nothing from elsewhere"
    assert len(nonces) == 2
    for path in ("/", "/login", "/docs", f"/watch/{video.id}"):
        assert "script-src" not in door.client.get(path).headers["content-security-policy"]


def test_other_pages_say_that_somebody_is_waited_for(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    watch = door.client.get(door.signer.watch_url(video.id)).text
    assert f'href="/review/{video.id}"' in watch
    entered(door, Scope.READ)
    assert re.search(r'<a href="/review">1 video waits for you</a>', door.client.get("/").text)
    hold(door.ledger, tmp_path, "大雪")
    assert "2 videos wait for you" in door.client.get("/").text


# --- languages --------------------------------------------------------------------------------------------------------


def test_both_languages_say_everything() -> None:
    english, chinese = (PHRASES[language] for language in LANGUAGES)
    assert set(english) == set(chinese)
    for key, phrase in english.items():
        names = [sorted(re.findall(r"{(\w+)}", one)) for one in (phrase, chinese[key])]
        assert names[0] == names[1], key


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "de-DE, zh-TW;q=0.7", "zh"),
        (None, "de, fr;q=x", "en"),
        (None, "zh;q=0", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
    ],
)
def test_a_browser_says_which_language_it_reads(wanted: str | None, accepted: str, language: str) -> None:
    assert language_of(wanted, accepted) == language


def test_a_language_that_was_asked_for_is_kept_from_page_to_page(door: Running, tmp_path: Path) -> None:
    one, _ = hold(door.ledger, tmp_path, "小雪", "大雪")
    entered(door)
    page = door.client.get("/review", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="zh">' in page
    assert "2 个视频等待审核" in page
    page = door.client.get("/review?lang=zh").text
    assert f'href="/review/{one.id}?lang=zh"' in page
    assert 'action="/review/decide?lang=zh"' in page
    data = {"action": "reject", "video": str(one.id), "form": field_of(page, "form")}
    answer = door.client.post("/review/decide?lang=zh", data=data)
    assert answer.headers["location"] == "/review?lang=zh"
    assert "已拒绝：小雪" in door.client.get("/review?lang=zh").text
    assert door.client.get("/review?lang=tlh").status_code == 422


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_a_decision_leads_to_the_next_video_and_says_what_becomes_of_the_run(
    door: Running, processes: Processes, tmp_path: Path
) -> None:
    one, two, three = hold(door.ledger, tmp_path, "小雪", "大雪", "冬至")
    entered(door)
    words = {"title": "大雪", "lines": "花雪随风不厌看", "caption": "Snow falls.", "hashtags": "#节气"}
    answer = press(door, f"/review/{two.id}", "approve", two, note="fine", **words)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/review/{three.id}")
    page = door.client.get(f"/review/{three.id}").text
    assert "approved: 大雪" in page
    assert "quick 2026-11-22 goes on now, on this machine." in page
    assert "approved: 大雪" not in door.client.get(f"/review/{three.id}").text, "it is said once"
    (made,) = door.ledger.reviews.decisions()
    assert (made.who, made.action, made.note, made.detail) == ("mei", "approve", "fine", {})
    assert state(door, two) is VideoState.SCREENED
    run = door.ledger.runs.get(two.run_id)
    assert run is not None
    wait_until(lambda: processes.started == [f"quick@{run.occasion}"])
    # The last one in the row leads to the first.
    assert press(door, f"/review/{three.id}", "reject", three, **words).headers["location"] == f"/review/{one.id}"
    assert press(door, f"/review/{one.id}", "regenerate", one, **words).headers["location"] == "/review"
    assert (state(door, three), state(door, one)) == (VideoState.REJECTED, VideoState.PLANNED)
    history = door.client.get("/review").text
    for told in ("<b>mei</b> · sent back", "<b>mei</b> · rejected", "<b>mei</b> · approved", "<q>fine</q>"):
        assert told in history


def test_a_run_goes_on_in_one_process_at_a_time(door: Running, processes: Processes, tmp_path: Path) -> None:
    videos = hold(door.ledger, tmp_path, "小雪", "大雪", "冬至")
    entered(door)
    processes.hold = True
    for video in videos:
        assert press(door, "/review", "approve", video).status_code == 303
    wait_until(lambda: len(processes.started) == 1)
    processes.hold = False
    processes.end()
    wait_until(lambda: len(processes.started) == 2)  # once more for all that was decided in the meantime
    processes.end()
    assert len(set(processes.started)) == 1


def test_a_run_in_which_nothing_is_left_to_do_is_closed_at_once(
    door: Running, processes: Processes, tmp_path: Path
) -> None:
    videos = hold(door.ledger, tmp_path, "小雪", "大雪")
    entered(door)
    answer = press(door, "/review", "reject", *videos, note="both too dark")
    assert answer.headers["location"] == "/review"
    page = door.client.get("/review").text
    assert "rejected: 2 videos" in page
    assert "quick 2026-11-22 has ended." in page
    assert page.count("both too dark") == 2
    assert processes.started == []
    run = door.ledger.runs.get(videos[0].run_id)
    assert run is not None
    assert run.state.value == "done"


def test_of_two_people_at_once_the_second_is_told(door: Running, tmp_path: Path) -> None:
    (video,) = hold(door.ledger, tmp_path, "小雪")
    entered(door)
    form = field_of(door.client.get("/review").text, "form")
    session = dict(door.client.cookies)
    answers: list[httpx.Response] = []

    def decide(action: str) -> None:
        data = {"action": action, "video": str(video.id), "form": form}
        with httpx.Client(base_url=door.url, trust_env=False, timeout=30, cookies=session) as client:
            answers.append(client.post("/review/decide", data=data))

    threads = [threading.Thread(target=decide, args=(action,)) for action in ("approve", "reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (late,) = [answer for answer in answers if answer.status_code == 409]
    assert re.search(
        r"小雪 does not wait for anybody: it is (screened|rejected) \((approved|rejected) by mei\)", late.text
    )
    assert len(door.ledger.reviews.decisions()) == 1
    page = door.client.get(f"/review/{video.id}")
    assert (page.status_code, "does not wait for anybody" in page.text) == (409, True)


def test_new_words_are_screened_kept_and_shown(door: Running, tmp_path: Path) -> None:
    one, two = hold(door.ledger, tmp_path, "小雪", "大雪")
    entered(door)
    words = {"lines": "一片\r\n两片\r\n", "caption": "Snow\r\nfalls \x00slowly.", "hashtags": "#节气，雪 #winter"}
    answer = press(door, f"/review/{one.id}", "approve", one, title=" 小雪 初到 ", **words)
    assert answer.status_code == 303, answer.text
    plan = door.ledger.videos.get(one.id).plan
    assert (plan["words"]["title"], plan["words"]["lines"]) == ("小雪 初到", ["一片", "两片"])
    assert plan["post"]["caption"] == "Snow\nfalls slowly."
    assert plan["post"]["hashtags"] == ["节气", "雪", "winter"]
    assert plan["edited"] is True
    assert "<del>小雪</del> → <ins>小雪 初到</ins>" in door.client.get("/review").text
    # Words that screening blocks change nothing, and are there to be corrected.
    blocked = "真人荷官在线发牌，网上赌场注册送彩金"
    answer = press(door, f"/review/{two.id}", "approve", two, title="大雪", caption=blocked)
    assert answer.status_code == 409
    assert "these words are blocked" in answer.text
    assert blocked in answer.text
    assert (state(door, two), len(door.ledger.reviews.decisions())) == (VideoState.IN_REVIEW, 1)
    answer = press(door, f"/review/{two.id}", "approve", two, title="𐤀𐤁")
    assert (answer.status_code, state(door, two)) == (409, VideoState.IN_REVIEW), "no font has it"


def test_what_is_not_there_is_said(door: Running, tmp_path: Path) -> None:
    hold(door.ledger, tmp_path, "小雪")
    entered(door)
    page = door.client.get(f"/review/{uuid4()}")
    assert (page.status_code, "There is no such video." in page.text) == (404, True)
    ghost = Video(id=UUID(int=7))
    answer = press(door, "/review", "approve", ghost)
    assert (answer.status_code, "There is no such video." in answer.text) == (404, True)


def test_some_of_many_that_are_gone_do_not_keep_the_others(door: Running, tmp_path: Path) -> None:
    one, two = hold(door.ledger, tmp_path, "小雪", "大雪")
    entered(door)
    form = field_of(door.client.get("/review").text, "form")
    assert send(door, "reject", one, form=form).status_code == 303
    assert send(door, "approve", one, two, form=form).status_code == 303
    page = door.client.get("/review").text
    assert "approved: 大雪" in page
    assert "Not decided: 小雪 does not wait for anybody" in page


# --- going on ---------------------------------------------------------------------------------------------------------


def test_a_process_that_cannot_be_started_is_no_fault_of_the_page(settings: Settings) -> None:
    tried: list[str] = []

    def refuse(name: str) -> subprocess.Popen[bytes]:
        tried.append(name)
        raise FileNotFoundError("no such program")

    resuming = Resuming(settings, refuse)
    resuming.go_on("quick@2026-11-22")
    wait_until(lambda: not resuming.busy)
    resuming.go_on("quick@2026-11-22")
    wait_until(lambda: len(tried) == 2 and not resuming.busy)
