"""Wan models of the real classes with tiny weights. What holds for them holds for the real ones."""

from __future__ import annotations

import string
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

from wan_engine.wan.profiles import Architecture

torch.set_num_threads(
    1
)  # tests run several at a time, and threads that wait for each other take all of a small machine

#: Words that are tokens of their own; everything else is spelled.
WORDS = ("a", "the", "red", "green", "blue", "square", "circle", "fox", "moving", "left", "right", "up", "down")
TEXT_WIDTH = 32


def tokenizer() -> T5Tokenizer:
    """A vocabulary of letters and a few words. Made here: there is no hub in a test."""
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    vocabulary += [(letter, -4.0) for letter in string.ascii_letters + string.digits + ".,!?'\"-:;()"]
    vocabulary += [("\u2581" + word, -3.0) for word in WORDS]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, additional_special_tokens=[])


def text_encoder(vocabulary: int, *, seed: int = 0) -> UMT5EncoderModel:
    torch.manual_seed(seed)
    config = UMT5Config(
        vocab_size=vocabulary,
        d_model=TEXT_WIDTH,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=32,
        dropout_rate=0.0,
    )
    return UMT5EncoderModel(config).eval()


def vae(architecture: Architecture, *, seed: int = 0) -> AutoencoderKLWan:
    torch.manual_seed(seed)
    config = {
        "base_dim": 3,
        "z_dim": architecture.channels,
        "dim_mult": [1, 1, 1, 1],
        "num_res_blocks": 1,
        "temperal_downsample": [False, True, True],
    }
    if architecture.expand_timesteps:
        config |= {
            "in_channels": 12,
            "out_channels": 12,
            "is_residual": True,
            "patch_size": 2,
            "scale_factor_spatial": 16,
            "scale_factor_temporal": 4,
            # Values that are no identity: a test that forgets them fails.
            "latents_mean": [0.1 * (number % 5) for number in range(architecture.channels)],
            "latents_std": [1.0 + 0.1 * (number % 3) for number in range(architecture.channels)],
        }
    return AutoencoderKLWan(**config).eval()


def transformer(architecture: Architecture, *, layers: int = 2, seed: int = 0) -> WanTransformer3DModel:
    torch.manual_seed(seed)
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=architecture.channels,
        out_channels=architecture.channels,
        text_dim=TEXT_WIDTH,
        freq_dim=256,
        ffn_dim=32,
        num_layers=layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
    ).eval()


def pipeline(architecture: Architecture, *, shift: float, seed: int = 0) -> WanPipeline:
    """The bare thing, as diffusers would run it."""
    words = tokenizer()
    return WanPipeline(
        tokenizer=words,
        text_encoder=text_encoder(len(words), seed=seed),
        vae=vae(architecture, seed=seed),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=shift
        ),
        transformer=transformer(architecture, seed=seed),
        transformer_2=None,
        boundary_ratio=None,
        expand_timesteps=architecture.expand_timesteps,
    )


def save(architecture: Architecture, folder: Path, *, shift: float, shard: str | None = None) -> Path:
    """The same on disk, in the layout in which real models come.

    Parameters
    ----------
    shard:
        The most that a file of weights has, as `40KB`. None: each part has one.
    """
    pipeline(architecture, shift=shift).save_pretrained(folder, max_shard_size=shard)
    return folder
