"""The engine `video_api` against a real server on loopback, in both dialects, with everything that can go wrong."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from reelmill.content import Clip, Shot
from reelmill.errors import (
    EngineError,
    Interrupted,
    MediaError,
    ReelmillError,
    ServerUnavailable,
    StorageError,
    TransientError,
)
from reelmill.ffmpeg import probe
from reelmill.frames import read_frames
from tests.simulators.video_server import DIALECTS, MODEL, VideoServer, open_port, video_server
from wan_engine.base import CancelToken, Failure
from wan_engine.video_api.address import Address
from wan_engine.video_api.client import Tempo
from wan_engine.video_api.engine import VideoApiEngine

#: As patient as a test.
TEMPO = Tempo(first_look=0.02, longest_pause=0.1, silence=0.5, busy=20.0)
SHOT = Shot("video_api", MODEL, "a cup of tea", "blur, text", 256, 448, 9, 24, 30, 4.5, 7)


@pytest.fixture(params=DIALECTS)
def server(request: pytest.FixtureRequest) -> Iterator[VideoServer]:
    with video_server(dialect=request.param, seconds=0.05) as running:
        yield running


@pytest.fixture
def sglang() -> Iterator[VideoServer]:
    """Where the dialect makes no difference."""
    with video_server(seconds=0.05) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scratch" / "chunk"
    made.mkdir(parents=True)
    return made


def engine(server: VideoServer | str, tempo: Tempo = TEMPO, **how: Any) -> VideoApiEngine:
    return VideoApiEngine(Address(server if isinstance(server, str) else server.url, **how), tempo)


def shots(count: int) -> list[Shot]:
    return [replace(SHOT, prompt=f"shot {number}", seed=number) for number in range(1, count + 1)]


def outcome_of(made: VideoApiEngine, shot: Shot, folder: Path, **options: Any) -> Clip | Failure:
    (outcome,) = made.generate([shot], folder, images=options.pop("images", {}), **options)
    return outcome


def clip_of(made: VideoApiEngine, shot: Shot, folder: Path, **options: Any) -> Clip:
    outcome = outcome_of(made, shot, folder, **options)
    assert isinstance(outcome, Clip), outcome
    return outcome


def error_of(made: VideoApiEngine, shot: Shot, folder: Path, **options: Any) -> ReelmillError:
    outcome = outcome_of(made, shot, folder, **options)
    assert isinstance(outcome, Failure), outcome
    assert list(folder.iterdir()) == [], "something half-made was left"
    return outcome.error


def remembered(folder: Path) -> list[str]:
    return [path.stem for path in folder.parent.joinpath("video-api").glob("*")]


def test_a_shot_becomes_a_clip_and_the_server_keeps_nothing(server: VideoServer, folder: Path) -> None:
    clip = clip_of(engine(server), SHOT, folder)

    order = server.orders[0]
    said = probe(clip.path)
    assert order.form, "vLLM-Omni takes nothing but forms"
    assert order.fields == {
        "model": MODEL, "prompt": "a cup of tea", "negative_prompt": "blur, text", "seconds": "1", "size": "256x448",
        "num_frames": "9", "fps": "24", "num_inference_steps": "30", "guidance_scale": "4.5", "seed": "7",
    }  # fmt: skip
    assert clip.path == folder / f"{SHOT.id}.mp4"
    assert clip.sha256 == sha256(clip.path.read_bytes()).hexdigest() == sha256(order.film).hexdigest()
    assert (said.width, said.height, said.fps, len(list(read_frames(clip.path, 16, 16)))) == (256, 448, 24, 9)
    assert clip.record["job"] == order.job
    assert clip.record["inference_time_s"] == 0.05
    assert server.deleted == [order.job]
    assert server.known == remembered(folder) == []
    assert [path.name for path in folder.iterdir()] == [clip.path.name]


def test_a_reference_image_arrives_as_it_is(server: VideoServer, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "cup.png"
    Image.effect_noise((64, 64), 80).save(path)
    shot = replace(SHOT, image="1" * 64)

    clip_of(engine(server), shot, folder, images={"1" * 64: path})

    assert server.orders[0].picture == path.read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n cut"])
def test_a_broken_reference_image_is_not_even_ordered(
    sglang: VideoServer, folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "cup.png"
    if content is not None:
        path.write_bytes(content)

    error = error_of(engine(sglang), replace(SHOT, image="1" * 64), folder, images={"1" * 64: path})

    assert isinstance(error, MediaError)
    assert sglang.orders == []


def test_shots_are_in_flight_together_up_to_the_bound_and_come_as_they_finish(folder: Path) -> None:
    five = shots(5)
    came: list[str] = []
    with video_server(seconds=0.05, parallel=2) as server:
        server.hold(1)
        for outcome in engine(server, shots=3).generate(five, folder, images={}):
            assert isinstance(outcome, Clip)
            came.append(outcome.shot_id)
            if len(came) == 4:
                server.release()

        # The one that was held came last, whichever it was: it is released only when the other four are there.
        assert sorted(came) == sorted(shot.id for shot in five)
        assert server.most_open == 3
        assert [server.ordered(shot.prompt) for shot in five] == [1] * 5


def test_progress_never_goes_back_and_ends_when_the_clip_is_whole(server: VideoServer, folder: Path) -> None:
    heard: list[tuple[int, int]] = []

    def listen(shot_id: str, done: int, total: int) -> None:
        heard.append((done, total))
        if done == total:
            assert (folder / f"{shot_id}.mp4").is_file()

    server.behaviour.seconds = 0.3
    clip_of(engine(server), SHOT, folder, progress=listen)

    assert all(before < after for before, after in pairwise(done for done, _ in heard))
    assert heard[0] == (0, 100)
    assert heard[-1] == (100, 100)
    assert len(heard) >= 4
    if server.behaviour.dialect == "sglang":
        assert any(0 < done < 95 for done, _ in heard), "the server's own steps were not told"


def cancelled_while(server: VideoServer, folder: Path, met: Any, made: list[Shot]) -> None:
    """Generate, and cancel when something was met at the server."""
    token = CancelToken()
    with ThreadPoolExecutor(1) as working:
        running = working.submit(lambda: list(engine(server).generate(made, folder, images={}, cancel=token)))
        server.wait_for(met)
        token.cancel()
        with pytest.raises(Interrupted):
            running.result(timeout=30)


def test_a_cancel_deletes_every_job_in_flight_and_leaves_nothing(server: VideoServer, folder: Path) -> None:
    server.hold()

    cancelled_while(server, folder, lambda found: len(found.orders) == 4, shots(6))

    assert sorted(server.deleted) == sorted(order.job for order in server.orders)
    assert server.known == remembered(folder) == []
    assert list(folder.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("video-api")]


def test_a_cancel_does_not_wait_for_a_server_that_is_slow_to_answer(sglang: VideoServer, folder: Path) -> None:
    """The polls are answered only after `generate` is over: if it waited for them, it would never be."""
    sglang.trouble("poll", hold=True)

    cancelled_while(sglang, folder, lambda found: found.asked("poll") == 2, shots(2))

    assert len(sglang.deleted) == 2


def test_a_cancel_during_a_download_leaves_no_half_made_file(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("content", hold=True)

    cancelled_while(sglang, folder, lambda found: found.asked("content") == 1, [SHOT])

    assert list(folder.iterdir()) == []
    assert sglang.known == []


def test_a_cancel_between_shots_keeps_what_was_handed_over_and_nothing_else(sglang: VideoServer, folder: Path) -> None:
    token, whole = CancelToken(), threading.Semaphore(0)

    def listen(shot_id: str, done: int, total: int) -> None:
        if done == total:
            whole.release()

    outcomes = engine(sglang).generate(shots(3), folder, images={}, progress=listen, cancel=token)
    first = next(outcomes)
    assert isinstance(first, Clip)
    assert all(whole.acquire(timeout=30) for _ in range(3))
    token.cancel()
    with pytest.raises(Interrupted):
        next(outcomes)

    assert list(folder.iterdir()) == [first.path]
    assert sglang.known == []


def test_a_job_whose_order_is_answered_after_the_cancel_is_deleted_too(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("create", seconds=0.2)

    cancelled_while(sglang, folder, lambda found: found.asked("create") == 1, [SHOT])

    assert len(sglang.orders) == 1
    assert sglang.known == remembered(folder) == []


def test_a_job_that_could_not_be_deleted_is_remembered_and_used_by_the_next_call(
    sglang: VideoServer, folder: Path
) -> None:
    sglang.trouble("delete", status=500, times=1)

    cancelled_while(sglang, folder, lambda found: len(found.orders) == 1, [SHOT])
    assert remembered(folder) == [SHOT.id]
    clip_of(engine(sglang), SHOT, folder)

    assert sglang.ordered(SHOT.prompt) == 1


KILLED = """
import json, sys
from pathlib import Path
from reelmill.content import Shot
from wan_engine.video_api.engine import VideoApiEngine
for _ in VideoApiEngine().generate([Shot(*json.loads(sys.argv[1]))], Path(sys.argv[2]), images={}):
    print("a clip", flush=True)
    sys.stdin.read()  # it was handed over, and is not in the store yet
"""


@pytest.mark.parametrize("when", ["rendering", "handing over"])
def test_a_process_that_is_killed_and_started_again_pays_once(sglang: VideoServer, folder: Path, when: str) -> None:
    if when == "rendering":
        sglang.hold()
    fields = json.dumps(list(asdict(SHOT).values()))
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, fields, str(folder)],
        env={"REELMILL_VIDEO_API_URL": sglang.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        if when == "rendering":
            sglang.wait_for(lambda found: found.asked("poll") >= 1, "a poll")
        else:
            assert process.stdout.readline() == b"a clip\n"
        process.kill()
    sglang.release()

    clip = clip_of(engine(sglang), SHOT, folder)

    assert sglang.ordered(SHOT.prompt) == 1
    assert clip.record["job"] == sglang.orders[0].job
    assert sglang.known == remembered(folder) == []


def test_a_caller_that_breaks_off_finds_its_jobs_again(sglang: VideoServer, folder: Path) -> None:
    """A full store must not cost what is rendered already."""
    three = shots(3)
    outcomes = engine(sglang).generate(three, folder, images={})
    next(outcomes)
    sglang.wait_for(lambda server: all(order.film for order in server.orders) and len(server.orders) == 3)
    outcomes.close()  # type: ignore[attr-defined]  # it is a generator

    again = [one for one in engine(sglang).generate(three, folder, images={}) if isinstance(one, Clip)]

    assert len(again) == 3
    assert [sglang.ordered(shot.prompt) for shot in three] == [1, 1, 1]
    assert sglang.known == []


def test_a_remembered_job_that_the_server_lost_is_ordered_anew(server: VideoServer, folder: Path) -> None:
    server.hold()
    outcomes = engine(server).generate([SHOT], folder, images={})
    with ThreadPoolExecutor(1) as working:
        running = working.submit(next, outcomes)
        server.wait_for(lambda found: found.asked("poll") >= 1)
        server.lose()  # as a server does that was started again
        server.wait_for(lambda found: len(found.orders) == 2, "the second order")
        server.release()
        clip = running.result()
    assert list(outcomes) == []

    assert isinstance(clip, Clip)
    assert clip.record["job"] == server.orders[1].job


def test_a_server_that_loses_everything_is_not_paid_for_ever(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("poll", status=404, body={"detail": "Video not found"})

    error = error_of(engine(sglang), SHOT, folder)

    assert "lost the job 3 times" in error.reason
    assert sglang.ordered(SHOT.prompt) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(
    server: VideoServer, folder: Path, status: int
) -> None:
    server.trouble("create", status=status, body={"detail": "full"}, headers={"Retry-After": "1"}, times=1)

    clip_of(engine(server), SHOT, folder)

    assert server.asked("create") == 2
    assert server.ordered(SHOT.prompt) == 1


def test_a_server_that_stays_busy_is_given_up_and_its_words_and_wait_are_told(
    sglang: VideoServer, folder: Path
) -> None:
    sglang.trouble("create", status=429, body={"error": {"message": "all full"}}, headers={"Retry-After": "90"})

    error = error_of(engine(sglang), SHOT, folder)

    assert isinstance(error, ServerUnavailable)
    assert error.retry_after == 90
    assert "429: all full" in error.reason


def test_an_order_that_cannot_be_remembered_is_taken_back(sglang: VideoServer, folder: Path) -> None:
    folder.parent.joinpath("video-api").write_text("a file where the folder should be")

    error = error_of(engine(sglang), SHOT, folder)

    assert isinstance(error, StorageError)
    assert sglang.known == []
    assert len(sglang.deleted) == 1


def test_a_queue_that_is_full_fills_again_as_it_empties(sglang: VideoServer, folder: Path) -> None:
    sglang.behaviour.queue, sglang.behaviour.retry_after = 1, "0"
    six = shots(6)

    outcomes = list(engine(sglang, shots=6).generate(six, folder, images={}))

    assert all(isinstance(one, Clip) for one in outcomes)
    assert [sglang.ordered(shot.prompt) for shot in six] == [1] * 6


def test_a_poll_that_fails_once_costs_nothing(server: VideoServer, folder: Path) -> None:
    for status in (500, 502, 503):
        server.trouble("poll", status=status, body={"detail": "hiccup"}, times=1)

    clip_of(engine(server), SHOT, folder)

    assert server.ordered(SHOT.prompt) == 1


def test_a_server_that_is_away_is_tried_for_a_while_and_then_said_so(folder: Path) -> None:
    with open_port() as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    three = shots(3)

    failures = list(engine(nobody, shots=2).generate(three, folder, images={}))

    for failure in failures:
        assert isinstance(failure, Failure)
        assert isinstance(failure.error, ServerUnavailable)
        assert nobody in failure.error.reason
        assert "REELMILL_VIDEO_API_URL" in failure.error.instruction
    assert len(failures) == 3


@pytest.mark.parametrize("at", ["models", "poll", "content", "delete"])
def test_a_connection_that_breaks_is_made_again(server: VideoServer, folder: Path, at: str) -> None:
    server.trouble(at, drop=True, times=2)

    clip_of(engine(server, replace(TEMPO, silence=20.0)), SHOT, folder)

    assert server.ordered(SHOT.prompt) == 1


def test_a_server_that_is_away_in_the_middle_keeps_the_job_for_the_next_try(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("poll", drop=True)

    error = error_of(engine(sglang), SHOT, folder)
    assert isinstance(error, ServerUnavailable)
    sglang.mend()
    clip_of(engine(sglang), SHOT, folder)

    assert sglang.ordered(SHOT.prompt) == 1


def test_a_job_that_fails_says_why_and_the_others_go_on(server: VideoServer, folder: Path) -> None:
    server.behaviour.fail = {2: "CUDA out of memory"}
    three = shots(3)

    outcomes = {one.shot_id: one for one in engine(server, shots=1).generate(three, folder, images={})}

    failed = outcomes[three[1].id]
    assert isinstance(failed, Failure)
    assert isinstance(failed.error, EngineError)
    assert "CUDA out of memory" in failed.error.reason
    assert isinstance(outcomes[three[0].id], Clip)
    assert isinstance(outcomes[three[2].id], Clip)
    assert server.known == remembered(folder) == []


@pytest.mark.parametrize("status", [400, 422])
def test_an_order_that_is_refused_says_the_servers_words(server: VideoServer, folder: Path, status: int) -> None:
    server.trouble("create", status=status, body={"detail": [{"loc": ["body", "size"], "msg": "too large"}]}, times=1)

    error = error_of(engine(server), SHOT, folder)

    assert isinstance(error, EngineError)
    assert f"answers {status}: size: too large" in error.reason
    assert server.asked("create") == 1


@pytest.mark.parametrize("at", ["models", "create", "poll", "content"])
def test_an_error_with_status_200_is_an_error(sglang: VideoServer, folder: Path, at: str) -> None:
    sglang.trouble(at, status=200, body={"error": {"message": "all workers are gone"}})

    error = error_of(engine(sglang), SHOT, folder)

    assert isinstance(error, EngineError)
    assert "all workers are gone" in error.reason


def test_a_redirect_is_not_followed(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("create", status=307, headers={"Location": "http://127.0.0.1:9/steal"})

    error = error_of(engine(sglang), SHOT, folder)

    assert isinstance(error, EngineError)
    assert "redirect" in error.reason


def test_a_film_that_comes_in_cut_is_fetched_again(server: VideoServer, folder: Path) -> None:
    server.trouble("content", short_by=1000, times=2)

    clip = clip_of(engine(server), SHOT, folder)

    assert clip.path.read_bytes() == server.orders[0].film
    assert server.asked("content") == 3
    assert server.ordered(SHOT.prompt) == 1


def test_a_film_that_always_comes_in_cut_is_no_clip_and_its_job_is_kept(sglang: VideoServer, folder: Path) -> None:
    sglang.trouble("content", short_by=1000)

    error = error_of(engine(sglang), SHOT, folder)
    assert isinstance(error, TransientError)
    assert "cut" in error.reason
    sglang.mend()
    clip_of(engine(sglang), SHOT, folder)

    assert sglang.ordered(SHOT.prompt) == 1


@pytest.mark.parametrize("more", [-4, 1])
def test_another_count_of_frames_is_a_failure_that_says_both(server: VideoServer, folder: Path, more: int) -> None:
    server.behaviour.more_frames = more

    error = error_of(engine(server), SHOT, folder)

    assert isinstance(error, EngineError)
    assert f"256x448, {9 + more} frames at 24 fps" in error.reason
    assert "256x448, 9 frames at 24 fps were ordered" in error.reason
    assert server.known == remembered(folder) == []


def test_a_job_that_never_moves_is_given_up_and_deleted(sglang: VideoServer, folder: Path) -> None:
    sglang.hold()

    error = error_of(engine(sglang, replace(TEMPO, stalled=0.5)), SHOT, folder)

    assert isinstance(error, TransientError)
    assert "did not move" in error.reason
    assert sglang.known == remembered(folder) == []


def test_the_token_opens_the_door_and_is_seen_nowhere_else(
    sglang: VideoServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sglang.behaviour.token = token = "canary-0123456789"
    wrong = error_of(engine(sglang, token="another-canary"), SHOT, folder)
    sglang.trouble("create", status=400, body={"detail": f"I saw Bearer {token}"}, times=1)
    echoed = error_of(engine(sglang, token=token), SHOT, folder)

    clip_of(engine(sglang, token=token), SHOT, folder)

    assert isinstance(wrong, EngineError)
    assert "REELMILL_VIDEO_API_TOKEN" in wrong.instruction
    assert "canary" not in f"{wrong}{echoed}{caplog.text}{folder.parent.joinpath('video-api')}"
    sent = [headers.get("authorization") for _, _, headers in sglang.requests]
    assert set(sent) == {f"Bearer {token}", "Bearer another-canary"}


def test_proxies_of_the_environment_are_not_used(
    sglang: VideoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert engine(sglang).unavailable() is None
    clip_of(engine(sglang), SHOT, folder)


def test_the_model_is_asked_once_a_process(folder: Path) -> None:
    with video_server(revision="abc123") as asked:
        assert engine(asked).unavailable() is None
        assert [engine(asked).model for _ in range(3)] == [f"{MODEL}@abc123"] * 3
        assert asked.asked("models") == 1
    assert engine(asked).model == f"{MODEL}@abc123", "it is known when the server is away, too"


def test_a_model_that_the_settings_name_needs_no_server(
    sglang: VideoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_MODEL", f"{MODEL}@2026-11")
    planner = VideoApiEngine()
    planner.check(replace(SHOT, model=f"{MODEL}@2026-11"))
    monkeypatch.setenv("REELMILL_VIDEO_API_URL", sglang.url)

    clip_of(VideoApiEngine(tempo=TEMPO), replace(SHOT, model=planner.model), folder)

    assert sglang.orders[0].fields["model"] == MODEL


def test_a_server_with_another_model_gets_no_order(sglang: VideoServer, folder: Path) -> None:
    planned = engine(sglang).model
    sglang.behaviour.model = "simulator/another"

    error = error_of(engine(sglang), replace(SHOT, model=planned), folder)
    pinned = engine(sglang, model=planned).unavailable()

    assert isinstance(error, EngineError)
    assert "simulator/another" in error.reason
    assert planned in error.reason
    assert "simulator/another" in str(pinned)
    assert sglang.orders == []


def test_a_server_that_does_not_answer_is_unavailable_with_an_instruction() -> None:
    with open_port() as deaf:  # it lets everybody in and says nothing
        reason = engine(f"http://127.0.0.1:{deaf.getsockname()[1]}").unavailable()

    assert "took too long" in str(reason)
    assert "start it, or correct REELMILL_VIDEO_API_URL" in str(reason)


def test_the_simulator_runs_as_a_command_for_rehearsals(folder: Path) -> None:
    with subprocess.Popen(
        [
            sys.executable, "-m", "tests.simulators.video_server", "--port", "0", "--dialect", "vllm-omni",
            "--seconds", "0.1", "--busy", "1", "--lie", "1", "--cut", "1", "--fail", "2=no memory",
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip().removeprefix("REELMILL_VIDEO_API_URL=")
            lie = error_of(engine(url), SHOT, folder)
            clip = clip_of(engine(url), SHOT, folder)
            clip.path.unlink()
            failed = error_of(engine(url), replace(SHOT, seed=8), folder)
            report = httpx.get(f"{url}/simulator", trust_env=False).json()
        finally:
            process.terminate()

    assert "all workers are gone" in lie.reason
    assert "no memory" in failed.reason
    assert [order["status"] for order in report["orders"]] == ["completed", "failed"]
    assert report["deleted"] == [order["job"] for order in report["orders"]]
    assert report["kept"] == []
