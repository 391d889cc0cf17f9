"""The nano model: a Wan pipeline of the real classes that has learned to draw what it is told.

Its weights are in tests/data/nano; tools/train_nano.py made them.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from wan_engine.wan.profiles import Architecture, Profile, Scheduler

FOLDER = Path(__file__).parents[1] / "data" / "nano"

#: The family of Wan2.2-TI2V-5B: a residual VAE with patches and a time for each token. Smaller in every number.
ARCHITECTURE = Architecture(
    spatial_stride=32,
    temporal_stride=4,
    channels=16,
    layers=5,
    width=128,
    feed_forward=512,
    text_width=32,
    transformer_parameters=1.513e6,
    text_encoder_parameters=24e3,
    vae_parameters=1.23e6,
    expand_timesteps=True,
    configuration=MappingProxyType(
        {
            "transformer": {"in_channels": 16, "out_channels": 16, "image_dim": None, "added_kv_proj_dim": None},
            "vae": {"z_dim": 16, "patch_size": 2, "is_residual": True},
        }
    ),
)
PROFILE = Profile(
    "nano", "the nano model", "tests/data/nano", "1", "Apache-2.0", ARCHITECTURE,
    sizes=((64, 64),), frames=9, fps=8, steps=20, guidance=3.0, shift=3.0,
    scheduler=Scheduler.UNIPC, images=True, negative="",
)  # fmt: skip
