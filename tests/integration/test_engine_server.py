"""`reelmill engine serve` over HTTP: what it takes and refuses, what it tells, and what becomes of its jobs."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from reelmill.errors import EngineError, UseError
from tests.gated import Gated, GatedEngine, Stage, gated
from wan_engine.server.bodies import LARGEST_BODY, LARGEST_PICTURE
from wan_engine.server.database import Database
from wan_engine.server.jobs import Jobs
from wan_engine.server.orders import Served, read_order
from wan_engine.server.queueing import MOST_STARTS, Queue
from wan_engine.server.serving import KEEP, Place, opened, serve
from wan_engine.video_api.address import Address
from wan_engine.video_api.catalogue import ask

#: What every job object of the OpenAI API has.
OPENAI = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "seconds", "size",
    "prompt", "error",
}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Gated]:
    """One whose shots are made at once."""
    with gated(tmp_path / "engine") as running:
        running.stage.gate.set()
        yield running


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Gated]:
    """One whose shots wait until the gate is opened."""
    with gated(tmp_path / "engine", most_waiting=2) as running:
        yield running


def error(answer: httpx.Response, status: int) -> str:
    """What an error says, in the one form that errors have."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    return str(answer.json()["error"]["message"])


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    made = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(made, kind)
    return made.getvalue()


# What an order says.


def test_a_form_becomes_a_film(server: Gated) -> None:
    answer = server.order(
        "a cup of tea", model="gated-5b", seconds="1", fps="25", seed="7", negative_prompt="text",
        num_inference_steps="30", guidance_scale="4.5", user="somebody", quality="high",
    )  # fmt: skip
    job = server.ended(answer.json()["id"])

    (shot,) = server.stage.began
    assert (shot.prompt, shot.negative_prompt, shot.seed) == ("a cup of tea", "text", 7)
    assert (shot.width, shot.height, shot.frames, shot.fps) == (256, 448, 5, 25)
    assert (shot.steps, shot.guidance, shot.model) == (30, 4.5, "gated-5b@abc123+ink@def*0.8")
    assert set(answer.json()) >= OPENAI
    assert (answer.json()["object"], answer.json()["model"]) == ("video", "gated-5b")
    assert (job["status"], job["progress"], job["error"]) == ("completed", 100, None)
    assert (job["num_frames"], job["fps"], job["seed"], job["size"]) == (5, 25, 7, "256x448")
    assert job["completed_at"] >= job["created_at"]
    assert job["expires_at"] == pytest.approx(job["completed_at"] + KEEP, abs=1)
    assert job["inference_time_s"] > 0
    assert job["peak_memory_mb"] == 1234.5
    film = server.client.get(f"/v1/videos/{job['id']}/content")
    assert film.headers["content-type"] == "video/mp4"
    assert film.headers["etag"] == f'"{hashlib.sha256(film.content).hexdigest()}"'


def test_json_says_the_same_and_what_is_left_out_has_a_default(held: Gated) -> None:
    answer = held.client.post("/v1/videos", json={"prompt": "a lake", "seed": None, "unknown": {"a": [1]}})
    assert answer.status_code == 200, answer.text
    held.wait_for_shots(1)

    (shot,) = held.stage.began
    assert (shot.width, shot.height, shot.frames, shot.fps) == (704, 1280, 121, 24)
    assert (shot.steps, shot.guidance, shot.negative_prompt) == (7, 2.5, "")
    assert shot.seed == answer.json()["seed"]


def test_two_orders_without_a_seed_are_two_films(server: Gated) -> None:
    assert server.order().json()["seed"] != server.order().json()["seed"]


@pytest.mark.parametrize(
    ("fields", "frames", "size"),
    [
        ({"seconds": 2}, 49, (704, 1280)),
        ({"seconds": "2", "fps": 16}, 33, (704, 1280)),
        ({"seconds": 5, "num_frames": 17}, 17, (704, 1280)),
        ({"width": 832, "height": "480"}, 121, (832, 480)),
        ({"width": 832, "size": "832x480"}, 121, (832, 480)),
    ],
)
def test_length_and_size_are_said_in_several_ways(fields: dict[str, Any], frames: int, size: tuple[int, int]) -> None:
    shot = read_order({"prompt": "a lake", **fields}, Served("gated", "m@1", 7, 2.5), None).shot

    assert (shot.frames, (shot.width, shot.height)) == (frames, size)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": "x" * 8001}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"seconds": "four"}, "seconds"),
        ({"seconds": "1e9"}, "seconds"),
        ({"seconds": "0"}, "seconds"),
        ({"seconds": "61"}, "seconds"),
        ({"seconds": "-5"}, "seconds"),
        ({"seconds": "nan"}, "seconds"),
        ({"size": "large"}, "size"),
        ({"size": "256x448x2"}, "size"),
        ({"width": "256"}, "size contradicts"),
        ({"size": None, "width": "256"}, "width and height"),
        ({"fps": "24.5"}, "fps"),
        ({"num_frames": "9999999999"}, "num_frames"),
        ({"num_frames": "٩"}, "num_frames"),
        ({"seed": "-1"}, "seed"),
        ({"seed": str(2**32)}, "seed"),
        ({"num_inference_steps": "0"}, "num_inference_steps"),
        ({"num_inference_steps": "201"}, "num_inference_steps"),
        ({"guidance_scale": "21"}, "guidance_scale"),
        ({"model": "another"}, "model"),
        ({"model": "gated-5b@another"}, "model"),
    ],
)
def test_a_malformed_field_is_refused_by_name(server: Gated, fields: dict[str, Any], told: str) -> None:
    if fields.get("width") and "size" not in fields:
        fields["width"] = "288"

    message = error(server.order(**fields), 400)

    assert message.startswith(told)
    assert " – " in message, "it does not say what to do"
    assert server.client.get("/v1/videos").json()["data"] == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"prompt": NaN}', b"\xff", b'{"prompt": 5}', b'{"prompt": "\\ud800"}', b"[" * 100_000],
)
def test_json_that_is_no_order_is_refused(server: Gated, body: bytes) -> None:
    error(server.client.post("/v1/videos", content=body, headers={"Content-Type": "application/json"}), 400)


def test_another_type_and_a_broken_form_are_refused(server: Gated) -> None:
    assert "multipart/form-data" in error(server.client.post("/v1/videos", data={"prompt": "a"}), 415)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        error(server.client.post("/v1/videos", content=b"--y\r\n\r\n", headers={"Content-Type": kind}), 400)
    twice = [("prompt", (None, "a")), ("prompt", (None, "b"))]
    assert "twice" in error(server.client.post("/v1/videos", files=twice), 400)


@pytest.mark.parametrize(
    ("fields", "told"), [({"size": "250x430"}, "256x416"), ({"num_frames": "10"}, "ask for 9 or 13 frames")]
)
def test_what_the_engine_cannot_make_is_refused_in_its_words(server: Gated, fields: dict[str, str], told: str) -> None:
    assert told in error(server.order(**fields), 400)


@pytest.mark.parametrize("name", [None, "gated-5b", "gated-5b@abc123+ink@def*0.8"])
def test_the_model_may_be_said_in_three_ways(server: Gated, name: str | None) -> None:
    assert server.ended(server.ordered(model=name))["status"] == "completed"


# Reference images.


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_reference_image_comes_to_the_engine_as_it_is(server: Gated, kind: str) -> None:
    sent = picture(kind)

    answer = server.client.post(
        "/v1/videos", data={"prompt": "a", "size": "256x448", "num_frames": "5"}, files={"input_reference": sent}
    )
    server.ended(answer.json()["id"])

    assert server.stage.images == [sent]
    assert server.stage.began[0].image == hashlib.sha256(sent).hexdigest()
    assert list((server.place.folder / "pictures").iterdir()) == [], "it is kept although nobody needs it"


def test_json_has_its_image_in_base64(server: Gated) -> None:
    sent = picture()
    said = f"data:image/png;base64,{base64.b64encode(sent).decode()}"

    for value in (said, {"image_url": said}):
        order = {"prompt": "a", "size": "256x448", "num_frames": 5, "input_reference": value}
        server.ended(server.client.post("/v1/videos", json=order).json()["id"])

    assert server.stage.images == [sent, sent]


@pytest.mark.parametrize("said", ["https://example.com/cup.png", "data:image/png;base64,%%%", {"file_id": "f"}, 5])
def test_an_image_that_is_elsewhere_is_not_fetched(server: Gated, said: object) -> None:
    answer = server.client.post("/v1/videos", json={"prompt": "a", "input_reference": said})

    assert "input_reference" in error(answer, 400)


def test_what_is_no_picture_or_too_large_is_refused_and_not_kept(server: Gated) -> None:
    def sent(content: bytes) -> httpx.Response:
        return server.client.post("/v1/videos", data={"prompt": "a"}, files={"input_reference": content})

    bomb = io.BytesIO()
    Image.new("1", (8000, 8000)).save(bomb, "PNG")

    for content in (b"", b"no picture", picture()[:100], picture("GIF")):
        assert "JPEG, PNG or WebP" in error(sent(content), 400)
    assert "8000x8000" in error(sent(bomb.getvalue()), 400)
    error(sent(b"\x89PNG" + b"\0" * LARGEST_PICTURE), 413)
    assert list((server.place.folder / "pictures").iterdir()) == []


def test_a_body_beyond_the_limit_is_not_read(server: Gated) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="input_reference"; filename="a"\r\n\r\n'
        for _ in range(LARGEST_BODY // (1 << 20) + 4):
            yield b"\0" * (1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with socket.create_connection(("127.0.0.1", httpx.URL(server.url).port or 0)) as announced:
        said = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": "9" * 11}.items())
        announced.sendall(f"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode())
        assert announced.recv(12) == b"HTTP/1.1 413"
    try:
        answer = server.client.post("/v1/videos", content=endless(), headers=headers)
    except httpx.WriteError:  # it was hung up on while it was still talking
        return
    error(answer, 413)


# The queue.


def test_the_same_key_is_the_same_job(held: Gated) -> None:
    first = held.order("a", headers={"Idempotency-Key": "k-1"}).json()
    again = held.order("a", headers={"Idempotency-Key": "k-1"}).json()
    other = held.order("a", headers={"Idempotency-Key": "k-2"}).json()

    assert first["id"] == again["id"] != other["id"]
    assert first["seed"] == again["seed"]
    assert "key of its own" in error(held.order("b", headers={"Idempotency-Key": "k-1"}), 422)
    error(held.order("a", headers={"Idempotency-Key": "x" * 256}), 400)
    held.client.delete(f"/v1/videos/{first['id']}")
    assert held.order("b", headers={"Idempotency-Key": "k-1"}).json()["id"] != first["id"]


def test_a_full_queue_says_when_to_come_again(held: Gated) -> None:
    held.ordered("in the making")
    held.wait_for_shots(1)
    waiting = [held.ordered("waits") for _ in range(2)]

    full = held.order("one too many")

    assert "2 jobs wait" in error(full, 429)
    assert int(full.headers["retry-after"]) >= 1
    held.client.delete(f"/v1/videos/{waiting[0]}")
    assert held.order("now there is room").status_code == 200


def test_jobs_are_made_in_the_order_in_which_they_came(held: Gated) -> None:
    jobs = [held.ordered(f"{number}") for number in range(3)]
    held.stage.gate.set()

    assert [held.ended(job)["status"] for job in jobs] == ["completed"] * 3
    assert [shot.prompt for shot in held.stage.began] == ["0", "1", "2"]


def test_progress_is_told_while_a_job_is_made(held: Gated) -> None:
    job = held.ordered()
    held.wait_for_shots(1)

    told = held.until(lambda: held.job(job), lambda found: found["progress"] > 0)

    assert (told["status"], told["progress"], told["completed_at"]) == ("in_progress", 42, None)


def test_deleting_the_job_in_the_making_frees_the_engine_for_the_next(held: Gated) -> None:
    running, following = held.ordered("stopped"), held.ordered("next")
    held.wait_for_shots(1)

    answer = held.client.delete(f"/v1/videos/{running}")
    held.wait_for_shots(2)

    assert answer.json() == {"id": running, "deleted": True, "object": "video.deleted"}
    assert held.stage.began[1].prompt == "next"
    assert held.client.get(f"/v1/videos/{running}").status_code == 404
    held.stage.gate.set()
    assert held.ended(following)["status"] == "completed"
    assert [path.stem for path in (held.place.folder / "films").iterdir()] == [following]


def test_a_deleted_job_that_waits_is_never_made(held: Gated) -> None:
    held.ordered("first")
    waiting, last = held.ordered("never"), held.ordered("last")

    held.client.delete(f"/v1/videos/{waiting}")
    held.stage.gate.set()
    held.ended(last)

    assert [shot.prompt for shot in held.stage.began] == ["first", "last"]
    error(held.client.delete(f"/v1/videos/{waiting}"), 404)


def test_a_job_that_fails_says_why_and_the_next_one_is_made(server: Gated) -> None:
    failed, good = server.ordered("fail"), server.ordered("good")

    job = server.ended(failed)

    assert job["status"] == "failed"
    assert job["error"] == {"code": "engine_error", "message": "the lamp is broken – change the lamp"}
    assert "the lamp is broken" in error(server.client.get(f"/v1/videos/{failed}/content"), 409)
    assert server.ended(good)["status"] == "completed"
    assert server.stage.closed == 0, "the model was thrown out although nothing broke"


@pytest.mark.expects_errors
def test_an_engine_that_breaks_down_fails_its_job_only_and_the_log_says_where(
    server: Gated, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = server.ordered("break"), server.ordered("good")

    job = server.ended(broken)

    assert job["error"]["code"] == "internal_error"
    assert "secret" not in str(job)
    assert server.ended(good)["status"] == "completed"
    assert "device-side assert" in caplog.text
    assert server.stage.closed == 1, "a broken engine is not used as it is"


def test_an_engine_that_gives_nothing_has_failed(server: Gated) -> None:
    assert "neither a clip nor a reason" in server.ended(server.ordered("nothing"))["error"]["message"]


def test_a_job_that_is_interrupted_by_others_is_tried_again_and_not_for_ever(server: Gated) -> None:
    job = server.ended(server.ordered("stop"))

    assert job["error"]["code"] == "interrupted"
    assert len(server.stage.began) == MOST_STARTS


# Looking and fetching.


def test_the_list_comes_in_pages(held: Gated) -> None:
    jobs = [held.ordered(f"{number}") for number in range(3)]

    first = held.client.get("/v1/videos", params={"limit": 2}).json()
    second = held.client.get("/v1/videos", params={"limit": 2, "after": first["last_id"]}).json()
    oldest = held.client.get("/v1/videos", params={"order": "asc", "after": jobs[0]}).json()

    assert [job["id"] for job in first["data"]] == [jobs[2], jobs[1]]
    assert (first["object"], first["has_more"], second["has_more"]) == ("list", True, False)
    assert [job["id"] for job in second["data"]] == [jobs[0]]
    assert [job["id"] for job in oldest["data"]] == jobs[1:]
    assert "limit" in error(held.client.get("/v1/videos", params={"limit": 0}), 400)
    assert "order" in error(held.client.get("/v1/videos", params={"order": "by size"}), 400)
    error(held.client.get("/v1/videos", params={"after": "video_0"}), 404)


def test_a_film_that_is_not_there_says_why(held: Gated) -> None:
    job = held.ordered()
    path = f"/v1/videos/{job}/content"

    assert "queued" in error(held.client.get(path), 404) or "in_progress" in error(held.client.get(path), 404)
    held.client.delete(f"/v1/videos/{job}")
    error(held.client.get(path), 410)
    error(held.client.get("/v1/videos/video_0/content"), 404)
    error(held.client.get("/v1/videos/..%2f..%2fjobs.db/content"), 404)


def test_a_part_of_a_film_can_be_fetched(server: Gated) -> None:
    path = f"/v1/videos/{server.ended(server.ordered())['id']}/content"
    film = server.client.get(path).content

    part = server.client.get(path, headers={"Range": "bytes=100-299"})
    beyond = server.client.get(path, headers={"Range": f"bytes={len(film)}-"})
    head = server.client.head(path)

    assert (part.status_code, part.content) == (206, film[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(film)}"
    assert beyond.status_code == 416
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(film)), b"")


def test_a_thumbnail_is_the_first_frame(server: Gated) -> None:
    path = f"/v1/videos/{server.ended(server.ordered())['id']}/content"

    answer = server.client.get(path, params={"variant": "thumbnail"})

    shown = Image.open(io.BytesIO(answer.content))
    assert (answer.headers["content-type"], shown.format, shown.size) == ("image/jpeg", "JPEG", (256, 448))
    assert "variant" in error(server.client.get(path, params={"variant": "spritesheet"}), 400)


def test_a_job_and_its_film_are_gone_after_a_day(server: Gated) -> None:
    film, failed = server.ended(server.ordered())["id"], server.ended(server.ordered("fail"))["id"]

    server.later = KEEP + 60

    assert server.client.get(f"/v1/videos/{film}").status_code == 404
    assert server.client.get(f"/v1/videos/{failed}").status_code == 404
    error(server.client.get(f"/v1/videos/{film}/content"), 410)
    assert server.client.get("/v1/videos").json()["data"] == []
    following = server.ended(server.ordered())["id"]  # the worker sweeps before it takes a job up
    assert [path.stem for path in (server.place.folder / "films").iterdir()] == [following]
    server.later *= 2.1
    server.ended(server.ordered())
    assert "there is no such video" in error(server.client.get(f"/v1/videos/{film}/content"), 404)


# How it is.


def test_health_models_and_what_is_not_there(server: Gated) -> None:
    model = "gated-5b@abc123+ink@def*0.8"

    health = server.client.get("/health")

    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert (health.json()["engine"], health.json()["model"], health.json()["queued"]) == ("gated", model, 0)
    assert ask(Address(server.url)) == model, "our client puts the name and the revision together again"
    server.stage.trouble = "the GPU fell off the bus"
    assert server.client.get("/health").status_code == 503
    assert server.client.get("/health").json()["trouble"] == "the GPU fell off the bus"
    error(server.client.get("/v2/videos"), 404)
    error(server.client.put("/v1/videos"), 405)


def test_a_server_that_stops_takes_no_orders(held: Gated) -> None:
    running = held.ordered()
    held.wait_for_shots(1)

    held.stage.stop()

    refused = held.order()
    error(refused, 503)
    assert "retry-after" in refused.headers
    assert held.client.get("/health").status_code == 503
    told = held.until(lambda: held.job(running), lambda job: job["status"] == "queued")
    assert told["progress"] == 0


def test_a_shot_that_fails_because_everything_is_stopped_has_not_failed(held: Gated, tmp_path: Path) -> None:
    """systemd tells the encoder to stop when it tells us, and the encoder may be quicker."""
    job = held.ordered("fail because all stops")
    held.wait_for_shots(1)

    held.stage.gate.set()

    assert held.until(lambda: held.job(job), lambda found: found["status"] != "in_progress")["status"] == "queued"
    assert [path.name for path in (tmp_path / "engine" / "films").iterdir()] == []


def test_the_figures_can_be_read_by_prometheus(held: Gated) -> None:
    running, waiting = held.ordered("stopped"), held.ordered("fail")
    held.wait_for_shots(1)

    def figures() -> dict[tuple[str, str], float]:
        text = held.client.get("/metrics").text
        return {
            (sample.name, sample.labels.get("outcome", "")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if "le" not in sample.labels
        }

    before = figures()
    held.client.delete(f"/v1/videos/{running}")
    held.stage.gate.set()
    held.ended(waiting)
    held.ended(held.ordered("good"))
    after = held.until(figures, lambda found: found["reelmill_engine_running", ""] == 0)

    assert (before["reelmill_engine_queued", ""], before["reelmill_engine_running", ""]) == (1, 1)
    assert after["reelmill_engine_queued", ""] == 0
    for outcome in ("done", "failed", "cancelled"):
        assert after["reelmill_engine_jobs_total", outcome] == 1
    assert after["reelmill_engine_frames_total", ""] == 5
    assert after["reelmill_engine_shot_seconds_count", ""] == 1
    assert after["reelmill_engine_wait_seconds_count", ""] == 3
    assert after["reelmill_engine_gpu_memory_bytes", ""] == 1234.5e6


# Who is let in.


def test_the_token_opens_the_server_and_nothing_else_does(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with gated(tmp_path / "engine", token="canary-0123456789") as running:
        for sent in ("", "Bearer", "Bearer wrong", "Basic canary-0123456789", "Bearer canary-012345678é"):
            for method, path in (
                ("GET", "/v1/videos"),
                ("POST", "/v1/videos"),
                ("GET", "/v1/models"),
                ("GET", "/none"),
            ):
                headers = {"Authorization": sent.encode("latin-1")}
                answer = running.client.request(method, path, headers=headers)
                assert "REELMILL_ENGINE_TOKEN" in error(answer, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")
        assert running.client.get("/v1/models").status_code == 200

        bare = httpx.Client(base_url=running.url, trust_env=False)
        with bare:
            assert bare.get("/health").status_code == 200
            assert bare.get("/metrics").status_code == 200, "a program on this machine may read the figures"
            error(bare.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}), 401)
    assert "canary" not in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "", "[::"])
def test_a_page_whose_name_points_here_is_not_answered(server: Gated, host: str) -> None:
    error(server.client.get("/v1/videos", headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
def test_names_of_this_machine_are_answered(server: Gated, host: str) -> None:
    assert server.client.get("/v1/videos", headers={"Host": host}).status_code == 200


def test_a_form_on_a_foreign_page_orders_nothing(server: Gated) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        error(server.order(headers=headers), 403)
    assert server.order(headers={"Origin": server.url}).status_code == 200


def test_beyond_this_machine_it_asks_for_a_token_first(tmp_path: Path) -> None:
    def never(*_: str) -> None:
        raise AssertionError("it listens")

    for host in ("0.0.0.0", "192.0.2.1", "::"):  # noqa: S104 (it is refused)
        with pytest.raises(UseError, match="REELMILL_ENGINE_TOKEN is not set"):
            serve(lambda: GatedEngine(Stage()), Place(tmp_path, host, 0), ready=never)
    with pytest.raises(UseError) as bad:
        serve(lambda: GatedEngine(Stage()), Place(tmp_path, token="with space"), ready=never)
    assert "with space" not in str(bad.value)


def test_an_engine_that_cannot_run_here_is_not_served(tmp_path: Path) -> None:
    stage = Stage(trouble="there is no GPU here")

    with pytest.raises(EngineError, match="there is no GPU here"), opened(lambda: GatedEngine(stage), Place(tmp_path)):
        raise AssertionError("it was opened")


# The table.


def test_a_job_that_ends_the_process_again_and_again_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    shot = read_order({"prompt": "a lake"}, Served("gated", "m@1", 7, 2.5), None).shot
    with Database(path, keep=60) as database:
        Jobs(database).add("video_1", shot, key=None, asked="", most_waiting=9)
    for _ in range(MOST_STARTS):
        with Database(path, keep=60) as database:
            Queue(database).recover()
            assert Queue(database).take() is not None
    with Database(path, keep=60) as database:
        Queue(database).recover()
        job = Jobs(database).find("video_1")

    assert job is not None
    assert (job.status, job.code) == ("failed", "interrupted")


def test_a_file_of_a_newer_reelmill_is_left_alone(tmp_path: Path) -> None:
    with Database(tmp_path / "jobs.db", keep=60) as database, database.writing() as file:
        file.execute("pragma user_version = 99")

    with pytest.raises(UseError, match="newer"):
        Database(tmp_path / "jobs.db", keep=60)


def test_many_clients_that_order_and_delete_at_once_leave_nothing_behind(tmp_path: Path) -> None:
    def client(number: int) -> tuple[str, bool]:
        """One order, which every second client takes back at once, and every third one after a look."""
        job = server.ordered(f"client {number}")
        if number % 3 == 0:
            server.ended(job)
        if number % 2:
            server.client.delete(f"/v1/videos/{job}")
        return job, bool(number % 2)

    with gated(tmp_path / "engine") as server:
        server.stage.gate.set()
        with ThreadPoolExecutor(8) as clients:
            outcomes = list(clients.map(client, range(24)))
        kept = {job for job, deleted in outcomes if not deleted}
        for job in kept:
            assert server.ended(job)["status"] == "completed"

        assert {job["id"] for job in server.client.get("/v1/videos", params={"limit": 100}).json()["data"]} == kept
        films, work = server.place.folder / "films", server.place.folder / "work"
        server.until(lambda: list(work.iterdir()), lambda left: left == [])
        server.until(lambda: {path.stem for path in films.iterdir()}, lambda found: found == kept)
        assert len(server.stage.began) <= 24
