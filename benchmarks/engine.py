"""What our stages cost beside a bare pipeline of diffusers: the same model, the same work, side by side in one process.

The model has the classes of the real one and weights that were never trained; its text encoder takes about a fifth of a
shot of four steps, which is what the real one takes on a GPU.

    python benchmarks/engine.py
"""

from __future__ import annotations

import ctypes
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

from reelmill.content import Shot
from tests.simulators import tiny_wan
from wan_engine.base import CancelToken, no_progress
from wan_engine.encode import ClipEncoder
from wan_engine.wan.adapters import Shelf
from wan_engine.wan.benchmarking import Bare, PeakMeter
from wan_engine.wan.decoding import decode_whole, scaled, to_bytes
from wan_engine.wan.device import Device
from wan_engine.wan.pace import GPUS, clips_a_day, seconds
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.prompts import Embeddings
from wan_engine.wan.proof import Proofs
from wan_engine.wan.studio import Equipment, Studio
from wan_engine.wan.weights import Weights

PROFILE = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine's CPU", 16 << 30, 16 << 30, 16 << 30, bf16=True, fp8=False)
FASTEST = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)
#: Pairs of shots that are timed, after one of each that is not.
ROUNDS = 7
SHOT = Shot("wan", "wan22-ti2v-5b@bench", "", "blue circle", 256, 256, 17, 24, 4, 5.0, 7)
TEXT_WIDTH = 256


def save(folder: Path) -> Path:
    """A model between tiny and real."""
    torch.manual_seed(0)
    words = tiny_wan.tokenizer()
    text_encoder = UMT5EncoderModel(
        UMT5Config(vocab_size=len(words), d_model=TEXT_WIDTH, d_kv=32, d_ff=512, num_layers=7, num_heads=8)
    )
    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=8, attention_head_dim=32, in_channels=48, out_channels=48,
        text_dim=TEXT_WIDTH, freq_dim=256, ffn_dim=1024, num_layers=6, cross_attn_norm=True,
        qk_norm="rms_norm_across_heads", rope_max_seq_len=64,
    )  # fmt: skip
    pipe = WanPipeline(
        tokenizer=words, text_encoder=text_encoder.eval(), vae=tiny_wan.vae(PROFILE.architecture),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=PROFILE.shift
        ),
        transformer=transformer.eval(), transformer_2=None, boundary_ratio=None, expand_timesteps=True,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def shots(folder: Path) -> dict[str, float]:
    """Our first and second shot of a prompt against the bare pipeline's, interleaved."""
    weights = Weights(save(folder / "model"), PROFILE)
    equipment = Equipment(Embeddings("bench"), Shelf(folder), Proofs(), picky=False)
    studio = Studio(weights, CPU, equipment, precision=torch.float32, plan=FASTEST)
    bare = Bare(weights, CPU, torch.float32)
    path = folder / "clip.mp4"
    records: list[dict[str, Any]] = []

    def ours(prompt: str) -> float:
        began = time.perf_counter()
        clip = studio.film(replace(SHOT, prompt=prompt), path, None, no_progress, CancelToken())
        spent = time.perf_counter() - began
        records.append(dict(clip.record["stages"]))
        return spent

    def theirs(prompt: str) -> float:
        began = time.perf_counter()
        bare.make(replace(SHOT, prompt=prompt), path)
        return time.perf_counter() - began

    times: dict[str, list[float]] = {"bare": [], "first": [], "second": []}
    for number in range(ROUNDS + 1):
        prompt = f"a red square moving left {number}"
        equipment.embeddings = Embeddings("bench")  # the negative prompt is read anew as well
        taken = {"first": ours(prompt), "bare": theirs(prompt), "second": ours(prompt)}
        if number:
            for name, spent in taken.items():
                times[name].append(spent)
    encoding = median(record["encode"] for record in records[2::2])
    usual = {name: median(spent) for name, spent in times.items()}
    return {
        "engine.bare_seconds": round(usual["bare"], 3),
        "engine.first_shot_to_bare": round(usual["first"] / usual["bare"], 3),
        "engine.second_shot_to_bare": round(usual["second"] / usual["bare"], 3),
        "engine.encoding_of_bare": round(encoding / usual["bare"], 3),
    }


def memory(folder: Path) -> dict[str, float]:
    """What decoding and writing a clip of the native size takes, in pieces and in one."""
    vae: Any = tiny_wan.vae(PROFILE.architecture)
    (width, height), frames = PROFILE.sizes[0], PROFILE.frames
    generator = torch.Generator().manual_seed(7)
    latents = torch.randn((1, 48, (frames - 1) // 4 + 1, height // 16, width // 16), generator=generator)

    def ours() -> None:
        with ClipEncoder(folder / "clip.mp4", width, height, PROFILE.fps) as encoder:
            for piece in decode_whole(vae, scaled(vae, latents)):
                for frame in to_bytes(piece):
                    encoder.write(frame)

    def theirs() -> None:
        from diffusers.video_processor import VideoProcessor

        with torch.no_grad():
            video = vae.decode(scaled(vae, latents), return_dict=False)[0]
        whole = VideoProcessor(vae_scale_factor=16).postprocess_video(video, output_type="np")[0]
        with ClipEncoder(folder / "clip.mp4", width, height, PROFILE.fps) as encoder:
            for frame in (whole * 255).round().astype("uint8"):
                encoder.write(frame)

    peaks = []
    for make in (ours, theirs):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        meter = PeakMeter(CPU)
        make()
        peaks.append(meter.read())
    return {
        "engine.decoding_peak_mb": round(peaks[0] / 1e6),
        "engine.bare_decoding_peak_mb": round(peaks[1] / 1e6),
        "engine.decoding_peak_to_bare": round(peaks[0] / peaks[1], 3),
    }


def computed() -> dict[str, float]:
    """Seconds of a clip and clips of a day, by the cost model: computed, not measured."""
    figures: dict[str, float] = {}
    for gpu in GPUS:
        for profile in PROFILES.values():
            spent = seconds(profile, gpu)
            name = f"engine.computed.{gpu.name.lower().replace(' ', '_')}.{profile.name}"
            figures |= {f"{name}.seconds": round(spent, 1), f"{name}.clips_a_day": clips_a_day(spent)}
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="reelmill-engine-") as name:
        figures = shots(Path(name)) | memory(Path(name)) | computed()
    for figure, value in figures.items():
        print(f"{figure:<60} {value:>12,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    torch.set_num_threads(1)  # the other core is the encoder's, as on a machine whose GPU computes
    main()
