"""Whatever rung of the ladder a stage is on, the frames are those of the bare pipeline: only execution changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from tests.simulators import tiny_wan
from wan_engine.wan.decoding import Tiling, decode_tiled, decode_whole, scaled
from wan_engine.wan.denoising import Denoising as Work
from wan_engine.wan.denoising import Guided
from wan_engine.wan.model import Model
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan, Stage
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.prompts import Embeddings, read
from wan_engine.wan.weights import Weights

CPU = torch.device("cpu")
CLOSE = 2e-3
#: Larger than the smallest tile, so that every rung of decoding really has tiles.
WIDTH, HEIGHT, FRAMES, STEPS, GUIDANCE = 288, 320, 5, 2, 5.0
PROMPT, NEGATIVE = "a red square moving left", "blue circle"
PROFILE = PROFILES["wan22-ti2v-5b"]
FASTEST = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)

Video = npt.NDArray[np.float32]


def ladder() -> list[Plan]:
    """Every plan that running out of memory leads to, stage by stage, but those that change numbers."""
    found = []
    for stage in Stage:
        plan: Plan | None = FASTEST
        while plan is not None:
            if plan.denoising is not Denoising.FP8:
                found.append(plan)
            plan = plan.lighter(stage)
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_wan.save(PROFILE.architecture, tmp_path_factory.mktemp("model"), shift=PROFILE.shift)


@pytest.fixture(scope="module")
def expected() -> dict[int | None, Video]:
    """The frames of the bare pipeline: whole, and in tiles of each side."""
    found: dict[int | None, Video] = {}
    for side in (None, 512, 384, 256):
        pipe = tiny_wan.pipeline(PROFILE.architecture, shift=PROFILE.shift)
        pipe.set_progress_bar_config(disable=True)
        if side is not None:
            stride = Tiling.of(side).stride
            pipe.vae.enable_tiling(side, side, stride, stride)
        found[side] = pipe(
            prompt=PROMPT, negative_prompt=NEGATIVE, width=WIDTH, height=HEIGHT, num_frames=FRAMES,
            num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=torch.Generator().manual_seed(7),
            output_type="np",
        ).frames[0]  # fmt: skip
    return found


def made(model: Model, plan: Plan, embeddings: Embeddings) -> Video:
    """The same by our stages, as a plan says."""
    for text in (PROMPT, NEGATIVE):
        if embeddings.get(text) is None:
            encoder = model.text_encoder(plan)
            embeddings.put(text, read([text], model.tokenizer, encoder, encoder.device)[0])
    kept = [embeddings.get(text) for text in (PROMPT, NEGATIVE)]
    guided = Guided(*([one] for one in kept if one is not None), seeds=[7])
    work = Work(
        model.transformer(plan), PROFILE, guided, WIDTH, HEIGHT, FRAMES, steps=STEPS, guidance=GUIDANCE, device=CPU
    )
    while work.done < work.total:
        work.step()
    vae = model.vae(plan)
    latents = scaled(vae, work.latents)
    if plan.decoding.tile is None or plan.decoding.tile >= max(WIDTH, HEIGHT):
        frames = torch.cat(list(decode_whole(vae, latents)), dim=1)
    else:
        frames = torch.full((3, FRAMES, HEIGHT, WIDTH), 9.0)

        def put(tile: torch.Tensor, top: int, left: int) -> None:
            frames[:, :, top : top + tile.shape[2], left : left + tile.shape[3]] = tile

        decode_tiled(vae, latents, Tiling.of(plan.decoding.tile), put)
    video: Video = (frames / 2 + 0.5).permute(1, 2, 3, 0).numpy()
    return video


@pytest.mark.parametrize("plan", ladder(), ids=str)
def test_each_rung_makes_the_frames_of_the_bare_pipeline(
    folder: Path, expected: dict[int | None, Video], plan: Plan, tmp_path: Path
) -> None:
    model = Model(Weights(folder, PROFILE), CPU, torch.float32)
    cold = made(model, plan, Embeddings("tiny", tmp_path))
    assert np.abs(cold - expected[plan.decoding.tile]).max() <= CLOSE
    again = Model(Weights(folder, PROFILE), CPU, torch.float32)
    warm = made(again, plan, Embeddings("tiny", tmp_path))
    assert np.array_equal(warm, cold)
    assert "text_encoder" not in again._parts


def test_climbing_down_and_up_again_leaves_no_trace(folder: Path, expected: dict[int | None, Video]) -> None:
    model = Model(Weights(folder, PROFILE), CPU, torch.float32)
    embeddings = Embeddings("tiny")
    for denoising in (Denoising.RESIDENT, Denoising.GROUP, Denoising.ALONE, Denoising.GROUP, Denoising.RESIDENT):
        plan = Plan(Encoding.VISIT, denoising, Decoding.ALONE)
        assert np.abs(made(model, plan, embeddings) - expected[256]).max() <= CLOSE


@pytest.mark.parametrize(
    ("plan", "away"),
    [
        (Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE), ""),
        (Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.TILE_256), "text_encoder"),
        (Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.ALONE), "text_encoder vae"),
        (Plan(Encoding.HOST, Denoising.ALONE, Decoding.ALONE), "text_encoder vae"),
    ],
    ids=str,
)
def test_what_the_estimate_does_not_count_is_not_on_the_device_while_it_denoises(
    folder: Path, plan: Plan, away: str
) -> None:
    class Watched(Model):
        sent: frozenset[str] = frozenset()

        def send_away(self, *parts: str) -> None:
            self.sent = self.sent | set(parts)
            super().send_away(*parts)

    model = Watched(Weights(folder, PROFILE), CPU, torch.float32)
    model.transformer(plan)
    assert model.sent == set(away.split())
