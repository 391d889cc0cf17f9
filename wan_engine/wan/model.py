"""A loaded model. Each part is loaded when it is first needed, and lies where the plan wants it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKLWan, FirstBlockCacheConfig, WanTransformer3DModel
from diffusers.loaders import WanLoraLoaderMixin
from torch._dynamo.exc import TorchDynamoException
from transformers import AutoTokenizer, UMT5EncoderModel

from reelmill.errors import EngineError
from wan_engine.wan.adapters import check as check_adapter
from wan_engine.wan.naming import Adapter
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan
from wan_engine.wan.weights import Weights

log = logging.getLogger("reelmill.wan")

HOST = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the transformer computes, beyond where it lies. Changes no more than the last digits."""

    attention: str = "native"  #: diffusers' name of a backend
    compiles: bool = True  #: compile the blocks once a shape comes again
    compiler: str = "inductor"  #: torch's name of a backend
    #: Seconds that compiling takes. Once a shape was denoised for as long, it is likely to come again, and what
    #: compiling saves from then on is worth it: the rule of those who rent skis until they have paid a pair.
    warm: float = 90.0
    #: How much the first block's residual may differ from the last computed one before the other blocks are computed
    #: again, as a part of it: diffusers' own default. For the fast way only.
    alike: float = 0.05


@dataclass(frozen=True, slots=True)
class Dress:
    """What is put on the transformer for a shot."""

    adapters: tuple[tuple[Adapter, Path], ...] = ()  #: with their files
    cached: bool = False  #: leave out blocks whose input hardly changed since the last step


class Model:
    """The parts of a model on one device.

    Parameters
    ----------
    precision:
        Of the transformer and the text encoder; the VAE is always in float32, at which it decodes well (diffusers'
        notes on Wan). Models that were trained in bfloat16 leave the range of float16, and give black pictures.
    """

    def __init__(
        self, weights: Weights, device: torch.device, precision: torch.dtype, tuning: Tuning | None = None
    ) -> None:
        self.weights, self.device, self.precision = weights, device, precision
        self.tuning = tuning or Tuning()
        self._parts: dict[str, Any] = {}
        self._arranged: Denoising | None = None
        self._dress = Dress()
        self.compiled = False
        for library in (diffusers.utils.logging, transformers.utils.logging):
            library.disable_progress_bar()  # loading is a matter of seconds, and progress is told in one place

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

    def transformer(self, plan: Plan, dress: Dress | None = None) -> Any:
        """The transformer, ready to denoise as the plan says.

        Raises
        ------
        EngineError
            If an adapter does not fit it, or if it cannot compute attention as it is told.
        """
        dress = dress or Dress()
        moves = self._arranged in {Denoising.GROUP, Denoising.FP8}
        if (moves and self._arranged is not plan.denoising) or (dress != self._dress and (moves or self.compiled)):
            self.drop("transformer")  # hooks that move weights, and compiled blocks, do not come off cleanly
        if plan.encoding is not Encoding.RESIDENT:
            self.send_away("text_encoder")
        if plan.denoising is not Denoising.RESIDENT:
            self.send_away("text_encoder", "vae")
        elif plan.decoding in {Decoding.ALONE, Decoding.HOST}:  # it is still here from the last shot
            self.send_away("vae")
        fresh = "transformer" not in self._parts
        transformer = self._part("transformer", WanTransformer3DModel, self.precision)
        if fresh and self.tuning.attention != "native":
            self._attend(transformer)
        self._wear(transformer, dress)
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

    def compile(self) -> None:
        """Have the blocks compiled, once. The first step then takes a minute or two, and each one after it less.

        Only where weights lie still: hooks that move them are no part of a graph.
        """
        still = self._arranged in {Denoising.RESIDENT, Denoising.ALONE}
        if self.compiled or not self.tuning.compiles or not still or self._dress.cached:
            return
        self._parts["transformer"].compile_repeated_blocks(backend=self.tuning.compiler, fullgraph=True)
        self.compiled = True

    def uncompiled_if_it_fails(self, step: Callable[[], None]) -> None:
        """Make a step with compiled blocks, and without if the compiler cannot do it here."""
        try:
            step()
        except TorchDynamoException as error:
            if not self.compiled:
                raise
            log.warning("the blocks cannot be compiled here, and are not: %s", str(error).strip().splitlines()[0])
            self.tuning = replace(self.tuning, compiles=False)
            for block in self._parts["transformer"].blocks:
                block._compiled_call_impl = None
            self.compiled = False
            step()

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
                self._arranged, self._dress, self.compiled = None, Dress(), False
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

    def _attend(self, transformer: Any) -> None:
        if self.tuning.attention.endswith("_hub"):
            raise EngineError(
                f"{self.tuning.attention!r} downloads a kernel when it is first used",
                "name a backend that is installed",
            )
        try:
            transformer.set_attention_backend(self.tuning.attention)
        except (ValueError, RuntimeError, ImportError) as error:
            raise EngineError(
                f"attention cannot be computed by {self.tuning.attention!r} here: {str(error).splitlines()[0]}",
                "set REELMILL_WAN_ATTENTION=native",
            ) from None

    def _wear(self, transformer: Any, dress: Dress) -> None:
        if dress.adapters != self._dress.adapters:
            self._change_adapters(transformer, dress.adapters)
        if dress.cached and not transformer.is_cache_enabled:
            transformer.enable_cache(FirstBlockCacheConfig(threshold=self.tuning.alike))
        elif transformer.is_cache_enabled and not dress.cached:
            transformer.disable_cache()
        self._dress = dress

    def _change_adapters(self, transformer: Any, adapters: tuple[tuple[Adapter, Path], ...]) -> None:
        if self._dress.adapters:
            transformer.unload_lora()
            self._dress = replace(self._dress, adapters=())
        if not adapters:
            return
        names = []
        for number, (adapter, file) in enumerate(adapters):
            check_adapter(file, self.weights.configuration("transformer"))
            names.append(f"adapter{number}")  # a file's name may have dots, and a module's may not
            try:
                state = WanLoraLoaderMixin.lora_state_dict(
                    str(file.parent), weight_name=file.name, use_safetensors=True, local_files_only=True
                )
                transformer.load_lora_adapter(state, adapter_name=names[-1])
            except torch.OutOfMemoryError:
                self.drop("transformer")
                raise  # the ladder's affair
            except (ValueError, KeyError, RuntimeError) as error:
                self.drop("transformer")
                raise EngineError(
                    f"the adapter {adapter.name} cannot be put on {self.weights.profile.title}: "
                    f"{str(error).splitlines()[0]}",
                    "use one that was trained on this model",
                ) from None
        transformer.set_adapters(names, [adapter.weight for adapter, _ in adapters])

    def _part(self, name: str, kind: Any, precision: torch.dtype) -> Any:
        if name not in self._parts:
            self._parts[name] = kind.from_pretrained(
                self.weights.folder / name, use_safetensors=True, local_files_only=True, dtype=precision
            ).eval()
        return self._parts[name]
