"""Our three stages make the very frames of a bare diffusers pipeline: same seed, same classes, float32 on the CPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import WanImageToVideoPipeline, WanPipeline
from PIL import Image

from tests.simulators import tiny_wan
from wan_engine.wan.decoding import Tiling, decode_tiled, decode_whole, scaled, tiles
from wan_engine.wan.denoising import Denoising, Guided
from wan_engine.wan.profiles import PROFILES, Profile
from wan_engine.wan.prompts import read

CPU = torch.device("cpu")
#: What diffusers' own tests allow between two ways of the same (`test_inference_batch_single_identical`).
CLOSE = 2e-3
WIDTH, HEIGHT, FRAMES, STEPS = 96, 64, 9, 3
PROMPT, NEGATIVE = "a red square moving left", "blue circle"

Video = npt.NDArray[np.float32]


@pytest.fixture(params=["wan22-ti2v-5b", "wan21-t2v-1.3b"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return PROFILES[request.param]


@pytest.fixture
def bare(profile: Profile) -> WanPipeline:
    made = tiny_wan.pipeline(profile.architecture, shift=profile.shift)
    made.set_progress_bar_config(disable=True)
    return made


def ours(
    pipe: WanPipeline, profile: Profile, prompts: list[str], seeds: list[int], guidance: float, **more: object
) -> torch.Tensor:
    """The latents of these shots by our stages."""
    guided = Guided(
        read(prompts, pipe.tokenizer, pipe.text_encoder, CPU),
        read([NEGATIVE] * len(prompts), pipe.tokenizer, pipe.text_encoder, CPU) if guidance > 1 else (),
        seeds,
        first=more.pop("first", None),  # type: ignore[arg-type]
    )
    work = Denoising(
        pipe.transformer, profile, guided, WIDTH, HEIGHT, FRAMES,
        steps=STEPS, guidance=guidance, device=CPU, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    while work.done < work.total:
        work.step()
    return work.latents


def whole(pipe: WanPipeline, latents: torch.Tensor) -> Video:
    pieces = list(decode_whole(pipe.vae, scaled(pipe.vae, latents)))
    assert [piece.shape[1] for piece in pieces] == [1, 4, 4]
    return as_video(torch.cat(pieces, dim=1))


def as_video(frames: torch.Tensor) -> Video:
    """(frames, height, width, 3) from 0 to 1, as diffusers gives them."""
    video: Video = (frames / 2 + 0.5).permute(1, 2, 3, 0).numpy()
    return video


def call(pipe: WanPipeline | WanImageToVideoPipeline, prompt: str, seed: int, guidance: float, **more: object) -> Video:
    video: Video = pipe(
        prompt=prompt, negative_prompt=NEGATIVE, width=WIDTH, height=HEIGHT, num_frames=FRAMES,
        num_inference_steps=STEPS, guidance_scale=guidance, generator=torch.Generator().manual_seed(seed),
        output_type="np", **more,
    ).frames[0]  # fmt: skip
    return video


@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("one_time", [True, False])
def test_text_to_video(bare: WanPipeline, profile: Profile, *, guidance: float, one_time: bool) -> None:
    expected = call(bare, PROMPT, 7, guidance)
    made = whole(bare, ours(bare, profile, [PROMPT], [7], guidance, one_time=one_time))
    assert made.shape == expected.shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert np.abs(made - expected).max() <= CLOSE
    assert expected.std() > 0.01


def test_two_shots_in_a_batch_are_those_that_they_are_alone(bare: WanPipeline, profile: Profile) -> None:
    latents = ours(bare, profile, [PROMPT, "a blue fox"], [7, 8], 5.0)
    for number, (prompt, seed) in enumerate([(PROMPT, 7), ("a blue fox", 8)]):
        made = whole(bare, latents[number : number + 1])
        assert np.abs(made - call(bare, prompt, seed, 5.0)).max() <= CLOSE


def test_tiles(bare: WanPipeline, profile: Profile) -> None:
    untiled = call(bare, PROMPT, 7, 5.0)
    tiling = Tiling(side=32, stride=16)
    bare.vae.enable_tiling(tiling.side, tiling.side, tiling.stride, tiling.stride)
    expected = call(bare, PROMPT, 7, 5.0)
    assert np.abs(expected - untiled).max() > CLOSE
    latents = ours(bare, profile, [PROMPT], [7], 5.0)
    canvas = torch.full((3, FRAMES, HEIGHT, WIDTH), 9.0)
    count = 0

    def put(tile: torch.Tensor, top: int, left: int) -> None:
        nonlocal count
        count += 1
        canvas[:, :, top : top + tile.shape[2], left : left + tile.shape[3]] = tile

    decode_tiled(bare.vae, scaled(bare.vae, latents), tiling, put)
    assert count == tiles(HEIGHT, WIDTH, tiling)
    assert np.abs(as_video(canvas) - expected).max() <= CLOSE


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_image_to_video(guidance: float) -> None:
    profile = PROFILES["wan22-ti2v-5b"]
    bare = tiny_wan.pipeline(profile.architecture, shift=profile.shift)
    pipe = WanImageToVideoPipeline(
        tokenizer=bare.tokenizer, text_encoder=bare.text_encoder, vae=bare.vae, scheduler=bare.scheduler,
        transformer=bare.transformer, image_processor=None, image_encoder=None, expand_timesteps=True,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    expected = call(pipe, PROMPT, 7, guidance, image=picture)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 127.5 - 1
    encoded = bare.vae.encode(pixels[None, :, None]).latent_dist.mode()
    mean = torch.tensor(bare.vae.config.latents_mean).view(1, -1, 1, 1, 1)
    deviation = torch.tensor(bare.vae.config.latents_std).view(1, -1, 1, 1, 1)
    made = whole(bare, ours(bare, profile, [PROMPT], [7], guidance, first=(encoded - mean) / deviation))
    assert np.abs(made - expected).max() <= CLOSE
