"""Detectors by HTTP, against a server on loopback that can misbehave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from reelmill.content import Decision, Verdict
from reelmill.errors import TerminalError, UseError
from tasks.screening.detectors import http
from tasks.screening.detectors.base import Finding
from tasks.screening.detectors.http import Remote
from tasks.screening.options import ScreenOptions
from tasks.screening.remote import RemoteOptions
from tasks.screening.stage import Screener
from tasks.secret import Secret
from tests.integration.test_screening import Calm, make, moving, screen
from tests.simulators.detector_server import DetectorServer, a_detector_server

FPS = 12

#: Calm looks in the place of opennsfw, so that nothing but the server decides.
POLICY = """
name: violence
version: "1"
required: [{required}]
optional: [{optional}]
rules:
  opennsfw: {{nsfw: {{category: sexual, review: 0.5, block: 0.8}}}}
  gore: {{blood: {{category: violence, review: 0.3, block: {block}}}}}
agreement: {{seconds: 1.0}}
contradiction: {{opennsfw: 0.2}}
isolated: {{score_below: 0.0, seconds: 1.0}}
black: {{level_below: 8.0, share_above: 0.5}}
frozen: {{change_below: 0.2, share_above: 0.9}}
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DetectorServer]:
    monkeypatch.setattr(http, "PAUSE", 0.0)
    with a_detector_server() as server:
        yield server


@pytest.fixture
def required(server: DetectorServer, tmp_path: Path) -> Iterator[Screener]:
    yield from screening(server, tmp_path, required="opennsfw, gore")


@pytest.fixture
def optional(server: DetectorServer, tmp_path: Path) -> Iterator[Screener]:
    yield from screening(server, tmp_path, required="opennsfw", optional="gore")


def screening(
    server: DetectorServer, folder: Path, *, required: str, optional: str = "", block: str = "0.8"
) -> Iterator[Screener]:
    (folder / "ours.yaml").write_text(POLICY.format(required=required, optional=optional, block=block))
    remote = RemoteOptions(name="gore", url=server.url, timeout=5.0)
    screener = Screener(ScreenOptions(policy="ours.yaml", remote=[remote]), base=folder, catalogue=lambda _: Calm)
    yield screener
    screener.close()


def red_from_second_one(path: Path) -> Path:
    graph = "drawbox=x=360:y=640:w=240:h=320:color=red:t=fill:enable='gte(t,1)'"
    return make(
        path, "-f", "lavfi", "-i", f"testsrc2=s=720x1280:r={FPS},hue=s=0,{graph}", "-frames:v", str(2 * FPS),
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p",
    )  # fmt: skip


def test_what_a_server_finds_is_evidence_like_any_other(
    required: Screener, server: DetectorServer, tmp_path: Path
) -> None:
    verdict = screen(required, red_from_second_one(tmp_path / "master.mp4"))

    assert verdict.decision is Decision.BLOCK
    assert "violence: gore saw blood in 12 frames from 1.0 s to 1.9 s" in verdict.reasons[0]
    [hit] = verdict.hits
    assert hit.box == pytest.approx((360, 640, 240, 320), abs=12)  # in pixels of the master, and red was sent as red
    [_, gore] = verdict.examinations
    assert (gore.detector, gore.version, gore.model_sha256, gore.frames) == ("gore", "7", "ab" * 32, 2 * FPS)
    assert set(server.sizes) == {(360, 640)}


def test_a_harmless_master_passes(required: Screener, server: DetectorServer, tmp_path: Path) -> None:
    server.eye = lambda _: []

    verdict = screen(required, moving(tmp_path / "master.mp4"))

    assert verdict.decision is Decision.PASS
    assert len(server.sizes) == FPS


def test_a_calm_opennsfw_overrules_no_doubt_about_violence(server: DetectorServer, tmp_path: Path) -> None:
    screener = next(screening(server, tmp_path, required="opennsfw, gore", block="null"))

    verdict = screen(screener, red_from_second_one(tmp_path / "master.mp4"))
    screener.close()

    assert verdict.decision is Decision.REVIEW


TROUBLES: list[tuple[dict[str, object], str]] = [
    ({"status": 503}, "gore answers 503"),
    ({"status": 429, "headers": {"Retry-After": "600"}}, "gore answers 429"),
    ({"status": 401}, "gore answers 401"),
    ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, "gore answers 302"),
    ({"drop": True}, "gore does not answer: RemoteProtocolError"),
    ({"body": b"<html>"}, "gore gave an answer that is none"),
    ({"body": b"[" * 100_000}, "gore gave an answer that is none"),
    ({"body": b"{}"}, "gore gave an answer that is none: 'frames'"),
    ({"body": b" " * ((1 << 20) + 1)}, "gore answers with more than"),
    ({"body": json.dumps({"version": "7", "frames": [[]]}).encode()}, "it does not speak of the 4 frames"),
    (
        {"body": b'{"version": "7", "frames": [[{"label": "blood", "score": NaN}], [], [], []]}'},
        "is not between 0 and 1",
    ),
    ({"body": b'{"version": "7", "frames": [[{"label": "blood", "score": 7}], [], [], []]}'}, "is not between 0 and 1"),
    ({"body": b'{"version": "7", "frames": [[{"label": "blood", "score": true}], [], [], []]}'}, "not between 0 and 1"),
    ({"body": b'{"version": "7", "frames": [[{"label": "", "score": 0.1}], [], [], []]}'}, "no short text"),
    ({"body": b'{"version": "7", "frames": [[{"label": "a", "score": 0.1, "box": [1]}], [], [], []]}'}, "four numbers"),
    ({"body": b'{"version": "", "frames": [[], [], [], []]}'}, "no short text"),
]


def trouble(server: DetectorServer, knobs: dict[str, object]) -> None:
    for name, value in knobs.items():
        setattr(server, name, value)


@pytest.mark.parametrize(("knobs", "told"), TROUBLES)
def test_a_required_one_that_is_down_or_talks_nonsense_blocks_as_a_fault(
    required: Screener, server: DetectorServer, tmp_path: Path, knobs: dict[str, object], told: str
) -> None:
    trouble(server, knobs)
    master = moving(tmp_path / "master.mp4")

    verdict = screen(required, master)

    assert verdict.decision is Decision.BLOCK
    assert told in verdict.reasons[0]
    assert verdict.fault

    # And it is worth another try
    trouble(server, {"status": 0, "drop": False, "body": None, "eye": lambda _: []})
    assert screen(required, master).decision is Decision.PASS


@pytest.mark.parametrize(("knobs", "told"), TROUBLES)
def test_an_optional_one_that_is_down_or_talks_nonsense_sends_the_master_to_a_person(
    optional: Screener, server: DetectorServer, tmp_path: Path, knobs: dict[str, object], told: str
) -> None:
    trouble(server, knobs)

    verdict = screen(optional, moving(tmp_path / "master.mp4"))

    assert verdict.decision is Decision.REVIEW
    assert told in "; ".join(verdict.reasons)
    assert verdict.examined == FPS
    assert {one.detector: one.frames for one in verdict.examinations} == {"opennsfw": FPS, "gore": 0}


def test_one_that_fails_on_the_way_is_asked_no_more_for_this_master_and_told_once(
    optional: Screener, server: DetectorServer, tmp_path: Path
) -> None:
    server.eye, server.after, server.status = (lambda _: []), 2, 400

    verdict = screen(optional, moving(tmp_path / "master.mp4", 10 * FPS))

    assert verdict.decision is Decision.REVIEW
    assert [reason for reason in verdict.reasons if "gore" in reason] == [verdict.reasons[0]]
    assert {one.detector: one.frames for one in verdict.examinations} == {"opennsfw": 10 * FPS, "gore": 8}
    assert server.requests < 10


def test_what_an_optional_one_saw_before_it_failed_still_blocks(
    optional: Screener, server: DetectorServer, tmp_path: Path
) -> None:
    server.eye = lambda _: [{"label": "blood", "score": 0.95}]
    server.after, server.status = 1, 500

    assert screen(optional, moving(tmp_path / "master.mp4")).decision is Decision.BLOCK


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    required: Screener, server: DetectorServer, tmp_path: Path, status: int
) -> None:
    server.eye, server.status, server.headers, server.until = (lambda _: []), status, {"Retry-After": "0"}, 2

    assert screen(required, moving(tmp_path / "master.mp4")).decision is Decision.PASS


def test_a_server_that_is_not_there_blocks(server: DetectorServer, tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(POLICY.format(required="opennsfw, gore", optional="", block="0.8"))
    remote = RemoteOptions(name="gore", url="http://127.0.0.1:9/detect")
    screener = Screener(ScreenOptions(policy="ours.yaml", remote=[remote]), base=tmp_path, catalogue=lambda _: Calm)

    verdict = screen(screener, moving(tmp_path / "master.mp4"))
    screener.close()

    assert verdict.decision is Decision.BLOCK
    assert verdict.fault
    assert "gore does not answer: ConnectError" in verdict.reasons[0]


def test_a_server_that_says_nothing_in_time_is_given_up(server: DetectorServer) -> None:
    server.silent = 1.0
    detector = Remote(RemoteOptions(name="gore", url=server.url, timeout=0.05))

    with pytest.raises(TerminalError, match="does not answer: ReadTimeout"):
        detector.detect([np.zeros((8, 8, 3), np.uint8)])
    detector.close()


def test_the_token_goes_along_and_a_wrong_one_is_told(server: DetectorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.token = "abc"
    options = RemoteOptions(name="gore", url=server.url, token=Secret(env="GORE_TOKEN"))
    frame = np.full((8, 8, 3), (255, 0, 0), np.uint8)

    monkeypatch.setenv("GORE_TOKEN", "abc")
    detector = Remote(options)
    assert detector.detect([frame]) == [[Finding("blood", 0.9, (0, 0, 8, 8))]]
    detector.close()

    monkeypatch.setenv("GORE_TOKEN", "wrong")
    detector = Remote(options)
    with pytest.raises(TerminalError, match=r"answers 401 – set \$GORE_TOKEN"):
        detector.detect([frame])
    detector.close()


def missing_token(server: DetectorServer, folder: Path, **policy: str) -> Verdict:
    (folder / "ours.yaml").write_text(POLICY.format(block="0.8", **policy))
    remote = RemoteOptions(name="gore", url=server.url, token=Secret(env="NOT_SET_ANYWHERE"))
    screener = Screener(ScreenOptions(policy="ours.yaml", remote=[remote]), base=folder, catalogue=lambda _: Calm)
    verdict = screen(screener, moving(folder / "master.mp4"))
    screener.close()
    return verdict


def test_a_token_that_is_not_set_is_a_fault_or_a_doubt_too(server: DetectorServer, tmp_path: Path) -> None:
    blocked = missing_token(server, tmp_path, required="opennsfw, gore", optional="")
    doubted = missing_token(server, tmp_path, required="opennsfw", optional="gore")

    assert (blocked.decision, blocked.fault) == (Decision.BLOCK, True)
    assert doubted.decision is Decision.REVIEW
    assert all("the secret $NOT_SET_ANYWHERE is not set" in one.reasons[0] for one in (blocked, doubted))


def test_large_frames_are_sent_small_and_boxes_come_back_large(server: DetectorServer) -> None:
    detector = Remote(RemoteOptions(name="gore", url=server.url))
    frame = np.zeros((1280, 704, 3), np.uint8)
    frame[640:960, 352:704] = (255, 0, 0)

    [[finding]] = detector.detect([frame])
    detector.close()

    assert server.sizes == [(352, 640)]
    assert finding.box == pytest.approx((352, 640, 352, 320), abs=8)


def test_another_address_is_another_identity_and_the_version_is_that_of_the_answer(server: DetectorServer) -> None:
    here, there = (Remote(RemoteOptions(name="gore", url=url)) for url in (server.url, server.url + "2"))

    assert here.identity != there.identity
    before = here.identity
    here.detect([np.zeros((8, 8, 3), np.uint8)])
    assert (here.version, here.identity) == ("7", before)
    here.close()
    there.close()


def test_a_detector_without_rules_is_refused(server: DetectorServer) -> None:
    with pytest.raises(UseError, match="no rule for what gore finds"):
        Screener(ScreenOptions(remote=[RemoteOptions(name="gore", url=server.url)]))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "gore", "url": "http://screen.example/detect"}, "https"),
        ({"name": "gore", "url": "ftp://127.0.0.1/"}, "https"),
        ({"name": "gore", "url": "https://me:secret@screen.example/"}, "without a login"),
        ({"name": "gore", "url": "https:///x"}, "https://host/path"),
        ({"name": "gore", "url": "https://[::1/x"}, "no address"),
        ({"name": "nudenet", "url": "https://screen.example/"}, "already the name of a detector"),
        ({"name": "ocr", "url": "https://screen.example/"}, "already the name of a detector"),
        ({"name": "Gore!", "url": "https://screen.example/"}, "pattern"),
        ({"name": "gore", "url": "https://screen.example/", "timeout": 0.0}, "greater than 0"),
    ],
)
def test_a_wrong_address_or_name_is_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScreenOptions.model_validate({"remote": [values]})

    assert told in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:8000/x", "http://[::1]:8000/x", "https://screen.example/x?a=b"])
def test_https_and_this_machine_are_allowed(url: str) -> None:
    assert RemoteOptions(name="gore", url=url).url == url


# What tests/contract/test_detectors.py asks of every detector


def spotted(side: int, height: int = 64, width: int = 48) -> np.ndarray:
    frame = np.zeros((height, width, 3), np.uint8)
    frame[8 : 8 + side, 8 : 8 + side] = (255, 0, 0)
    frame.setflags(write=False)
    return frame


def test_a_frame_is_judged_by_itself_and_several_threads_may_ask(server: DetectorServer) -> None:
    detector = Remote(RemoteOptions(name="gore", url=server.url))
    frames = [spotted(16), spotted(0), spotted(32), spotted(16, 48, 200), spotted(16, 1300, 700)]

    together = detector.detect(frames)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(detector.detect, [frames] * 8))
    alone = [findings for frame in frames for findings in detector.detect([frame])]
    detector.close()

    assert [len(findings) for findings in together] == [1, 0, 1, 1, 0]
    assert alone == together
    assert answers == [together] * 8
    assert detector.detect([]) == []


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (9, 640), (640, 9), (720, 1280)])
def test_any_size_is_sent(server: DetectorServer, size: tuple[int, int]) -> None:
    detector = Remote(RemoteOptions(name="gore", url=server.url))

    [[finding]] = detector.detect([np.full((*size, 3), (255, 0, 0), np.uint8)])
    detector.close()

    assert finding.box == (0, 0, size[1], size[0])
