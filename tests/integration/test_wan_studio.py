"""A shot from its words to its file with a model from a folder, and what happens when memory runs out on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, Interrupted
from reelmill.ffmpeg import probe
from reelmill.frames import read_frames
from tests.simulators import tiny_wan
from wan_engine.base import CancelToken, no_progress
from wan_engine.quality import Limits
from wan_engine.wan.adapters import Shelf
from wan_engine.wan.device import Device
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.prompts import Embeddings
from wan_engine.wan.proof import Proofs
from wan_engine.wan.studio import Equipment, Studio
from wan_engine.wan.weights import Weights

PROFILE = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine", 16 << 30, 16 << 30, 16 << 30, bf16=True, fp8=False)
SHOT = Shot("wan", "wan22-ti2v-5b@1", "a red square", "blue circle", 256, 256, 9, 24, 2, 5.0, 7)
FASTEST = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = tiny_wan.save(PROFILE.architecture, tmp_path_factory.mktemp("model"), shift=PROFILE.shift)
    return Weights(folder, PROFILE)


def equipped(**changes: Any) -> Equipment:
    """Weights that were never trained make clips that nobody would call good."""
    return Equipment(
        **{"embeddings": Embeddings("tiny"), "shelf": Shelf(Path()), "proofs": Proofs(), "picky": False, **changes}
    )


@pytest.fixture
def studio(weights: Weights) -> Iterator[Studio]:
    made = Studio(weights, CPU, equipped(), precision=torch.float32, plan=FASTEST)
    yield made
    made.close()


def film(studio: Studio, path: Path, shot: Shot = SHOT, picture: Path | None = None) -> Clip:
    return studio.film(shot, path, picture, no_progress, CancelToken())


def test_a_shot_becomes_a_whole_file(studio: Studio, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    clip = studio.film(
        SHOT, tmp_path / "a.mp4", None, lambda _, done, total: heard.append((done, total)), CancelToken()
    )
    seen = probe(clip.path)
    assert (seen.width, seen.height, seen.frames) == (256, 256, 9)
    assert clip.record["rungs"] == []
    assert set(clip.record["stages"]) == {"encode", "denoise", "decode"}
    assert heard == sorted(set(heard))
    assert all(done < total for done, total in heard)


def test_the_same_shot_is_the_same_clip_and_another_seed_is_not(studio: Studio, tmp_path: Path) -> None:
    first, second = film(studio, tmp_path / "a.mp4"), film(studio, tmp_path / "b.mp4")
    other = film(studio, tmp_path / "c.mp4", replace(SHOT, seed=8))
    assert first.sha256 == second.sha256 != other.sha256


def test_a_photo_is_the_first_frame(studio: Studio, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (300, 280, 3), dtype=np.uint8)).save(photo)
    assert film(studio, tmp_path / "a.mp4", picture=photo).sha256 != film(studio, tmp_path / "b.mp4").sha256


@contextmanager
def full(owner: object, name: str, times: int, after: int = 0) -> Iterator[list[int]]:
    """Have a function run out of memory so often, after it went well so often, as on a GPU that is too small."""
    real: Callable[..., object] = getattr(owner, name)
    left = [after, times]

    def failing(*arguments: object, **more: object) -> object:
        if left[0]:
            left[0] -= 1
        elif left[1]:
            left[1] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …")
        return real(*arguments, **more)

    owner.__dict__[name] = failing
    try:
        yield left
    finally:
        del owner.__dict__[name]


@pytest.mark.parametrize(
    ("part", "times", "after", "lighter"),
    [
        ("text_encoder", 1, 0, "encode visit · denoise resident · decode whole"),
        ("text_encoder", 2, 0, "encode host · denoise resident · decode whole"),
        ("transformer", 1, 3, "encode visit · denoise alone · decode whole"),
        ("transformer", 2, 1, "encode visit · denoise group · decode whole"),
        ("decoder", 1, 1, "encode resident · denoise resident · decode tile-512"),
        ("decoder", 5, 2, "encode resident · denoise resident · decode host"),
    ],
)
def test_a_stage_that_runs_out_of_memory_is_made_in_a_lighter_way_and_the_clip_is_the_same(
    studio: Studio, tmp_path: Path, *, part: str, times: int, after: int, lighter: str
) -> None:
    expected = film(studio, tmp_path / "expected.mp4")
    studio._equipment.embeddings = Embeddings("tiny")
    model = studio._model
    owner = {"text_encoder": model._parts["text_encoder"], "transformer": model._parts["transformer"]}.get(
        part, model._parts["vae"].decoder
    )
    with full(owner, "forward", times, after):
        clip = film(studio, tmp_path / "clip.mp4")
    assert len(clip.record["rungs"]) == times
    assert all("2.00 GiB" in rung for rung in clip.record["rungs"])
    assert clip.record["plan"] == lighter
    difference = max(
        float(np.abs(one.astype(int) - other.astype(int)).max())
        for one, other in zip(*(read_frames(one.path, 256, 256) for one in (expected, clip)), strict=True)
    )
    assert difference <= 1


def test_where_nothing_is_enough_it_is_told_and_the_next_shot_is_as_good_as_ever(
    studio: Studio, tmp_path: Path
) -> None:
    expected = film(studio, tmp_path / "expected.mp4")
    with full(studio._model._parts["vae"].decoder, "forward", 99), pytest.raises(EngineError) as refused:
        film(studio, tmp_path / "clip.mp4")
    assert "too little memory to decode" in str(refused.value)
    assert not (tmp_path / "clip.mp4").exists()
    assert film(studio, tmp_path / "again.mp4").sha256 == expected.sha256


@pytest.mark.parametrize("after", [1, 3])
def test_a_cancelled_shot_leaves_nothing_behind(studio: Studio, tmp_path: Path, after: int) -> None:
    expected = film(studio, tmp_path / "expected.mp4")
    token, heard = CancelToken(), [0]

    def progress(_shot: str, _done: int, _total: int) -> None:
        heard[0] += 1
        if heard[0] == after:
            token.cancel()

    with pytest.raises(Interrupted):
        studio.film(SHOT, tmp_path / "clip.mp4", None, progress, token)
    assert not (tmp_path / "clip.mp4").exists()
    assert film(studio, tmp_path / "again.mp4").sha256 == expected.sha256


def test_a_cancel_is_heard_by_the_next_block_and_not_only_by_the_next_step(studio: Studio, tmp_path: Path) -> None:
    transformer, token = studio._model.transformer(FASTEST), CancelToken()
    passes: list[int] = []
    listening = [
        transformer.register_forward_hook(lambda *_: passes.append(1)),
        transformer.blocks[0].register_forward_hook(lambda *_: token.cancel()),
    ]
    with pytest.raises(Interrupted):
        studio.film(SHOT, tmp_path / "clip.mp4", None, no_progress, token)
    for hook in listening:
        hook.remove()
    assert not passes, "the first of four passes was not finished"
    assert not any(block._forward_pre_hooks for block in transformer.blocks)


def test_words_that_were_read_before_load_no_text_encoder(weights: Weights, tmp_path: Path) -> None:
    kept = tmp_path / "embeddings"
    first = Studio(weights, CPU, equipped(embeddings=Embeddings("tiny", kept)), precision=torch.float32, plan=FASTEST)
    expected = film(first, tmp_path / "a.mp4")
    second = Studio(weights, CPU, equipped(embeddings=Embeddings("tiny", kept)), precision=torch.float32, plan=FASTEST)
    assert film(second, tmp_path / "b.mp4").sha256 == expected.sha256
    assert "text_encoder" not in second._model._parts


@pytest.mark.parametrize(("frames", "fps", "own"), [(9, 30, 9), (13, 48, 9)])
def test_a_faster_clip_has_frames_between_those_of_the_model(
    studio: Studio, tmp_path: Path, *, frames: int, fps: int, own: int
) -> None:
    clip = film(studio, tmp_path / "a.mp4", replace(SHOT, frames=frames, fps=fps))
    seen = probe(clip.path)
    assert (seen.frames, seen.fps) == (clip.frames, clip.fps) == (frames, fps)
    assert clip.record["made_at"] == f"256x256, {own} frames at 24/s"
    plain = list(read_frames(film(studio, tmp_path / "b.mp4", replace(SHOT, frames=own)).path, 256, 256))
    first = next(iter(read_frames(clip.path, 256, 256)))
    assert float(np.abs(first.astype(int) - plain[0].astype(int)).mean()) < 4


def test_a_larger_clip_is_enlarged_from_the_models_own_size(weights: Weights, tmp_path: Path) -> None:
    small = replace(PROFILE, sizes=((256, 448), (448, 256)))
    studio = Studio(Weights(weights.folder, small), CPU, equipped(), precision=torch.float32, plan=FASTEST)
    clip = film(studio, tmp_path / "a.mp4", replace(SHOT, width=416, height=736))
    seen = probe(clip.path)
    assert (seen.width, seen.height) == (clip.width, clip.height) == (416, 736)
    assert clip.record["made_at"] == "256x448, 9 frames at 24/s"


def spoil(studio: Studio, times: int) -> None:
    """Have the model give so many black clips, as one does whose numbers have left their range."""
    decoder, real, left = studio._model.vae(FASTEST).decoder, studio._model.vae(FASTEST).decoder.forward, [times * 3]

    def black(*arguments: object, **more: object) -> torch.Tensor:
        made: torch.Tensor = real(*arguments, **more)
        left[0] -= 1
        return made if left[0] < 0 else torch.full_like(made, -1.0)

    decoder.__dict__["forward"] = black


def test_a_clip_that_is_no_good_is_made_with_the_next_seed(weights: Weights, tmp_path: Path) -> None:
    picky = Studio(weights, CPU, equipped(picky=True), precision=torch.float32, plan=FASTEST)
    picky._equipment.limits = Limits(warp_error=1e9, flicker=1e9, sharpness=0)
    spoil(picky, 1)
    clip = film(picky, tmp_path / "a.mp4")
    (told,) = clip.record["spoiled"]
    assert told.startswith("seed 7: 100% of the frames are black")
    assert clip.record["seed"] == 8
    assert clip.sha256 == film(picky, tmp_path / "b.mp4", replace(SHOT, seed=8)).sha256


def test_two_that_are_no_good_fail_the_shot_with_the_numbers(weights: Weights, tmp_path: Path) -> None:
    picky = Studio(weights, CPU, equipped(picky=True), precision=torch.float32, plan=FASTEST)
    spoil(picky, 2)
    with pytest.raises(EngineError, match=r"seed 7: 100% .* seed 8: 100% of the frames are black") as refused:
        film(picky, tmp_path / "a.mp4")
    assert "REELMILL_WAN_QUALITY=report" in refused.value.instruction
    assert not (tmp_path / "a.mp4").exists()


def test_numbers_that_are_none_are_no_clip(weights: Weights, tmp_path: Path) -> None:
    picky = Studio(weights, CPU, equipped(), precision=torch.float32, plan=FASTEST)
    with torch.no_grad():
        next(picky._model.transformer(FASTEST).parameters()).fill_(float("nan"))
    with pytest.raises(EngineError, match="the model gave numbers that are none"):
        film(picky, tmp_path / "a.mp4")
