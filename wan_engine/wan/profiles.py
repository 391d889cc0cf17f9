"""The models that the engine knows, each with what it was trained for. Facts, with their sources; no code runs here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from reelmill.errors import UseError

#: `sample_neg_prompt` of Wan's `shared_config.py`: what the models were tuned against, and better left as it is.
NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，丑陋的，残缺的，"
    "多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)


class Scheduler(StrEnum):
    """How a model goes from noise to a picture."""

    UNIPC = "unipc"  #: a multistep solver over any number of steps
    DMD = "dmd"  #: a distilled model's own few times, with new noise between them


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a family of checkpoints has in common: strides, sizes of its parts, and what its configurations must say."""

    spatial_stride: int  #: pixels of a side that become one token: compression of the VAE times the patch
    temporal_stride: int  #: frames that become one latent frame, after the first
    channels: int  #: of the latents
    layers: int
    width: int  #: of the transformer, in channels
    feed_forward: int
    text_width: int  #: of the prompt's embedding
    transformer_parameters: float  #: in units, not billions
    text_encoder_parameters: float
    vae_parameters: float
    expand_timesteps: bool  #: a reference image is a frame at time 0, so each token has a time of its own
    configuration: Mapping[str, Mapping[str, Any]]  #: by component: what tells this family from its look-alikes

    @property
    def compression(self) -> int:
        """Pixels of a side to one of the latents: every Wan transformer takes patches of two by two."""
        return self.spatial_stride // 2


#: Wan2.2-TI2V-5B: `wan/configs/wan_ti2v_5B.py`; its VAE: `vae22_diffusers_config` of `convert_wan_to_diffusers.py`.
#: Mirrors exist whose configurations are another model's; those of the transformer tell.
TI2V_5B = Architecture(
    spatial_stride=32,
    temporal_stride=4,
    channels=48,
    layers=30,
    width=3072,
    feed_forward=14336,
    text_width=4096,
    transformer_parameters=4.9998e9,
    text_encoder_parameters=5.68e9,
    vae_parameters=0.70e9,
    expand_timesteps=True,
    configuration=MappingProxyType(
        {
            "transformer": {"in_channels": 48, "out_channels": 48, "image_dim": None, "added_kv_proj_dim": None},
            "vae": {"z_dim": 48, "patch_size": 2, "is_residual": True},
        }
    ),
)
#: Wan2.1-T2V-1.3B: `wan/configs/wan_t2v_1_3B.py`.
T2V_1_3B = Architecture(
    spatial_stride=16,
    temporal_stride=4,
    channels=16,
    layers=30,
    width=1536,
    feed_forward=8960,
    text_width=4096,
    transformer_parameters=1.419e9,
    text_encoder_parameters=5.68e9,
    vae_parameters=0.127e9,
    expand_timesteps=False,
    configuration=MappingProxyType(
        {
            "transformer": {"in_channels": 16, "out_channels": 16, "image_dim": None, "added_kv_proj_dim": None},
            "vae": {"z_dim": 16},
        }
    ),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A model under a short name, and the settings at which it does what its makers showed."""

    name: str
    title: str
    repository: str  #: on the Hugging Face hub, in diffusers' layout
    revision: str  #: the commit there that is known to be good; "": whatever is newest
    licence: str
    architecture: Architecture
    sizes: tuple[tuple[int, int], ...]  #: width and height in pixels that it was trained at, the preferred one first
    frames: int  #: of its own length; more falls apart
    fps: int
    steps: int
    guidance: float  #: 1 is none, and half the work
    shift: float  #: of the flow's noise schedule
    scheduler: Scheduler
    images: bool  #: it takes a reference image as the first frame
    timesteps: tuple[float, ...] = ()  #: the only ones of a distilled model
    commercial: bool = True  #: its licence allows what a shop does with it
    negative: str = NEGATIVE

    @property
    def guided(self) -> bool:
        """Whether each step is made twice, with the prompt and with the negative prompt."""
        return self.guidance > 1


_UPRIGHT, _WIDE = (704, 1280), (1280, 704)

#: By name; the first one is meant where none is named.
PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            # Sampling settings: `wan_ti2v_5B.py`; sizes: `SUPPORTED_SIZES['ti2v-5B']` of `wan/configs/__init__.py`.
            Profile(
                "wan22-ti2v-5b", "Wan2.2-TI2V-5B", "Wan-AI/Wan2.2-TI2V-5B-Diffusers",
                "b8fff7315c768468a5333511427288870b2e9635", "Apache-2.0", TI2V_5B,
                sizes=(_UPRIGHT, _WIDE), frames=121, fps=24, steps=50, guidance=5.0, shift=5.0,
                scheduler=Scheduler.UNIPC, images=True,
            ),
            # `DmdDenoisingStage` of FastVideo: three fixed times, no guidance. Distilled for text only.
            Profile(
                "fastwan22-5b", "FastWan2.2-TI2V-5B", "FastVideo/FastWan2.2-TI2V-5B-FullAttn-Diffusers",
                "3e187042a324f6f5fb68fd22110a78725253de8f", "Apache-2.0", TI2V_5B,
                sizes=(_UPRIGHT, _WIDE), frames=121, fps=24, steps=3, guidance=1.0, shift=8.0,
                scheduler=Scheduler.DMD, images=False, timesteps=(1000.0, 757.0, 522.0),
            ),
            # `wan22_fewstep_inference.py` and `configs/inference/wan22.yaml` of its makers: these times, unshifted.
            # Their licence (CC BY-NC-SA) binds every copy of the weights, whatever a copy's page says.
            Profile(
                "turbo22-5b", "Wan2.2-TI2V-5B-Turbo", "yetter-ai/Wan2.2-TI2V-5B-Turbo-Diffusers",
                "", "CC BY-NC-SA 4.0", TI2V_5B,
                sizes=(_WIDE, _UPRIGHT), frames=121, fps=24, steps=4, guidance=1.0, shift=5.0,
                scheduler=Scheduler.DMD, images=True, timesteps=(1000.0, 750.0, 500.0, 250.0), commercial=False,
            ),
            # Wan2.1's README: guidance 6 and a shift from 8 on for the 1.3B; sizes: `SUPPORTED_SIZES['t2v-1.3B']`.
            Profile(
                "wan21-t2v-1.3b", "Wan2.1-T2V-1.3B", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
                "0fad780a534b6463e45facd96134c9f345acfa5b", "Apache-2.0", T2V_1_3B,
                sizes=((480, 832), (832, 480)), frames=81, fps=16, steps=50, guidance=6.0, shift=8.0,
                scheduler=Scheduler.UNIPC, images=False,
            ),
        )
    }
)  # fmt: skip


def profile_named(name: str) -> Profile:
    """The profile of this name.

    Raises
    ------
    UseError
        If there is none, with those that there are.
    """
    if name not in PROFILES:
        raise UseError(f"there is no model {name!r}", f"use one of: {', '.join(PROFILES)}")
    return PROFILES[name]
