"""A loaded model. Each part is loaded when it is first needed, and lies where the plan wants it."""

from __future__ import annotations

import gc
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import AutoTokenizer, UMT5EncoderModel

from reelmill.errors import EngineError
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan
from wan_engine.wan.weights import Weights

HOST = torch.device("cpu")


class Model:
    """The parts of a model on one device.

    Parameters
    ----------
    precision:
        Of the transformer and the text encoder; the VAE is always in float32, at which it decodes well (diffusers'
        notes on Wan). Models that were trained in bfloat16 leave the range of float16, and give black pictures.
    """

    def __init__(self, weights: Weights, device: torch.device, precision: torch.dtype) -> None:
        self.weights, self.device, self.precision = weights, device, precision
        self._parts: dict[str, Any] = {}
        self._arranged: Denoising | None = None

    @property
    def tokenizer(self) -> Any:
        if "tokenizer" not in self._parts:
            self._parts["tokenizer"] = AutoTokenizer.from_pretrained(
                self.weights.folder / "tokenizer", local_files_only=True
            )
        return self._parts["tokenizer"]

    def text_encoder(self, plan: Plan) -> Any:
        """The text encoder, where it is to work."""
        encoder = self._part("text_encoder", UMT5EncoderModel, self.precision)
        embedding = encoder.encoder.embed_tokens.weight
        if encoder.shared.weight.data_ptr() != embedding.data_ptr():
            # Some versions of transformers leave the encoder's own table empty, and every prompt reads the same.
            raise EngineError(
                "the text encoder was loaded without its vocabulary", "install the versions of constraints.txt"
            )
        if plan.encoding is Encoding.VISIT:
            self.send_away("transformer", "vae")
        return encoder.to(HOST if plan.encoding is Encoding.HOST else self.device)

    def transformer(self, plan: Plan) -> Any:
        """The transformer, ready to denoise as the plan says."""
        if self._arranged not in {None, plan.denoising} and self._arranged is not Denoising.RESIDENT:
            self.drop("transformer")  # hooks that move weights do not come off cleanly
        if plan.encoding is not Encoding.RESIDENT:
            self.send_away("text_encoder")
        if plan.denoising is not Denoising.RESIDENT:
            self.send_away("text_encoder", "vae")
        transformer = self._part("transformer", WanTransformer3DModel, self.precision)
        if plan.denoising is Denoising.GROUP:
            if self._arranged is not Denoising.GROUP:
                transformer.to(HOST)
                transformer.enable_group_offload(
                    onload_device=self.device, offload_device=HOST, offload_type="block_level", num_blocks_per_group=1,
                    use_stream=self.device.type == "cuda",
                )  # fmt: skip
        elif plan.denoising is Denoising.FP8:
            if self._arranged is not Denoising.FP8:
                transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=self.precision)
            transformer.to(self.device)
        else:
            transformer.to(self.device)
        self._arranged = plan.denoising
        return transformer

    def vae(self, plan: Plan) -> Any:
        """The VAE, where it is to decode."""
        if plan.decoding is Decoding.ALONE:
            self.send_away("text_encoder", "transformer")
        vae = self._part("vae", AutoencoderKLWan, torch.float32)
        return vae.to(HOST if plan.decoding is Decoding.HOST else self.device)

    def send_away(self, *parts: str) -> None:
        """Move parts to the host, if they are loaded and not moved by hooks of their own."""
        for part in parts:
            if part in self._parts and not (part == "transformer" and self._arranged is Denoising.GROUP):
                self._parts[part].to(HOST)
        self.give_back()

    def drop(self, *parts: str) -> None:
        """Forget parts; they are loaded anew when they are needed."""
        for part in parts or tuple(self._parts):
            self._parts.pop(part, None)
            if part == "transformer":
                self._arranged = None
        self.give_back()

    def leave_clean(self) -> None:
        """Forget what an interrupted shot left in the parts."""
        if "transformer" in self._parts:
            self._parts["transformer"]._reset_stateful_cache()
        if "vae" in self._parts:
            self._parts["vae"].clear_cache()
        self.give_back()

    def give_back(self) -> None:
        """Give what is free back to the device."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _part(self, name: str, kind: Any, precision: torch.dtype) -> Any:
        if name not in self._parts:
            given = {"torch_dtype" if name == "text_encoder" else "dtype": precision}
            self._parts[name] = kind.from_pretrained(
                self.weights.folder / name, use_safetensors=True, local_files_only=True, **given
            ).eval()
        return self._parts[name]
