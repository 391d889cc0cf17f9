"""What every engine promises, plug-ins too: `wan_engine.base.Engine`."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted, MediaError
from reelmill.ffmpeg import probe
from reelmill.frames import read_frames
from tasks.registry import find, names
from tests.served import served
from tests.simulators.video_server import DIALECTS, video_server
from wan_engine.base import CancelToken, Engine, Failure
from wan_engine.wan.profiles import PROFILES

#: Small enough to be quick, legal everywhere.
WIDTH, HEIGHT, FRAMES = 256, 448, 9
#: What Python and NumPy may hold more for a clip of 96 frames more: as much as 24 of them. It is not nothing, because
#: a longer move of the camera needs wider layers.
FLAT_BYTES = 24 * WIDTH * HEIGHT * 3 // 2


class Ear:
    """A `Progress` that remembers; it may cancel when it has heard enough."""

    def __init__(self, token: CancelToken | None = None, after: int = 0) -> None:
        self.heard: dict[str, list[tuple[int, int]]] = {}
        self.threads: set[int] = set()
        self._token, self._after = token, after

    def __call__(self, shot_id: str, done: int, total: int) -> None:
        self.heard.setdefault(shot_id, []).append((done, total))
        if self._token and done >= self._after:
            self._token.cancel()


#: The engine `video_api` on a server of ours, with the storyboard behind it.
OURS = "reelmill"


@pytest.fixture(scope="module")
def our_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("served")) as server:
        yield server.url


#: What `wan` draws with: a model of the real one's classes that has 4 steps and takes photos.
TINY = "turbo22-5b"


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.simulators import tiny_wan

    models = tmp_path_factory.mktemp("models")
    tiny_wan.save(PROFILES[TINY].architecture, models / TINY, shift=PROFILES[TINY].shift)
    return models


@pytest.fixture(params=[*(name for name in names("engines") if name != "video_api"), *DIALECTS, OURS])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    if request.param == OURS:
        monkeypatch.setenv("REELMILL_VIDEO_API_URL", request.getfixturevalue("our_server"))
        yield find("engines", "video_api").drawing()
        return
    if request.param in DIALECTS:
        with video_server(dialect=request.param, seconds=0.3) as server:
            monkeypatch.setenv("REELMILL_VIDEO_API_URL", server.url)
            yield find("engines", "video_api").drawing()
        return
    if request.param == "wan":
        monkeypatch.setenv("REELMILL_MODELS", str(request.getfixturevalue("tiny_models")))
        monkeypatch.setenv("REELMILL_WAN_MODEL", TINY)
        monkeypatch.setenv("REELMILL_WAN_QUALITY", "report")  # it was never trained, and is no good to look at
        monkeypatch.setenv("REELMILL_HOME", str(request.getfixturevalue("tmp_path_factory").mktemp("home")))
    made: Engine = find("engines", request.param).drawing()
    reason = made.unavailable()
    if reason:
        pytest.skip(reason)
    yield made


def shot(engine: Engine, prompt: str = "a quiet lake under the moon, mist", **changes: Any) -> Shot:
    plain = Shot(
        engine=engine.name, model=engine.model, prompt=prompt, negative_prompt="", width=WIDTH, height=HEIGHT,
        frames=FRAMES, fps=24, steps=engine.recommended_steps, guidance=engine.recommended_guidance, seed=7,
    )  # fmt: skip
    return replace(plain, **changes)


def made(engine: Engine, shots: Sequence[Shot], folder: Path, **options: Any) -> list[Clip | Failure]:
    return list(engine.generate(shots, folder, images=options.pop("images", {}), **options))


def clip_of(engine: Engine, one: Shot, folder: Path, **options: Any) -> Clip:
    outcome = made(engine, [one], folder, **options)[0]
    assert isinstance(outcome, Clip), outcome
    return outcome


def test_the_registry_finds_it_under_its_own_name(engine: Engine) -> None:
    assert find("engines", engine.name) is type(engine)
    assert engine.model
    assert engine.recommended_steps >= 1


def test_the_same_shot_gives_the_same_file_and_another_seed_another(engine: Engine, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "again", "other")]
    for folder in folders:
        folder.mkdir()
    one = shot(engine)

    first = clip_of(engine, one, folders[0])
    again = clip_of(find("engines", engine.name).drawing(), replace(one), folders[1])
    other = clip_of(engine, replace(one, seed=8), folders[2])

    assert first.sha256 == again.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert other.sha256 != first.sha256
    assert other.shot_id != first.shot_id


def test_the_file_is_what_the_shot_asked_for(engine: Engine, tmp_path: Path) -> None:
    one = shot(engine, width=448, height=256, frames=13, fps=30)

    clip = clip_of(engine, one, tmp_path)

    said = probe(clip.path)
    frames = list(read_frames(clip.path, 448, 256))
    assert (said.codec, said.width, said.height, said.fps, said.audio) == ("h264", 448, 256, 30, False)
    assert len(frames) == 13 == clip.frames
    assert (clip.width, clip.height, clip.fps, clip.shot_id) == (448, 256, 30, one.id)
    # A server may have an engine of previews, and says so of each clip. None of them is ever taken for the product.
    assert clip.preview is (engine.preview or engine.model.startswith("storyboard@"))
    assert clip.path.parent == tmp_path
    assert float(np.std(frames[0])) > 4, "the picture is empty"


def test_a_clip_moves_but_never_jumps(engine: Engine, tmp_path: Path) -> None:
    if engine.name == "wan":
        pytest.skip("weights that were never trained promise nothing of motion")
    clip = clip_of(engine, shot(engine, frames=25), tmp_path)

    frames = [frame.astype(np.int16) for frame in read_frames(clip.path, WIDTH, HEIGHT)]

    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(frames)]
    assert float(np.abs(frames[-1] - frames[0]).mean()) > 0.2
    assert max(steps) < 12


def test_what_is_not_legal_is_refused_with_the_nearest_that_is(engine: Engine) -> None:
    with pytest.raises(EngineError) as wrong_size:
        engine.check(shot(engine, width=250, height=430))
    with pytest.raises(EngineError) as wrong_count:
        engine.check(shot(engine, frames=16))

    assert "256x416" in wrong_size.value.instruction or "256x448" in wrong_size.value.instruction
    assert "13" in wrong_count.value.instruction
    assert "17" in wrong_count.value.instruction
    engine.check(shot(engine))


def test_progress_never_goes_back_and_ends_when_the_clip_is_whole(engine: Engine, tmp_path: Path) -> None:
    ear = Ear()
    one = shot(engine, frames=25)

    for outcome in engine.generate([one], tmp_path, images={}, progress=ear):
        assert isinstance(outcome, Clip)
        assert outcome.path.is_file()

    steps = ear.heard[one.id]
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1][0] == steps[-1][1]
    assert all(0 <= done <= total for done, total in steps)
    assert len(steps) >= 3


def test_a_cancel_leaves_nothing_and_the_engine_is_as_new(engine: Engine, tmp_path: Path) -> None:
    untouched, stopped = tmp_path / "untouched", tmp_path / "stopped"
    untouched.mkdir()
    stopped.mkdir()
    one = shot(engine, frames=49)
    expected = clip_of(find("engines", engine.name).drawing(), one, untouched)
    token = CancelToken()
    threads = threading.active_count()

    with pytest.raises(Interrupted):
        made(engine, [one], stopped, progress=Ear(token, after=6), cancel=token)

    assert list(stopped.iterdir()) == []
    assert threading.active_count() == threads
    assert clip_of(engine, one, stopped).sha256 == expected.sha256


def test_a_cancel_before_the_first_shot_makes_nothing(engine: Engine, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()

    with pytest.raises(Interrupted):
        made(engine, [shot(engine)], tmp_path, cancel=token)

    assert list(tmp_path.iterdir()) == []


def test_a_cancel_between_shots_keeps_what_is_finished(engine: Engine, tmp_path: Path) -> None:
    token = CancelToken()
    shots = [shot(engine, seed=seed) for seed in (1, 2, 3)]

    outcomes = engine.generate(shots, tmp_path, images={}, cancel=token)
    first = next(outcomes)
    token.cancel()
    with pytest.raises(Interrupted):
        next(outcomes)

    assert isinstance(first, Clip)
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]


def test_a_shot_that_fails_does_not_stop_the_next(engine: Engine, tmp_path: Path) -> None:
    good, illegal = shot(engine), shot(engine, frames=10)

    outcomes = made(engine, [illegal, good], tmp_path)

    by_id = {outcome.shot_id: outcome for outcome in outcomes}
    assert isinstance(by_id[illegal.id], Failure)
    assert isinstance(by_id[good.id], Clip)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"this is no picture", b"\xff\xd8\xff\xe0" + b"\0" * 300])
def test_a_broken_reference_image_is_a_failure_with_its_reason(engine: Engine, tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    one = shot(engine, image="0" * 64)

    outcome = made(engine, [one], tmp_path, images={"0" * 64: broken})[0]

    assert isinstance(outcome, Failure)
    assert isinstance(outcome.error, MediaError)
    assert outcome.error.reason
    assert [path.name for path in tmp_path.iterdir()] == ["broken.jpg"]


def test_a_reference_image_that_is_not_there_is_a_failure(engine: Engine, tmp_path: Path) -> None:
    outcome = made(engine, [shot(engine, image="1" * 64)], tmp_path)[0]

    assert isinstance(outcome, Failure)
    assert isinstance(outcome.error, MediaError)


def test_a_reference_image_changes_the_clip(engine: Engine, tmp_path: Path) -> None:
    picture = np.full((400, 400, 3), 250, np.uint8)
    cv2.circle(picture, (200, 210), 110, (40, 90, 200), -1, cv2.LINE_AA)
    path = tmp_path / "ball.png"
    cv2.imwrite(str(path), picture)
    plain, about = shot(engine), shot(engine, image="2" * 64)

    clips = made(engine, [plain, about], tmp_path, images={"2" * 64: path})

    assert all(isinstance(clip, Clip) for clip in clips)
    assert len({clip.sha256 for clip in clips if isinstance(clip, Clip)}) == 2


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length_of_a_clip(engine: Engine, tmp_path: Path) -> None:
    def peak(frames: int) -> int:
        one = shot(engine, frames=frames)
        tracemalloc.start()
        clip_of(engine, one, tmp_path)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(9)  # what is loaded once
    assert peak(121) < peak(25) + FLAT_BYTES


def test_after_closing_it_can_be_used_again(engine: Engine, tmp_path: Path) -> None:
    first = clip_of(engine, shot(engine), tmp_path)
    engine.close()
    engine.close()

    assert clip_of(engine, shot(engine), tmp_path).sha256 == first.sha256
    engine.close()
