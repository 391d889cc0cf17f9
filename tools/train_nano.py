"""Train the nano model: a Wan pipeline of the real classes that draws what it is told, small enough for a repository.

python tools/train_nano.py FOLDER            the model as it is in tests/data/nano
python tools/train_nano.py FOLDER --quick    the same way in twenty seconds; it draws nothing

It knows 24 prompts, "a red square moving left" and its likes (see `nano/clips.py`), at 64x64 and 9 frames. It takes
half an hour on a core of a CPU that has nothing else to do; the same machine and versions give the same bytes. It
writes FOLDER in diffusers' layout, 5.6 MB.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import UMT5EncoderModel

sys.path.insert(0, str(Path(__file__).parents[1]))  # the embeddings are those of our engine

from nano import autoencoder, denoiser, text
from nano.autoencoder import Stage
from nano.clips import PROMPTS

from wan_engine.wan.prompts import read

#: How weights are kept: half of their bytes, and closer to what was learned than in bfloat16.
KEPT = torch.float16


class Seed(IntEnum):
    """Where the numbers of each part begin.

    With other first weights, the VAE can stay at one colour for more than 600 steps; with these it leaves it before
    300.
    """

    VAE = 0
    VAE_CLIPS = 1
    CLIPS = 2  #: of the transformer
    NOISE = 3
    DECODER_CLIPS = 4
    TEXT_ENCODER = 7
    TRANSFORMER = 8


@dataclass(frozen=True, slots=True)
class Effort:
    """How long everything is trained."""

    vae: tuple[Stage, ...]
    decoder: Stage  #: after that, alone
    drawn: int  #: clips that the transformer learns from
    steps: int  #: of the transformer


FULL = Effort((Stage(1, 8, 800), Stage(5, 4, 800), Stage(9, 4, 400)), Stage(9, 4, 600), drawn=6000, steps=6000)
QUICK = Effort((Stage(1, 4, 20), Stage(5, 2, 4), Stage(9, 2, 4)), Stage(9, 2, 4), drawn=64, steps=20)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the nano model.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="only to see that everything runs")
    parser.add_argument("--threads", type=int, default=1, help="more are slower where others work, too")
    choice = parser.parse_args()
    torch.set_num_threads(choice.threads)
    torch.set_flush_denormal(True)  # they are slow, and nothing but 0 here
    train(choice.folder, QUICK if choice.quick else FULL)


def train(folder: Path, effort: Effort) -> None:
    """Train all parts and save them."""
    torch.manual_seed(Seed.VAE)
    vae = autoencoder.build()
    together = sum(stage.steps for stage in effort.vae)
    end = together + effort.decoder.steps
    autoencoder.train(vae, effort.vae, generator(Seed.VAE_CLIPS), report, end=end)
    autoencoder.train(
        vae, [effort.decoder], generator(Seed.DECODER_CLIPS), report, begin=together, end=end, encoder=False
    )
    vae = rounded(vae)
    latents, numbers = denoiser.latents(vae, effort.drawn, generator(Seed.CLIPS))
    normalised = normalise(vae, latents)
    torch.manual_seed(Seed.TEXT_ENCODER)
    tokenizer = text.tokenizer()
    text_encoder = text.build(len(tokenizer))
    embeddings = read([*PROMPTS, ""], tokenizer, text_encoder, torch.device("cpu"))
    torch.manual_seed(Seed.TRANSFORMER)
    transformer = denoiser.train(
        denoiser.build(), normalised, numbers, embeddings, effort.steps, generator(Seed.NOISE), report
    )
    save(folder, text_encoder, vae, transformer)


def report(*told: object) -> None:
    """Say how far it is: the last thing that a training tells."""
    print(told[-1], flush=True)


def generator(seed: Seed) -> torch.Generator:
    """A source of numbers."""
    return torch.Generator().manual_seed(seed)


def rounded(model: AutoencoderKLWan) -> AutoencoderKLWan:
    """The model as it will be when it is loaded: what comes after it learns from that."""
    return model.to(KEPT).float().eval()


def normalise(vae: AutoencoderKLWan, latents: torch.Tensor) -> torch.Tensor:
    """Latents with mean 0 and deviation 1 in each channel, and the VAE told how."""
    mean, deviation = latents.mean(dim=(0, 2, 3, 4)), latents.std(dim=(0, 2, 3, 4))
    vae.register_to_config(
        latents_mean=[round(value, 4) for value in mean.tolist()],
        latents_std=[round(value, 4) for value in deviation.tolist()],
    )
    return (latents - mean.view(1, -1, 1, 1, 1)) / deviation.view(1, -1, 1, 1, 1)


def save(
    folder: Path,
    text_encoder: UMT5EncoderModel,
    vae: AutoencoderKLWan,
    transformer: WanTransformer3DModel,
) -> None:
    """The whole pipeline in diffusers' layout."""
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=denoiser.SHIFT
    )
    pipeline = WanPipeline(
        tokenizer=text.tokenizer(),  # a new one: that which was used remembers how long its texts were
        text_encoder=text_encoder,
        vae=vae.to(KEPT),
        scheduler=scheduler,
        transformer=transformer.to(KEPT),
        transformer_2=None,
        boundary_ratio=None,
        expand_timesteps=True,
    )
    pipeline.save_pretrained(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
