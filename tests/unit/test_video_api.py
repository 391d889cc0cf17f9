"""What is said to a video server, what its answers mean, and what is remembered of both: without a network."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reelmill.content import Shot
from reelmill.errors import EngineError, ReelmillError, StorageError, TransientError, UseError
from wan_engine.video_api.address import Address
from wan_engine.video_api.client import Tempo
from wan_engine.video_api.engine import VideoApiEngine
from wan_engine.video_api.meter import Meter
from wan_engine.video_api.orders import Orders
from wan_engine.video_api.protocol import Answer, Job, Status, check_order, form, job, refusal, served, words

SHOT = Shot("video_api", "Wan@abc", "tea", "blur", 704, 1280, 121, 24, 50, 5.0, 2**32 - 1)
TOKEN = "canary-0123456789"


def answer(body: Any, status: int = 200, **more: str) -> Answer:
    return Answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), **more)


def test_an_order_names_frames_rate_and_everything_else_that_determines_the_pixels() -> None:
    assert form(SHOT) == {
        "model": "Wan",  # the revision is ours: the server knows the name only
        "prompt": "tea",
        "negative_prompt": "blur",
        "seconds": "5",
        "size": "704x1280",
        "num_frames": "121",
        "fps": "24",
        "num_inference_steps": "50",
        "guidance_scale": "5.0",
        "seed": "4294967295",
    }


def test_an_order_leaves_out_an_empty_negative_prompt_and_never_asks_for_zero_seconds() -> None:
    fields = form(replace(SHOT, negative_prompt="", frames=5))

    assert "negative_prompt" not in fields
    assert fields["seconds"] == "1"


@pytest.mark.parametrize(
    ("changes", "nearest"),
    [
        ({"width": 720}, "704x1280"),
        ({"frames": 120}, "117 or 121"),
        ({"fps": 5}, "8"),
        ({"steps": 0}, "1"),
        ({"steps": 500}, "200"),
        ({"guidance": 30.0}, "20"),
    ],
)
def test_what_no_server_takes_is_refused_with_the_nearest_that_is(changes: dict[str, Any], nearest: str) -> None:
    check_order(SHOT)
    with pytest.raises(EngineError) as refused:
        check_order(replace(SHOT, **changes))
    assert nearest in refused.value.instruction


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ({"id": "a", "status": "queued"}, 200, Job("a", Status.QUEUED)),
        ({"id": "a", "status": "in_progress", "progress": 42.9}, 200, Job("a", Status.IN_PROGRESS, 42)),
        ({"id": "a", "status": "in_progress", "progress": math.nan}, 200, Job("a", Status.IN_PROGRESS)),
        ({"id": "a", "status": "in_progress", "progress": "many"}, 200, Job("a", Status.IN_PROGRESS)),
        ({"id": "a", "status": "in_progress", "progress": 1e9}, 200, Job("a", Status.IN_PROGRESS, 100)),
        ({"id": "a", "status": "completed", "progress": 100, "error": None}, 200, Job("a", Status.COMPLETED, 100)),
        ({"id": "a", "status": "completed", "preview": True}, 200, Job("a", Status.COMPLETED, preview=True)),
        ({"id": "a", "status": "completed", "preview": "no"}, 200, Job("a", Status.COMPLETED)),
        ({"id": "a", "status": "failed", "error": {"message": "full"}}, 200, Job("a", Status.FAILED, 0, "full")),
        ({"id": "a", "status": "failed", "error": {"message": "x", "code": 5}}, 500, Job("a", Status.FAILED, 0, "x")),
        ({"id": "a", "status": "failed", "error": "as text"}, 422, Job("a", Status.FAILED, 0, "as text")),
        ({"id": "a", "status": "failed"}, 200, Job("a", Status.FAILED, 0, "it gives no reason")),
        ({"id": "a", "status": "deleted"}, 200, Job("a", Status.FAILED, 0, "it was deleted")),
    ],
)  # fmt: skip
def test_a_job_is_believed_for_its_body_whatever_the_status_code(body: Any, status: int, found: Job) -> None:
    assert job(answer(body, status)) == found


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": "gone"}}, {"detail": "not found"}, [], None, 7, b"<html>", b"", b"\xff", b"[" * 99_999],
)  # fmt: skip
def test_what_is_no_job_is_not_taken_for_one(body: Any) -> None:
    assert job(answer(body)) is None


@pytest.mark.parametrize("identity", ["../../etc", "", "a/b", "a?b", "a b", "x" * 300, ".."])
def test_an_id_that_could_lead_elsewhere_is_refused(identity: str) -> None:
    with pytest.raises(EngineError):
        job(answer({"id": identity, "status": "queued"}))


def test_a_status_that_nobody_knows_is_an_error_and_not_an_endless_wait() -> None:
    with pytest.raises(EngineError, match="'pondering'"):
        job(answer({"id": "a", "status": "pondering"}))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "the prompt is empty", "type": "x"}}, "the prompt is empty"),
        ({"error": "Unauthorized"}, "Unauthorized"),
        ({"detail": "prompt is required"}, "prompt is required"),
        ({"detail": [{"loc": ["body", "seconds"], "msg": "not a digit"}]}, "seconds: not a digit"),
        ({"message": "from a proxy"}, "from a proxy"),
        (b"upstream\n\x1b[31mtimed out", "upstream [31mtimed out"),
        (b"", ""),
    ],
)
def test_the_words_of_a_server_are_found_in_every_dialect(body: Any, said: str) -> None:
    assert words(answer(body, 400)) == said


def test_the_words_of_a_server_are_bounded_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_TOKEN", TOKEN)

    long = words(answer({"detail": "x" * 295 + TOKEN + "x" * 5000}, 400))
    echo = words(answer({"error": {"message": f"you sent Authorization: Bearer {TOKEN}"}}, 400))

    assert len(long) <= 301
    assert "canary" not in long + echo
    assert echo.startswith("you sent Authorization")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, EngineError),
        (307, EngineError),
        (400, EngineError),
        (401, EngineError),
        (404, EngineError),
        (422, EngineError),
        (429, TransientError),
        (500, TransientError),
        (503, TransientError),
    ],
)
def test_a_refusal_is_for_good_or_not_by_its_status(status: int, kind: type[ReelmillError]) -> None:
    error = refusal(answer({"detail": "so it is"}, status), "asked")

    assert type(error) is kind
    assert str(status) in error.reason
    assert "so it is" in error.reason
    assert error.instruction


def test_models_are_read_with_a_revision_where_there_is_one() -> None:
    listed = {"object": "list", "data": [{"id": "Wan", "revision": "abc"}, {"id": "other"}, {"no": "id"}, "nonsense"]}

    assert served(answer(listed)) == ("Wan@abc", "other")
    others: list[Any] = [{"data": []}, {"data": "x"}, {"error": {"message": "starting"}}, b"<html>"]
    for nothing in others:
        with pytest.raises(EngineError):
            served(answer(nothing))


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://gpu-1:8000", "http://gpu-1:8000"),
        (" http://gpu-1:8000/ ", "http://gpu-1:8000"),
        ("https://video.example/v1/", "https://video.example"),
        ("https://video.example/wan/v1", "https://video.example/wan"),
        ("", ""),
    ],
)
def test_an_address_is_read_as_people_write_it(monkeypatch: pytest.MonkeyPatch, written: str, url: str) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_URL", written)

    assert Address.configured().url == url


@pytest.mark.parametrize(
    "written",
    [
        "gpu-1:8000",
        "ftp://gpu-1",
        "http://",
        "http://me:hidden@gpu-1",
        "http://gpu-1/?key=hidden",
        "http://gpu-1:99999999",
        "http://gpu-1:abc",
    ],
)
def test_a_wrong_address_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_URL", written)

    with pytest.raises(UseError) as wrong:
        Address.configured()

    assert "REELMILL_VIDEO_API_URL" in wrong.value.reason
    assert "hidden" not in str(wrong.value)
    assert "REELMILL_VIDEO_API_URL" in str(VideoApiEngine().unavailable())


def test_the_token_is_in_the_header_and_in_nothing_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_URL", "http://gpu-1:8000")
    monkeypatch.setenv("REELMILL_VIDEO_API_TOKEN", f" {TOKEN}\n")

    address = Address.configured()

    assert address.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert TOKEN not in repr(address)
    assert Address("http://gpu-1:8000").headers == {}


def test_a_token_that_no_header_carries_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMILL_VIDEO_API_TOKEN", f"{TOKEN}\r\nX: y")

    with pytest.raises(UseError) as wrong:
        Address.configured()

    assert "REELMILL_VIDEO_API_TOKEN" in str(wrong.value)
    assert TOKEN not in str(wrong.value)


def test_without_an_address_it_is_unavailable_and_says_what_to_set() -> None:
    engine = VideoApiEngine()

    assert "set REELMILL_VIDEO_API_URL" in str(engine.unavailable())
    with pytest.raises(EngineError, match="REELMILL_VIDEO_API_URL"):
        _ = engine.model


def test_without_an_address_no_http_client_is_imported() -> None:
    program = (
        "import sys; from wan_engine.video_api.engine import VideoApiEngine;"
        "VideoApiEngine().unavailable(); sys.exit('httpx' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_order_is_remembered_by_the_next_process_for_its_server_only(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    Orders(folder, "http://a").remember(SHOT.id, "job-1")

    assert Orders(folder, "http://a").job(SHOT.id) == "job-1"
    assert Orders(folder, "http://b").job(SHOT.id) is None
    assert [path.name for path in folder.iterdir()] == [f"{SHOT.id}.json"]

    Orders(folder, "http://a").forget(SHOT.id)
    Orders(folder, "http://a").forget(SHOT.id)

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"server": "http://a"}', b'{"server": "http://a", "job": 7}'])
def test_a_broken_note_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{SHOT.id}.json").write_bytes(content)

    assert Orders(tmp_path, "http://a").job(SHOT.id) is None


def test_an_order_that_cannot_be_written_down_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "orders").write_text("a file where the folder should be")

    with pytest.raises(StorageError):
        Orders(tmp_path / "orders", "http://a").remember(SHOT.id, "job-1")


def test_progress_never_goes_back_whatever_the_server_says() -> None:
    heard: list[tuple[int, int]] = []
    meter = Meter("a", lambda _, done, total: heard.append((done, total)))

    for percent in (0, 0, 40, 20, 40, 95, 0, 100, 100):
        meter.tell(percent)

    assert heard == [(0, 100), (40, 100), (95, 100), (100, 100)]


def test_pauses_grow_up_to_the_longest() -> None:
    following = Tempo(first_look=0.5, longest_pause=2.0).pauses()

    pauses = [following() for _ in range(12)]

    assert pauses[0] == 0.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 2.0
